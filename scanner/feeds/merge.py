"""What comes with the package and what is cached, as one Knowledge."""

from __future__ import annotations

import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from scanner.errors import BadInput
from scanner.feeds import builds, fixes, lives
from scanner.feeds.cache import fact, facts, kept, pinned
from scanner.feeds.feed import feeds
from scanner.feeds.names import released_product
from scanner.model.baseline import Baseline, DistroLife, Knowledge, KnownExploited
from scanner.model.feeds import Build, FeedFact, Lifecycle, Probability

T = TypeVar("T")


class Cached(msgspec.Struct, frozen=True, kw_only=True):
    """What can be used of the feeds on disk."""

    facts: dict[str, Any]
    editions: dict[str, FeedFact]
    troubles: tuple[str, ...]
    """What cannot, each in one sentence."""


def cached(folder: Path) -> Cached:
    """Every feed that is what was pinned. Read once, until a file changes."""
    return _cached(folder, kept(folder, *feeds()))


@lru_cache(maxsize=4)
def _cached(folder: Path, files: tuple[tuple[str, int, int], ...]) -> Cached:
    found: dict[str, Any] = {}
    editions: dict[str, FeedFact] = {}
    troubles: list[str] = []
    for name, feed in feeds().items():
        try:
            pin = pinned(folder, name)
            if pin is None:
                continue
            found[name] = facts(folder, pin, feed)
        except BadInput as error:
            troubles.append(str(error))
            continue
        editions[name] = fact(pin, feed)
    return Cached(facts=found, editions=editions, troubles=tuple(troubles))


def merge(bundled: Knowledge, exploited_on: datetime.date, found: Cached) -> Knowledge:
    """`bundled` with the facts of the feeds; the newer fact wins. `exploited_on`: the day of its list of exploited
    flaws."""
    if not found.editions:
        return bundled
    ends = _of(found, "endoflife", tuple[Lifecycle, ...])
    distros, baselines = _judged_by(bundled, found, ends or ())
    table = fixes.merged(each for name, each in found.facts.items() if name.startswith("osv-"))
    exploited, oldest = _of(found, "kev", tuple[KnownExploited, ...]), bundled.dated
    kev = found.editions.get("kev")
    if exploited is not None and kev is not None and kev.dated >= exploited_on:
        oldest = max(kev.dated, exploited_on) if oldest == exploited_on else oldest
        if not kev.whole:
            exploited = tuple({each.cve: each for each in (*bundled.kev, *exploited)}.values())
    else:
        exploited = None
    days = [each.dated for each in found.editions.values() if each.name != "recog"]
    return msgspec.structs.replace(
        bundled,
        baselines=fixes.with_fixes(baselines, table) if table else baselines,
        distros=distros,
        kev=bundled.kev if exploited is None else exploited,
        epss=_of(found, "epss", dict[str, Probability]) or {},
        releases=_releases(found, ends or ()),
        packages=table,
        feeds=tuple(found.editions.values()),
        dated=min(filter(None, [oldest, *days]), default=None),
    )


def _judged_by(
    bundled: Knowledge, found: Cached, ends: tuple[Lifecycle, ...]
) -> tuple[tuple[DistroLife, ...], tuple[Baseline, ...]]:
    baselines, distros = bundled.baselines, bundled.distros
    life = found.editions.get("endoflife")
    if life is not None:
        baselines = lives.with_lives(baselines, ends, life.dated, life.limit_days)
        distros = lives.with_distributions(distros, ends, life.dated)
    by_build = lives.ended_builds(ends)
    windows = found.editions.get("windows-builds")
    if windows is not None or life is not None:
        edition = windows or life
        assert edition is not None
        baselines = builds.with_windows(
            baselines,
            _of(found, "windows-builds", tuple[Build, ...]) or (),
            by_build,
            edition.dated,
            None if life is None else life.dated,
            edition.limit_days,
        )
    for name, put in (("sql-server-builds", builds.with_sql), ("exchange-builds", builds.with_exchange)):
        edition = found.editions.get(name)
        if edition is not None:
            baselines = put(baselines, _of(found, name, tuple[Build, ...]) or (), edition.dated, edition.limit_days)
    return distros, baselines


def _releases(found: Cached, ends: tuple[Lifecycle, ...]) -> dict[str, dict[str, datetime.date]]:
    read = _of(found, "releases", dict[str, dict[str, datetime.date]]) or {}
    by_name = {each.name: each for each in ends}
    products: dict[str, dict[str, datetime.date]] = {}
    for file in sorted(read):
        name = released_product(file, by_name)
        products[name] = {**products[name], **read[file]} if name in products else read[file]
    return products


def _of(found: Cached, name: str, kind: type[T]) -> T | None:
    """The facts of a feed, which were decoded as what its FEED says they are."""
    value: T | None = found.facts.get(name)
    return value
