"""What an inventory names, as products: packages of a distribution, programs of Windows, and the system itself."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources

from scanner.identify import cpe
from scanner.identify.matcher import Database, Match, load
from scanner.model.observation import Item
from scanner.model.product import Product
from scanner.model.text import visible

_FIELD = 256
_REMEMBERED = 1 << 16
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_LINUX = ("debian", "ubuntu", "raspbian", "el", "fedora", "amazon", "suse", "opensuse", "alpine")
_REPACKED = re.compile(r"[+~.](?:dfsg|ds|repack|really|git|svn|debian)[\w.+~]*$")

_SERVERS = {
    "2008 r2": "6.1.7601", "2012 r2": "6.3.9600", "2008": "6.0.6003", "2012": "6.2.9200", "2016": "10.0.14393",
    "2019": "10.0.17763", "2022": "10.0.20348", "2025": "10.0.26100",
}  # fmt: skip
_CLIENTS = {"7": "6.1.7601", "8.1": "6.3.9600", "8": "6.2.9200"}
_SERVER = re.compile(r"windows (?:server|small business server)[^\d]{0,30}(20\d\d(?: r2)?)?", re.IGNORECASE)
_CLIENT = re.compile(r"windows (\d+(?:\.\d)?|xp|vista)\b", re.IGNORECASE)
_BUILD = re.compile(r"\b(?:10\.0[. (]{1,2})?(1[04-9]\d{3}|2\d{4})(?:\.(\d{1,5}))?\b")
_OLD_BUILD = re.compile(r"\b(6\.[0-3]\.\d{4})(?:\.(\d{3,5}))?\b")
_RELEASE = re.compile(r"(ubuntu|centos)(?: linux| stream)?(?: release)? ?(\d{1,2}(?:\.\d{1,2})?)?", re.IGNORECASE)


@cache
def packages() -> Database:
    return _load("packages.xml")


@cache
def programs() -> Database:
    return _load("programs.xml")


def _load(name: str) -> Database:
    return load(resources.files(__package__).joinpath(name).read_bytes(), name)


@lru_cache(maxsize=_REMEMBERED)
def product_of(item: Item) -> Product | None:
    """The product that an item is, by the names that baselines go by; None for one that no table knows.

    `version` is upstream's, `revision` the package's without its epoch. Never raises.
    """
    linux = of_linux(item)
    match = (packages() if linux else programs()).match(item.name)
    if match is None:
        return None
    if linux:
        return packaged(item, match.fields["service.vendor"], match.fields["service.product"])
    version = _listed(item, match)
    vendor, name = match.fields["service.vendor"], match.fields["service.product"]
    return Product(
        vendor=vendor,
        name=name,
        version=version,
        distro=item.distro or None,
        cpe=cpe("a", vendor, name, version, ""),
        certain="service.certainty" not in match.fields,
        rule=f"programs.xml: {match.description}",
    )


def of_linux(item: Item) -> bool:
    """Whether an item is a package, the distribution's own or another one's."""
    return item.distro.partition(":")[0] in _LINUX


def packaged(item: Item, vendor: str, name: str) -> Product:
    """A package as a product."""
    upstream = upstream_of(item.version)
    revision = item.version.partition(":")[2] if ":" in item.version else item.version
    own = item.package or "~bpo" in revision
    return Product(
        vendor=vendor,
        name=visible(name, _FIELD),
        version=upstream or None,
        revision=revision or None if own else None,
        distro=item.distro if own else None,
        cpe=cpe("a", vendor, name, upstream or None, "") if vendor else None,
        rule=f"package {item.name}",
    )


def source_of(item: Item) -> str:
    """The source package that our table knows a package to be built from; empty where it does not."""
    match = packages().match(item.name)
    return match.fields.get("package.source", "") if match else ""


def upstream_of(version: str) -> str:
    """A package's version without epoch, revision and what its builder says of the source."""
    bare = version.partition(":")[2] if ":" in version else version
    return _REPACKED.sub("", bare.rpartition("-")[0] or bare)


def _listed(item: Item, match: Match) -> str | None:
    named = match.fields.get("service.version", "")
    if named:
        return named
    believed = match.fields.get("version.from", "")
    if believed == "none" or not item.version:
        return None
    if not believed:
        return item.version
    found = _NUMBER.match(item.version)
    if found is None:
        return None
    return found[0] if believed == "number" else ".".join(found[0].split(".")[: int(believed)])


@lru_cache(maxsize=4096)
def system_of(name: str, version: str) -> Product | None:
    """The operating system of a machine; for Windows its build, with the patch level where that is said."""
    both = f"{name} {version}"
    server = _SERVER.search(name)
    client = None if server else _CLIENT.search(name)
    if server or client or "windows" in name.lower():
        known = (
            _SERVERS.get((server[1] or "").lower()) if server else _CLIENTS.get(client[1].lower()) if client else None
        )
        build = _windows_build(version) or _windows_build(both) or known
        product = "windows_server" if server else "windows"
        if build is None:
            return None
        uri = cpe("o", "microsoft", product, build, "")
        return Product("microsoft", product, build, distro=None, cpe=uri, rule="inventory: system")
    if found := _RELEASE.search(both):
        family, release = found[1].lower(), found[2] or ""
        number = release or (said[0] if (said := _NUMBER.match(version)) else "")
        vendor, product = ("canonical", "ubuntu_linux") if family == "ubuntu" else ("centos", "centos")
        if number:
            uri = cpe("o", vendor, product, number, "")
            return Product(vendor, product, number, cpe=uri, rule="inventory: system")
    return None


def _windows_build(text: str) -> str | None:
    if found := _OLD_BUILD.search(text):
        return f"{found[1]}.{found[2]}" if found[2] else found[1]
    if found := _BUILD.search(text):
        return f"10.0.{found[1]}.{found[2]}" if found[2] else f"10.0.{found[1]}"
    return None
