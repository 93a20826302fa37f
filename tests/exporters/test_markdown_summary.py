"""The summary in Markdown, read by markdown-it as GitHub reads it: tables, and nothing that the network wrote lives."""

from __future__ import annotations

import msgspec
import pytest
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from patch_sample import patch_report
from sample import ACCEPTED, HOSTILE, sample_report
from tables import for_every

from scanner.exporters import exporters
from scanner.exporters.markdown import MOST_FINDINGS, MOST_ZONES, code, text
from scanner.model.report import Report, ZoneRow, is_open
from scanner.model.text import visible

REPORTS = {"sample": sample_report(), "patches": patch_report(), "fence": fence_report()}
GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})
OURS = {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
"""The tokens within a line that we write ourselves."""


def written(report: Report) -> str:
    return exporters()["markdown"].render(report).decode()


def inside(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def shown(markdown: str) -> str:
    """What a reader sees of one line."""
    return "".join(token.content for token in inside(GITHUB.parse(markdown)))


def tables(markdown: str) -> list[list[list[str]]]:
    found: list[list[list[str]]] = []
    tokens = GITHUB.parse(markdown)
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found[-1][-1].append("".join(child.content for child in tokens[at + 1].children or ()))
    return found


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_nothing_but_text_and_code_stands_in_it(report: Report) -> None:
    tokens = GITHUB.parse(written(report))
    assert {child.type for child in inside(tokens)} <= OURS
    assert not {"html_block", "fence", "code_block", "hr"} & {token.type for token in tokens}
    for found in tables(written(report)):
        assert len({len(row) for row in found}) == 1


HARD = [
    *HOSTILE, "![x](http://evil.example/p.png)", "[a](javascript:alert(1))", "<img src=x>", "@octocat", "see #12",
    "http://evil.example", "www.evil.example", "a|b", "`a|b`", "a\\|b", "# no heading", "- no list", "+ no", "* no",
    "12. no list", "3) no", "> no quote", "***", "---", "===", "~~~", "```x", "&lt;b&gt;", "a_b_c", "$x$", "^x", "a`b",
    "``", " x ", "|", "\\", "\\`x`", "a@b.example", "xmpp:a@b", "GH-1", "mailto:a@b.example", "<!-- x", "[^1]: note",
    "[x]: /url", "\t# x", "    code",
]  # fmt: skip


FRAMES = ("{}", "- {}", "1. {}", "# {}", "> {}", "| a | b |\n| --- | --- |\n| {} | 2 |")


@for_every("value", HARD)
@for_every("frame", FRAMES, ids=["paragraph", "list", "numbered", "heading", "quote", "table"])
def test_a_hostile_word_stays_a_word(value: str, frame: str) -> None:
    safe(value, frame, text(value))
    safe(value, frame, code(value))


@settings(max_examples=150)
@given(st.text(alphabet="ab 1.@#:/\\`*_[]()<>|~&!$^=+-{}\"'w", max_size=24))
def test_no_text_becomes_markup(value: str) -> None:
    for frame in ("{}", "- {}", "1. {}", "> {}"):
        safe(value, frame, text(value))
        safe(value, frame, code(value))


def safe(value: str, frame: str, escaped: str) -> None:
    if frame.startswith("|") and escaped.startswith("`"):
        escaped = escaped.replace("|", "¦")
    tokens = GITHUB.parse(frame.format(escaped))
    assert {child.type for child in inside(tokens)} <= {"text", "code_inline"}
    blocks = {token.type for token in tokens}
    assert not {"html_block", "fence", "hr"} & blocks
    assert blocks == {token.type for token in GITHUB.parse(frame.format("plain"))} or not value.strip()
    if not frame.startswith("|"):
        assert shown(frame.format(escaped)).split() == visible(value).split()


@pytest.mark.parametrize("value", ["@octocat", "see #12", "http://evil.example", "www.evil.example", "a@b.example"])
def test_what_a_page_would_make_a_link_or_a_mention_of_stands_in_code(value: str) -> None:
    assert [token.type for token in inside(GITHUB.parse(text(value)))] == ["code_inline"]


def test_the_open_findings_the_worst_first() -> None:
    report = patch_report()
    rows = next(found for found in tables(written(report)) if found[0][0] == "severity")
    ids = [row[-1] for row in rows[1:]]
    assert sorted(ids) == sorted(each.id for each in report.findings if is_open(each))
    severities = [("critical", "high", "medium", "low", "info").index(row[0]) for row in rows[1:]]
    assert severities == sorted(severities)


def test_what_is_left_out_is_counted() -> None:
    one = sample_report().findings[0]
    many = tuple(msgspec.structs.replace(one, id=f"x-{number}") for number in range(MOST_FINDINGS + 7))
    found = written(msgspec.structs.replace(sample_report(), findings=many))
    assert "And 7 more findings." in found
    assert f"{MOST_FINDINGS + 7} critical." in found


def test_the_matrix_of_a_large_site_is_a_list() -> None:
    small = written(sample_report())
    assert "from ↓ to →" in small
    zones = tuple(ZoneRow(f"z{number}", (), "user", None, 1) for number in range(MOST_ZONES + 1))
    large = written(msgspec.structs.replace(sample_report(), zones=(*sample_report().zones, *zones)))
    assert "from ↓ to →" not in large
    breached = sum(cell.verdict == "BREACHED" for cell in sample_report().cells)
    assert f"{breached} boundaries of " in large


def test_what_was_not_tested_is_no_pass_and_says_why() -> None:
    report = sample_report()
    rows = next(found for found in tables(written(report)) if found[0] == ["from", "to", "state", "because"])
    found = {(row[0], row[1]) for row in rows[1:]}
    loose = {(cell.from_, cell.to) for cell in report.cells if cell.verdict in ("UNPROVEN", "UNTESTED")}
    assert loose
    assert loose <= found
    assert "Every boundary was tested in full." not in written(report)
    nothing = written(msgspec.structs.replace(report, vantages=(), zones=(), cells=(), coverage=(), hosts=()))
    assert "No scan stands behind this report." in nothing


def test_what_is_accepted_is_not_open_and_a_what_if_says_so() -> None:
    report = sample_report()
    accepted = tuple(msgspec.structs.replace(each, exception=ACCEPTED) for each in report.findings)
    assert "None is open." in written(msgspec.structs.replace(report, findings=accepted))
    assert "Lin" in written(patch_report())
    supposed = written(msgspec.structs.replace(report, what_if=("guest -> * any",)))
    assert "**WHAT IF: not measured**: `deny guest -> * any`" in supposed
