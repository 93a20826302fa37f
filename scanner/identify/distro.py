"""Who built a product, and the package's revision, read out of the banner as the distribution wrote it.

A revision is the package version without its epoch, which no banner has. A distribution without a release (`debian`)
means that the banner names one and does not say which: nothing may be compared by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from scanner.model.base import Frozen

_REV = r"[0-9A-Za-z_.+~:-]{1,128}"


class Build(Frozen, frozen=True):
    """`distro` and `revision` as in `scanner.model.product.Product`."""

    distro: str | None = None
    revision: str | None = None


UPSTREAM = Build()
"""Nobody but upstream is named."""

# Which Ubuntu release ships this upstream version, where the revision does not say it. Only versions that one release
# alone shipped; most from the distribution's own package indexes.
_UBUNTU = {
    "openssh": {
        "5.3p1": "10.04", "5.9p1": "12.04", "6.6p1": "14.04", "6.6.1p1": "14.04", "7.2p2": "16.04", "7.6p1": "18.04",
        "8.2p1": "20.04", "8.9p1": "22.04", "9.6p1": "24.04", "7.3p1": "16.10", "7.5p1": "17.10", "7.7p1": "18.10",
        "8.0p1": "19.10", "8.3p1": "20.10", "9.3p1": "23.10", "9.7p1": "24.10", "9.9p1": "25.04", "10.0p2": "25.10",
    },
    "php": {
        "5.3.10": "12.04", "5.5.9": "14.04", "7.0.33": "16.04", "7.2.24": "18.04", "7.4.3": "20.04", "8.1.2": "22.04",
        "8.3.6": "24.04",
    },
}  # fmt: skip
# The packages that a Debian release came with, where the revision does not say it. The upstream version alone would not
# do: testing, unstable and those who rebuild Debian's packages (Kali and others) have the same one.
_DEBIAN = {
    "openssh": {"5.5p1-6": "6", "6.0p1-4": "7", "6.7p1-5": "8", "7.4p1-10": "9", "7.9p1-10": "10", "8.4p1-5": "11",
                "9.2p1-2": "12", "10.0p2-7": "13"},
    "bind": {"9.16.15-1": "11", "9.18.12-1": "12", "9.18.24-1": "12"},
}  # fmt: skip
_CODENAMES = {"etch": "4", "lenny": "5", "squeeze": "6", "wheezy": "7"}

_NAMED = (
    # What a comment says, and whose it is. The order matters: a longer name first.
    ("Raspbian", "raspbian"), ("Debian", "debian"), ("Ubuntu", "ubuntu"), ("Red Hat", "el"), ("RedHat", "el"),
    ("CentOS", "el"), ("AlmaLinux", "el"), ("Rocky Linux", "el"), ("Oracle Linux", "el"), ("Scientific Linux", "el"),
    ("Fedora", "fedora"), ("Amazon Linux", "amazon"), ("Amazon", "amazon"), ("openSUSE", "opensuse"),
    ("SUSE", "suse"), ("Win32", "windows"), ("Win64", "windows"),
    ("FreeBSD", "freebsd"), ("NetBSD", "netbsd"), ("OpenBSD", "openbsd"), ("Alpine", "alpine"),
)  # fmt: skip


def build_of(kind: str, name: str, version: str | None, text: str) -> Build:
    """Who built the product `name` that a fingerprint found in `text`, a reading of `kind` in its prepared form."""
    if name == "openssl":
        # Beside Apache it may be the distribution's or one that came with the package: the header does not say.
        return UPSTREAM
    parse = _PARSERS.get(kind)
    return parse(name, version, text[:1024]) if parse else UPSTREAM


def _released(family: str, name: str, version: str | None, revision: str) -> str:
    """`debian:12` and the like, by what the revision says of itself, else by the package that only one release has."""
    if "ubuntu" in revision:
        family = "ubuntu"  # before 2013 a banner of Ubuntu's said Debian, and some do still
    if "kali" in revision:
        release = ""
    elif family == "ubuntu":
        found = re.search(r"ubuntu\d*\.(\d\d\.(?:04|10))(?:\.|$)", revision) or re.search(r"~(\d\d\.04)", revision)
        release = found[1] if found else _UBUNTU.get(name, {}).get(version or "", "")
    else:
        found = re.search(r"[+~]deb(\d{1,2})(?:u\d|$)", revision)
        if found:
            release = found[1]
        elif "~bpo" in revision:
            # A backport is no part of the release it was built for: the release's fixes say nothing about it.
            release = ""
        elif found := re.search(r"[+\d](etch|lenny|squeeze|wheezy)\d*$", revision):
            release = _CODENAMES[found[1]]
        else:
            package = revision if revision.startswith(f"{version}-") else f"{version}-{revision}"
            release = _DEBIAN.get(name, {}).get(package, "")
    return f"{family}:{release}" if release else family


def _red_hat(revision: str) -> str | None:
    found = re.search(r"[._](el|fc|amzn)(\d{1,4})(?:_|\.|$)", revision)
    if not found:
        return None
    return f"{ {'el': 'el', 'fc': 'fedora', 'amzn': 'amazon'}[found[1]] }:{found[2]}"


def _comment(text: str) -> Build:
    """A distribution in the product's own comment, `(Debian)`, which names no release and no revision."""
    for word, distro in _NAMED:
        if word.lower() in text.lower():
            return Build(distro)
    return UPSTREAM


