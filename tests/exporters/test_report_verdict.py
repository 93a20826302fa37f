"""The sentence on the first page: what is green is proven."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from sample import sample_report

from scanner.exporters.page import lay_out
from scanner.model.report import CellRow, CellVerdict, CoverageRow, Report, ZoneRow

A, B = ("a", "b"), ("b", "a")


def report(
    cells: dict[tuple[str, str], CellVerdict], partly: tuple[tuple[str, str], ...] = (), **more: object
) -> Report:
    """Two zones, nothing found, tested in full but for `partly`."""
    changes: dict[str, object] = {
        "zones": tuple(ZoneRow(name, (), "user", None, 0) for name in ("a", "b")),
        "cells": tuple(CellRow(*key, verdict, 9, 0, int(verdict == "BREACHED"), "") for key, verdict in cells.items()),
        "coverage": tuple(CoverageRow(*key, "partial" if key in partly else "tested", "") for key in cells),
        "findings": (), "remediation": (), "patches": (), "hosts": (), "vantages": sample_report().vantages[:1],
        "summary": None,
    }  # fmt: skip
    changes["vantages"] = (msgspec.structs.replace(sample_report().vantages[0], zone="a"),)
    return msgspec.structs.replace(sample_report(), **(changes | more))


SAMPLE = sample_report()
TRUTHS = [
    ("all hold", report({A: "AS_POLICY", B: "AS_POLICY"}), "good", "matches your policy"),
    ("one breached", report({A: "BREACHED", B: "AS_POLICY"}), "bad", "gets through 1 of 2 boundaries"),
    ("one unproven", report({A: "UNPROVEN", B: "AS_POLICY"}), "warn", "only 1 of 2 boundaries is proven"),
    ("one untested", report({A: "UNTESTED", B: "AS_POLICY"}), "warn", "only 1 of 2 boundaries is proven"),
    ("none tested", report({A: "UNTESTED", B: "UNTESTED"}), "none", "No boundary"),
    ("one forgotten", report({A: "AS_POLICY"}), "warn", "only 1 of 2 boundaries is proven"),
    ("one in part", report({A: "AS_POLICY", B: "AS_POLICY"}, partly=(A,)), "warn", "1 of 2 boundaries had not all"),
    ("no coverage", report({A: "AS_POLICY", B: "AS_POLICY"}, coverage=()), "warn", "2 of 2 boundaries had not all"),
    ("dual-homed", report({A: "AS_POLICY", B: "AS_POLICY"}, findings=SAMPLE.findings[10:11]), "bad", "1 finding"),
    ("no fence", report({}, zones=(), vantages=()), "none", "nothing in this network is shown to be apart"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "tone", "words"), [truth[1:] for truth in TRUTHS], ids=[truth[0] for truth in TRUTHS]
)
def test_the_sentence(given: Report, tone: str, words: str) -> None:
    verdict = lay_out(given).verdict
    assert verdict.tone == tone
    assert words in verdict.sentence


@pytest.mark.parametrize(
    "pair", list(itertools.product(("BREACHED", "AS_POLICY", "UNPROVEN", "UNTESTED"), repeat=2)), ids=str
)
def test_green_only_where_all_is_proven(pair: tuple[CellVerdict, CellVerdict]) -> None:
    verdict = lay_out(report({A: pair[0], B: pair[1]})).verdict
    assert (verdict.tone == "good") == (pair == ("AS_POLICY", "AS_POLICY"))
    assert (verdict.tone == "bad") == ("BREACHED" in pair)


def test_the_details_name_what_matters() -> None:
    details = " ".join(lay_out(SAMPLE).verdict.details)
    assert "Practice database, Backups" in details
    assert "4 could not be proven either way and 5 were not tested" in details
    assert "4 lack fixes or support, and 3 could not be judged" in details
    assert "The scan from guest did not finish." in details
