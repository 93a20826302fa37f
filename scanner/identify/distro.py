"""Who built a product, and the package's revision, read out of the banner as the distribution wrote it.

A revision is the package version without its epoch, which no banner has. A distribution without a release (`debian`)
means that the banner names one and does not say which: nothing may be compared by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from scanner.identify.releases import debian_kernel, red_hat, release, ubuntu_kernel
from scanner.model.base import Frozen

_REV = r"[0-9A-Za-z_.+~:-]{1,128}"


class Build(Frozen, frozen=True):
    """`distro` and `revision` as in `scanner.model.product.Product`."""

    distro: str | None = None
    revision: str | None = None


UPSTREAM = Build()
"""Nobody but upstream is named."""

# Whose words these are in a comment, as whole words and in any case.
_NAMES = {
    "raspbian": "raspbian",
    "debian": "debian",
    "ubuntu": "ubuntu",
    "red hat": "el",
    "redhat": "el",
    "centos": "el",
    "almalinux": "el",
    "rocky": "el",
    "oracle linux": "el",
    "scientific linux": "el",
    "fedora": "fedora",
    "amazon": "amazon",
    "opensuse": "opensuse",
    "suse": "suse",
    "gentoo": "gentoo",
    "arch linux": "arch",
    "alpine": "alpine",
    "win32": "windows",
    "win64": "windows",
    "freebsd": "freebsd",
    "netbsd": "netbsd",
    "openbsd": "openbsd",
}
_NAMED = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(_NAMES)})(?![a-z0-9])")


def build_of(kind: str, name: str, version: str | None, text: str) -> Build:
    """Who built the product `name` that a fingerprint found in `text`, a reading of `kind` in its prepared form."""
    if name == "openssl":
        # Beside Apache it may be the distribution's or one that came with the package: the header does not say.
        return UPSTREAM
    parse = _PARSERS.get(kind)
    return parse(name, version, text[:1024]) if parse else UPSTREAM


def _comment(text: str) -> Build:
    """A distribution in the product's own comment, `(Debian)`, which names no release and no revision.

    Of a comment that names two neither is believed.
    """
    named = {_NAMES[word] for word in _NAMED.findall(text.lower())}
    return Build(named.pop()) if len(named) == 1 else UPSTREAM


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
    found = re.match(rf"(Debian|Ubuntu|Raspbian)-({_REV})(?: |$)", comment)
    if found and version and _comment(comment) != UPSTREAM:
        return Build(release(found[1].lower(), name, version, found[2]), f"{version}-{found[2]}")
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
        return Build(release("ubuntu", name, version, revision), f"{version}-{revision}")
    if re.search(r"[+~]deb\d|~bpo\d", revision):
        return Build(release("debian", name, version, revision), f"{version}-{revision}")
    if distro := red_hat(revision):
        return Build(distro, f"{version}-{revision}")
    if builder:
        return Build(release(builder[1].lower(), name, version, revision), f"{version}-{revision}")
    if name == "mariadb" and re.fullmatch(r"\d{1,2}(?:\+b\d{1,2})?", revision):
        return Build(None, f"{version}-{revision}")
    return UPSTREAM


def _dns(name: str, version: str | None, text: str) -> Build:
    if not version or name not in ("bind", "dnsmasq"):
        return UPSTREAM
    if found := re.search(rf"-RedHat-(\d{_REV})", text):
        return Build(red_hat(found[1]) or "el", found[1])
    if re.match(r"[\d.]+(?:-[PSW]\d+)?-RH\b", text):
        return Build("el")
    of_one = rf"(?:BIND |dnsmasq-)?({re.escape(version)}(?:-{_REV})?)-(Debian|Ubuntu|Raspbian)(?:[ (]|$)"
    if found := re.match(of_one, text):
        family, revision = found[2].lower(), found[1]
        return Build(release(family, name, version, revision), revision) if revision != version else Build(family)
    return _comment(text.partition(version)[2])


def _statistics(name: str, version: str | None, text: str) -> Build:
    """BIND's page of statistics has the words of `version.bind` in an element of its own."""
    found = re.search(r"<version>([^<]{1,128})</version>", text) if name == "bind" else None
    return _dns(name, version, found[1]) if found else UPSTREAM


def _php(name: str, version: str | None, text: str) -> Build:
    word = text.partition(" ")[0]
    if name != "php" or not version or not word.startswith(f"PHP/{version}-"):
        return UPSTREAM
    revision = word[len("PHP/") :]
    if "sury.org" in revision or "dotdeb" in revision or re.search(r"\+0~\d{8}\.\d+\+", revision):
        # A third party's packages: neither upstream's nor the distribution's.
        return Build("dotdeb" if "dotdeb" in revision else "sury", revision)
    if "ubuntu" in revision:
        return Build(release("ubuntu", name, version, revision), revision)
    if re.search(r"[+~]deb\d|etch|lenny|squeeze|wheezy", revision):
        return Build(release("debian", name, version, revision), revision)
    return UPSTREAM