def _ssh(name: str, version: str | None, text: str) -> Build:
    if name == "tinyssh":
        # Upstream's version is a date alone; what is behind it is the package's.
        found = re.match(r"tinyssh_(\d{8}-\d[\w.+~]{0,32})(?: |$)", text)
        return Build(None, found[1]) if found else UPSTREAM
    if name != "openssh":
        return UPSTREAM
    if text.startswith("OpenSSH_for_Windows"):
        return Build("windows")
    _, _, comment = text.partition(" ")
    found = re.match(rf"(Debian|Ubuntu|Raspbian)-({_REV})", comment)
    if found and version:
        family = found[1].lower()
        distro = _released(family, name, version, found[2])
        if version == "6.6.1p1" and distro == "ubuntu:14.04" and not found[2].startswith("2ubuntu"):
            distro = "ubuntu"  # 14.10 had the same version
        return Build(distro, f"{version}-{found[2]}")
    if found := re.match(r"FreeBSD-\d{8}\b", comment):
        # The date of the last change to the base system's copy, which its security fixes move on.
        return Build("freebsd", found[0])
    return _comment(comment)


def _database(name: str, version: str | None, text: str) -> Build:
    """MySQL and MariaDB put the package's revision behind their version; `-log` is a setting, not a revision."""
    builder = re.search(r" from (Debian|Ubuntu)$", text)
    if builder:
        text = text[: builder.start()]
    text = re.sub(r"-(?:log|debug|debug-log)$", "", text)
    found = re.search(rf"-MariaDB-({_REV})$", text) if name == "mariadb" else re.match(rf"[\d.]+-({_REV})$", text)
    if not found or not version:
        return Build(builder[1].lower()) if builder else UPSTREAM
    revision = found[1]
    if "+maria~" in revision or "ubu2" in revision:
        # Packages and images that MariaDB's own makers build: nobody else patches them.
        return UPSTREAM
    if "ubuntu" in revision:
        return Build(_released("ubuntu", name, version, revision), f"{version}-{revision}")
    if re.search(r"[+~]deb\d|~bpo\d", revision):
        return Build(_released("debian", name, version, revision), f"{version}-{revision}")
    if distro := _red_hat(revision):
        return Build(distro, f"{version}-{revision}")
    if builder:
        return Build(_released(builder[1].lower(), name, version, revision), f"{version}-{revision}")
    return UPSTREAM


def _dns(name: str, version: str | None, text: str) -> Build:
    if name != "bind" or not version:
        return UPSTREAM
    if found := re.search(rf"-RedHat-(\d{_REV})", text):
        return Build(_red_hat(found[1]) or "el", found[1])
    if re.match(r"[\d.]+(?:-[PSW]\d+)?-RH\b", text):
        return Build("el")
    if found := re.match(rf"(?:BIND )?({re.escape(version)}-{_REV})-(Debian|Ubuntu|Raspbian)\b", text):
        family = found[2].lower()
        return Build(_released(family, name, version, found[1]), found[1])
    return _comment(text.partition(version)[2])


def _php(name: str, version: str | None, text: str) -> Build:
    word = text.partition(" ")[0]
    if name != "php" or not version or not word.startswith(f"PHP/{version}-"):
        return UPSTREAM
    revision = word[len("PHP/") :]
    if "sury.org" in revision or "dotdeb" in revision:
        # A third party's packages: neither upstream's nor the distribution's.
        return Build("sury" if "sury" in revision else "dotdeb", revision)
    if "ubuntu" in revision:
        return Build(_released("ubuntu", name, version, revision), revision)
    if re.search(r"[+~]deb\d|etch|lenny|squeeze|wheezy", revision):
        return Build(_released("debian", name, version, revision), revision)
    return UPSTREAM


