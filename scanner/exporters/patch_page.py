"""What the HTML report shows of versions: by host, the riskiest first, each with what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from scanner.exporters.patch_words import (
    Line,
    findings_by_row,
    in_short,
    risk_of,
    urgency,
)
from scanner.exporters.plan_page import Shown
from scanner.model.report import AcceptedRow, InventoryRow, PatchRow, Report

ROW_LIMIT = 400
"""Rows shown, the riskiest first; the table of every row has them all."""
REGISTER_LIMIT = 10
INVENTORY_LIMIT = 200
SOFTWARE_AT_ONCE = 8
"""Pieces of a host's software in sight; the others unfold."""
SOFTWARE_LIMIT = 120
"""Pieces of a host's software in the report; a machine has thousands, and those with a baseline are judged."""


class Version(msgspec.Struct, frozen=True):
    """One product of a host."""

    row: PatchRow
    risk: int
    findings: tuple[Shown, ...]


class HostVersions(msgspec.Struct, frozen=True):
    host: str
    versions: tuple[Version, ...]


class Accepted(msgspec.Struct, frozen=True):
    """An entry of the register, with the findings of this report that it fits."""

    row: AcceptedRow
    findings: tuple[Shown, ...]
    more: int


class PatchPage(msgspec.Struct, frozen=True):
    short: tuple[Line, ...]
    hosts: tuple[HostVersions, ...]
    shown: int
    total: int
    register: tuple[Accepted, ...]
    inventories: tuple[InventoryRow, ...]
    """Those that fit no host first."""
    policies: dict[str, str]
    """Policy of deadlines -> its title."""


def patch_page(report: Report, shown: Sequence[Shown]) -> PatchPage:
    """`shown`: the report's findings with their anchors. Equal risks keep the report's order."""
    anchored = {each.row.id: each for each in reversed(shown)}
    of = findings_by_row(report)
    judged = [(row, of(row)) for row in report.patches]
    ranked = sorted(judged, key=lambda each: urgency(each[0], risk_of(each[1])))[:ROW_LIMIT]
    hosts: dict[str, list[Version]] = {}
    for row, found in ranked:
        version = Version(row, risk_of(found), tuple(anchored[each.id] for each in found))
        hosts.setdefault(row.host, []).append(version)
    return PatchPage(
        short=in_short(report),
        hosts=tuple(HostVersions(host, tuple(versions)) for host, versions in hosts.items()),
        shown=len(ranked),
        total=len(judged),
        register=tuple(_accepted(row, anchored) for row in report.accepted),
        inventories=tuple(sorted(report.inventories, key=lambda each: each.state != "unplaced")[:INVENTORY_LIMIT]),
        policies={each.name: each.title or each.name for each in report.deadlines},
    )


def _accepted(row: AcceptedRow, anchored: dict[str, Shown]) -> Accepted:
    found = tuple(anchored[each] for each in row.findings[:REGISTER_LIMIT] if each in anchored)
    return Accepted(row, found, len(row.findings) - len(found))
