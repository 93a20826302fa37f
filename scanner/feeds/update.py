"""Replacing a cached feed by a newer edition, and only by one that can be believed."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Literal

import msgspec

from scanner.errors import BadInput
from scanner.feeds.cache import Pin, keep, pinned, raw, repin
from scanner.feeds.feed import Feed
from scanner.feeds.fetch import FetchFailed, Patience, fetch
from scanner.model.feeds import Reading
from scanner.model.text import plural

_TOMORROW = datetime.timedelta(days=1)
"""What is published now may be of tomorrow by a calendar further east."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one feed."""

    name: str
    state: Literal["new", "unchanged", "kept", "failed"]
    """`kept`: the cached edition is the newer one. `failed`: nothing came of it, and whatever was cached still is."""
    told: str
    """In one sentence."""


def update(
    folder: Path,
    name: str,
    feed: Feed,
    now: datetime.datetime,
    url: str | None = None,
    patience: Patience | None = None,
) -> Outcome:
    """Fetch one feed, verify what came, and replace the cached edition by it. A failure keeps that, and says why.

    `url`: ask there instead (a mirror), and only there.
    """
    before = _before(folder, name)
    where, hosts = (feed.url, feed.hosts) if url is None else (url, ())
    known = before if before is not None and before.url == where else None
    try:
        found = fetch(
            where, hosts, feed.largest, known.etag if known else "", known.modified if known else "", patience
        )
        if found.data is None:
            assert known is not None
            repin(folder, msgspec.structs.replace(known, fetched=now))
            return Outcome(name=name, state="unchanged", told=f"still the edition of {known.dated}")
        reading, dated = accept(feed, name, found.data, now.date(), before, published=found.published)
        if reading.entries < feed.plausible:
            raise BadInput(f"{name}: has {plural(reading.entries, 'entry', 'entries')}; fewer than {feed.plausible:,}"
                           " cannot be all of it")  # fmt: skip
    except (FetchFailed, BadInput) as error:
        return Outcome(name=name, state="failed", told=f"{_plain(name, error)}; {_still(before)}")
    pin = _pin(name, where, now, dated, whole=True, etag=found.etag, modified=found.modified)
    pin = keep(folder, feed, found.data, reading, pin)
    same = before is not None and before.sha256 == pin.sha256
    return Outcome(name=name, state="unchanged" if same else "new", told=_edition(feed, pin, same))


def take(
    folder: Path,
    name: str,
    feed: Feed,
    data: bytes,
    now: datetime.datetime,
    *,
    origin: str,
    published: datetime.date | None,
    whole: bool = False,
    sure: bool = False,
) -> Outcome:
    """Take over a file that somebody brought. `published`: its day, where it does not say that itself. `whole`: it is
    all that its publisher has. `sure`: even if that is much less than before. BadInput where it cannot be read or
    believed."""
    before = _before(folder, name)
    reading, dated = accept(feed, origin, data, now.date(), before, published=published, sure=sure)
    whole = whole or reading.entries >= feed.plausible
    pin = keep(folder, feed, data, reading, _pin(name, origin, now, dated, whole=whole))
    same = before is not None and before.sha256 == pin.sha256
    return Outcome(name=name, state="unchanged" if same else "new", told=_edition(feed, pin, same))


def accept(
    feed: Feed,
    name: str,
    data: bytes,
    today: datetime.date,
    before: Pin | None,
    *,
    published: datetime.date | None,
    sure: bool = False,
) -> tuple[Reading, datetime.date]:
    """What the file says, and of which day. BadInput where it cannot be the next edition after `before`."""
    if len(data) > feed.largest:
        raise BadInput(f"{name}: has {len(data):,} bytes; this feed's limit is {feed.largest:,}")
    reading = feed.read(data, name, today)
    if not reading.entries:
        raise BadInput(f"{name}: holds no entry at all")
    dated = reading.dated
    if dated is None:
        dated = min(published or today, today)
    elif not reading.catalogue and published is not None:
        dated = max(dated, min(published, today))
    if dated > today + _TOMORROW:
        raise BadInput(f"{name}: says that it is of {dated}, which is yet to come; look at this computer's clock")
    if before is not None and dated < before.dated:
        raise BadInput(f"{name}: is of {dated}, older than the cached edition of {before.dated}")
    if before is not None and reading.entries * 2 < before.entries and not sure:
        raise BadInput(
            f"{name}: has {plural(reading.entries, 'entry', 'entries')}, less than half of the {before.entries:,} of "
            "the cached edition"
        )
    return reading, dated


def _before(folder: Path, name: str) -> Pin | None:
    """The cached edition, if it is what was pinned: any other is no reason to refuse a new one, nor to ask for
    changes only."""
    try:
        pin = pinned(folder, name)
        if pin is not None:
            raw(folder, pin)
    except BadInput:
        return None
    return pin


def _pin(
    name: str,
    url: str,
    now: datetime.datetime,
    dated: datetime.date,
    *,
    whole: bool,
    etag: str = "",
    modified: str = "",
) -> Pin:
    """Without what is known once the file is stored."""
    return Pin(
        name=name,
        url=url,
        fetched=now,
        dated=dated,
        sha256="-",
        size=0,
        entries=0,
        whole=whole,
        reader=0,
        facts="-",
        etag=etag,
        modified=modified,
    )


def _edition(feed: Feed, pin: Pin, same: bool) -> str:
    part = "" if pin.whole else "; an excerpt"
    if part and feed.settle is not None:
        part += ": each fact is as fresh as its own advisory"
    return f"{'still ' if same else ''}the edition of {pin.dated} with {plural(pin.entries, 'entry', 'entries')}{part}"


def _still(before: Pin | None) -> str:
    return "nothing is cached" if before is None else f"the edition of {before.dated} is kept"


def _plain(name: str, error: Exception) -> str:
    return str(error).removeprefix(f"{name}: ")