def _server(name: str, version: str | None, text: str) -> Build:
    """A product of a Server header, from it on: only the comment directly behind it is its own."""
    if name == "php":
        return _php(name, version, text)
    if name == "znc" and version and (found := re.match(rf"ZNC {re.escape(version)}\+deb(\d[\w.+~]{{0,64}})", text)):
        # Debian's `-3.1+deb12u1`, and those who rebuild it leave the word as it is.
        return _proven(name, version, f"{version}-{found[1]}")
    found = re.match(r"[^\s(]+ \(([^()]{1,64})\)", text)
    return _comment(found[1]) if found else UPSTREAM


def _page(name: str, version: str | None, text: str) -> Build:
    """A version on a page: `2.6.12-1+deb12u4` has its revision behind it, `10.1.60 (Debian)` a comment."""
    if not version:
        return UPSTREAM
    found = re.search(rf"{re.escape(version)}(-\d[\w.+~]{{0,64}})", text)
    if found and "ubuntu" in found[1]:
        return Build(release("ubuntu", name, version, found[1]), version + found[1])
    if found and re.search(r"[+~]deb\d|~bpo\d", found[1]):
        return Build(release("debian", name, version, found[1]), version + found[1])
    comment = re.search(rf"{re.escape(version)} \(([^()]{{1,64}})\)", text)
    return _comment(comment[1]) if comment else UPSTREAM


def _go(name: str, version: str | None, text: str) -> Build:
    """What Prometheus and its kin say of their build: Debian puts the package's version in a commit's place."""
    if name in ("haproxy", "crowdsec"):
        rebuilt = re.search(rf"{re.escape(version)}-\d[\w.~]*\+b\d+(?![\w.+~])", text) if version else None
        return Build("debian", rebuilt[0]) if rebuilt else _page(name, version, text)
    branch = re.search(r'"?(?:branch|commit_sha)"?[=:]"(debian|ubuntu)/', text, re.IGNORECASE)
    found = re.search(rf'"?revision"?[=:]"({_REV})"', text) or re.search(rf'\bversion="({_REV})"', text)
    if not found or not version or not found[1].startswith(version) or "-" not in found[1]:
        return UPSTREAM
    if not branch:
        # `+b4` is the mark of Debian's own rebuilds; whose package it is otherwise is not said.
        return Build("debian", found[1]) if re.search(r"-\d[\w.~]*\+b\d+$", found[1]) else UPSTREAM
    return Build(release(branch[1].lower(), name, version, found[1]), found[1])


def _mail(name: str, version: str | None, text: str) -> Build:
    if name == "sendmail" and version:
        if found := re.search(rf"/{re.escape(version)}/(Debian|Ubuntu)-([\w.+~]{{1,64}})", text):
            return Build(release(found[1].lower(), name, version, found[2]), f"{version}-{found[2]}")
        return UPSTREAM
    if name == "cyrus_imap" and version:
        if found := re.search(
            rf"(?<![\d.]){re.escape(version)}(?:-caldav-\w{{1,16}})?-(Debian|Ubuntu)-({_REV})(?![\w.+~:-])", text
        ):
            return Build(release(found[1].lower(), name, version, found[2]), found[2])
        found = re.search(rf"(?<![\d.]){re.escape(version)}-(?:(?:Fedora|Invoca)-RPM-)?(\d{_REV})(?![\w.+~:-])", text)
        if found and (distro := red_hat(found[1])):
            package = found[1] if found[1].startswith(f"{version}-") else f"{version}-{found[1]}"
            return Build(distro, package)
        return UPSTREAM
    if name == "exim":
        found = re.search(r"\bExim \S+ (?:#\d{1,4} )?(Debian|Ubuntu)\b", text)
        return Build(found[1].lower()) if found else UPSTREAM
    found = re.search(r"\b(?:Postfix|Dovecot)\b[^()\n]{0,32}\((Debian|Ubuntu|Raspbian)", text)
    return Build(found[1].lower()) if found else UPSTREAM


def _samba(name: str, version: str | None, text: str) -> Build:
    """`4.17.12-Debian`, and since Debian 13 the package behind it: `4.22.8-Debian-4.22.8+dfsg-0+deb13u1`."""
    if name != "samba" or not version:
        return UPSTREAM
    found = re.search(
        rf"^vendorversion: {re.escape(version)}-(\w{{1,32}})(?:-(?:\d:)?(\d{_REV}))?$", text, re.MULTILINE
    )
    if not found:
        return UPSTREAM
    build = _comment(found[1])
    if build.distro not in ("debian", "ubuntu", "raspbian") or not found[2] or not found[2].startswith(version):
        return build
    return Build(release(build.distro, name, version, found[2]), found[2])


