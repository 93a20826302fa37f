"""The report as a workbook for Excel and LibreOffice: a sheet a table, with filters, and dates and numbers as such.

Text is stored as text, and guarded as in the CSV besides: a cell that is edited, or saved as CSV later, is no formula.
XlsxWriter writes it (`pip install "fencewalk[xlsx]"`).
"""

from __future__ import annotations

import datetime
import functools
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from scanner.errors import BadInput
from scanner.exporters import Exporter, csv, patches_csv
from scanner.exporters.csv import Value, cell
from scanner.exporters.verdict import boundaries, conclude, unfinished
from scanner.exporters.words import NOT_MEASURED, cell_code, without_padding
from scanner.model.base import SEVERITIES
from scanner.model.report import Report

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

MOST = 1_048_575
"""Rows of a sheet below its heading: Excel has no more. What is beyond goes into a further sheet."""
_WIDE = 60
_LOOKED_AT = 200
"""Rows by which a column's width is chosen."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FILLS = {
    "critical": "#F4B6B6", "high": "#F8D2B0", "medium": "#FBEBB0", "NON_COMPLIANT": "#F4B6B6",
    "END_OF_LIFE": "#F4B6B6", "BREACHED": "#F4B6B6", "UNKNOWN": "#FBEBB0", "UNPROVEN": "#FBEBB0",
    "AS_POLICY": "#C6E5C6", "UNTESTED": "#D9D9D9",
}  # fmt: skip
"""Behind a word, for the eye: the word says it all."""
_FILLED = frozenset({"severity", "verdict", "worst"})
_DAYS = frozenset({"assessed", "accepted_until", "fixed_at", "due", "released", "support_ends", "date", "until"})
"""Columns of days. A day in any other one is what somebody calls a thing: a version can look like one."""
_Rows = Iterable[tuple[Value, ...]]


def render(report: Report) -> bytes:
    """BadInput where XlsxWriter is missing. The same report gives the same bytes: the file is dated on its day."""
    try:
        from xlsxwriter import Workbook
    except ImportError:
        raise BadInput('xlsx: needs XlsxWriter, which is not installed; pip install "fencewalk[xlsx]"') from None
    out = io.BytesIO()
    book = Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    created = _day(report.generated) or datetime.date(1980, 1, 1)
    book.set_properties(
        {
            "title": cell(f"fencewalk: {report.client}, {report.site}"),
            "created": datetime.datetime(created.year, created.month, created.day),
        }
    )
    look = _Look(book)
    for name, columns, rows in _sheets(report):
        _write(look, name, columns, rows)
    book.close()
    return out.getvalue()


class _Look:
    """A workbook, and how its cells look."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.head: Format = book.add_format({"bold": True, "bg_color": "#DDE3EA", "bottom": 1})
        self.plain: Format = book.add_format({"valign": "top"})
        self.date: Format = book.add_format({"valign": "top", "num_format": "yyyy-mm-dd"})
        # Tables of a network say the same few words over and over.
        self.guarded = functools.lru_cache(1 << 14)(cell)
        self.fills = {word: book.add_format({"valign": "top", "bg_color": fill}) for word, fill in _FILLS.items()}


def _write(look: _Look, name: str, columns: tuple[str, ...], rows: _Rows, most: int = MOST) -> None:
    """The table in as many sheets as it needs, at least one."""
    left = iter(rows)
    for number in itertools.count(1):
        sheet = look.book.add_worksheet(name if number == 1 else f"{name} {number}")
        sheet.write_row(0, 0, columns, look.head)
        widths = [len(each) + 3 for each in columns]
        count = 0
        for row in itertools.islice(left, most):
            count += 1
            for column, value in enumerate(row):
                if value is None or value == "":
                    continue
                if not isinstance(value, str):
                    sheet.write_number(count, column, value, look.plain)
                    continue
                day = _day(value) if columns[column] in _DAYS else None
                if day is not None:
                    sheet.write_datetime(count, column, day, look.date)
                    continue
                text = look.guarded(value)
                fill = look.fills.get(value) if columns[column] in _FILLED else None
                sheet.write_string(count, column, text, fill or look.plain)
                if count <= _LOOKED_AT:
                    widths[column] = max(widths[column], min(len(text) + 1, _WIDE))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, max(width, 11))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(count, 1), len(columns) - 1)
        if count < most:
            return


def _day(text: str) -> datetime.date | None:
    """A day that Excel has: it begins with 1900, and its first weeks are a day out."""
    try:
        day = datetime.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day is not None and day.year > 1900 else None


