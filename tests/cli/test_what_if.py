"""`fencewalk assess --deny`: what a rule would close, leave and break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typed import Run, sentence, visited

TODAY = ("--today", "2026-11-20")


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site folder with harbor-dental in its store."""
    return visited("harbor-dental", tmp_path_factory.mktemp("harbor"))


def test_it_prints_what_vanishes_what_stays_and_what_breaks(harbor: Path, run: Run) -> None:
    code, out, _ = run(
        "assess", harbor, *TODAY, "--deny", "front-desk -> servers tcp/445", "--deny", "clinical->management"
    )
    parts = {each.splitlines()[0]: each.splitlines()[1:] for each in out.strip().split("\n\n")}
    assert code == 0
    assert parts["Would break 1 flow that policy allows"] == ["  front-desk → servers tcp/445 of 10.20.20.11"]
    closed = next(rows for title, rows in parts.items() if title.startswith("Would close "))
    assert any("front-desk → servers: tcp/445 (microsoft-ds) of Backups" in each for each in closed)
    assert any("clinical reaches Practice database in 2 hops" in each for each in closed)
    left = next(
        rows for title, rows in parts.items() if title.startswith("Would leave ") and "about the fence" in title
    )
    assert any("guest → servers: tcp/5432" in each for each in left)
    assert not set(closed) & set(left)


def test_a_rule_that_stops_nothing_says_so(harbor: Path, run: Run) -> None:
    code, out, _ = run("assess", harbor, *TODAY, "--deny", "guest -> voice tcp/9")
    assert code == 0
    assert "They would close and break nothing" in out
    assert "Would close" not in out


def test_reports_and_the_exit_code_are_of_the_fence_as_it_would_be(harbor: Path, run: Run, tmp_path: Path) -> None:
    page = tmp_path / "what-if.html"
    code, out, _ = run("assess", harbor, *TODAY, "--deny", "* -> *", "-o", "json=-", "-o", f"html={page}")
    report = json.loads(out)
    assert code == 0
    assert report["what_if"] == ["* -> * any"]
    assert not [each for each in report["findings"] if each["kind"] in ("segmentation-gap", "attack-path")]
    assert "What if: " in page.read_text(encoding="utf-8")
    assert "deny * -&gt; * any" in page.read_text(encoding="utf-8")


def test_the_report_s_own_cut_leaves_no_path(harbor: Path, run: Run) -> None:
    _, out, _ = run("assess", harbor, *TODAY, "-o", "json=-")
    was = json.loads(out)
    assert was["what_if"] == []
    denials = [f"{each['from']} -> {each['to']} {' '.join(each['services'])}" for each in was["cut"]["denials"]]
    words = [word for rule in denials for word in ("--deny", rule)]
    _, out, _ = run("assess", harbor, *TODAY, *words, "-o", "json=-")
    would = json.loads(out)
    assert (would["paths"], would["cut"]) == ([], None)
    closed = {each for denial in was["cut"]["denials"] for each in denial["closes"]}
    assert closed
    assert not closed & {each["id"] for each in would["findings"]}


@pytest.mark.parametrize(
    ("rule", "because"),
    [
        ("guest servers", "FROM -> TO"),
        ("gest -> servers", "did you mean 'guest'?"),
        ("guest -> servers tcp/x", "is no service"),
        ("guest -> servers http", "'http' is no service: write tcp/80"),
    ],
)
def test_a_rule_that_cannot_be_read_is_bad_input(harbor: Path, run: Run, rule: str, because: str) -> None:
    code, out, err = run("assess", harbor, "--deny", rule)
    assert (code, out) == (2, "")
    assert because in sentence(err)
