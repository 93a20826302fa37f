"""Pairs of zones as the cursor of a screen knows them."""

from __future__ import annotations

from scanner.model.report import Report
from tui.facts import cells_by_pair, zone_names

_ORDER = ("BREACHED", "UNPROVEN", "UNTESTED", "AS_POLICY")


def pair_key(from_: str, to: str) -> str:
    """What identifies a pair of zones when the report changes."""
    return f"{from_}\t{to}"


def worst_pair(report: Report, zone: str) -> tuple[str, str] | None:
    """The boundary of a zone to look at first; None where it has none."""
    cells = cells_by_pair(report)
    others = [name for name in zone_names(report) if name != zone]
    pairs = [pair for other in others for pair in ((other, zone), (zone, other))]

    def order(pair: tuple[str, str]) -> tuple[int, int]:
        cell = cells.get(pair)
        return (_ORDER.index(cell.verdict), -cell.forbidden_reached) if cell else (_ORDER.index("UNTESTED"), 0)

    return min(pairs, key=order, default=None)
