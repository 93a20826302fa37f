"""Scans and their observations in one SQLite file.

A scan is a row; each observation is a row of it, as JSON. Work is done in units (the sweep, a batch of addresses, the
conversations), and a unit that is done leaves a mark in the same transaction as its last observation. So a scan killed
at any moment keeps what it reported, and `--resume` repeats only the unit that was cut off. Rows of a unit's cut-off
attempt stay: they are facts too, and a newer answer to the same question wins when they are assessed.

A killed process loses at most the quarter of a second that was not written yet. A power cut may lose in addition what
was written since the last unit ended: a unit's mark is on the disk itself, with everything before it, before the next
unit starts.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

import msgspec

from scanner import __version__
from scanner.errors import BadInput, ScanIncomplete
from scanner.model.observation import Conversation, Installed, Observation, Purpose, Scan, Session, Vantage
from scanner.plan import Plan
from scanner.store.sharing import Sharing, shared_items

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS scans (
    id TEXT PRIMARY KEY, client TEXT NOT NULL, site TEXT NOT NULL, started REAL NOT NULL, body BLOB NOT NULL,
    plan BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS observations (
    number INTEGER PRIMARY KEY, scan TEXT NOT NULL REFERENCES scans(id), unit TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS observations_by_scan ON observations(scan, number);
CREATE TABLE IF NOT EXISTS units (
    scan TEXT NOT NULL REFERENCES scans(id), unit TEXT NOT NULL, PRIMARY KEY (scan, unit)
);
"""
_BUSY_SECONDS = 60
_COMMIT_SECONDS = 0.25
_COMMIT_ROWS = 20_000
_ROWS_AT_ONCE = 900
"""Of a file's, in one statement: a quarter less to do. Older SQLites take at most 999 values."""
_SYNC_SECONDS = 5.0
"""Work that a power cut may cost. Short units do not wait for the disk one by one."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Observation).decode
_decode_installed = msgspec.json.Decoder(Installed).decode
_decode_scan = msgspec.json.Decoder(Scan).decode
_decode_plan = msgspec.json.Decoder(Plan).decode


_WORDS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it may only be read",
    "SQLITE_CANTOPEN": "it cannot be opened there",
    "SQLITE_NOTADB": "it is no store of scan data",
    "SQLITE_CORRUPT": "it is damaged",
    "SQLITE_BUSY": f"another program has been writing to it for {_BUSY_SECONDS} seconds",
    "SQLITE_IOERR": "the disk is full, or it fails",
}


def _in_words(error: sqlite3.Error) -> str:
    """What SQLite says, for somebody who does not know it."""
    name = getattr(error, "sqlite_errorname", "")
    return next((words for kind, words in _WORDS.items() if name.startswith(kind)), str(error))


class Store:
    """One store file; it may hold the scans of several sites. Use as a context manager.

    With `create` off it is opened for reading only, and has to be there: evidence on a read-only disk can be read.
    """

    def __init__(self, path: Path, create: bool = True) -> None:
        if not create and not path.exists():
            raise BadInput(f"{path}: no scan data there yet; run `fencewalk scan` first, or name the file with --store")
        self.path = path
        with contextlib.ExitStack() as undo:
            try:
                self._db = undo.enter_context(contextlib.closing(self._connect("rwc" if create else "ro")))
                version = self._prepare(create)
            except sqlite3.OperationalError as error:
                # Whose log beside the file cannot be written either: then nobody else writes, and it can be read.
                if create or path.with_name(path.name + "-wal").exists():
                    raise BadInput(f"{path}: cannot be used as a store of scan data: {_in_words(error)}") from None
                self._db = undo.enter_context(contextlib.closing(self._connect("ro&immutable=1")))
                version = self._prepare(create)
            except sqlite3.Error as error:
                raise BadInput(f"{path}: cannot be used as a store of scan data: {_in_words(error)}") from None
            if version != _SCHEMA_VERSION:
                raise BadInput(
                    f"{path}: written by another version of fencewalk (store format {version}); update fencewalk"
                )
            undo.pop_all()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def begin(self, client: str, site: str, plan: Plan, engine: str, purpose: Purpose = "scan") -> Journal:
        """A new session's journal."""
        scan = Scan(
            id=os.urandom(6).hex(),
            vantage=plan.vantage,
            engine=engine,
            plan=plan.digest,
            started=time.time(),
            version=__version__,
            purpose=purpose,
            nonce=plan.nonce,
        )
        with self._transaction():
            self._db.execute(
                "INSERT INTO scans VALUES (?, ?, ?, ?, ?, ?)",
                (scan.id, client, site, scan.started, _encode(scan), _encode(plan)),
            )
        return Journal(self, scan, plan)

    def unfinished(self, client: str, site: str, zone: str) -> Journal | None:
        """The latest scan from `zone` that did not end, to go on with; None if the latest one is complete."""
        with self._reading():
            rows = self._db.execute(
                "SELECT body, plan FROM scans WHERE client = ? AND site = ? ORDER BY started DESC, rowid DESC",
                (client, site),
            )
            for body, plan in rows:
                scan = _decode_scan(body)
                if scan.vantage.zone == zone and scan.purpose == "scan" and plan:  # none: it was imported
                    return None if scan.complete else Journal(self, scan, self._plan(plan))
        return None

    def _plan(self, body: bytes) -> Plan:
        try:
            return _decode_plan(body)
        except msgspec.ValidationError as error:
            raise BadInput(
                f"{self.path}: the unfinished scan was planned by another version of fencewalk ({error}); scan "
                "without --resume"
            ) from None

    def sessions(self, client: str, site: str) -> tuple[Session, ...]:
        """Every scan of a site with its observations, oldest first."""
        sharing = Sharing()
        return tuple(Session(scan, tuple(sharing.all(self.observations(scan.id)))) for scan in self.scans(client, site))

    def scans(self, client: str, site: str) -> list[Scan]:
        """The same without what they observed."""
        return [each for each in self._all_scans(client, site) if each.purpose != "inventory"]

    def _all_scans(self, client: str, site: str) -> list[Scan]:
        with self._reading():
            rows = self._db.execute(
                "SELECT body FROM scans WHERE client = ? AND site = ? ORDER BY started, rowid", (client, site)
            ).fetchall()
            return [_decode_scan(body) for (body,) in rows]

    def inventories(self, client: str, site: str) -> tuple[Installed, ...]:
        """What every imported inventory of a site says of each machine, the oldest first."""
        files = [each.id for each in self._all_scans(client, site) if each.purpose == "inventory"]
        rows = "SELECT body FROM observations WHERE scan = ? ORDER BY number"
        with self._reading():
            found = (_decode_installed(body) for each in files for (body,) in self._db.execute(rows, (each,)))
            return tuple(sorted(shared_items(found), key=lambda each: each.taken))

    def keep_inventory(self, client: str, site: str, identity: str, format_: str, rows: Sequence[Installed]) -> bool:
        """Keep one file's inventories, all or none. False: that `identity` (a digest of ours) is here already."""
        name = hashlib.sha256("\0".join((client, site, identity)).encode()).hexdigest()[:32]
        taken = max(each.taken for each in rows)
        scan = Scan(
            id=name,
            vantage=Vantage("", "", ""),
            engine=format_,
            plan="",
            started=taken,
            ended=taken,
            complete=True,
            version=__version__,
            purpose="inventory",
        )
        with self._transaction(durable=True):
            if self._db.execute("SELECT 1 FROM scans WHERE id = ?", (name,)).fetchone():
                return False
            row = (name, client, site, taken, _encode(scan), b"")
            self._db.execute("INSERT INTO scans VALUES (?, ?, ?, ?, ?, ?)", row)
            self._db.executemany(
                "INSERT INTO observations (scan, unit, body) VALUES (?, ?, ?)",
                ((name, "inventory", _encode(each)) for each in rows),
            )
        return True

    def keep_session(
        self, client: str, site: str, identity: str, rows: Iterable[Observation], scan: Callable[[str], Scan]
    ) -> tuple[Scan, int] | None:
        """Keep another tool's session as it is read, all of it or none: it and its rows are counted. `scan` is asked
        for it with its id when all rows are taken. None: that `identity` (a digest of ours) is here already."""
        name = hashlib.sha256("\0".join((client, site, identity)).encode()).hexdigest()[:32]
        with self._transaction(durable=True):
            if self._db.execute("SELECT 1 FROM scans WHERE id = ?", (name,)).fetchone():
                return None
            before = self._db.total_changes
            bodies = map(_encode, rows)
            while some := tuple(itertools.islice(bodies, _ROWS_AT_ONCE)):
                values = ",".join(["(?1, ?2, ?)"] * len(some))
                insert = f"INSERT INTO observations (scan, unit, body) VALUES {values}"
                self._db.execute(insert, (name, "import", *some))
            kept = scan(name)
            row = (name, client, site, kept.started, _encode(kept), b"")
            self._db.execute("INSERT INTO scans VALUES (?, ?, ?, ?, ?, ?)", row)
            return kept, self._db.total_changes - before - 1

    def observations(self, scan: str) -> Iterator[Observation]:
        with self._reading():
            rows = self._db.execute("SELECT body FROM observations WHERE scan = ? ORDER BY number", (scan,))
            yield from map(_decode, map(itemgetter(0), rows))

    def conversations(self, *words: str) -> Iterator[Conversation]:
        """Of all scans, those that one of these stands in, as the file writes them."""
        holds = " OR ".join(["instr(body, ?)"] * len(words))
        with self._reading():
            query = f"SELECT body FROM observations WHERE {holds}"
            rows = self._db.execute(query, tuple(each.encode() for each in words))
            yield from (each for (body,) in rows if isinstance(each := _decode(body), Conversation))

    def count(self, scan: str) -> int:
        """How many observations a scan has by now."""
        with self._reading():
            return int(self._db.execute("SELECT count(*) FROM observations WHERE scan = ?", (scan,)).fetchone()[0])

    def sites(self) -> list[tuple[str, str]]:
        """The (client, site) pairs that the store holds scans of."""
        return self._db.execute("SELECT DISTINCT client, site FROM scans ORDER BY client, site").fetchall()

    def _connect(self, mode: str) -> sqlite3.Connection:
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, timeout=_BUSY_SECONDS, isolation_level=None, uri=True)

    def _prepare(self, create: bool) -> int:
        """Make the tables where there are none. The format of the file."""
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version:
            return version
        if self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version:  # somebody else made it a store between the two questions
                return version
            raise BadInput(f"{self.path}: some other program's database, no store of scan data; name another --store")
        if not create:
            raise BadInput(f"{self.path}: holds no scan data; run `fencewalk scan` first")
        self._keep_a_log()
        with self._transaction():
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        return _SCHEMA_VERSION

    def _keep_a_log(self) -> None:
        """Give the empty file a write-ahead log. Two who do so at once wait for each other, each with a lock that the
        other one needs: so nobody waits with it, and all try again at moments of their own."""
        end = time.monotonic() + _BUSY_SECONDS
        self._db.execute("PRAGMA busy_timeout=0")
        while True:
            try:
                if self._db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    # Nothing has to be kept safe on the disk yet.
                    self._db.execute("PRAGMA journal_mode=MEMORY")
                    self._db.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError as error:
                if not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY") or time.monotonic() > end:
                    raise
                time.sleep(random.uniform(0.001, 0.02))
        self._db.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """What cannot be read back is a damaged file, and no bug of ours."""
        try:
            yield
        except (sqlite3.Error, msgspec.MsgspecError, RecursionError) as error:
            raise BadInput(
                f"{self.path}: the scan data in it is damaged ({error}); use a copy of it, or scan with another --store"
            ) from None

    @contextlib.contextmanager
    def _transaction(self, durable: bool = False) -> Iterator[None]:
        """`durable`: on the disk itself when it is over, with all that was written before."""
        try:
            self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._db.in_transaction:  # a full disk has rolled it back already
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise ScanIncomplete(
                f"{self.path}: the store cannot be written: {_in_words(error)}; what it holds is kept, and --resume "
                "goes on with it"
            ) from None


