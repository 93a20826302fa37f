"""What a feed is. `FEED` of a file here is one Feed; the file's name is the feed's (`sql-server-builds` is
`sql_server_builds.py`)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from scanner.model.feeds import Reading

Reader = Callable[[bytes, str, datetime.date], Reading]
"""Content, the name to say in messages, and today. Pure; BadInput says what is wrong with a file."""


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A publisher's file: where it is, how it is read, and for how long its facts hold."""

    title: str
    says: str
    licence: str
    url: str
    hosts: tuple[str, ...] = ()
    """Those that `url` may send us on to, besides its own."""
    limit_days: int
    """Age from which on its facts no longer say that nothing is missing."""
    largest: int
    """Bytes of the file."""
    plausible: int
    """The publisher's file never had fewer entries than this; an excerpt may."""
    facts: Any
    """The type of `Reading.facts`."""
    read: Reader
    version: int = 1
    """Of what `read` and `settle` make of a file; raised with every change, so that files are read again."""
    recognises: Callable[[bytes], bool]
    """Whether a file is of this feed; for a packed one, a file in it."""
    packed: str | None = None
    """How the names of the files end that it packs into one zip (`.json`); None: it is one file."""
    settle: Callable[[Any, datetime.date, bool], Any] | None = None
    """The facts with the feed's day, and whether they are the whole, put in."""


@cache
def feeds() -> dict[str, Feed]:
    """Every feed by its name, in the order of the names."""
    import scanner.feeds as package
    from scanner.collect import collect

    return {name.replace("_", "-"): found for name, found in collect(package, "FEED", Feed).items()}
