"""What PowerShell lists of Windows programs, through ConvertTo-Json.

The keys of Uninstall in the registry, Get-Package, Win32_Product; with them may stand the machine's own system
(Win32_OperatingSystem, Get-ComputerInfo, the key of CurrentVersion). PSComputerName names the machine where several
were asked. One object or a list, UTF-16 as `>` writes it.
"""

from __future__ import annotations

import re

import msgspec

from scanner.importers.feed_json import Loose
from scanner.importers.inventory import Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import Some, add, clean, host_name, item, merged, nothing, rows_of, text_of

_KEYS = re.compile(
    r'"(?:DisplayName|DisplayVersion|UninstallString|PackageFilename|FastPackageReference|IdentifyingNumber'
    r'|PSComputerName|Caption|WindowsProductName|CurrentBuildNumber|ProviderName)"\s*:'
)
_UPDATES = ("msu", "powershellget", "nuget")
"""Providers of Get-Package that list what is no program."""
_KERNELS = {"9600": "6.3", "9200": "6.2", "7601": "6.1", "7600": "6.1"}
"""Builds from before Windows 10 -> what goes before them."""


class _Row(Loose, frozen=True, rename="pascal"):
    display_name: Some = None
    display_version: Some = None
    publisher: Some = None
    name: Some = None
    version: Some = None
    vendor: Some = None
    caption: Some = None
    provider_name: Some = None
    build_number: Some = None
    product_name: Some = None
    current_build: Some = None
    current_build_number: Some = None
    windows_product_name: Some = None
    os_name: Some = None
    os_version: Some = None
    identifying_number: Some = None
    computer: Some = msgspec.field(name="PSComputerName", default=None)
    cs_name: Some = msgspec.field(name="CSName", default=None)
    own_name: Some = msgspec.field(name="CsDNSHostName", default=None)
    ubr: Some = msgspec.field(name="UBR", default=None)


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True).lstrip()
    return text[:1] in ("{", "[") and bool(_KEYS.search(text))


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    bads = Bads()
    rows, cut = rows_of(text_of(raw, name), _Row, name, bads)
    machines: dict[str, Listed] = {}
    for number, row in rows:
        host = host_name(row.computer) or host_name(row.cs_name) or host_name(row.own_name)
        machine = machines.setdefault(host.casefold(), Listed())
        merged(machine.names, [host] if host else [])
        if system := _system(row):
            machine.os, machine.os_version = system
        elif row.display_name is not None:
            add(machine, item(row.display_name, row.display_version, row.publisher, "windows"), 0, bads)
        elif clean(row.provider_name).casefold() in _UPDATES:
            continue
        elif row.name is not None:
            add(machine, item(row.name, row.version, row.vendor, "windows"), 0, bads)
        elif row.display_version is not None or row.publisher is not None or row.version is not None:
            bads.add(0, f"row {number}: no name of a program")
    _one_machine(machines)
    found = tuple(each for each in machines.values() if each.items or each.os)
    if not found:
        raise nothing(name, "a list of Windows programs", bads)
    return Inventories(found, bads, cut)


def _system(row: _Row) -> tuple[str, str] | None:
    """Name and version of the system, where the object is the system's."""
    if row.windows_product_name or row.os_name:
        return clean(row.os_name or row.windows_product_name), clean(row.os_version, 100)
    if row.caption and row.build_number and not row.identifying_number:
        return clean(row.caption), clean(row.version, 100)
    build = clean(row.current_build_number) or clean(row.current_build)
    if row.product_name and build:
        whole = f"{_KERNELS.get(build, '10.0')}.{build}"
        return clean(row.product_name), f"{whole}.{patch}" if (patch := clean(row.ubr)) else whole
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


INVENTORY = Format(title="Windows programs, PowerShell's JSON", recognises=_recognises, read=_read)
