"""Every version as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io

import msgspec
from patch_sample import patch_report
from sample import FORMULA

from scanner.exporters.patches_csv import COLUMNS, EXPORTER


def rows() -> list[dict[str, str]]:
    text = EXPORTER.render(patch_report()).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_one_row_a_version_the_riskiest_first_and_none_left_out() -> None:
    found = rows()
    assert len(found) == len(patch_report().patches)
    assert [row["product"] for row in found[:3]] == ["esxi", "openssh", "mariadb"]
    assert found[-1]["verdict"] == "COMPLIANT"
    assert all(set(row) == set(COLUMNS) and None not in row.values() for row in found)


def test_values_of_a_row() -> None:
    row = rows()[1]
    assert (row["version"], row["on_the_network"], row["seen_by"]) == (
        "9.2p1-2+deb12u2", "9.2p1-2+deb12u1", "network, inventory",
    )  # fmt: skip
    assert (row["rule"], row["confidence"], row["risk"], row["days_behind"]) == (
        "distribution-fix",
        "high",
        "71",
        "900",
    )
    assert row["deadlines"] == "cyber-essentials 2024-07-15"
    assert row["findings"] == "outdated:-:servers/10.20.20.10:tcp/22"
    assert row["source"].endswith("(read 2026-11-03)")


def test_why_it_cannot_be_known_is_a_sentence() -> None:
    unknown = [row for row in rows() if row["verdict"] == "UNKNOWN"]
    assert unknown
    assert all(row["missing"].endswith(".") for row in unknown)


def test_no_field_is_a_formula() -> None:
    first = patch_report().patches[0]
    hostile = msgspec.structs.replace(first, version=FORMULA, banner=FORMULA, evidence=FORMULA, exposed_to=(FORMULA,))
    report = msgspec.structs.replace(patch_report(), patches=(hostile,))
    text = EXPORTER.render(report).decode("utf-8-sig")
    assert text.count("'" + FORMULA) == 4
    assert f'"{FORMULA}' not in text


def test_a_what_if_is_no_result() -> None:
    report = msgspec.structs.replace(patch_report(), what_if=("guest -> servers any",))
    assert EXPORTER.render(report).count(b"deny guest -> servers any") == len(report.patches)