def _sheets(report: Report) -> Iterator[tuple[str, tuple[str, ...], _Rows]]:
    yield "Summary", ("about", "value"), _summary(report)
    yield "Findings", csv.COLUMNS, csv.rows(report)
    yield "Versions", patches_csv.COLUMNS, patches_csv.rows(report)
    yield (
        "Plan",
        ("step", "title", "closes", "findings", "change"),
        (
            (number, row.title, len(row.closes), ", ".join(row.closes), row.change.replace("\n", "; "))
            for number, row in enumerate(report.remediation, 1)
        ),
    )
    yield (
        "Boundaries",
        ("from", "to", "verdict", "tested", "reached", "forbidden_reached", "reason", "not_proven_because"),
        (
            (row.from_, row.to, cell_code(row), row.tested, row.reached, row.forbidden_reached, row.reason, why)
            for row, why in boundaries(report)
        ),
    )
    yield (
        "Coverage",
        ("from", "to", "state", "reason"),
        ((row.from_, row.to, row.state, row.reason) for row in report.coverage),
    )
    yield (
        "Hosts",
        ("id", "zone", "addresses", "mac", "vendor", "names", "os", "device", "critical", "services", "software"),
        (
            (
                row.id, row.zone, ", ".join(row.addresses), row.mac, row.vendor, ", ".join(row.names), row.os,
                row.device, row.critical, len(row.services), len(row.software),
            )
            for row in report.hosts
        ),
    )  # fmt: skip
    yield (
        "Services",
        ("host", "transport", "port", "state", "service", "tls", "product", "title", "version", "revision",
         "distribution", "cpe", "evidence"),
        (
            (
                host.id, row.transport, row.port, row.state, row.service, "yes" if row.tls else "no", row.product,
                row.title, row.version, row.revision, row.distro, row.cpe, without_padding(row.evidence),
            )
            for host in report.hosts
            for row in host.services
        ),
    )  # fmt: skip
    yield (
        "Flows",
        ("from", "to", "address", "transport", "port", "verdict", "allowed", "reason", "state", "via", "evidence"),
        (
            (
                row.from_, row.to, row.address, row.transport, row.port, row.verdict, "yes" if row.allowed else "no",
                row.reason, row.state, row.via, without_padding(row.evidence),
            )
            for row in report.reachability
        ),
    )  # fmt: skip
    yield (
        "Controls",
        ("framework", "version", "id", "title", "state", "findings", "worst", "accepted", "basis"),
        (
            (
                row.framework, row.version, row.id, row.title, row.state, row.findings, row.worst, row.accepted,
                " ".join(row.basis),
            )
            for row in report.controls
        ),
    )  # fmt: skip
    yield (
        "Attestations",
        ("answer", "question", "statement", "owner", "date", "until", "state", "attachment"),
        (
            (row.answer, row.question, row.statement, row.owner, row.date, row.until, row.state, row.attachment)
            for row in report.attestations
        ),
    )
    yield (
        "Accepted",
        ("about", "owner", "reason", "approved_by", "until", "state", "findings"),
        (
            (row.about, row.owner, row.reason, row.approved_by, row.until, row.state, ", ".join(row.findings))
            for row in report.accepted
        ),
    )


def _summary(report: Report) -> Iterator[tuple[Value, ...]]:
    said = conclude(report)
    if report.what_if:
        yield NOT_MEASURED, "; ".join(f"deny {rule}" for rule in report.what_if)
    yield "client", report.client
    yield "site", report.site
    yield "assessed", report.generated
    yield "authorisation", report.authorization
    if report.tool is not None:
        yield "fencewalk", report.tool.version
        yield "newest fact of the baselines", report.tool.baselines
    yield "verdict", said.word
    yield "", said.sentence
    for each in said.details:
        yield "", each
    if report.summary is not None:
        yield "hosts", report.summary.hosts
        yield "services", report.summary.services
        for severity in reversed(SEVERITIES):
            yield f"open findings, {severity}", report.summary.findings.get(severity, 0)
        yield "accepted findings", report.summary.excepted
        for verdict, count in report.summary.cells.items():
            yield f"boundaries {verdict}", count
        for verdict, count in report.summary.patches.items():
            yield f"versions {verdict}", count
    for zone in unfinished(report):
        yield "not finished", f"the scan from {zone}"
    for row in report.vantages:
        what = f"{row.purpose} from {row.started} to {row.ended or 'its break'}, {row.address} on {row.interface}"
        yield f"session in {row.zone}", what
    for name in report.digests.__struct_fields__:
        yield f"digest of {name}", str(getattr(report.digests, name))


EXPORTER = Exporter(title="Workbook (XLSX)", suffix=".xlsx", render=render)
"""Office Open XML."""
