"""Every feed with what is cached of it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Literal

import msgspec

from scanner.errors import BadInput
from scanner.feeds.cache import fact, pinned, raw
from scanner.feeds.feed import Feed, feeds

State = Literal["FRESH", "STALE", "MISSING", "CHANGED"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One feed."""

    name: str
    title: str
    says: str
    licence: str
    publisher: str
    """Where it is fetched from."""
    limit_days: int
    state: State
    entries: int | None = None
    dated: str | None = None
    """The day of its facts."""
    age_days: int | None = None
    fetched: str | None = None
    origin: str | None = None
    """Where the cached edition came from."""
    sha256: str | None = None
    size: int | None = None
    whole: bool = True
    trouble: str = ""


def rows(folder: Path, today: datetime.date) -> tuple[Row, ...]:
    """Every feed, in the order of the names. The files are checked against their pins."""
    return tuple(_row(folder, name, feed, today) for name, feed in feeds().items())


def _row(folder: Path, name: str, feed: Feed, today: datetime.date) -> Row:
    row = Row(
        name=name,
        title=feed.title,
        says=feed.says,
        licence=feed.licence,
        publisher=feed.url,
        limit_days=feed.limit_days,
        state="MISSING",
    )
    try:
        pin = pinned(folder, name)
    except BadInput as error:
        return msgspec.structs.replace(row, state="CHANGED", trouble=str(error))
    if pin is None:
        return row
    known = fact(pin, feed)
    row = msgspec.structs.replace(
        row,
        state="STALE" if known.stale(today) else "FRESH",
        entries=pin.entries,
        dated=pin.dated.isoformat(),
        age_days=known.age(today),
        fetched=pin.fetched.isoformat(),
        origin=pin.url,
        sha256=pin.sha256,
        size=pin.size,
        whole=pin.whole,
    )
    try:
        raw(folder, pin)
    except BadInput as error:
        return msgspec.structs.replace(row, state="CHANGED", trouble=str(error))
    return row
