"""The facts that assessments judge by, put together."""

from __future__ import annotations

import datetime
import hashlib
from functools import cache
from importlib.resources import files

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
        dated=min(collections),
    )


def digests(knowledge: Knowledge) -> dict[str, str]:
    """The SHA-256 of each part of the knowledge: the same facts give the same digest, in whatever file they stand."""
    parts: dict[str, object] = {
        "baselines": knowledge.baselines,
        "distributions": knowledge.distros,
        "known-exploited": knowledge.kev,
        "controls": knowledge.controls,
    }
    encoder = msgspec.json.Encoder(order="deterministic")
    return {name: hashlib.sha256(encoder.encode(part)).hexdigest() for name, part in parts.items()}