class Journal:
    """The writing end of one scan."""

    def __init__(self, store: Store, scan: Scan, plan: Plan) -> None:
        self.store = store
        self.scan = scan
        self.plan = plan
        self._waiting: list[tuple[str, str, bytes]] = []
        self._written_at = self._synced_at = time.monotonic()
        self._done = {
            unit for (unit,) in store._db.execute("SELECT unit FROM units WHERE scan = ?", (scan.id,)).fetchall()
        }

    @property
    def vantage(self) -> Vantage:
        return self.scan.vantage

    def done(self, unit: str) -> bool:
        return unit in self._done

    def rows(self) -> Iterator[tuple[str, Observation]]:
        """What this scan has seen so far, each with its unit of work."""
        self.flush()
        with self.store._reading():
            rows = "SELECT unit, body FROM observations WHERE scan = ? ORDER BY number"
            for unit, body in self.store._db.execute(rows, (self.scan.id,)):
                yield unit, _decode(body)

    def write(self, unit: str, event: Observation) -> None:
        """Keep one observation. It is written within a quarter of a second of the next call, or at `flush`."""
        waiting = self._waiting
        waiting.append((self.scan.id, unit, _encode(event)))
        if time.monotonic() - self._written_at > _COMMIT_SECONDS or len(waiting) > _COMMIT_ROWS:
            self.flush()

    def flush(self, finished: str | None = None) -> None:
        """Write what waits, and with it the mark that unit `finished` is done."""
        if self._waiting or finished:
            durable = finished is not None and time.monotonic() - self._synced_at > _SYNC_SECONDS
            with self.store._transaction(durable):
                self.store._db.executemany(
                    "INSERT INTO observations (scan, unit, body) VALUES (?, ?, ?)", self._waiting
                )
                if finished:
                    self.store._db.execute("INSERT OR IGNORE INTO units VALUES (?, ?)", (self.scan.id, finished))
            self._waiting.clear()
            if durable:
                self._synced_at = time.monotonic()
        if finished:
            self._done.add(finished)
        self._written_at = time.monotonic()

    def complete(self) -> None:
        """The whole plan was carried out."""
        self.flush()
        self.scan = msgspec.structs.replace(self.scan, ended=time.time(), complete=True)
        with self.store._transaction(durable=True):
            self.store._db.execute("UPDATE scans SET body = ? WHERE id = ?", (_encode(self.scan), self.scan.id))
