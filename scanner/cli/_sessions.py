"""Another tool's scan taken over into the store as a session from one zone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
import msgspec

from scanner.errors import BadInput
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.importers import Importer
    from scanner.model.observation import Observation, Scan
    from scanner.model.site import Site, Zone

_CHUNK = 1 << 16
_HEAD = 65536
_AHEAD = 86_400.0


class From(msgspec.Struct, frozen=True):
    """What the command line says of where and when."""

    zone: str | None = None
    address: str | None = None


def importer_of(head: bytes) -> Importer | None:
    """The format of a file that holds a session; None for another file."""
    from scanner.importers import importers

    return next((each for each in importers().values() if each.recognises(head)), None)


def take_session(site: Site, path: Path, where: Path, of: From, day: str | None) -> None:
    """Read one file, keep what it saw, and say how much that is and what of it does not count."""
    from scanner.cli._inventories import moment_of
    from scanner.importers.placed import LATEST, TO_COME, Kept, Placing
    from scanner.model.observation import Scan
    from scanner.store import Store

    zone, name = _zone(site, of), visible(str(path))
    placing = Placing(site, zone, name)
    notes: list[str] = []
    taken = None if day is None else moment_of(day)
    with path.open("rb") as file, Store(where) as store:
        importer = importer_of(file.read(_HEAD))
        if importer is None:
            raise BadInput(f"{name}: changed while it was read; import it again")
        file.seek(0)
        digest = hashlib.sha256()
        for chunk in _chunks(file):
            digest.update(chunk)
        file.seek(0)
        found = importer.read(_chunks(file), name)

        def scan(identity: str) -> Scan:
            run = found.run()
            started = taken if taken is not None else run.started
            if started is None:
                raise BadInput(f"{name}: does not say when it was made; --taken DAY does")
            if started > time.time() + _AHEAD:
                raise BadInput(f"{name}: {TO_COME}")
            kept: Kept = placing.kept(run, of.address)
            notes.extend(kept.notes)
            return Scan(
                id=identity,
                vantage=kept.vantage,
                engine=run.engine,
                plan="",
                started=started,
                ended=max(started, run.ended) if run.ended is not None and taken is None else started,
                complete=kept.complete,
                version=visible(run.made_by, 400),
                purpose=kept.purpose,
            )

        identity = "\0".join((digest.hexdigest(), zone.name, of.address or "", str(taken)))
        if taken is None:
            rows = placing.rows(found.observations, time.time() + _AHEAD)
        else:
            rows = _at(placing.rows(found.observations, LATEST), taken)
        kept = store.keep_session(site.client, site.site, identity, rows, scan)
    for note in notes:
        click.echo(f"fencewalk: {name}: {note}", err=True)
    if kept is None:
        click.echo(f"{name}: is here already; nothing was changed", err=True)
        return
    session, count = kept
    said = f"{plural(count, 'observation')} of {plural(placing.hosts, 'host')} taken over"
    what = "scan" if session.purpose == "scan" else "imported session"
    end = "" if session.complete or session.purpose == "import" else ", unfinished"
    click.echo(f"{name}: {said}: {what} {session.id} from {zone.name} ({session.engine}){end}", err=True)


def _zone(site: Site, of: From) -> Zone:
    from scanner.model.addresses import address

    assert of.zone is not None
    found = site.zone(of.zone)
    if found is None:
        names = ", ".join(each.name for each in site.zones)
        raise BadInput(f"--from {visible(of.zone, 60)}: the site file has no such zone; its zones are {names}")
    if of.address is not None:
        try:
            inside = found.holds(address(of.address))
        except ValueError:
            raise BadInput(f"--address {visible(of.address, 60)}: is no IPv4 or IPv6 address") from None
        if not inside:
            raise BadInput(f"--address {of.address}: is not in {found.name} ({', '.join(found.subnets)})")
    return found


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _at(rows: Iterator[Observation], taken: float) -> Iterator[Observation]:
    """Everything was seen at that moment, whatever the tool's clock said."""
    for each in rows:
        yield msgspec.structs.replace(each, at=taken)
