"""What was sent where, kept beside the store: a small SQLite file of its own, held by one sender at a time.

It has no secret in it. Without it a desk that can be asked still gets no item twice; but what was sent from it is
closed only by whoever has it: another laptop's scan data may know of more that the item is open for.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

from scanner.errors import BadInput
from scanner.exporters.ticket_text import Ticket
from scanner.model.base import Severity

_VERSION = 1
_BUSY = 2.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY, client TEXT NOT NULL, site TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS items (
    client TEXT NOT NULL, site TEXT NOT NULL, desk TEXT NOT NULL, place TEXT NOT NULL, fingerprint TEXT NOT NULL,
    state TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (client, site, desk, place, fingerprint)
);
"""


class Owed(msgspec.Struct, frozen=True):
    """A finding that an item is open for, as it was when last reported."""

    run: int
    """The run that last had it."""
    kind: str
    title: str
    host: str | None = None
    product: str | None = None
    mac: str | None = None
    """Of the machine that it was found on."""


class Item(msgspec.Struct, frozen=True):
    """One item as it was last sent."""

    id: str
    """Empty while nobody knows whether it was taken."""
    state: Literal["open", "closed"]
    fingerprint: str
    title: str
    severity: Severity
    essence: str
    """A digest of what is worth telling: another one is an update."""
    owed: dict[str, Owed]
    """By finding id."""
    day: str
    said: str = ""
    """The last note that only said why it stays open."""
    shared: bool = False
    """It was there already, put there from other scan data than ours: what else it is open for is not known."""

    def as_ticket(self, body: str) -> Ticket:
        return Ticket(self.fingerprint, self.title, self.severity, tuple(self.owed), body)


class Run(msgspec.Struct, frozen=True):
    """What the evidence was when something was sent."""

    day: str
    scans: tuple[str, ...]
    inventories: tuple[str, ...]
    unfinished: dict[str, int] = {}
    """Of those scans the ones that were not at their end: how many observations each had. What came after is newer."""


def ledger_path(store: Path) -> Path:
    """`site.fencewalk.tickets.sqlite` beside `site.fencewalk.sqlite`."""
    return store.with_suffix(".tickets.sqlite")


class Ledger:
    """What one site has at one place. Use as a context manager. Without `write` it is read only, or not there."""

    def __init__(self, path: Path, client: str, site: str, desk: str, place: str, write: bool) -> None:
        self.path = path
        self._where = (client, site, desk, place)
        self._db: sqlite3.Connection | None = None
        if not write and not path.exists():
            return
        try:
            mode = "rwc" if write else "ro"
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=_BUSY
            )
            self._prepare(write)
        except sqlite3.Error as error:
            if self._db is not None:
                self._db.close()
            raise BadInput(f"{path}: {self._words(error)}") from None

    def _words(self, error: sqlite3.Error) -> str:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_BUSY"):
            return "another `fencewalk tickets --send` is at work with it; wait for its end"
        if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
            return "is no file of what tickets were sent, or it is damaged; move it away, and items are found again"
        return f"cannot be used to note what is sent: {error}"

    def _prepare(self, write: bool) -> None:
        assert self._db is not None
        if write:
            # Held from the first write to the end: two senders at once would each find nothing, and create.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            self._db.close()
            raise BadInput(f"{self.path}: written by another version of fencewalk (format {version}); update fencewalk")
        if write:
            for each in filter(str.strip, _SCHEMA.split(";")):
                self._db.execute(each)
            self._db.execute(f"PRAGMA user_version = {_VERSION}")
            self._db.execute("COMMIT")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()

    def items(self) -> dict[str, Item]:
        """By fingerprint."""
        query = "SELECT body FROM items WHERE client = ? AND site = ? AND desk = ? AND place = ? ORDER BY fingerprint"
        return {each.fingerprint: each for each in self._items(self._rows(query, self._where))}

    def runs(self) -> dict[int, Run]:
        rows = self._rows("SELECT number, body FROM runs WHERE client = ? AND site = ?", self._where[:2])
        try:
            return {number: msgspec.json.decode(body, type=Run) for number, body in rows}
        except (msgspec.MsgspecError, RecursionError):
            raise self._damaged() from None

    def open_at(self, desks: Iterable[str]) -> dict[str, int]:
        """How many items of this site are open at other desks, by the desk."""
        wanted = set(desks)
        query = (
            "SELECT desk, count(*) FROM items WHERE client = ? AND site = ? AND state = 'open' GROUP BY desk ORDER BY 1"
        )
        return {desk: count for desk, count in self._rows(query, self._where[:2]) if desk in wanted}

    def keep(self, item: Item) -> None:
        body = msgspec.json.encode(item)
        self._do(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*self._where, item.fingerprint, item.state, body),
        )

    def add_run(self, run: Run) -> int:
        """Its number; that of an earlier one with the same evidence."""
        for number, known in self.runs().items():
            if msgspec.structs.replace(known, day=run.day) == run:
                return number
        self._do("INSERT INTO runs (client, site, body) VALUES (?, ?, ?)", (*self._where[:2], msgspec.json.encode(run)))
        ((number,),) = self._rows("SELECT last_insert_rowid()", ())
        return int(number)

    def forget_runs(self) -> None:
        """Those that no item of the site rests on any more."""
        bodies = self._rows("SELECT body FROM items WHERE client = ? AND site = ?", self._where[:2])
        used = {each.run for item in self._items(bodies) for each in item.owed.values()}
        for number in self.runs().keys() - used:
            self._do("DELETE FROM runs WHERE number = ?", (number,))

    def _items(self, rows: Iterable[tuple[Any, ...]]) -> list[Item]:
        try:
            return [msgspec.json.decode(body, type=Item) for (body,) in rows]
        except (msgspec.MsgspecError, RecursionError):
            raise self._damaged() from None

    def _damaged(self) -> BadInput:
        return BadInput(f"{self.path}: is damaged; move it away, and items are found again where a desk can be asked")

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if self._db is None:
            return []
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise BadInput(f"{self.path}: {self._words(error)}") from None

    def _do(self, query: str, values: tuple[object, ...]) -> None:
        assert self._db is not None
        try:
            self._db.execute(query, values)
        except sqlite3.Error as error:
            raise BadInput(f"{self.path}: {self._words(error)}") from None
