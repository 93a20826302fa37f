from __future__ import annotations

import csv
import io

import msgspec
import pytest
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from patch_sample import patch_report
from sample import FORMULA, sample_report
from tables import for_every

from scanner.exporters.csv import COLUMNS, EXPORTER, cell
from scanner.exporters.words import without_padding


def rows() -> list[dict[str, str]]:
    text = EXPORTER.render(sample_report()).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_one_row_a_finding_with_every_column() -> None:
    found = rows()
    assert [row["id"] for row in found] == [finding.id for finding in sample_report().findings]
    assert all(set(row) == set(COLUMNS) and None not in row.values() for row in found)


def test_values_of_a_row() -> None:
    row = next(row for row in rows() if row["severity"] == "medium" and row["accepted_until"])
    assert (row["client"], row["from"], row["to"], row["transport"], row["port"]) == (
        "Harbor Dental", "guest", "clinical", "tcp", "8080",
    )  # fmt: skip
    assert (row["accepted_until"], row["accepted_expired"], row["accepted_by"]) == ("2027-01-31", "no", "Dr. Lin")
    path = next(row["path"] for row in rows() if row["kind"] == "attack-path")
    assert path.startswith("1. guest -> clinical")
    assert "  2. clinical/" in path


def test_columns_that_were_there_first_stay_where_they_were() -> None:
    assert COLUMNS[:24] == (
        "client", "site", "assessed", "id", "severity", "kind", "title", "host", "from", "to", "transport", "port",
        "path", "remedy", "replay", "evidence", "controls", "accepted_until", "accepted_expired", "accepted_by",
        "accepted_reason", "approved_by", "cut_by", "what_if",
    )  # fmt: skip


def test_a_finding_about_software_has_its_version_deadline_and_risk() -> None:
    text = EXPORTER.render(patch_report()).decode("utf-8-sig")
    found = {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)}
    row = next(row for row in found.values() if row["product"] == "openssh")
    assert (row["risk"], row["version"], row["required"]) == ("71", "9.2p1-2+deb12u2", "1:9.2p1-2+deb12u3")
    assert (row["due"], row["overdue_days"], row["days_late"], row["epss"]) == ("2024-07-15", "844", "858", "0.42")
    assert row["exposed_to"] == "guest, front-desk"
    assert "+12" in row["risk_why"]
    left = next(row for row in found.values() if row["product"] == "mariadb")
    assert left["overdue_days"] == "-10", "a number, which no spreadsheet takes for a formula"
    gap = next(row for row in found.values() if row["kind"] == "segmentation-gap")
    assert {gap[name] for name in COLUMNS[27:]} == {""}


def test_excel_and_libreoffice_read_it() -> None:
    written = EXPORTER.render(sample_report())
    assert written.startswith(b"\xef\xbb\xbf")
    lines = written.split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in b"".join(lines), "no line break but CRLF"
    assert all(line.startswith((b'"', b'\xef\xbb\xbf"')) for line in lines[:-1]), "every field is quoted"


FORMULAS = [
    (FORMULA, "'" + FORMULA),
    ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("  =1", "'  =1"), ('"=1', "'\"=1"), (" '\"+1", "' '\"+1"),
    ("＝1", "'＝1"), ("a;=1", "a;'=1"), ("a; -1", "a;' -1"), ("\t=1", "\\x09=1"), ("\r=1", "\\x0d=1"),
    ("\x00=1", "\\x00=1"),
    ("a=1", "a=1"), ("a -b", "a -b"), ("tcp/22", "tcp/22"), ("", ""),
]  # fmt: skip


@for_every(("text", "written"), FORMULAS)
def test_no_field_is_a_formula(text: str, written: str) -> None:
    assert cell(text) == written


@settings(max_examples=100)
@given(st.text(alphabet=" \t\r\n;'\"=+-@a\x00\u202e,", max_size=12))
def test_no_text_becomes_a_formula(text: str) -> None:
    for field in cell(text).split(";"):
        assert field.strip(' \t\r\n"')[:1] not in set("=+-@\t\r")


def test_numbers_and_nothing() -> None:
    assert (cell(5432), cell(None)) == ("5432", "")


def test_what_cuts_a_finding_and_what_is_only_supposed() -> None:
    report = fence_report()
    text = EXPORTER.render(msgspec.structs.replace(report, what_if=("guest -> * any",))).decode("utf-8-sig")
    found = {row["id"]: row for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)}
    closed = report.cut.denials[1].closes if report.cut else ()
    assert closed
    assert {id_ for id_, row in found.items() if row["cut_by"] == "guest → servers"} == set(closed)
    assert {row["what_if"] for row in found.values()} == {"deny guest -> * any"}
    assert {row["what_if"] for row in rows()} == {""}


@pytest.mark.parametrize("zero", ["\x00", "\\x00"], ids=["raw", "escaped"])
def test_long_padding_is_shortened_and_counted(zero: str) -> None:
    assert without_padding(f"SMB{zero * 96}end") == "SMB\\x00… 96 bytes of \\x00 …end"
    assert without_padding(f"SMB{zero * 8}end") == f"SMB{zero * 8}end"
