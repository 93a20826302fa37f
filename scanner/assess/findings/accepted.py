"""Findings that the client accepted, and the register of what was accepted."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

import msgspec

from scanner.model.accepted import Exception_
from scanner.model.report import AcceptedRow, AcceptedState, ExceptionRow, FindingRow


def accept(
    findings: Iterable[FindingRow], exceptions: Sequence[Exception_], today: datetime.date
) -> tuple[list[FindingRow], tuple[AcceptedRow, ...]]:
    """The findings, each with the exception that fits it, and every exception with what it fits.

    An exception hides nothing: the finding stays, and says who accepted it until when. Of several, one that holds
    counts before one that ran out, one that names the finding before a selector, and the longest.
    """
    named: dict[str, list[int]] = {}
    for index, each in enumerate(exceptions):
        if each.match is None:
            named.setdefault(each.finding, []).append(index)
    selecting = [index for index, each in enumerate(exceptions) if each.match is not None]
    matched: dict[int, list[str]] = {}
    rows: list[FindingRow] = []
    for finding in findings:
        fitting = [*named.get(finding.id, ()), *(each for each in selecting if exceptions[each].fits(finding))]
        for each in fitting:
            matched.setdefault(each, []).append(finding.id)
        owned = [exceptions[each] for each in fitting if exceptions[each].owner.strip()]
        best = max(owned, key=lambda each: (each.until >= today, each.match is None, each.until), default=None)
        rows.append(finding if best is None else msgspec.structs.replace(finding, exception=_row(best, today)))
    register = tuple(_registered(each, matched.get(index, ()), today) for index, each in enumerate(exceptions))
    return rows, register


def _row(found: Exception_, today: datetime.date) -> ExceptionRow:
    return ExceptionRow(found.owner, found.reason, found.approved_by, found.until.isoformat(), found.until < today)


def _registered(found: Exception_, ids: Sequence[str], today: datetime.date) -> AcceptedRow:
    state: AcceptedState = "held"
    if not found.owner.strip():
        state = "ownerless"
    elif not ids:
        state = "unmatched"
    elif found.until < today:
        state = "expired"
    return AcceptedRow(
        about=found.about,
        owner=found.owner,
        reason=found.reason,
        approved_by=found.approved_by,
        until=found.until.isoformat(),
        state=state,
        findings=tuple(sorted(ids)),
    )
