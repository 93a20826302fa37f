"""Patch baselines as data: one product a YAML file, which is a `Baseline`, and `distributions.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from scanner.importers.document import read_document
from scanner.model.base import Frozen
from scanner.model.baseline import Baseline, DistroLife

_DISTRIBUTIONS = "distributions.yaml"


class Distributions(Frozen, frozen=True):
    """`distributions.yaml`: how long each release of a distribution is maintained."""

    distributions: tuple[DistroLife, ...]


@cache
def bundled() -> tuple[Baseline, ...]:
    """Every product's baseline that comes with the package, by the name of its file."""
    found = sorted(
        (each for each in files(__name__).iterdir() if each.name.endswith(".yaml") and each.name != _DISTRIBUTIONS),
        key=lambda each: each.name,
    )
    return tuple(read_document(each.read_text("utf-8"), Baseline, each.name) for each in found)


@cache
def distributions() -> tuple[DistroLife, ...]:
    """How long each release of a distribution is maintained."""
    text = (files(__name__) / _DISTRIBUTIONS).read_text("utf-8")
    return read_document(text, Distributions, _DISTRIBUTIONS).distributions
