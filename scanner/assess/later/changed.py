"""What the newest scans changed, as a report has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.assess.later.again import Knowing
from scanner.assess.later.base import previous
from scanner.assess.later.compare import Change, compared
from scanner.model.observation import Session
from scanner.model.recorded import BoundaryChangeRow, ChangeRow, ChangesRow
from scanner.model.report import Report


def changes(knowing: Knowing, sessions: Sequence[Session], report: Report) -> ChangesRow | None:
    """Against the scans before the newest whole one of each zone; None where there is nothing to compare. `report`: on
    all of them. What only an inventory tells is not compared."""
    base = previous(sessions)
    if not base:
        return None
    found = compared(knowing, sessions, base, None if report.inventories else report)
    return ChangesRow(
        base=max(each.started for each in found.base),
        since=max(each.started for each in found.since),
        new=_rows(found.new),
        fixed=_rows(found.fixed),
        persisting=tuple(each.finding.id for each in found.persisting),
        not_retested=_rows(found.not_retested),
        boundaries=tuple(
            BoundaryChangeRow(each.from_, each.to, each.before, each.after, each.reason) for each in found.cells
        ),
    )


def _rows(found: Iterable[Change]) -> tuple[ChangeRow, ...]:
    return tuple(ChangeRow(each.finding.id, each.finding.severity, each.finding.title, each.reason) for each in found)
