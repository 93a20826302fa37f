"""Which operating system a host runs, by what its services prove; a TTL only ever agrees or disagrees.

A family and a version are said where bytes name them: a package's revision, a system description, the build in an
NTLM challenge. A Windows build that two editions share stays two editions. A service can run in a container or behind
a forwarded port, so what SSH, SMB and SNMP say of the host itself goes before what a web server says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from scanner.identify.stacks import Stack, stack_hint
from scanner.model.base import Frozen
from scanner.model.observation import Reading
from scanner.model.product import Product

Family = Literal["windows", "linux", "bsd", "apple", "network", "other", ""]
_GRADES: tuple[Literal["low", "medium", "high"], ...] = ("low", "medium", "high")


class Role(Frozen, frozen=True):
    """A kind of device that a system gives away."""

    kind: str
    weight: float
    what: str


class System(Frozen, frozen=True):
    """The verdict. `name` is as people say it, with the release where that is proven: `Debian 12`."""

    family: Family = ""
    name: str = ""
    version: str = ""
    """As the host writes it: `12`, `10.0.20348`, `7.0.14`. Empty: not proven."""
    confidence: Literal["high", "medium", "low"] | None = None
    evidence: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()


class _Claim(Frozen, frozen=True):
    family: Family
    base: str
    """The name without a release."""
    name: str
    version: str
    grade: int
    """0 to 2: low, medium, high."""
    trust: int
    """Whose word it is: the host's own (2), or a service's that may stand elsewhere (1)."""
    where: str
    roles: tuple[Role, ...] = ()


_DISTROS: dict[str, tuple[Family, str]] = {
    "debian": ("linux", "Debian"),
    "ubuntu": ("linux", "Ubuntu"),
    "raspbian": ("linux", "Raspbian"),
    "kali": ("linux", "Kali Linux"),
    "el": ("linux", "Enterprise Linux"),
    "fedora": ("linux", "Fedora"),
    "amazon": ("linux", "Amazon Linux"),
    "opensuse": ("linux", "openSUSE"),
    "suse": ("linux", "SUSE Linux"),
    "alpine": ("linux", "Alpine Linux"),
    "arch": ("linux", "Arch Linux"),
    "gentoo": ("linux", "Gentoo"),
    "freebsd": ("bsd", "FreeBSD"),
    "netbsd": ("bsd", "NetBSD"),
    "openbsd": ("bsd", "OpenBSD"),
    "windows": ("windows", "Windows"),
}

_PRODUCTS: dict[str, tuple[Family, str, str]] = {
    # The product's word in a CPE -> family, name, kind of device that runs it and nothing else.
    "windows": ("windows", "Windows", ""),
    "windows_server": ("windows", "Windows Server", "server"),
    "linux": ("linux", "Linux", ""),
    "linux_kernel": ("linux", "Linux", ""),
    "debian_linux": ("linux", "Debian", ""),
    "ubuntu_linux": ("linux", "Ubuntu", ""),
    "enterprise_linux": ("linux", "Enterprise Linux", ""),
    "centos": ("linux", "Enterprise Linux", ""),
    "freebsd": ("bsd", "FreeBSD", ""),
    "netbsd": ("bsd", "NetBSD", ""),
    "openbsd": ("bsd", "OpenBSD", ""),
    "mac_os_x": ("apple", "macOS", "workstation"),
    "macos": ("apple", "macOS", "workstation"),
    "ios": ("network", "Cisco IOS", ""),
    "ios_xe": ("network", "Cisco IOS XE", ""),
    "nx-os": ("network", "Cisco NX-OS", "switch"),
    "adaptive_security_appliance_software": ("network", "Cisco ASA", "firewall"),
    "fortios": ("network", "FortiOS", "firewall"),
    "sonicos": ("network", "SonicOS", "firewall"),
    "pan-os": ("network", "PAN-OS", "firewall"),
    "junos": ("network", "Junos", ""),
    "routeros": ("network", "RouterOS", "router"),
    "edgeos": ("network", "EdgeOS", "router"),
    "arubaos": ("network", "ArubaOS", ""),
    "screenos": ("network", "ScreenOS", "firewall"),
    "aix": ("other", "AIX", "server"),
    "hp-ux": ("other", "HP-UX", "server"),
    "i": ("other", "IBM i", "server"),
    "openvms": ("other", "OpenVMS", "server"),
    "solaris": ("other", "Solaris", ""),
    "tru64": ("other", "Tru64 UNIX", "server"),
    "vxworks": ("other", "VxWorks", ""),
    "z/os": ("other", "z/OS", "server"),
    "esxi": ("other", "ESXi", "hypervisor"),
    "vcenter_server": ("other", "vCenter Server", "server"),
    "synology_dsm": ("linux", "Synology DSM", "nas"),
    "diskstation_manager": ("linux", "Synology DSM", "nas"),
    "qts": ("linux", "QNAP QTS", "nas"),
    "truenas": ("bsd", "TrueNAS", "nas"),
    "opnsense": ("bsd", "OPNsense", "firewall"),
    "pfsense": ("bsd", "pfSense", "firewall"),
    "proxmox_virtual_environment": ("linux", "Proxmox VE", "hypervisor"),
}
_ROLE = 0.9

_BUILDS = {
    # What ships under a build number; what one edition alone has stands without an `or`.
    2600: "Windows XP",
    3790: "Windows Server 2003 or XP x64",
    6001: "Windows Vista SP1 or Server 2008",
    6002: "Windows Vista SP2 or Server 2008 SP2",
    6003: "Windows Server 2008 SP2",
    7600: "Windows 7 or Server 2008 R2",
    7601: "Windows 7 SP1 or Server 2008 R2 SP1",
    9200: "Windows 8 or Server 2012",
    9600: "Windows 8.1 or Server 2012 R2",
    10240: "Windows 10 1507",
    10586: "Windows 10 1511",
    14393: "Windows 10 1607 or Server 2016",
    15063: "Windows 10 1703",
    16299: "Windows 10 or Server 1709",
    17134: "Windows 10 or Server 1803",
    17763: "Windows 10 1809 or Server 2019",
    18362: "Windows 10 or Server 1903",
    18363: "Windows 10 or Server 1909",
    19041: "Windows 10 or Server 2004",
    19042: "Windows 10 or Server 20H2",
    19043: "Windows 10 21H1",
    19044: "Windows 10 21H2",
    19045: "Windows 10 22H2",
    20348: "Windows Server 2022",
    22000: "Windows 11 21H2",
    22621: "Windows 11 22H2",
    22631: "Windows 11 23H2",
    25398: "Windows Server 23H2",
    26100: "Windows 11 24H2 or Server 2025",
    26200: "Windows 11 25H2",
    28000: "Windows 11 26H1",
}

_MAKERS = {
    "hp": "HP",
    "hpe": "HPE",
    "apc": "APC",
    "dahuasecurity": "Dahua",
    "dahua_security": "Dahua",
    "tp-link": "TP-Link",
}

_OWN = ("ssh", "ntlm", "smb", "snmp", "vmware", "telnet", "mndp", "hikvision", "dahua", "synology", "ipp")
_INITIAL_TTL: dict[Family, int] = {"windows": 128, "linux": 64, "bsd": 64, "apple": 64}


def system(
    products: Iterable[tuple[str, Product]],
    readings: Iterable[tuple[str, Reading]] = (),
    ttls: Iterable[int] = (),
    stacks: Iterable[Stack] = (),
) -> System:
    """The system of a host, of everything that its services said. Pure; never raises."""
    claims = [claim for where, product in products for claim in _claims(where, product)]
    family, looks = stack_hint(stacks)
    if not claims:
        return System(evidence=(looks,) if looks else ())
    claims.sort(key=lambda each: (-each.trust, -each.grade, not each.version, each.where))
    first = claims[0]
    same = [each for each in claims if each.base == first.base or _narrower(each, first)]
    best = next((each for each in same if each.version and each.trust == first.trust), first)
    named = [each for each in same if not each.version or not best.version or each.version == best.version]
    others = [each for each in claims if each not in named and not _narrower(best, each)]
    grade = best.grade
    against = [f"{each.name}: {each.where}" for each in others]
    if any(each.trust >= best.trust for each in others):
        grade = max(0, grade - 1)
    wrong = _unlike(best.family, ttls)
    if wrong:
        against.append(wrong)
    if looks and best.family not in ("", "other", family, *(("apple",) if family == "bsd" else ())):
        against.append(looks)
    return System(
        family=best.family,
        name=best.name,
        version=best.version,
        confidence=_GRADES[grade],
        evidence=tuple(dict.fromkeys(f"{each.name}: {each.where}" for each in named)),
        against=tuple(dict.fromkeys(against)),
        roles=best.roles,
    )


def _narrower(left: _Claim, right: _Claim) -> bool:
    """Whether `left` says no more than `right` does: `Windows` beside `Windows Server 2022`."""
    return left.family == right.family and left.base in ("Windows", "Linux") and bool(left.family)


def _unlike(family: Family, ttls: Iterable[int]) -> str:
    usual = _INITIAL_TTL.get(family)
    found = {next(start for start in (32, 64, 128, 255) if ttl <= start) for ttl in ttls if 0 < ttl <= 255}
    if usual is None or not found or usual in found:
        return ""
    return f"TTL {', '.join(map(str, sorted(found)))} is unusual for it (a container, or a forwarded port, perhaps)"


def _claims(where: str, product: Product) -> Iterable[_Claim]:
    kind = product.rule.partition(".xml")[0]
    trust = 2 if kind.startswith(_OWN) else 1
    at = f"{where} {product.rule}" if product.rule else where
    if product.distro:
        word, _, release = product.distro.partition(":")
        if word in _DISTROS:
            family, base = _DISTROS[word]
            grade = 2 if (release and product.revision) or (word == "windows" and trust == 2) else 1
            yield _Claim(family, base, f"{base} {release}".strip(), release, grade if product.certain else 0, trust, at)
    # A maker's name for a machine ("Moxa device") is no system; the version of its firmware is worth telling.
    if (product.cpe or "").startswith("cpe:2.3:o:") and (product.name in _PRODUCTS or product.version):
        yield _of_product(product, trust, at)


def _of_product(product: Product, trust: int, at: str) -> _Claim:
    family, base, role = _PRODUCTS.get(product.name, ("other", _title(product), ""))
    if role or family == "other":
        trust = 2  # firmware's own page is the host's own word
    version = product.version or ""
    roles = (Role(role, _ROLE, base),) if role else ()
    name = f"{base} {version}".strip()
    if base.startswith("Windows") and version:
        name = _windows(version) or base
        kind = "" if " or " in name else "server" if "Server" in name else "workstation"
        roles = (Role(kind, _ROLE, f"{name} (build {version})"),) if kind else ()
    grade = 2 if version or role else 1
    return _Claim(family, base, name, version, grade if product.certain else 0, trust, at, roles)


def _title(product: Product) -> str:
    """`Hikvision firmware` of a maker's word and a product's."""
    maker = _MAKERS.get(product.vendor, product.vendor.title())
    words = [each for each in product.name.replace("_", " ").split() if each.lower() != maker.lower()]
    return " ".join((maker, *(words or ["firmware"])))


def _windows(version: str) -> str:
    """`Windows Server 2022` of `10.0.20348`; empty where the build is not known."""
    last = version.split(".")[2:3]
    return _BUILDS.get(int(last[0]), "") if last and last[0].isascii() and last[0].isdecimal() else ""
