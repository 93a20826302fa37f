"""The facts that assessments judge by, put together."""

from __future__ import annotations

import datetime
import hashlib
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec

from scanner import baselines, controls
from scanner.importers.document import read_document
from scanner.model.base import Frozen, Text
from scanner.model.baseline import Knowledge, KnownExploited, Source


class Catalogue(Frozen, frozen=True):
    """`kev.yaml`: an extract of CISA's catalogue of known exploited vulnerabilities."""

    catalogue: Text
    """Its version."""
    source: Source
    entries: tuple[KnownExploited, ...]


@cache
def known_exploited() -> Catalogue:
    """The extract that comes with the package."""
    return read_document((files(__name__) / "kev.yaml").read_text("utf-8"), Catalogue, "kev.yaml")


@cache
def bundled_knowledge() -> Knowledge:
    """Everything that comes with the package. `dated` is the day of the oldest collection in it."""
    products, lives, exploited = baselines.bundled(), baselines.distributions(), known_exploited()
    collections: list[datetime.date] = [
        exploited.source.retrieved,
        max(each.source.retrieved for each in lives),
        max(branch.source.retrieved for each in products for branch in each.branches),
    ]
    return Knowledge(
        baselines=products,
        distros=lives,
        kev=exploited.entries,
        controls=controls.bundled(),
        deadlines=controls.deadlines(),
        requirements=controls.requirements(),
        dated=min(collections),
    )


def knowledge(folder: Path | None = None) -> Knowledge:
    """Everything that comes with the package, and every feed that is cached in `folder` (by default the user's).

    A feed whose file is not the one that was pinned is left out; `troubles` says so.
    """
    from scanner.feeds.cache import feeds_folder, kept
    from scanner.feeds.feed import feeds

    where = folder or feeds_folder()
    return _knowledge(where, kept(where, *feeds()))


def troubles(folder: Path | None = None) -> tuple[str, ...]:
    """What `knowledge` had to leave out, each in one sentence."""
    from scanner.feeds.cache import feeds_folder
    from scanner.feeds.merge import cached

    return cached(folder or feeds_folder()).troubles


@lru_cache(maxsize=4)
def _knowledge(folder: Path, files: tuple[tuple[str, int, int], ...]) -> Knowledge:
    """Merged once, until one of the files changes."""
    from scanner.feeds.merge import cached, merge

    return merge(bundled_knowledge(), known_exploited().source.retrieved, cached(folder))


def digests(knowledge: Knowledge) -> dict[str, str]:
    """The SHA-256 of each part of the knowledge: the same facts give the same digest, in whatever file they stand."""
    parts: dict[str, object] = {
        "baselines": knowledge.baselines,
        "distributions": knowledge.distros,
        "known-exploited": knowledge.kev,
        "controls": (knowledge.controls, knowledge.deadlines),
        "feeds": {each.name: each.sha256 for each in knowledge.feeds},
    }
    encoder = msgspec.json.Encoder(order="deterministic")
    return {name: hashlib.sha256(encoder.encode(part)).hexdigest() for name, part in parts.items()}