def _server(name: str, version: str | None, text: str) -> Build:
    """A product of a Server header, from it on: only the comment directly behind it is its own."""
    if name == "php":
        return _php(name, version, text)
    found = re.match(r"[^\s(]+ \(([^()]{1,64})\)", text)
    return _comment(found[1]) if found else UPSTREAM


def _page(name: str, version: str | None, text: str) -> Build:
    """A version on a page: `2.6.12-1+deb12u4` has its revision behind it, `10.1.60 (Debian)` a comment."""
    if not version:
        return UPSTREAM
    found = re.search(rf"{re.escape(version)}(-\d[\w.+~]{{0,64}})", text)
    if found and "ubuntu" in found[1]:
        return Build(_released("ubuntu", name, version, found[1]), version + found[1])
    if found and re.search(r"[+~]deb\d|~bpo\d", found[1]):
        return Build(_released("debian", name, version, found[1]), version + found[1])
    comment = re.search(rf"{re.escape(version)} \(([^()]{{1,64}})\)", text)
    return _comment(comment[1]) if comment else UPSTREAM


def _go(name: str, version: str | None, text: str) -> Build:
    """What Prometheus and its kin say of their build: Debian puts the package's version in a commit's place."""
    branch = re.search(r'"?branch"?[=:]"(debian|ubuntu)/', text)
    found = re.search(rf'"?revision"?[=:]"({_REV})"', text)
    if not branch or not found or not version or not found[1].startswith(version) or "-" not in found[1]:
        return UPSTREAM
    return Build(_released(branch[1], name, version, found[1]), found[1])


def _mail(name: str, version: str | None, text: str) -> Build:
    if name == "sendmail" and version:
        if found := re.search(rf"/{re.escape(version)}/(Debian|Ubuntu)-([\w.+~]{{1,64}})", text):
            return Build(_released(found[1].lower(), name, version, found[2]), f"{version}-{found[2]}")
        return UPSTREAM
    if name == "cyrus_imap" and version:
        found = re.search(rf"\b{re.escape(version)}-(Debian|Ubuntu)-({_REV})", text)
        return Build(_released(found[1].lower(), name, version, found[2]), found[2]) if found else UPSTREAM
    if name == "exim":
        found = re.search(r"\bExim \S+ (Debian|Ubuntu)\b", text)
        return Build(found[1].lower()) if found else UPSTREAM
    found = re.search(r"\b(?:Postfix|Dovecot)\b[^()\n]{0,32}\((Debian|Ubuntu|Raspbian)", text)
    return Build(found[1].lower()) if found else UPSTREAM


def _samba(name: str, version: str | None, text: str) -> Build:
    """`4.17.12-Debian`: who built it, and not which revision."""
    found = re.search(r"^vendorversion: [\d.]+-(\w{1,32})", text, re.MULTILINE) if name == "samba" else None
    return _comment(found[1]) if found else UPSTREAM


def _ftp(name: str, version: str | None, text: str) -> Build:
    if name == "proftpd" and (found := re.search(r"\bProFTPD(?: \S+)? Server \(([^()]{1,64})\)", text)):
        # The brackets hold the server's name, which is the distribution's unless somebody changed it.
        return Build(found[1].lower()) if found[1] in ("Debian", "Ubuntu", "Raspbian") else UPSTREAM
    return UPSTREAM


_UBUNTU_KERNELS = {"4.15": "18.04", "5.4": "20.04", "5.15": "22.04", "6.8": "24.04"}
"""The kernel that a release came with, and no other release did."""

_DEBIAN_KERNELS = {
    "4.19": ("10", 67, ""),
    "5.10": ("11", 70, "5.10.46-4"),
    "6.1": ("12", 38, "6.1.27-1"),
    "6.12": ("13", 43, "6.12.41-1"),
}
"""A release's kernel: from which number on no other release had it, and the package that the release came with."""


def _debian_kernel(revision: str) -> str:
    """Which release a kernel package is of: what somebody else rebuilt, and what unstable had before, is of none."""
    found = re.fullmatch(r"(\d+\.\d+)\.(\d+)-\d+(?:[+~]deb(\d{1,2})u\d+)?", revision)
    if not found or found[1] not in _DEBIAN_KERNELS:
        return ""
    release, first, shipped = _DEBIAN_KERNELS[found[1]]
    if found[3]:
        # A newer release's kernel for an older one is a source package of its own there.
        return release if found[3] == release else ""
    return release if int(found[2]) >= first or revision == shipped else ""


