"""The register of exceptions as rows and documents. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from scanner.exporters.patch_words import first_of, register_words
from scanner.model.report import AcceptedRow, FindingRow, Report
from scanner.model.text import plural
from tui.details import finding_line
from tui.doc import Doc
from tui.query import Column
from tui.rows import Table
from tui.status import REGISTER, mark

FITS_SHOWN = 200
_IDLE = {"expired": 0, "ownerless": 1, "unmatched": 2}


def entries(report: Report) -> list[AcceptedRow]:
    """What does nothing first: somebody believes that it does. Then by the day on which it ends."""
    return sorted(report.accepted, key=lambda each: (_IDLE.get(each.state, 3), each.until))


ById = Mapping[str, FindingRow]


def table(rows: Sequence[AcceptedRow], report: Report, by_id: ById) -> Table:
    columns = (
        Column(key="state", title="STATE", least=11, match="label"),
        Column(key="about", title="WHAT IS ACCEPTED", least=24, most=64),
        Column(key="owner", title="OWNER", least=10, most=24),
        Column(key="until", title="UNTIL", least=10),
        Column(key="left", title="DAYS LEFT", least=9, right=True, number=True),
        Column(key="fits", title="FITS", least=4, right=True, number=True),
        Column(key="reason", title="REASON", least=16, most=48),
        Column(key="approved", title="APPROVED BY", least=11, most=24),
        Column(key="id", title="ENTRY", least=13, most=40, shown=False),
    )
    return columns, [
        (
            mark(REGISTER, row.state).label,
            _what(row, by_id),
            row.owner,
            row.until,
            _left(row, report),
            str(len(row.findings)),
            row.reason,
            row.approved_by,
            " ".join(dict.fromkeys((row.about, *row.findings))),
        )
        for row in rows
    ]


def _what(row: AcceptedRow, by_id: ById) -> str:
    """A finding's title says more than its id; a selector says it itself."""
    found = by_id.get(row.about)
    return found.title if found is not None else row.about


def _left(row: AcceptedRow, report: Report) -> str:
    try:
        left = datetime.date.fromisoformat(row.until) - datetime.date.fromisoformat(report.generated[:10])
    except ValueError:
        return ""
    return str(left.days)


def fitting(row: AcceptedRow, by_id: ById) -> list[FindingRow]:
    """The findings that the entry fits, the worst first."""
    return sorted((by_id[each] for each in row.findings if each in by_id), key=first_of)


def entry(row: AcceptedRow, report: Report, by_id: ById) -> Doc:
    look, words = mark(REGISTER, row.state), register_words(row)[1]
    doc = Doc().mark(look).add("  ")
    if row.state == "held":
        doc.line(f"{words} until {row.until}", "muted")
    else:
        doc.line(f"{words}: the findings count" if row.state != "unmatched" else words, look.colour)
    doc.line(_what(row, by_id), bold=True).end()
    doc.field("owner", row.owner)
    if not row.owner.strip():
        doc.label("owner").line("nobody", "amber", bold=True)
    doc.field("approved by", row.approved_by).field("reason", row.reason).field("until", row.until)
    left = _left(row, report)
    if left.lstrip("-").isdecimal():
        days = int(left)
        doc.label("days left").line(
            f"{plural(days, 'day')}" if days >= 0 else f"ended {plural(-days, 'day')} ago",
            "text" if days >= 0 else "orange",
        )
    doc.field("entry", row.about, "muted")
    fits = fitting(row, by_id)
    doc.title("Fits", plural(len(row.findings), "finding"))
    if not fits:
        doc.line("No finding of this report. It can be taken out: X.", "muted")
    for each in fits[:FITS_SHOWN]:
        finding_line(doc, each)
    if len(fits) > FITS_SHOWN:
        doc.line(f"and {len(fits) - FITS_SHOWN} more in the report", "muted")
    doc.title("Keys").line(
        "X takes it out of exceptions.yaml, x accepts its worst finding anew, e its evidence", "muted"
    )
    return doc
