"""The workbook, read back by openpyxl: all that the tables of the report hold, and no cell that a spreadsheet runs."""

from __future__ import annotations

import csv as rfc4180
import datetime
import io
import sys
import zipfile
from typing import Any

import msgspec
import openpyxl
import pytest
from fence_sample import fence_report
from patch_sample import patch_report
from sample import FORMULA, sample_report
from xlsxwriter import Workbook

from scanner.errors import BadInput
from scanner.exporters import exporters
from scanner.exporters.csv import COLUMNS
from scanner.exporters.xlsx import _Look, _write
from scanner.model.report import Report

REPORTS = {"sample": sample_report(), "patches": patch_report(), "fence": fence_report()}


def book(report: Report) -> Any:
    return openpyxl.load_workbook(io.BytesIO(exporters()["xlsx"].render(report)))


def table(sheet: Any) -> list[dict[str, Any]]:
    heads, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in rows]


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_no_cell_is_a_formula_or_a_link_and_nothing_is_lost(report: Report) -> None:
    found = book(report)
    for sheet in found:
        for row in sheet.iter_rows():
            for each in row:
                assert each.data_type in ("s", "n", "d"), f"{sheet.title} {each.coordinate}: {each.value!r}"
                assert each.hyperlink is None
                assert not (each.data_type == "s" and each.value[:1] in tuple("=+-@")), each.value
    sizes = {sheet.title: sheet.max_row - 1 for sheet in found}
    assert sizes["Findings"] == len(report.findings)
    assert sizes["Versions"] == len(report.patches)
    assert sizes["Hosts"] == len(report.hosts)
    assert sizes["Services"] == sum(len(host.services) for host in report.hosts)
    assert sizes["Flows"] == len(report.reachability)
    assert sizes["Plan"] == len(report.remediation)
    assert sizes["Coverage"] == len(report.coverage)
    assert sizes["Accepted"] == len(report.accepted)


@pytest.mark.parametrize(("name", "sheet"), [("csv", "Findings"), ("patches-csv", "Versions")])
def test_a_sheet_says_what_the_csv_says(name: str, sheet: str) -> None:
    report = patch_report()
    text = exporters()[name].render(report).decode("utf-8-sig")
    want = list(rfc4180.DictReader(io.StringIO(text, newline="")))
    got = [{key: _plain(value) for key, value in row.items()} for row in table(book(report)[sheet])]
    assert got == want


def _plain(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    return "" if value is None else str(value)


def test_dates_and_numbers_are_such() -> None:
    rows = table(book(patch_report())["Versions"])
    row = next(each for each in rows if each["product"] == "openssh")
    assert row["due"] == datetime.datetime(2024, 7, 15)
    assert (row["overdue_days"], row["epss"], row["port"]) == (844, 0.42, 22)
    left = next(each for each in rows if each["product"] == "mariadb")
    assert left["overdue_days"] == -10


def test_a_version_that_looks_like_a_day_stays_text() -> None:
    patch = msgspec.structs.replace(sample_report().patches[0], version="2024-01-02", fixed_at="2024-02-30")
    (row,) = table(book(msgspec.structs.replace(sample_report(), patches=(patch,)))["Versions"])
    assert (row["version"], row["fixed_at"]) == ("2024-01-02", "2024-02-30")


def test_the_summary_says_the_verdict_and_what_is_only_supposed() -> None:
    rows = [tuple(row.values()) for row in table(book(sample_report())["Summary"])]
    assert ("verdict", "Separation fails") in rows
    assert ("not finished", "the scan from guest") in rows
    assert rows[0] == ("client", "Harbor Dental")
    supposed = table(book(msgspec.structs.replace(sample_report(), what_if=("guest -> * any",)))["Summary"])
    assert tuple(supposed[0].values()) == ("WHAT IF: not measured", "deny guest -> * any")


def test_a_boundary_that_is_no_pass_says_why() -> None:
    for row in table(book(sample_report())["Boundaries"]):
        if row["verdict"] in ("UNPROVEN", "UNTESTED"):
            assert row["not_proven_because"]


def test_the_heading_stays_and_filters() -> None:
    found = book(sample_report())["Findings"]
    assert found.freeze_panes == "A2"
    assert found.auto_filter.ref == f"A1:{found.cell(1, len(COLUMNS)).column_letter}{len(sample_report().findings) + 1}"


def test_what_a_sheet_cannot_hold_goes_into_the_next() -> None:
    out = io.BytesIO()
    workbook = Workbook(out, {"in_memory": True})
    _write(_Look(workbook), "Flows", ("number", "text"), ((number, FORMULA) for number in range(7)), most=3)
    workbook.close()
    found = openpyxl.load_workbook(out)
    assert found.sheetnames == ["Flows", "Flows 2", "Flows 3"]
    assert [row["number"] for sheet in found for row in table(sheet)] == list(range(7))
    assert {row["text"] for sheet in found for row in table(sheet)} == {f"'{FORMULA}"}


def test_nothing_in_it_is_of_this_day_or_this_machine() -> None:
    with zipfile.ZipFile(io.BytesIO(exporters()["xlsx"].render(sample_report()))) as packed:
        assert {each.date_time for each in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = packed.read("docProps/core.xml")
        assert b"2026-11-06T00:00:00Z" in core
        assert not [each for each in packed.namelist() if "external" in each.lower() or each.endswith(".bin")]


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(BadInput, match=r'^xlsx: needs XlsxWriter.*pip install "fencewalk\[xlsx\]"$'):
        exporters()["xlsx"].render(sample_report())
