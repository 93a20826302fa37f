"""The findings as a table for a spreadsheet, one a row.

RFC 4180 (commas, CRLF, every field quoted), in UTF-8 with a byte order mark: without the mark Excel reads the file in
the code page of its country, and LibreOffice takes it either way.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from scanner.exporters import Exporter
from scanner.exporters.patch_words import rows_by_finding
from scanner.exporters.words import without_padding
from scanner.model.report import ExceptionRow, FindingRow, PatchRow, Report
from scanner.model.text import visible

Value = str | int | float | None

COLUMNS = (
    "client", "site", "assessed", "id", "severity", "kind", "title", "host", "from", "to", "transport", "port", "path",
    "remedy", "replay", "evidence", "controls", "accepted_until", "accepted_expired", "accepted_by", "accepted_reason",
    "approved_by", "cut_by", "what_if", "risk", "risk_why", "product", "version", "required", "kb", "fixed_at",
    "days_late", "due", "overdue_days", "kev", "epss", "exposed_to",
)  # fmt: skip

"""`cut_by`: which denials of the least cut close it. `what_if`: the rules that the fence was taken to have besides;
where it is not empty, the row is no real result. From `version` on: of a finding about software, of the version that
it is about. New columns come last."""

_FORMULA = re.compile(r"""(^|;)([\s"']*)(?=[=+\-@＝＋－＠])""")
"""Where a spreadsheet would start a formula: at the start, behind blanks and quotes, and behind a semicolon, which
separates the fields where the comma is the decimal sign. Tab and CR never get here: they are escapes by then."""


def render(report: Report) -> bytes:
    """A heading row, then the findings in the report's order; an apostrophe stops text that could be a formula."""
    return written(COLUMNS, rows(report))


def rows(report: Report) -> Iterator[tuple[Value, ...]]:
    """The values under `COLUMNS`, a finding a row, as the report has them."""
    cuts = _cuts(report)
    head = (report.client, report.site, report.generated)
    what_if = "; ".join(f"deny {rule}" for rule in report.what_if)
    versions = rows_by_finding(report)
    for finding in report.findings:
        more = _software(finding, versions.get(finding.id))
        yield (*head, *_fields(finding), ", ".join(cuts.get(finding.id, ())), what_if, *more)


def written(columns: tuple[str, ...], rows: Iterable[tuple[Value, ...]]) -> bytes:
    """A table as this module's head says."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(each) for each in row] for row in rows)
    return "\ufeff".encode() + out.getvalue().encode()


def cell(value: Value) -> str:
    """One field's text: visible, and inert in a spreadsheet."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)  # days left are negative, and a number is no formula
    return _FORMULA.sub(r"\1'\2", visible(value))


def _fields(finding: FindingRow) -> tuple[Value, ...]:
    accepted = finding.exception
    return (
        finding.id, finding.severity, finding.kind, finding.title, finding.host, finding.from_, finding.to,
        finding.transport, finding.port,
        "  ".join(f"{number}. {hop}" for number, hop in enumerate(finding.path, 1)),
        finding.remedy.replace("\n", "; "), finding.replay,
        without_padding(finding.evidence), ", ".join(finding.controls),
        *(("",) * 5 if accepted is None else _exception(accepted)),
    )  # fmt: skip


def _software(finding: FindingRow, row: PatchRow | None) -> tuple[Value, ...]:
    said = (finding.risk or None, " ".join(finding.risk_why), finding.product)
    if row is None:
        return (*said, *(None,) * 10)
    return (
        *said, row.version, row.required, row.kb, row.fixed_at, row.age_days, row.due, row.overdue_days,
        ", ".join(row.kev), row.epss, ", ".join(row.exposed_to),
    )  # fmt: skip


def _cuts(report: Report) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in report.cut.denials if report.cut else ():
        for id_ in each.closes:
            found.setdefault(id_, []).append(f"{each.from_} → {each.to}")
    return found


def _exception(row: ExceptionRow) -> tuple[str, ...]:
    return row.until, "yes" if row.expired else "no", row.owner, row.reason, row.approved_by


EXPORTER = Exporter(title="Findings for a spreadsheet (CSV)", suffix=".csv", render=render)