def _kernel(name: str, version: str | None, text: str) -> Build:
    """uname's text: Debian's has the package's version, Ubuntu's its last number, Red Hat's is the version itself."""
    if name != "linux_kernel" or not version:
        return UPSTREAM
    branch = ".".join(version.split(".")[:2])
    if found := re.search(r" Debian (\d+\.\d+\.[\w.+~-]{1,64}) \(", text):
        release = _debian_kernel(found[1])
        return Build(f"debian:{release}" if release else "debian", found[1])
    if found := re.search(r" #(\d{1,4})(?:~(\d\d\.04)\.\d{1,3})?-Ubuntu ", text):
        release = found[2] or _UBUNTU_KERNELS.get(branch, "")
        abi = re.match(r"[\d.]+-\d{1,4}", version)
        revision = f"{abi[0]}.{found[1]}" if abi and not found[2] else None
        return Build(f"ubuntu:{release}" if release else "ubuntu", revision)
    if re.match(r"[\d.]+-[\w.]+\.(?:el|fc|amzn)\d", version):
        revision = re.sub(r"\.(?:x86_64|aarch64|i686|ppc64le|s390x)$", "", version)
        return Build(_red_hat(revision), revision)
    return UPSTREAM


def _apcupsd(name: str, version: str | None, text: str) -> Build:
    """`VERSION  : 3.14.14 (31 May 2016) debian`: the name of the platform it was configured for."""
    found = re.search(r"^VERSION *: \S+ \([^()\n]{1,32}\) (\w{1,32})", text, re.MULTILINE)
    return _comment(found[1]) if found else UPSTREAM


def _mumble(name: str, version: str | None, text: str) -> Build:
    """The release, a line of its own, which Debian's packages (and those built from them) set to their own version."""
    release = text.partition("\n")[0]
    ours = version and re.fullmatch(rf"{re.escape(version)}-\d[\w.+~]{{0,64}}", release)
    return Build(None, release) if ours else UPSTREAM


def _machine(name: str, version: str | None, text: str) -> Build:
    """`7.2.22 Debian 1:7.2+dfsg-7+deb12u18+b3`: QEMU's version, and the package as its builder calls it."""
    found = re.match(rf"[\d.]+ (Debian|Ubuntu) (?:\d+:)?(\d{_REV})", text)
    return Build(_released(found[1].lower(), name, version, found[2]), found[2]) if found else UPSTREAM


def _issue(name: str, version: str | None, text: str) -> Build:
    """What /etc/issue.net says before a login."""
    family = {"debian_linux": "debian", "ubuntu_linux": "ubuntu"}.get(name, "")
    return Build(f"{family}:{version}") if family and version else UPSTREAM


def _gopher(name: str, version: str | None, text: str) -> Build:
    found = re.search(r"\bGophernicus/\S+ on (Debian)/(\d{1,2})\b", text)
    return Build(f"{found[1].lower()}:{found[2]}") if found else UPSTREAM


def _irc(name: str, version: str | None, text: str) -> Build:
    """Whoever packaged these put the package's revision there, and not the name of the distribution."""
    if name not in ("bitlbee", "ircd-hybrid") or not version:
        return UPSTREAM
    found = re.search(rf"\b({re.escape(version)}(?:[+~][\w.+~]{{1,32}})?-\d[\w.+~]{{0,63}}?)\.?(?:[\s(]|$)", text)
    return Build(None, found[1]) if found else UPSTREAM


_PARSERS: dict[str, Callable[[str, str | None, str], Build]] = {
    "ssh": _ssh,
    "ldap.rootdse": _samba,
    "apcupsd": _apcupsd,
    "snmp.sysdescr": _kernel,
    "mumble": _mumble,
    "mysql": _database,
    "dns.version": _dns,
    "http.server": _server,
    "http.powered-by": _php,
    "http.text": _page,
    "http.error": _page,
    "prometheus.buildinfo": _go,
    "alertmanager.status": _go,
    "metrics.build": _go,
    "smtp": _mail,
    "imap": _mail,
    "imap.id": _mail,
    "pop3.capa": _mail,
    "nntp": _mail,
    "nntp.capabilities": _mail,
    "sieve": _mail,
    "mupdate": _mail,
    "lmtp": _mail,
    "telnet": _issue,
    "gopher": _gopher,
    "irc.welcome": _irc,
    "irc.version": _irc,
    "qemu.qmp": _machine,
    "pop3": _mail,
    "ftp": _ftp,
}
