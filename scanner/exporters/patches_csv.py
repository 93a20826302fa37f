"""Every version that was judged as a table for a spreadsheet, one a row, those that meet their baseline included."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.exporters import Exporter
from scanner.exporters.csv import Value, written
from scanner.exporters.patch_words import findings_by_row, risk_of, urgency
from scanner.exporters.words import why_unknown, without_padding
from scanner.model.report import PatchRow, Report

COLUMNS = (
    "client", "site", "assessed", "host", "transport", "port", "product", "title", "version", "on_the_network",
    "seen_by", "verdict", "reason", "missing", "rule", "confidence", "severity", "risk", "required", "kb", "fixed_at",
    "days_late", "released", "latest", "days_behind", "support_ends", "due", "overdue_days", "deadlines", "kev", "cves",
    "epss", "remote_code", "exposed_to", "source", "evidence", "findings", "what_if",
)  # fmt: skip
"""`version` is the one that was judged; `on_the_network` what the network shows where an inventory decided."""


def render(report: Report) -> bytes:
    """As the findings for a spreadsheet are written: a heading row, then the versions, the riskiest first."""
    return written(COLUMNS, rows(report))


def rows(report: Report) -> Iterator[tuple[Value, ...]]:
    """The values under `COLUMNS`, a version a row, as the report has them."""
    of = findings_by_row(report)
    judged = [(row, found, risk_of(found)) for row in report.patches for found in (of(row),)]
    what_if = "; ".join(f"deny {rule}" for rule in report.what_if)
    for row, found, risk in sorted(judged, key=lambda each: urgency(each[0], each[2])):
        ids = ", ".join(each.id for each in found)
        head = (report.client, report.site, report.generated)
        yield (*head, *_fields(row, risk), ids, what_if)


def _fields(row: PatchRow, risk: int) -> tuple[Value, ...]:
    deadlines = ", ".join(f"{each.policy} {each.due}" for each in row.deadlines)
    return (
        row.host, row.transport, row.port, row.product, row.title, row.version, row.banner, ", ".join(row.seen_by),
        row.verdict, row.reason, why_unknown(row), row.rule, row.confidence, row.severity, risk or None, row.required,
        row.kb, row.fixed_at, row.age_days, row.released, row.latest, row.days_behind, row.eol, row.due,
        row.overdue_days, deadlines, ", ".join(row.kev), ", ".join(row.cves), row.epss,
        "yes" if row.remote_code else "no", ", ".join(row.exposed_to), row.source, without_padding(row.evidence),
    )  # fmt: skip


EXPORTER = Exporter(title="Versions for a spreadsheet (CSV)", suffix=".csv", render=render)
