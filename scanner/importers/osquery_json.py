"""Rows of osquery's tables as `osqueryi --json` prints them, as its log keeps them (an object a line), or by table.

`programs`, `deb_packages` and `rpm_packages` are software; `system_info`, `os_version`, `interface_addresses` and
`interface_details` say of which machine.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from scanner.errors import BadInput
from scanner.importers.inventory import MOST_ROWS, Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import (
    add,
    addresses_in,
    clean,
    decoded,
    host_name,
    item,
    lines_of,
    macs_in,
    merged,
    nothing,
    text_of,
)
from scanner.importers.packages import debian_family, own, own_rpm, rpm_family

_TABLES = ("programs", "deb_packages", "rpm_packages", "os_version", "system_info", "interface_addresses",
           "interface_details")  # fmt: skip
_KEYS = re.compile(
    r'"(?:' + "|".join(_TABLES) + r"|hostIdentifier|install_location|identifying_number|uninstall_string|maintainer"
    r'|hardware_serial|computer_name|platform_like|package_group)"\s*:'
)
_Row = dict[str, Any]
_HOST_KEYS = ("hostname", "host_hostname", "host_display_name", "computer_name", "hostIdentifier")


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True).lstrip()
    return text[:1] in ("{", "[") and bool(_KEYS.search(text)) and '"bomFormat"' not in text


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    text = text_of(raw, name)
    bads = Bads()
    rows: defaultdict[str, list[tuple[int, str, _Row]]] = defaultdict(list)
    taken: dict[str, int] = {}
    cut = False
    if _is_log(text):
        count = 0
        for line, said in lines_of(text, name):
            try:
                entry = msgspec.json.decode(said, type=dict[str, Any])
            except (msgspec.DecodeError, RecursionError):
                bads.add(line, "no JSON object")
                continue
            host = host_name(entry.get("hostIdentifier"))
            if isinstance(moment := entry.get("unixTime"), int | str) and str(moment).isdigit():
                taken[host] = max(taken.get(host, 0), int(str(moment)[:12]))
            for table, row in _logged(entry):
                count += 1
                if count > MOST_ROWS:
                    raise BadInput(f"{name}: more than {MOST_ROWS:,} rows; import it in parts")
                rows[host].append((line, table, row))
    else:
        whole, cut = decoded(text, object, name)
        for number, (table, row) in enumerate(_tables(whole), 1):
            if number > MOST_ROWS:
                raise BadInput(f"{name}: more than {MOST_ROWS:,} rows; import it in parts")
            host = next((named for key in _HOST_KEYS[:3] if (named := host_name(row.get(key)))), "")
            rows["" if table == "system_info" else host].append((number, table, row))
    found = tuple(_machine(host, each, hints, bads, name) for host, each in rows.items())
    for host, machine in zip(rows, found, strict=True):
        if 0 < taken.get(host, 0) < 4_102_444_800:
            machine.taken = datetime.datetime.fromtimestamp(taken[host], datetime.UTC).date()
    found = tuple(each for each in found if each.items or each.os)
    if not found:
        raise nothing(name, "rows of osquery", bads)
    return Inventories(found, bads, cut)


def _is_log(text: str) -> bool:
    """Whether every line is an object: then the first line is one that ends on it."""
    first, _, rest = text.lstrip().partition("\n")
    return (
        first.startswith("{")
        and first.rstrip().endswith("}")
        and (rest.lstrip()[:1] in ("{", ""))
        and ('"hostIdentifier"' in first or '"columns"' in first or '"snapshot"' in first)
    )


def _logged(entry: _Row) -> Iterator[tuple[str, _Row]]:
    if entry.get("action") == "removed":
        return
    query = clean(entry.get("name"), 200).casefold()
    table = next((each for each in _TABLES if each in query), "")
    snapshot = entry.get("snapshot")
    for row in snapshot if isinstance(snapshot, list) else [entry.get("columns")]:
        if isinstance(row, dict):
            yield table or _table(row), row


def _tables(whole: object) -> Iterator[tuple[str, _Row]]:
    if isinstance(whole, list):
        yield from ((_table(row), row) for row in whole if isinstance(row, dict))
        return
    if not isinstance(whole, dict):
        return
    for table in _TABLES:
        listed = whole.get(table)
        for row in listed if isinstance(listed, list) else [listed]:
            if isinstance(row, dict):
                yield table, row


def _table(row: _Row) -> str:
    """Of which table a row is, by its columns."""
    if "hardware_serial" in row or ("hostname" in row and "uuid" in row):
        return "system_info"
    if "mac" in row:
        return "interface_details"
    if "interface" in row and "address" in row:
        return "interface_addresses"
    if "platform" in row or "codename" in row or "platform_like" in row:
        return "os_version"
    if "release" in row and "version" in row:
        return "rpm_packages"
    if "maintainer" in row or ("revision" in row and "arch" in row):
        return "deb_packages"
    return "programs" if "name" in row else ""


def _machine(host: str, rows: Iterable[tuple[int, str, _Row]], hints: Hints, bads: Bads, name: str) -> Listed:
    machine = Listed(names=[host] if host else [])
    by_table: defaultdict[str, list[tuple[int, _Row]]] = defaultdict(list)
    for line, table, row in rows:
        if table:
            by_table[table].append((line, row))
        else:
            bads.add(line, "a row of no table of software")
    for _, row in by_table["system_info"]:
        merged(machine.names, [n for key in _HOST_KEYS if (n := host_name(row.get(key)))])
    for _, row in by_table["interface_addresses"]:
        merged(machine.addresses, addresses_in(row.get("address")))
    for _, row in by_table["interface_details"]:
        merged(machine.macs, macs_in(row.get("mac")))
    distro = hints.distro
    for _, row in by_table["os_version"]:
        machine.os, machine.os_version = clean(row.get("name")), _os_version(row)
        distro = distro or _distro(row)
    for line, row in by_table["programs"]:
        add(machine, item(row.get("name"), row.get("version"), row.get("publisher"), "windows"), line, bads)
    debs = [(line, row) for line, row in by_table["deb_packages"] if "not-installed" not in str(row.get("status"))
            and "config-files" not in str(row.get("status"))]  # fmt: skip
    if debs and not distro:
        distro = debian_family((str(row.get("name")), str(row.get("version"))) for _, row in debs)
        if not distro:
            raise BadInput(
                f"{name}: its packages do not tell which release they are of; name it with --distro debian:12"
            )
    for line, row in debs:
        version = clean(row.get("version"), 100)
        mine = own(clean(row.get("name")), version)
        add(machine, item(row.get("name"), version, "", distro, mine, row.get("source")), line, bads)
    rpms = [(line, row, _evr(row)) for line, row in by_table["rpm_packages"]]
    if rpms and not distro:
        distro = rpm_family(evr for _, _, evr in rpms)
        if not distro:
            raise BadInput(
                f"{name}: its packages do not tell which distribution they are of; name it with --distro el:9"
            )
    for line, row, evr in rpms:
        mine = own_rpm(clean(row.get("name")), evr, distro)
        add(machine, item(row.get("name"), evr, row.get("vendor"), distro, mine), line, bads)
    return machine


def _evr(row: _Row) -> str:
    epoch = row.get("epoch")
    shown = "" if epoch is None else f"{clean(epoch, 10) or '0'}:"
    return f"{shown}{clean(row.get('version'), 100)}-{clean(row.get('release'), 100)}"


def _os_version(row: _Row) -> str:
    version, revision = clean(row.get("version"), 60), clean(row.get("revision"), 20)
    windows = "indows" in str(row.get("name"))
    return f"{version}.{revision}" if windows and revision.isdigit() and version.count(".") == 2 else version


def _distro(row: _Row) -> str:
    platform, major = clean(row.get("platform"), 40).casefold(), clean(row.get("major"), 10)
    minor = clean(row.get("minor"), 10)
    if platform == "ubuntu" and major:
        return f"ubuntu:{major}.{minor:>02}"
    if platform in ("debian", "raspbian") and major:
        return f"{platform}:{major}"
    if platform in ("rhel", "centos", "almalinux", "rocky", "ol") and major:
        return f"el:{major}"
    return f"{platform}:{major}" if platform in ("fedora", "amzn") and major else ""


INVENTORY = Format(title="rows of osquery, JSON", recognises=_recognises, read=_read)
