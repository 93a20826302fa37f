"""Another laptop's store, taken over into ours: its sessions of one site, and nothing else that it holds.

A session is known by its id, so that taking the same store over again changes nothing, and a session that has grown
since is brought up to date. The other file is only read, and nothing is left beside it.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from scanner.errors import BadInput
from scanner.model.observation import Scan
from scanner.model.text import visible
from scanner.store.journal import _SCHEMA_VERSION, Store, _decode, _decode_installed, _decode_scan, _in_words
from scanner.store.soundness import Counted, check, check_installed, check_scan

MAGIC = b"SQLite format 3\0"
_MOST_BYTES = 16 << 30
_MOST_ROW = 16 << 20
_BATCH = 5_000
_COLUMNS = {
    "scans": {"id", "client", "site", "started", "body", "plan"},
    "observations": {"number", "scan", "unit", "body"},
    "units": {"scan", "unit"},
}

Fate = Literal["new", "grown", "known", "differs"]
"""`known`: nothing in it that was not here. `differs`: gone on with in both stores; ours is kept."""


class Taken(msgspec.Struct, frozen=True):
    """What became of one session of the other store."""

    scan: Scan
    fate: Fate
    rows: int
    """Observations that were not here before."""


def merge(into: Store, source: Path, client: str, site: str) -> tuple[Taken, ...]:
    """Take over every session of that client and site, all of them or, where something is wrong, none: BadInput."""
    with _opened(source, into.path) as (db, check_unchanged):
        rows = _read(source, db, "SELECT id, body, plan FROM scans WHERE client = ? AND site = ? ORDER BY started, id",
                     (client, site))  # fmt: skip
        found = [(scan_id, _scan(source, scan_id, body), body, plan) for scan_id, body, plan in rows]
        if not found:
            pairs = list(_read(source, db, "SELECT DISTINCT client, site FROM scans ORDER BY client, site LIMIT 6", ()))
            others = ", ".join(visible(f"{each[0]} / {each[1]}", 80) for each in pairs) or "nothing"
            raise BadInput(f"{source}: holds no scan of {client} / {site} (it holds {others})")
        with into._transaction(durable=True):
            taken = tuple(_take(into, source, db, client, site, *each) for each in found)
            check_unchanged()
            return taken


def _take(
    into: Store, source: Path, db: sqlite3.Connection, client: str, site: str, name: str, scan: Scan, body: bytes,
    plan: bytes,
) -> Taken:  # fmt: skip
    ours = into._db.execute("SELECT client, site, body FROM scans WHERE id = ?", (name,)).fetchone()
    theirs = _read(source, db, "SELECT unit, body FROM observations WHERE scan = ? ORDER BY number", (name,))
    if ours is None:
        into._db.execute("INSERT INTO scans VALUES (?, ?, ?, ?, ?, ?)", (name, client, site, scan.started, body, plan))
        count = _append(into, source, scan, theirs)
        _take_units(into, source, db, name)
        return Taken(scan, "new", count)
    if (ours[0], ours[1]) != (client, site):
        return Taken(scan, "differs", 0)
    mine = into._db.execute("SELECT unit, body FROM observations WHERE scan = ? ORDER BY number", (name,))
    for row in mine:
        other = next(theirs, None)
        if other is None:
            return Taken(scan, "known", 0)
        if other != row:
            return Taken(scan, "differs", 0)
    count = _append(into, source, scan, theirs)
    if not count and (_decode_scan(ours[2]).complete or not scan.complete):
        return Taken(scan, "known", 0)
    into._db.execute("UPDATE scans SET body = ? WHERE id = ?", (body, name))
    _take_units(into, source, db, name)
    return Taken(scan, "grown", count)


def _append(into: Store, source: Path, scan: Scan, rows: Iterator[tuple[str, bytes]]) -> int:
    count, counted = 0, Counted()
    while batch := list(itertools.islice(rows, _BATCH)):
        for unit, body in batch:
            try:
                if not isinstance(unit, str) or len(unit) > 200 or len(body) > _MOST_ROW:
                    raise ValueError("a row of it is none of ours")
                if scan.purpose == "inventory":
                    check_installed(_decode_installed(body))
                    continue
                row = _decode(body)
                check(row)
                counted.check(row)
            except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
                raise _damaged(source, str(error)) from None
        into._db.executemany(
            "INSERT INTO observations (scan, unit, body) VALUES (?, ?, ?)", [(scan.id, *each) for each in batch]
        )
        count += len(batch)
    return count


def _take_units(into: Store, source: Path, db: sqlite3.Connection, name: str) -> None:
    rows = _read(source, db, "SELECT unit FROM units WHERE scan = ?", (name,))
    into._db.executemany("INSERT OR IGNORE INTO units VALUES (?, ?)", [(name, unit) for (unit,) in rows])


def _scan(source: Path, name: object, body: bytes) -> Scan:
    try:
        scan = _decode_scan(body)
        check_scan(scan)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise _damaged(source, str(error)) from None
    if scan.id != name:
        raise _damaged(source, "a scan's id is not its own")
    return scan


def _read(source: Path, db: sqlite3.Connection, query: str, values: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query on the other store; what cannot be read is damaged."""
    try:
        for row in db.execute(query, values):  # noqa: UP028 - that would close the cursor, after the database at times
            yield row
    except sqlite3.Error as error:
        raise _damaged(source, _in_words(error)) from None
    except UnicodeDecodeError:
        raise _damaged(source, "some of it is no text") from None


