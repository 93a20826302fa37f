"""Tables (CSV) as tools of remote management export them: a row a piece of software of a machine.

ConnectWise Automate, Datto, NinjaOne, N-able, Atera and their like each call their columns otherwise, and a technician
may export what he likes: columns are known by their header, whatever their order, and a small map file names others.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from scanner.errors import BadInput
from scanner.importers.inventory import MOST_ROWS, Bads, Column, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import (
    add,
    addresses_in,
    clean,
    host_name,
    item,
    macs_in,
    merged,
    nothing,
    text_of,
)
from scanner.model.observation import Item
from scanner.model.text import plural

_WORDS: dict[Column, tuple[str, ...]] = {
    "host": (
        "computername", "devicename", "hostname", "machinename", "endpointname", "systemname", "assetname",
        "workstationname", "servername", "pcname", "agentname", "nodename", "deviceshortname", "devicehostname",
        "computer", "device", "host", "machine", "endpoint", "workstation", "agent", "asset", "server", "node",
        "pscomputername", "csname", "dnsname", "fqdn", "netbiosname", "displayedname",
    ),
    "address": (
        "ipaddress", "ip", "ipaddresses", "localip", "localipaddress", "internalip", "internalipaddress",
        "privateip", "privateipaddress", "ipv4", "ipv4address", "lanip", "routerlanaddress", "deviceip", "primaryip",
        "localaddress",
    ),
    "mac": ("macaddress", "mac", "macaddresses", "physicaladdress", "primarymac", "hardwareaddress"),
    "name": (
        "softwarename", "applicationname", "programname", "productname", "displayname", "softwaretitle", "apptitle",
        "softwareproduct", "applicationtitle", "installedsoftware", "installedapplication", "software", "application",
        "program", "product", "package", "packagename", "appname", "app", "title", "name",
    ),
    "version": (
        "softwareversion", "applicationversion", "programversion", "productversion", "displayversion", "appversion",
        "installedversion", "versionnumber", "version", "packageversion", "ver",
    ),
    "vendor": ("publisher", "vendor", "manufacturer", "softwarevendor", "softwarepublisher", "developer"),
    "os": (
        "operatingsystem", "os", "osname", "operatingsystemname", "ostype", "oscaption", "platform",
    ),
    "os_version": ("osversion", "operatingsystemversion", "osbuild", "osbuildnumber", "buildnumber", "osfullversion"),
    "client": ("client", "clientname", "customer", "customername", "organization", "organisation", "organizationname",
               "organisationname", "company", "companyname", "account", "accountname", "tenant"),
    "distro": ("distro", "distribution"),
}  # fmt: skip
"""Headers in lower case without blanks and marks, the plainest first."""
_KNOWN = {word.replace(" ", ""): (column, rank) for column, words in _WORDS.items() for rank, word in enumerate(words)}
_DELIMITERS = (",", ";", "\t", "|")
_PLAIN = re.compile(r"[^a-z0-9]+")
_FIRST_LINES = 20
"""Lines in which the header is looked for: some exports have a title above it."""
_PARTED = re.compile(r"sep=(.)\s*$", re.IGNORECASE)

_Columns = dict[Column, int]


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True)
    if "\0" in text or text.lstrip()[:1] in ("<", "{", "["):
        return False
    for line in text.splitlines()[:_FIRST_LINES]:
        found = _columns(next(csv.reader([line], delimiter=_delimiter(line)), []), Hints())
        if "name" in found and len(found) > 1 and ("version" in found or "host" in found):
            return True
    return False


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    text = text_of(raw, name)
    rows = _rows(text, name, hints)
    start, header, columns = _header(rows, name, hints)
    bads = Bads()
    by_key: dict[tuple[str, str, str], Listed] = {}
    machines: dict[tuple[str, str, str], Listed] = {}
    known: dict[tuple[str, str, str, str], Item | None] = {}
    wanted = _client(hints.client)
    clients: dict[str, int] = {}
    kept = others = line = 0
    try:
        for line, row in rows:
            cells = {column: row[at] if at < len(row) else "" for column, at in columns.items()}
            if "client" in columns:
                client = clean(cells["client"])
                clients[client] = clients.get(client, 0) + 1
                if _client(client) != wanted:
                    others += 1
                    continue
            if len(row) < len(header) and len(row) <= max(columns["name"], columns.get("host", 0)):
                bads.add(line, f"{len(row)} cells where the first line has {len(header)}")
                continue
            key = (cells.get("host", ""), cells.get("address", ""), cells.get("mac", ""))
            machine = by_key.get(key)
            if machine is None:
                machine = _machine(key, machines)
                by_key[key] = machine
            if not machine.named and any(column in columns for column in ("host", "address", "mac")):
                bads.add(line, "no machine is named: neither a name nor an address")
                continue
            _system(machine, cells)
            what = (
                cells["name"],
                cells.get("version", ""),
                cells.get("vendor", ""),
                cells.get("distro", "") or hints.distro or ("windows" if "indows" in machine.os else ""),
            )
            if what not in known:
                known[what] = item(*what)
            before = bads.count
            add(machine, known[what], line, bads)
            kept += bads.count == before
    except csv.Error as error:
        bads.add(line + 1, f"no table that can be read from here on ({error})")
    if clients and not kept and others:
        shown = ", ".join(sorted(filter(None, clients), key=str.casefold)[:6])
        raise BadInput(
            f"{name}:{start}: its rows are of {shown}, none of {hints.client}; --client NAME says what the file calls "
            "the client"
        )
    if not kept:
        raise nothing(name, "a table of software", bads)
    notes = (f"{plural(others, 'row')} of other clients left out",) if others else ()
    found = tuple(each for each in machines.values() if each.items)
    return Inventories(found, bads, notes=notes)


def _rows(text: str, name: str, hints: Hints) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that holds anything."""
    lines = list(io.StringIO(text, newline=""))
    skip = 0
    delimiter = hints.delimiter
    if lines and (parted := _PARTED.match(lines[0])):
        skip, delimiter = 1, delimiter or parted[1]
    delimiter = delimiter or _delimiter_of(lines[skip : skip + _FIRST_LINES], hints)
    reader = csv.reader(lines[skip:], delimiter=delimiter)
    count = 0
    at = skip + 1
    for row in reader:
        if any(map(str.strip, row)):
            count += 1
            if count > MOST_ROWS + 1:
                raise BadInput(f"{name}: more than {MOST_ROWS:,} rows; import it in parts")
            yield at, row
        at = skip + reader.line_num + 1


