"""A software inventory taken over into the store, and what became of it told."""

from __future__ import annotations

import datetime
import hashlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from scanner.errors import BadInput
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.importers.inventory import Format, Hints, Inventories, Listed
    from scanner.model.observation import Installed
    from scanner.model.site import Site

_HEAD = 65536
_TOLD = 60
"""Machines that are told one by one."""
_DISTRO = re.compile(r"[a-z]{2,16}:\d{1,4}(?:\.\d{1,2})?")


class Asked(msgspec.Struct, frozen=True):
    """What the command line says of inventories."""

    hosts: tuple[str, ...] = ()
    taken: str | None = None
    distro: str = ""
    client: str | None = None
    mapping: Path | None = None

    @property
    def any(self) -> bool:
        return self != Asked()


def take_inventory(site: Site, path: Path, where: Path, asked: Asked) -> None:
    """Read one file, keep what it says, and say of each machine how much that is and which host it is of."""
    from scanner.importers.inventory import MOST_BYTES
    from scanner.store import Store

    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    hints = _hints(site, asked)
    name, format_ = _recognised(raw, path, asked)
    found = format_.read(raw, str(path), hints)
    machines = _named(found.machines, path, asked)
    moment, how = _moment(path, asked, machines)
    source = f"{visible(path.name, 200)} ({format_.title})"
    rows = [_installed(each, source, name, moment) for each in machines]
    parts = (hashlib.sha256(raw).hexdigest(), name, *asked.hosts, asked.taken or "", repr(hints))
    with Store(where) as store:
        kept = store.keep_inventory(site.client, site.site, "\0".join(parts), name, rows)
    _tell_of(path, found, kept)
    if kept:
        _tell(f"{path}: {how}")
        _tell_hosts(site, path, where, rows)
    items = sum(len(each.items) + len(each.shown) for each in rows)
    if kept:
        said = f"{plural(items, 'piece')} of software of {plural(len(rows), 'machine')} taken over"
    else:
        said = "is here already; nothing was changed. If it was taken again since, --taken DAY says when"
    click.echo(f"{visible(str(path))}: {said}", err=True)


def _hints(site: Site, asked: Asked) -> Hints:
    from scanner.importers.document import read_document
    from scanner.importers.inventory import ColumnMap, Hints
    from scanner.session import read_text

    if asked.distro and not _DISTRO.fullmatch(asked.distro):
        raise BadInput(f"--distro {visible(asked.distro, 40)}: write name and release, such as debian:12 or el:9")
    columns = ColumnMap(columns={})
    if asked.mapping is not None:
        columns = read_document(read_text(asked.mapping), ColumnMap, str(asked.mapping))
    return Hints(
        distro=asked.distro,
        client=asked.client or site.client,
        columns=columns.columns,
        delimiter=columns.delimiter,
    )


def _recognised(raw: bytes, path: Path, asked: Asked) -> tuple[str, Format]:
    from scanner.importers.inventory import formats

    if asked.mapping is not None:
        return "rmm-csv", formats()["rmm-csv"]
    for name, each in formats().items():
        if each.recognises(raw[:_HEAD]):
            return name, each
    raise BadInput(f"{path}: changed while it was read; import it again")


def _named(machines: tuple[Listed, ...], path: Path, asked: Asked) -> tuple[Listed, ...]:
    """The machines, each with something to know it by. BadInput where neither the file nor --host says."""
    from scanner.importers.inventory_text import addresses_in, host_name, macs_in, merged

    if not asked.hosts:
        if any(not each.named for each in machines):
            raise BadInput(
                f"{path}: does not say whose software it is; name the machine with --host NAME, ADDRESS or MAC"
            )
        return machines
    if len(machines) > 1:
        raise BadInput(f"{path}: names {plural(len(machines), 'machine')} itself; import it without --host")
    (machine,) = machines
    for each in asked.hosts:
        if macs := macs_in(each):
            merged(machine.macs, macs)
        elif addresses := addresses_in(each):
            merged(machine.addresses, addresses)
        elif name := host_name(each):
            merged(machine.names, [name])
        else:
            raise BadInput(f"--host {visible(each, 60)}: neither a name, an address nor a MAC address")
    return machines


def _moment(path: Path, asked: Asked, machines: tuple[Listed, ...]) -> tuple[float, str]:
    """When the machines were asked, where the file does not say so of each, and how that is known."""
    if asked.taken is not None:
        for each in machines:
            each.taken = None
        return moment_of(asked.taken), f"taken on {asked.taken}"
    moment = max(0.0, min(path.stat().st_mtime, time.time()))
    if all(each.taken for each in machines):
        return moment, f"taken on {max(str(each.taken) for each in machines)}, as the file says"
    day = datetime.datetime.fromtimestamp(moment, datetime.UTC).date()
    return moment, f"taken on {day}, by the file's modification time; --taken DAY says otherwise"


def moment_of(text: str) -> float:
    """Noon of the day that --taken names."""
    from scanner.session import parse_day, today_local

    day = parse_day(text, "--taken")
    if day > today_local():
        raise BadInput(f"--taken {text}: is a day to come")
    return _noon(day)


def _noon(day: datetime.date) -> float:
    return datetime.datetime.combine(day, datetime.time(12), datetime.UTC).timestamp()


def _installed(machine: Listed, source: str, format_: str, moment: float) -> Installed:
    from scanner.model.observation import Installed

    return Installed(
        names=tuple(machine.names),
        addresses=tuple(machine.addresses),
        macs=tuple(machine.macs),
        source=source,
        format=format_,
        taken=_noon(machine.taken) if machine.taken else moment,
        items=tuple(machine.items),
        os=machine.os,
        os_version=machine.os_version,
        shown=tuple(machine.shown),
    )


def _tell_of(path: Path, found: Inventories, kept: bool) -> None:
    """What of the file could not be used."""
    for each in found.bads.first:
        _tell(f"{path}{f':{each.line}' if each.line else ''}: {each.what}")
    if found.bads.count:
        left = found.bads.count
        _tell(f"{path}: {plural(left, 'row')} could not be used; the others {'were' if kept else 'are'} kept")
    if found.cut:
        _tell(f"{path}: breaks off; what stood whole before the break {'was' if kept else 'is'} kept")
    for note in found.notes:
        _tell(f"{path}: {note}")


def _tell_hosts(site: Site, path: Path, where: Path, rows: list[Installed]) -> None:
    from scanner.assess.facts.evidence import Evidence
    from scanner.assess.machines.inventory import Inventory
    from scanner.assess.machines.placed import join
    from scanner.model.baseline import Knowledge
    from scanner.store import Store

    with Store(where, create=False) as store:
        sessions = store.sessions(site.client, site.site)
    inventory = Inventory(Evidence(site, sessions))
    seen = {each.id for each in inventory.machines}
    joined = join(inventory, rows, Knowledge(baselines=()))
    for each in joined[:_TOLD]:
        who = next(iter((*each.names, *each.addresses)), "a machine")
        if each.state == "unplaced":
            of = f"of no host that is known yet: {each.reason}"
        elif set(each.hosts) & seen:
            of = f"is host {', '.join(each.hosts)} ({each.reason})"
        else:
            of = f"is host {', '.join(each.hosts)}, which no scan saw yet"
        _tell(f"{path}: {who}, {plural(each.items, 'piece')} of software: {of}")
    if len(joined) > _TOLD:
        _tell(f"{path}: and {len(joined) - _TOLD} more machines")


def _tell(text: str) -> None:
    click.echo(f"fencewalk: {visible(text)}", err=True)
