"""Places in a drawing that lead somewhere: a zone's box, a host's, a boundary's. What is under the pointer, and where
it leads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
from textual.style import Style

from scanner.model.report import Report
from scanner.model.text import visible
from tui.lookup import hosts_by_id
from tui.pairs import pair_key, worst_pair
from tui.query import quoted
from tui.state import Place

_KEY = "spot"


class Spot(msgspec.Struct, frozen=True):
    """What a box stands for: a zone, a host by its id, or the boundary from a zone to another."""

    kind: Literal["zone", "host", "pair"]
    name: str
    to: str = ""

    @property
    def style(self) -> Style:
        """Adds nothing to be seen: it is how a cell knows what it belongs to."""
        return Style.from_meta({_KEY: (self.kind, self.name, self.to)})


def spot_in(meta: Mapping[str, object]) -> Spot | None:
    """The spot of a cell, by what its style carries."""
    found = meta.get(_KEY)
    return Spot(*found) if isinstance(found, tuple) else None


def place_of(spot: Spot, report: Report) -> Place | None:
    """A zone leads to its worst boundary on the Matrix, a boundary to itself, a host to its row; None where the report
    has no such thing."""
    if spot.kind == "zone":
        pair = worst_pair(report, spot.name)
        return None if pair is None else Place("matrix", key=pair_key(*pair))
    if spot.kind == "pair":
        return Place("matrix", key=pair_key(spot.name, spot.to))
    if spot.name in hosts_by_id(report):
        return Place("hosts", key=spot.name)
    return hosts_of(spot.name.rpartition("/")[0])


def hosts_of(zone: str) -> Place:
    """The hosts of a zone."""
    return Place("hosts", f"zone={quoted(visible(zone))}")
