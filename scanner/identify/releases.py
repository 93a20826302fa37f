"""Which release of a distribution a package is of: by what its revision says of itself, else by a list of packages.

A distribution without a release (`debian`) means that none is proven: nothing may be compared by it. So every form
here is matched whole, and whatever has more on it than its distribution puts there (another's rebuild, a FIPS branch, a
backport, half a revision) is of no release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_UPDATE = r"(?:\.\d+)*(?:[+~]esm\d+(?:\.\d+)*)?"
_LTS = r"[12]\d\.(?:04|10)"
_UBUNTU = re.compile(rf".*ubuntu\d*\.({_LTS}){_UPDATE}|.*ubuntu\d+(?:\.\d+)*~({_LTS}){_UPDATE}")
_DEBIAN = re.compile(r"(?:(?![+~]deb\d).)+[+~]deb([6-9]|[12]\d)u\d+(?:\.\d+)*(?:\+b\d+)?(?:\+rp[it]\d+)?")
_OLD_DEBIAN = re.compile(r".*[+\d](etch|lenny|squeeze|wheezy)\d*")
_CODENAMES = {"etch": "4", "lenny": "5", "squeeze": "6", "wheezy": "7"}
_RED_HAT = re.compile(
    r".*[._](?:module[+_])?(el|fc|amzn)(\d{1,4})(?:_\d+)?(?:\.\d+)*(?:\+\d+\+[0-9a-f]+)?"
    r"(?:\.(?:alma|centos|rocky|ol)(?:\.\d+)*)?"
)
_RPM_FAMILIES = {"el": "el", "fc": "fedora", "amzn": "amazon"}
_REBUILT = re.compile(r"ppa|fips|bpo", re.IGNORECASE)

_DEBIAN_SAID_UBUNTU_UNTIL = "13.04"
"""Until then the banners of Ubuntu's packages said Debian: both words together are a contradiction since."""


def release(family: str, name: str, version: str | None, revision: str) -> str:
    """`debian:12` and the like, of the family that a banner names and the package's revision there."""
    if "kali" in revision:
        return "kali"
    said = family
    if "ubuntu" in revision and family == "debian":
        family = "ubuntu"
    if _REBUILT.search(revision):
        return family
    found = ""
    if family == "ubuntu":
        if re.search(r"[+~]deb\d", revision):
            found = ""  # taken over from Debian, for whichever release
        elif match := _UBUNTU.fullmatch(revision):
            found = match[1] or match[2]
        else:
            found = _listed(UBUNTU.get(name, {}), version, re.sub(rf"{_UPDATE}$", "", revision).removesuffix("ubuntu0"))
        if said != family and found > _DEBIAN_SAID_UBUNTU_UNTIL:
            found = ""
    elif "ubuntu" not in revision:
        if match := _DEBIAN.fullmatch(revision):
            found = match[1]
        elif match := _OLD_DEBIAN.fullmatch(revision):
            found = _CODENAMES[match[1]]
        else:
            found = _listed(DEBIAN.get(name, {}), version, re.sub(r"\+b\d+$", "", revision))
    return f"{family}:{found}" if found else family


def _listed(packages: Mapping[str, str], version: str | None, revision: str) -> str:
    return packages.get(revision if revision.startswith(f"{version}-") else f"{version}-{revision}", "")


def red_hat(revision: str) -> str | None:
    """`el:8` of an RPM's release, `fedora:39`, `amazon:2`; `el` where somebody else built it for that; else None."""
    if match := _RED_HAT.fullmatch(revision):
        return f"{_RPM_FAMILIES[match[1]]}:{match[2]}"
    found = re.search(r"[._](el|fc|amzn)\d", revision)
    return _RPM_FAMILIES[found[1]] if found else None


_GENERIC = re.compile(r"[\d.]+-\d+-(?:generic|lowlatency)(?:-\w+)?")
_UBUNTU_KERNELS = {
    # Every release's first kernel: https://archive.ubuntu.com/ubuntu/dists/RELEASE/main/source/, read 2026-11-22.
    "4.4": "16.04",
    "4.15": "18.04",
    "5.4": "20.04",
    "5.15": "22.04",
    "6.8": "24.04",
    "6.14": "25.04",
    "6.17": "25.10",
    "7.0": "26.04",
}


def ubuntu_kernel(version: str, suffix: str) -> str:
    """The release of a kernel `5.15.0-105-generic`, of whose package's number `~20.04.1` is the end, or nothing.

    A kernel for an older release says so there. Those for clouds and for devices of makers (`-aws`, `-oem`) do not
    always, so of them it is not known.
    """
    if suffix:
        return suffix if re.fullmatch(_LTS, suffix) else ""
    return _UBUNTU_KERNELS.get(".".join(version.split(".")[:2]), "") if _GENERIC.fullmatch(version) else ""


_DEBIAN_KERNELS = {
    # From the changelogs of linux 5.10.262-1, 6.1.174-1 and 6.12.107-1 (https://tracker.debian.org/pkg/linux), which
    # say whether an upload went to unstable or to a release. Unstable's last 4.19 was 4.19.37-6.
    "4.19": ("10", 67, ()),
    "5.10": ("11", 70, ("5.10.46-4", "5.10.46-5")),
    "6.1": ("12", 37, ("6.1.27-1",)),
    "6.12": ("13", 41, ("6.12.38-1",)),
}
"""A release's kernel: from which number on no other release had it, and the earlier packages that it came with."""


