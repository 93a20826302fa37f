"""The sentence on the first page: what is green is proven."""

from __future__ import annotations

import itertools
import re

import msgspec
import pytest
from sample import sample_report
from tables import for_every

from scanner.cli._summary import summary
from scanner.exporters.html import render
from scanner.exporters.page import lay_out
from scanner.exporters.verdict import conclude
from scanner.model.report import CellRow, CellVerdict, CoverageRow, ExceptionRow, Report, ZoneRow
from tui import overview

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
EXPOSED = tuple(each for each in SAMPLE.findings if each.kind == "exposure" and each.exception is None)[:1]
ACCEPTED = (
    msgspec.structs.replace(EXPOSED[0], exception=ExceptionRow("J. Ortiz", "known", "A. Lee", "2027-01-01", False)),
)
CUT = msgspec.structs.replace(SAMPLE.vantages[0], zone="a", started="2026-11-05T09:00:00Z", complete=False)
DONE = msgspec.structs.replace(CUT, started="2026-11-06T09:00:00Z", complete=True)
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
    ("something else open", report({A: "AS_POLICY", B: "AS_POLICY"}, findings=EXPOSED), "warn", "1 finding about what"),
    ("that accepted", report({A: "AS_POLICY", B: "AS_POLICY"}, findings=ACCEPTED), "good", "matches your policy"),
    ("cut off", report({A: "AS_POLICY", B: "AS_POLICY"}, vantages=(CUT,)), "warn", "scan from a did not finish"),
    ("cut off, then done", report({A: "AS_POLICY", B: "AS_POLICY"}, vantages=(DONE, CUT)), "good", "matches"),
    ("no fence", report({}, zones=(), vantages=()), "none", "nothing in this network is shown to be apart"),
]  # fmt: skip


@for_every(("given", "tone", "words"), [truth[1:] for truth in TRUTHS], ids=[truth[0] for truth in TRUTHS])
def test_the_sentence(given: Report, tone: str, words: str) -> None:
    verdict = lay_out(given).verdict
    assert verdict.tone == tone
    assert words in verdict.sentence


@for_every("pair", list(itertools.product(("BREACHED", "AS_POLICY", "UNPROVEN", "UNTESTED"), repeat=2)), ids=str)
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


@for_every("given", [truth[1] for truth in TRUTHS], ids=[truth[0] for truth in TRUTHS])
def test_the_page_the_terminal_and_stdout_say_the_same(given: Report) -> None:
    verdict = conclude(given)
    said = f"{verdict.glyph} {verdict.word}. {verdict.sentence}"
    page = render(given).decode()
    stamp, sentence = (
        re.search(rf'<p class="{name}">(.*?)</p>', page, re.DOTALL) for name in ("stamp", "sentence")
    )  # fmt: skip
    assert stamp is not None
    assert sentence is not None
    assert f"{verdict.glyph} {verdict.word}" == re.sub("<[^>]*>", "", stamp[1])
    assert verdict.sentence == sentence[1]
    assert said in overview.verdict(given).content(400).plain
    assert said in " ".join(summary(given, False, 160).split())


@pytest.mark.parametrize(
    ("generated", "scanned", "says"),
    [
        ("2026-11-05", ("2026-11-05",), "Judged as of 5 November 2026."),
        ("2026-11-20", ("2026-11-05",), "Judged as of 20 November 2026, by scans of 5 November 2026."),
        ("2026-11-20", ("2026-11-05", "2026-11-07"), "by scans of 5 November 2026 to 7 November 2026."),
        ("2026-11-20", ("2026-11-22",), "before the last scan (22 November 2026): deadlines and the end of support"),
        ("2026-11-20", (), "Judged as of 20 November 2026."),
    ],
)  # fmt: skip
def test_the_day_that_it_is_judged_as_of_is_said_on_the_cover_and_with_the_method(
    generated: str, scanned: tuple[str, ...], says: str
) -> None:
    vantages = tuple(msgspec.structs.replace(CUT, started=f"{day}T09:00:00Z", ended=None) for day in scanned)
    given = msgspec.structs.replace(SAMPLE, generated=generated, vantages=vantages)
    assert says in lay_out(given).judged
    cover, _, method = render(given).decode().partition('<section id="method"')
    assert says in cover
    assert says in method
