"""What PowerShell lists of Windows programs, through ConvertTo-Json.

The keys of Uninstall in the registry, Get-Package, Win32_Product; with them may stand the machine's own system
(Win32_OperatingSystem, Get-ComputerInfo, the key of CurrentVersion). PSComputerName names the machine where several
were asked. One object or a list, UTF-16 as `>` writes it.
"""

from __future__ import annotations

import re

from scanner.importers.feed_json import Loose
from scanner.importers.inventory import Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import add, clean, decoded, host_name, item, merged, nothing, text_of

_KEYS = re.compile(
    r'"(?:DisplayName|DisplayVersion|UninstallString|PackageFilename|FastPackageReference|IdentifyingNumber'
    r'|PSComputerName|Caption|WindowsProductName|CurrentBuildNumber|ProviderName)"\s*:'
)
_SOME = str | int | float | bool | None
_UPDATES = ("msu", "powershellget", "nuget")
"""Providers of Get-Package that list what is no program."""


class _Row(Loose, frozen=True, rename="pascal"):
    display_name: _SOME = None
    display_version: _SOME = None
    publisher: _SOME = None
    name: _SOME = None
    version: _SOME = None
    vendor: _SOME = None
    caption: _SOME = None
    provider_name: _SOME = None
    build_number: _SOME = None
    product_name: _SOME = None
    current_build: _SOME = None
    current_build_number: _SOME = None
    windows_product_name: _SOME = None
    os_version: _SOME = None
    identifying_number: _SOME = None


class _Places(Loose, frozen=True):
    """Keys that are not written as others are."""

    PSComputerName: _SOME = None
    CSName: _SOME = None
    CsDNSHostName: _SOME = None
    UBR: _SOME = None
    SystemComponent: _SOME = None
    OsName: _SOME = None


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True).lstrip()
    return text[:1] in ("{", "[") and bool(_KEYS.search(text))


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    text = text_of(raw, name)
    single = not text.lstrip().startswith("[")
    if single:
        row, cut = decoded(text, _Row, name)
        rows: tuple[_Row, ...] = (row,)
        places: tuple[_Places, ...] = (decoded(text, _Places, name)[0],)
    else:
        rows, cut = decoded(text, tuple[_Row, ...], name)
        places = decoded(text, tuple[_Places, ...], name)[0]
    machines: dict[str, Listed] = {}
    bads = Bads()
    for number, (row, place) in enumerate(zip(rows, places, strict=True), 1):
        host = host_name(place.PSComputerName) or host_name(place.CSName) or host_name(place.CsDNSHostName)
        machine = machines.setdefault(host.casefold(), Listed())
        merged(machine.names, [host] if host else [])
        if system := _system(row, place):
            machine.os, machine.os_version = system
        elif row.display_name is not None:
            add(machine, item(row.display_name, row.display_version, row.publisher, "windows"), number, bads)
        elif str(row.provider_name).casefold() in _UPDATES:
            continue
        elif row.name is not None:
            add(machine, item(row.name, row.version, row.vendor, "windows"), number, bads)
        elif row.display_version is not None or row.publisher is not None or row.version is not None:
            bads.add(number, "no name of a program")
    _one_machine(machines)
    found = tuple(each for each in machines.values() if each.items or each.os)
    if not found:
        raise nothing(name, "a list of Windows programs", bads)
    return Inventories(found, bads, cut)


def _system(row: _Row, place: _Places) -> tuple[str, str] | None:
    """Name and version of the system, where the object is the system's."""
    if row.windows_product_name or place.OsName:
        return clean(place.OsName or row.windows_product_name), clean(row.os_version, 100)
    if row.caption and row.build_number and not row.identifying_number:
        return clean(row.caption), clean(row.version, 100)
    build = clean(row.current_build_number) or clean(row.current_build)
    if row.product_name and build:
        patch = clean(place.UBR)
        return clean(row.product_name), f"10.0.{build}.{patch}" if patch else f"10.0.{build}"
    return None


def _one_machine(machines: dict[str, Listed]) -> None:
    """Objects of a local machine carry no name but some of them: they are of one, where only one is named."""
    if len(machines) == 2 and "" in machines:
        mine = machines.pop("")
        (other,) = machines.values()
        if not other.items:
            mine.os, mine.os_version = mine.os or other.os, mine.os_version or other.os_version
            other.items, other.os, other.os_version = mine.items, mine.os, mine.os_version
        else:
            machines[""] = mine


INVENTORY = Format(title="list of Windows programs (PowerShell, JSON)", recognises=_recognises, read=_read)