def debian_kernel(revision: str) -> str:
    """Which release a kernel package is of: what somebody else rebuilt, and what unstable had before, is of none."""
    found = re.fullmatch(r"(\d+\.\d+)\.(\d{1,6})-\d+(?:[+~]deb(\d{1,2})u\d+)?", revision)
    if not found or found[1] not in _DEBIAN_KERNELS:
        return ""
    number, first, shipped = _DEBIAN_KERNELS[found[1]]
    if found[3]:
        # A newer release's kernel for an older one is a source package of its own there.
        return number if found[3] == number else ""
    return number if int(found[2]) >= first or revision in shipped else ""


# What a banner shows of the packages that a release came with, and of those that it was given later without its name on
# them; a stable update's last numbers (`ubuntu0.10`, `.3`, `+esm5`) are cut off before.
_UBUNTU_OPENSSH = {
    # Changelogs on Launchpad, as https://github.com/mozilla/ssh_scan quotes them (os/ubuntu.rb).
    "5.3p1-3ubuntu7": "10.04",
    "5.9p1-5ubuntu1": "12.04",
    "6.0p1-3ubuntu1": "12.10",
    "6.2p2-6": "13.10",
    "6.6p1-2ubuntu1": "14.04",
    "6.6.1p1-2ubuntu2": "14.04",
    "6.7p1-5ubuntu1": "15.04",
    "6.9p1-2": "15.10",
    "7.3p1-1": "16.10",
    "7.4p1-10": "17.04",
    "7.5p1-10": "17.10",
    "7.7p1-4": "18.10",
    "8.0p1-6build1": "19.10",
    "8.0p1-6": "19.10",
    "8.3p1-1": "20.10",
    "8.4p1-5ubuntu1": "21.04",
    "8.4p1-6ubuntu2": "21.10",
    "9.0p1-1ubuntu7": "22.10",
    "9.0p1-1ubuntu8": "23.04",
    # https://bugs.launchpad.net/bugs/1832356
    "7.9p1-10": "19.04",
    # debian/changelog of Ubuntu's openssh 1:10.2p1-2ubuntu3. Its next uploads of the same upstream version went to the
    # release after: an upstream version alone names no release.
    "9.3p1-1ubuntu3": "23.10",
    "9.7p1-7ubuntu4": "24.10",
    # https://archive.ubuntu.com/ubuntu/dists/RELEASE/main/source/, and RELEASE-updates, read 2026-11-22.
    "7.2p2-4": "16.04",
    "7.2p2-4ubuntu1": "16.04",
    "7.2p2-4ubuntu2": "16.04",
    "7.6p1-4": "18.04",
    "8.2p1-4": "20.04",
    "8.9p1-3": "22.04",
    "9.6p1-3ubuntu13": "24.04",
    "9.9p1-3ubuntu3": "25.04",
    "10.0p2-5ubuntu5": "25.10",
    "10.2p1-2ubuntu3": "26.04",
    # https://packages.ubuntu.com/stonking-updates/openssh-server
    "10.5p1-1ubuntu3": "26.10",
}

UBUNTU: dict[str, dict[str, str]] = {
    "openssh": _UBUNTU_OPENSSH,
    # PHP 5 by its updates, `5.3.10-1ubuntu3.26` and `5.5.9-1ubuntu4.29` (https://ubuntu.com/security/notices); all else
    # below from the same indexes.
    "php": {
        "5.3.10-1ubuntu3": "12.04",
        "5.5.9-1ubuntu4": "14.04",
        "7.0.4-7ubuntu2": "16.04",
        "7.2.3-1ubuntu1": "18.04",
        "7.4.3-4ubuntu1": "20.04",
        "7.4.3-4ubuntu2": "20.04",
        "8.1.2-1ubuntu2": "22.04",
        "8.4.5-1ubuntu1": "25.04",
        "8.4.11-1ubuntu1": "25.10",
        "8.5.4-0ubuntu1": "26.04",
    },
    "bind": {
        "9.11.3-1ubuntu1": "18.04",
        "9.18.1-1ubuntu1": "22.04",
        "9.18.24-0ubuntu5": "24.04",
        "9.20.4-3ubuntu1": "25.04",
        "9.20.11-0": "25.04",
        "9.20.11-1ubuntu2": "25.10",
        "9.20.18-1ubuntu2": "26.04",
        "9.20.24-1": "26.04",
    },
    "mariadb": {"11.8.6-5": "26.04"},
}

DEBIAN: dict[str, dict[str, str]] = {
    # A release's later packages are these with `+squeeze5`, `+deb7u1` and so on behind them, in the notices on
    # https://www.debian.org/security/ and, from 11 on, in https://deb.debian.org/debian/dists/, read 2026-11-22.
    "openssh": {
        "5.5p1-6": "6",
        "6.0p1-4": "7",
        "6.7p1-5": "8",
        "7.4p1-10": "9",
        "7.9p1-10": "10",
        "8.4p1-5": "11",
        "9.2p1-2": "12",
        "10.0p2-7": "13",
    },
    # Uploaded to bookworm-security under this name: the changelog of bind9 1:9.18.49-1~deb12u3.
    "bind": {"9.18.24-1": "12"},
}