def _damaged(source: Path, why: str) -> BadInput:
    return BadInput(f"{source}: the scan data in it is damaged ({visible(why, 120)}); nothing of it was taken over")


@contextlib.contextmanager
def _opened(source: Path, ours: Path) -> Iterator[tuple[sqlite3.Connection, Callable[[], None]]]:
    """The other store, to be read: as it lies there, or, where a log lies beside it, a copy with the log worked in.

    With it, a question to ask before what was read is kept: BadInput where the file was written to meanwhile.
    """
    real = source.resolve()
    wal = real.with_name(f"{real.name}-wal")
    before = _state(source, wal, ours)
    with contextlib.ExitStack() as undo:
        path, mode = real, "ro&immutable=1"
        if before[1] is not None and before[1][1]:
            folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="fencewalk-import-")))
            path, mode = folder / "store.sqlite", "rw"
            for each, copy in ((real, path), (wal, folder / "store.sqlite-wal")):
                shutil.copyfile(each, copy)
            _unchanged(source, wal, ours, before)
        try:
            address = f"{path.absolute().as_uri()}?mode={mode}"
            db = undo.enter_context(contextlib.closing(sqlite3.connect(address, isolation_level=None, uri=True)))
            _check_tables(source, db)
        except sqlite3.Error as error:
            raise BadInput(f"{source}: cannot be read as a store of scan data: {_in_words(error)}") from None
        yield db, (lambda: None) if mode == "rw" else (lambda: _unchanged(source, wal, ours, before))


_State = tuple[tuple[int, int], tuple[int, int] | None]


def _state(source: Path, wal: Path, ours: Path) -> _State:
    """Size and time of the file and of its log. BadInput where it can be no store but ours."""
    if not source.is_file():
        raise BadInput(f"{source}: {'is no ordinary file' if source.exists() else 'no such file'}")
    if ours.exists() and source.samefile(ours):
        raise BadInput(f"{source}: is the store itself; name the file of the other laptop")
    told = source.stat()
    if told.st_size > _MOST_BYTES:
        raise BadInput(f"{source}: larger than {_MOST_BYTES >> 30} GiB; scan data is not")
    beside = wal.stat() if wal.is_file() else None
    return (told.st_size, told.st_mtime_ns), (beside.st_size, beside.st_mtime_ns) if beside else None


def _unchanged(source: Path, wal: Path, ours: Path, before: _State) -> None:
    if _state(source, wal, ours) != before:
        raise BadInput(f"{source}: is being written to; import it when the scan has ended, or import a copy of it")


def _check_tables(source: Path, db: sqlite3.Connection) -> None:
    """BadInput for what is no store of ours; nothing that its schema might compute is run."""
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_ROW)
    db.execute("PRAGMA trusted_schema=OFF")
    kinds = db.execute("SELECT name, type, sql FROM sqlite_master")
    plain = {name for name, kind, sql in kinds if kind == "table" and "VIRTUAL" not in str(sql).upper()}
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    tables = {
        table: {row[1] for row in db.execute(f"PRAGMA table_info({table})")} for table in _COLUMNS if table in plain
    }
    if not any(tables.values()):
        raise BadInput(f"{source}: some other program's database, no store of scan data")
    if version > _SCHEMA_VERSION:
        raise BadInput(f"{source}: written by a newer fencewalk (store format {version}); update fencewalk here")
    if version != _SCHEMA_VERSION or any(not wanted <= tables.get(table, set()) for table, wanted in _COLUMNS.items()):
        raise BadInput(f"{source}: no store of scan data that this version can read (store format {version})")
    said = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise _damaged(source, "its pages do not fit together; copy the file again from the other laptop")