def _ftp(name: str, version: str | None, text: str) -> Build:
    if name == "proftpd" and (found := re.search(r"\bProFTPD(?: \S+)? Server \(([^()]{1,64})\)", text)):
        # The brackets hold the server's name, which is the distribution's unless somebody changed it.
        return Build(found[1].lower()) if found[1] in ("Debian", "Ubuntu", "Raspbian") else UPSTREAM
    return UPSTREAM


def _kernel(name: str, version: str | None, text: str) -> Build:
    """uname's text: Debian's has the package's version, Ubuntu's its last number, Red Hat's is the version itself."""
    if name != "linux_kernel" or not version:
        return UPSTREAM
    if found := re.search(r" (?:Debian|Kali) (?:\d:)?(\d+\.\d+\.[\w.+~-]{1,64})(?: |$)", text):
        if "kali" in found[1]:
            return Build("kali", found[1])
        number = debian_kernel(found[1])
        return Build(f"debian:{number}" if number else "debian", found[1])
    if found := re.search(r" #(\d{1,4})(?:~(\d\d\.\d\d)\.\d{1,3})?-Ubuntu(?: |$)", text):
        number = ubuntu_kernel(version, found[2] or "")
        abi = re.match(r"[\d.]+-\d{1,4}(?=-)", version)
        revision = f"{abi[0]}.{found[1]}" if abi and not found[2] else None
        return Build(f"ubuntu:{number}" if number else "ubuntu", revision)
    if re.match(r"[\d.]+-[\w.]+\.(?:el|fc|amzn)\d", version):
        revision = re.sub(r"\.(?:x86_64|aarch64|i686|ppc64le|s390x)$", "", version)
        return Build(red_hat(revision), revision)
    return UPSTREAM


def _sip(name: str, version: str | None, text: str) -> Build:
    """`Asterisk PBX 16.28.0~dfsg-0+deb11u3`; a release of Debian's or Ubuntu's where the revision proves one."""
    if name != "asterisk" or not version:
        return UPSTREAM
    found = re.search(rf"(?<![\d.])({re.escape(version)}(?:[+~][\w.+~]{{1,32}})?-\d[\w.+~]{{0,64}})(?= |$)", text)
    return _proven(name, version, found[1]) if found else UPSTREAM


def _proven(name: str, version: str, package: str) -> Build:
    """Of a package where the banner has no name of a distribution: what its revision alone proves."""
    distro = release("ubuntu" if "ubuntu" in package else "debian", name, version, package)
    return Build(distro if ":" in distro else None, package)


def _ssdp(name: str, version: str | None, text: str) -> Build:
    """`Debian/12 UPnP/1.1 MiniUPnPd/2.3.1`: the system that it was built on."""
    found = re.match(r"(Debian)/(\d{1,2})(?:\.\d{1,2})? |(Ubuntu)/(\d\d\.\d\d) ", text)
    return Build(f"{(found[1] or found[3]).lower()}:{found[2] or found[4]}") if found else UPSTREAM


_ENGINES = {"debian": "debian", "ubuntu": "ubuntu", "fedora": "fedora", "centos": "el", "rhel": "el", "almalinux": "el"}


def _engine(name: str, version: str | None, text: str) -> Build:
    """Podman names its host: `linux/amd64/debian-12`."""
    found = re.search(r'"Platform":\{"Name":"linux/\w{1,16}/([a-z]{1,16})-(\d{1,2})(\.\d{1,2})?"', text)
    if not found or name != "podman" or found[1] not in _ENGINES:
        return UPSTREAM
    number = found[2] + (found[3] or "" if found[1] == "ubuntu" else "")
    return Build(f"{_ENGINES[found[1]]}:{number}")


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
    return Build(release(found[1].lower(), name, version, found[2]), found[2]) if found else UPSTREAM


def _issue(name: str, version: str | None, text: str) -> Build:
    """What /etc/issue.net says before a login."""
    family = {"debian_linux": "debian", "ubuntu_linux": "ubuntu", "centos": "el"}.get(name, "")
    # Debian's point releases, and before 7 its releases too, have a number behind a dot.
    number = version.partition(".")[0] if version and family != "ubuntu" else version
    return Build(f"{family}:{number}") if family and number else UPSTREAM


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
    "ntp.readvar": _kernel,
    "mumble": _mumble,
    "mysql": _database,
    "dns.version": _dns,
    "http.server": _server,
    "http.powered-by": _php,
    "http.text": _page,
    "http.error": _page,
    "http.body": _statistics,
    "http.via": _page,
    "sip.server": _sip,
    "ssdp.server": _ssdp,
    "docker.version": _engine,
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
