"""What `winget export` writes, and what the WinGet module's `Get-WinGetPackage | ConvertTo-Json` lists."""

from __future__ import annotations

import re

from scanner.importers.feed_json import Loose, day
from scanner.importers.inventory import Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import Some, add, clean, decoded, item, nothing, rows_of, text_of

_EXPORT = re.compile(r'"(?:Sources|PackageIdentifier|WinGetVersion)"\s*:')
_LIST = re.compile(r'"(?:InstalledVersion|IsUpdateAvailable)"\s*:')


class _Package(Loose, frozen=True, rename="pascal"):
    package_identifier: str = ""
    version: Some = None


class _Source(Loose, frozen=True, rename="pascal"):
    packages: tuple[_Package, ...] = ()


class _Export(Loose, frozen=True, rename="pascal"):
    sources: tuple[_Source, ...] = ()
    creation_date: str | None = None


class _Row(Loose, frozen=True, rename="pascal"):
    name: Some = None
    id: Some = None
    installed_version: Some = None


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True).lstrip()
    return text[:1] in ("{", "[") and bool(_EXPORT.search(text) or (_LIST.search(text) and '"Id"' in text))


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    text = text_of(raw, name)
    machine, bads = Listed(), Bads()
    notes: tuple[str, ...] = ()
    if text.lstrip().startswith("{") and _EXPORT.search(text):
        export, cut = decoded(text, _Export, name)
        machine.taken = day(export.creation_date)
        for package in (each for source in export.sources for each in source.packages):
            vendor, _, product = package.package_identifier.partition(".")
            found = item(package.package_identifier, package.version, vendor if product else "", "windows")
            add(machine, found, 0, bads)
        if machine.items and not any(each.version for each in machine.items):
            notes = ("it names no versions; export again with `winget export --include-versions`",)
    else:
        rows, cut = rows_of(text, _Row, name, bads)
        for _, row in rows:
            add(machine, item(clean(row.name) or row.id, row.installed_version, "", "windows"), 0, bads)
    if not machine.items:
        raise nothing(name, "an export of winget", bads)
    return Inventories((machine,), bads, cut, notes)


INVENTORY = Format(title="export of winget, JSON", recognises=_recognises, read=_read)
