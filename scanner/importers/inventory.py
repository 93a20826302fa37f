"""Software inventories: what a machine's own tools, or those who look after it, say is installed there.

One format a file; `INVENTORY` of a file here is one Format. What a file says is kept row by row: a bad row is counted
and named, and the good ones count all the same.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Literal

import msgspec

from scanner.collect import collect
from scanner.model.base import Frozen
from scanner.model.observation import Item, Shown

MOST_BYTES = 200 << 20
MOST_ROWS = 500_000
MOST_ITEMS = 15_000
"""Pieces of software of one machine."""
_NAMED = 5
"""Bad rows that are named; the others are counted."""

Column = Literal["host", "address", "mac", "name", "version", "vendor", "os", "os_version", "client", "distro"]


class Hints(Frozen, frozen=True):
    """What whoever imports a file knows beyond it."""

    distro: str = ""
    """`debian:12`; empty: the file has to tell."""
    client: str = ""
    """Of a table of several clients, whose rows are wanted."""
    columns: Mapping[Column, str] = {}
    """What a table's columns are called, where its header does not say it in words that are known."""
    delimiter: str = ""


class ColumnMap(Frozen, frozen=True):
    """A file that names a table's columns."""

    columns: dict[Column, str]
    delimiter: Annotated[str, msgspec.Meta(max_length=1)] = ""


class Bad(msgspec.Struct, frozen=True):
    """A row that could not be used."""

    line: int
    """0 where the format has no lines."""
    what: str


class Bads:
    """Counts bad rows, and keeps the first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Bad] = []

    def add(self, line: int, what: str) -> None:
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(Bad(line, what))


class Listed(msgspec.Struct):
    """What the file says of one machine. No name, address or MAC: it does not say of which."""

    names: list[str] = msgspec.field(default_factory=list)
    addresses: list[str] = msgspec.field(default_factory=list)
    macs: list[str] = msgspec.field(default_factory=list)
    items: dict[Item, None] = msgspec.field(default_factory=dict)
    os: str = ""
    os_version: str = ""
    taken: datetime.date | None = None
    shown: list[Shown] = msgspec.field(default_factory=list)
    """What services show, where the file is of another scanner."""

    @property
    def named(self) -> bool:
        return bool(self.names or self.addresses or self.macs)


class Inventories(msgspec.Struct, frozen=True):
    """What one file says."""

    machines: tuple[Listed, ...]
    bads: Bads
    cut: bool = False
    """The file breaks off; what stood whole before the break is here."""
    notes: tuple[str, ...] = ()
    """What whoever imports it should know, as sentences."""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """One format. Both functions are pure."""

    title: str
    recognises: Callable[[bytes], bool]
    """Whether the beginning of a file (64 KiB are enough) is of this format."""
    read: Callable[[bytes, str, Hints], Inventories]
    """Content, the file's name for messages, and what is known besides. BadInput says what is wrong with a file of
    which nothing can be used."""


@cache
def formats() -> dict[str, Format]:
    """Every format by its name (`dpkg-list` is `dpkg_list.py`)."""
    import scanner.importers as package

    return {name.replace("_", "-"): found for name, found in collect(package, "INVENTORY", Format).items()}
