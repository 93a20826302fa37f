"""What the JSON and the XML of a CycloneDX bill of materials have in common: components as items.

A component that a distribution's package is (its package URL says so) is judged as that package. Any other one is
listed, and judged by its name where that is a product's.
"""

from __future__ import annotations

import re

from scanner.importers.feed_json import day
from scanner.importers.inventory import Bads, Listed
from scanner.importers.inventory_text import add, clean, host_name, item, merged
from scanner.importers.packages import own

KIND = "bill of materials"
MACHINES = frozenset({"device"})
"""Types of the described component that make its name a machine's."""
_PURL = re.compile(r"pkg:(deb|rpm)/([^/?#]{1,60})/([^@?#]{1,200})@([^?#]{1,200})(?:\?([^#]{0,500}))?")
_FAMILIES = {
    "redhat": "el", "rhel": "el", "centos": "el", "almalinux": "el", "rocky": "el", "oracle": "el", "ol": "el",
    "fedora": "fedora", "amzn": "amazon", "amazon": "amazon", "debian": "debian", "ubuntu": "ubuntu",
}  # fmt: skip
_DISTRO = re.compile(r"([a-z]+)-(\d{1,2})(\.\d{1,2})?")


_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def described(machine: Listed, kind: str, name: str, timestamp: str | None) -> None:
    """What the bill says it is of, and when it was drawn up."""
    machine.taken = day(timestamp)
    if kind in MACHINES and (host := host_name(name)):
        merged(machine.names, [host])


def component(
    machine: Listed, kind: str, name: str, version: str, vendor: str, purl: str, number: int, bads: Bads, distro: str
) -> None:
    """Keep one component."""
    if kind == "operating-system":
        machine.os, machine.os_version = clean(name), clean(version, 100)
        return
    if kind == "file":
        return
    if found := _PURL.fullmatch(purl):
        told = dict(part.split("=", 1) for part in (found[5] or "").split("&") if "=" in part)
        whole = unquote(found[4])
        if epoch := told.get("epoch", ""):
            whole = whole if ":" in whole else f"{clean(epoch, 10)}:{whole}"
        of = _distro(found[2], unquote(told.get("distro", ""))) or distro
        source = re.sub(r"-[^-]+-[^-]+\.src\.rpm$", "", unquote(told.get("upstream", "")).partition("@")[0])
        add(
            machine,
            item(unquote(found[3]), whole, "", of, bool(of) and own(unquote(found[3]), whole), source),
            number,
            bads,
        )
        return
    add(machine, item(name, version, vendor), number, bads)


def _distro(namespace: str, said: str) -> str:
    family = _FAMILIES.get(namespace.casefold(), "")
    release = _DISTRO.search(said.casefold())
    if release is None or not family:
        return ""
    number = release[2] + (release[3] or "" if family == "ubuntu" else "")
    return f"{_FAMILIES.get(release[1], family)}:{number}"


def unquote(text: str) -> str:
    """A part of a package URL without its percent escapes."""
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace"), text)
