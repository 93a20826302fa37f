"""What a package's version tells of who built it: which distribution and release, or somebody else altogether."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_DEB_RELEASE = re.compile(r"[+~]deb(\d{1,2})u\d")
_UBUNTU_RELEASE = re.compile(r"ubuntu\d*\.(\d\d\.\d\d)\b|\bubuntu(?:\d+)?[.~]+(\d\d\.\d\d)\b|~(\d\d\.\d\d)\.\d")
_RPM_RELEASE = re.compile(r"\.(el|fc|amzn)(\d{1,4})(?:[._]|$)")
_RPM_MODULE = re.compile(r"\.module[+_](el)(\d{1,2})\b")
_RPM_FAMILIES = {"el": "el", "fc": "fedora", "amzn": "amazon"}
_UBUNTU_BASE = {"10.1": "18.04", "11": "20.04", "12": "22.04", "13": "24.04"}
"""What Ubuntu's base-files begins with -> the release."""
_OTHERS = re.compile(
    r"~bpo|sury|dotdeb|pgdg|\+maria|mariadb|nodesource|percona|gbp|ppa\d|zabbix|remi|\.ius|codeit|elrepo|rpmfusion"
    r"|\.ngx|epel|-\d+debian\d|-\d+~(?:buster|bullseye|bookworm|trixie|focal|jammy|noble)|~(?:debian|ubuntu)\.\d|\.cp\d|\.plesk",
    re.IGNORECASE,
)
"""Marks of repositories beside the distribution's own, backports included."""
_MAKERS = re.compile(r"MariaDB-|mysql-(?:community|commercial|cluster)-|percona-|mongodb-org")
"""Beginnings of names that only the makers' own packages have."""
_DERIVED = re.compile(
    r"(?:kali|parrot)-(?:archive-keyring|base|core|defaults|linux|menu|meta|tools)|(?:devuan|pureos|deepin)-(?:archive-)?"
    r"keyring|raspbian-archive-keyring|astra-(?:version|safepolicy)"
)
"""Names of packages of those who build upon Debian and rebuild what they take: its revisions say nothing there."""
_MARKED = ("el:", "fedora:", "amazon:")
"""Distributions that write their own name into the release of every package."""


def debian_family(packages: Iterable[tuple[str, str]]) -> str:
    """`debian:12` or `ubuntu:22.04` of a machine with these (package, version); empty where they do not tell."""
    debian: Counter[str] = Counter()
    ubuntu: Counter[str] = Counter()
    ubuntus = others = 0
    base = ""
    for name, version in packages:
        if _DERIVED.match(name):
            return ""
        if name == "base-files":
            base = version
        if _OTHERS.search(version):
            continue
        if found := _DEB_RELEASE.search(version):
            debian[found[1]] += 1
        elif "ubuntu" in version:
            ubuntus += 1
            if found := _UBUNTU_RELEASE.search(version):
                ubuntu[found[1] or found[2] or found[3]] += 1
        else:
            others += 1
    if base:
        if "ubuntu" in base:
            release = _UBUNTU_BASE.get(base.partition("ubuntu")[0], "")
            return f"ubuntu:{release or _chosen(ubuntu)}" if release or _chosen(ubuntu) else ""
        if found := re.match(r"(\d{1,2})(?:\.\d{1,2})?(?:\+deb\d+u\d+)?$", base):
            return f"debian:{found[1]}"
        return ""  # somebody's who builds upon Debian: a few packages of Debian's do not make it Debian
    if ubuntus and sum(debian.values()) <= ubuntus:
        return f"ubuntu:{_chosen(ubuntu)}" if _chosen(ubuntu) else ""
    return f"debian:{_chosen(debian)}" if not ubuntus and _chosen(debian) else ""


def rpm_family(versions: Iterable[str]) -> str:
    """`el:8` of a machine with packages of these versions; empty where they do not tell."""
    found: Counter[str] = Counter(each for each in map(rpm_release, versions) if each)
    return _chosen(found)


def rpm_release(version: str) -> str:
    """`el:8` of `8.0p1-19.el8_8`, also of a module's build; empty where the release does not say."""
    said = _RPM_MODULE.search(version) or _RPM_RELEASE.search(version)
    if said is None:
        return ""
    return f"{_RPM_FAMILIES[said[1]]}:{said[2]}"


def own(name: str, version: str) -> bool:
    """Whether nothing in a package's name or version says that somebody else than the distribution built it."""
    return not _OTHERS.search(version) and not _MAKERS.match(name)


def own_rpm(name: str, version: str, distro: str) -> bool:
    """The same of an RPM, which has to be of this very release where the distribution marks its packages."""
    said = rpm_release(version)
    return own(name, version) and (said == distro or (not said and not distro.startswith(_MARKED)))


def _chosen(found: Counter[str]) -> str:
    """What most say; a few packages of an older release stay on a machine, and more of another leave it open."""
    if not found:
        return ""
    (best, count), *_ = found.most_common(1)
    return best if count * 10 >= sum(found.values()) * 6 else ""