def _header(rows: Iterator[tuple[int, list[str]]], name: str, hints: Hints) -> tuple[int, list[str], _Columns]:
    """The first row that names the software's column. BadInput where none does."""
    first: tuple[int, list[str]] | None = None
    try:
        for _, (line, row) in zip(range(_FIRST_LINES), rows, strict=False):
            first = first or (line, row)
            if "name" in (columns := _columns(row, hints)):
                missing = [each for each in hints.columns.values() if _plain(each) not in set(map(_plain, row))]
                if missing:
                    raise BadInput(f"{name}:{line}: has no column {', '.join(missing)}, which the map file names")
                return line, row, columns
    except csv.Error as error:
        raise BadInput(f"{name}: no table that can be read ({error})") from None
    line, row = first or (1, [])
    said = ", ".join(clean(each, 30) for each in row[:8])
    wanted = hints.columns.get("name")
    what = f"no column {wanted}" if wanted else "no column that names the software"
    raise BadInput(f"{name}:{line}: {what} (it has {said}); --map FILE says which is which")


def _columns(row: list[str], hints: Hints) -> _Columns:
    plain = [_plain(each) for each in row]
    found: _Columns = {}
    for column, text in hints.columns.items():
        if _plain(text) in plain:
            found[column] = plain.index(_plain(text))
    best: dict[Column, int] = {}
    for at, each in enumerate(plain):
        if at in found.values() or each not in _KNOWN:
            continue
        column, rank = _KNOWN[each]
        if column in hints.columns or (column == "client" and hints.columns) or rank >= best.get(column, 1000):
            continue
        best[column] = rank
        found[column] = at
    if "name" in plain and found.get("name") != plain.index("name") and "host" not in found:
        found["host"] = plain.index("name")  # beside a column that is the software's outright
    return found


def _plain(text: str) -> str:
    return _PLAIN.sub("", text.casefold()) or text.strip().casefold()


def _client(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _delimiter_of(lines: list[str], hints: Hints) -> str:
    """That of the first line which reads as a header by it."""
    for line in lines:
        for each in _DELIMITERS:
            found = _columns(next(csv.reader([line], delimiter=each), []), hints) if each in line else {}
            if "name" in found and (len(found) > 1 or hints.columns):
                return each
    return _delimiter(next((each for each in lines if each.strip()), ""))


def _delimiter(line: str) -> str:
    bare = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=bare.count)


def _machine(key: tuple[str, str, str], machines: dict[tuple[str, str, str], Listed]) -> Listed:
    """The machine of a row. Rows with one name and different addresses are two machines unless a MAC ties them."""
    host, addresses, macs = host_name(key[0]), addresses_in(key[1]), macs_in(key[2])
    name = host.casefold()
    if macs:
        same = (name, "", macs[0])
    elif addresses:
        same = (name, addresses[0], "")
    else:
        same = (name, "", "")
    machine = machines.setdefault(same, Listed())
    merged(machine.names, [host] if host else [])
    merged(machine.addresses, addresses)
    merged(machine.macs, macs)
    return machine


def _system(machine: Listed, cells: dict[Column, str]) -> None:
    machine.os = machine.os or clean(cells.get("os", ""))
    machine.os_version = machine.os_version or clean(cells.get("os_version", ""), 100)


INVENTORY = Format(title="table of software, CSV", recognises=_recognises, read=_read)
