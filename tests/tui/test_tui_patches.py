"""The Patches screen, the register and the plain words of the overview, at both sizes that are promised."""

from __future__ import annotations

import pytest
from patch_sample import REGISTER, patch_report
from sample import SCRIPT, sample_report
from textual.pilot import Pilot

from scanner.exporters.patch_words import findings_by_row, in_short, risk_of, urgency
from tui import overview, patched, rows
from tui.app import FencewalkApp
from tui.index import RowIndex, finish
from tui.query import QueryError, parse, sort_key
from tui.reader import Reader
from tui.table import WideTable

SIZES = ((80, 24), (140, 45))
REPORT = patch_report()


def shown(app: FencewalkApp) -> str:
    width, height = app.size
    return "\n".join(strip.text[:width] for strip in app.screen._compositor.render_strips()[:height])


async def screen(pilot: Pilot[None], key: str) -> str:
    await pilot.press(key)
    await pilot.pause()
    assert isinstance(pilot.app, FencewalkApp)
    return shown(pilot.app)


def listed() -> tuple[rows.Table, list[str]]:
    of = findings_by_row(REPORT)
    judged = sorted(((row, of(row)) for row in REPORT.patches), key=lambda each: urgency(each[0], risk_of(each[1])))
    return rows.patches(judged), [row.product for row, _ in judged]


@pytest.mark.parametrize("size", SIZES)
async def test_the_riskiest_is_first_and_its_document_holds_all_of_it(size: tuple[int, int]) -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=size) as pilot:
        text = await screen(pilot, "6")
        assert "RISK" in text
        assert text.index("esxi") < text.index("openssh") < text.index("mariadb")
        await pilot.press("j", "enter")
        await pilot.pause()
        body = str(app.screen.query_one(Reader).render())
    for words in (
        "✕ NON_COMPLIANT", "high confidence", "risk 71",
        "inventory     9.2p1-2+deb12u2", "network       9.2p1-2+deb12u1",
        "1:9.2p1-2+deb12u3", "858 days ago", "900 days behind", "guest, front-desk", "844 days overdue",
        "Cyber Essentials: due 2024-07-15", "42%", "CVE-2024-6387", "reached from guest (untrusted)",
        "SSH-2.0-OpenSSH_9.2p1", "security-tracker.debian.org", "rule distribution-fix", "REPLAY",
    ):  # fmt: skip
        assert words in body, words


@pytest.mark.parametrize(
    ("query", "products"),
    [
        ("risk>=71", {"esxi", "openssh"}),
        ("risk<=20", {"mariadb"}),
        ("late>=820", {"openssh", "mariadb"}),
        ("kev:yes", {"esxi"}),
        ("kev:CVE-2021-21974", {"esxi"}),
        ("overdue:yes", {"esxi", "openssh"}),
        ("exposed:guest", {"openssh"}),
        ("verdict:unknown host:10.20.20.10", {"postgresql"}),
        ("rule:distribution-life", {"nginx"}),
        ("sev>=high overdue:yes kev:no", {"openssh"}),
        ("due:left", {"mariadb"}),
    ],
)
def test_filters(query: str, products: set[str]) -> None:
    (columns, cells), names = listed()
    kept = finish(RowIndex(cells, columns).select(range(len(cells)), parse(query, columns)))
    assert {names[at] for at in kept} == products


@pytest.mark.parametrize("query", ["risk>=high", "late>=", "due>=3"])
def test_what_is_no_number_is_said(query: str) -> None:
    columns = listed()[0][0]
    with pytest.raises(QueryError, match=query.partition(">=")[0]):
        parse(query, columns)


def test_numbers_sort_by_size_and_deadlines_by_day() -> None:
    (columns, _), _ = listed()
    index = {column.key: column for column in columns}
    assert sorted(["9", "", "100", "20"], key=sort_key(index["risk"])) == ["", "9", "20", "100"]
    assert sorted(["9 over", "", "3 left", "100 over", "20 left"], key=sort_key(index["due"])) == [
        "", "20 left", "3 left", "9 over", "100 over",
    ]  # fmt: skip


def test_the_limits_name_inventories_of_no_host_first() -> None:
    plain = overview.limits(REPORT).content(300).plain
    assert plain.index("of no host that is known") < plain.index("servers.csv")


async def test_sorting_by_risk_starts_with_the_worst() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(140, 45)) as pilot:
        await screen(pilot, "6")
        await pilot.press("s")
        table = app.screen.query_one(WideTable)
        assert table.sorted_down
        assert table.rows[table.view[0]][0] == "88"


@pytest.mark.parametrize("size", SIZES)
async def test_the_overview_says_it_in_plain_words_with_the_register(size: tuple[int, int]) -> None:
    app = FencewalkApp(REPORT)
    seen = ""
    async with app.run_test(size=size) as pilot:
        await screen(pilot, "1")
        for _ in range(12):
            seen += shown(app)
            await pilot.press("pagedown")
            await pilot.pause()
    for words in ("4 products are provably outdated", "does nothing: no finding fits it", "product esxi", "Register"):
        assert words in seen, words


def test_the_limits_name_a_stale_feed_before_the_fresh_ones() -> None:
    plain = overview.limits(REPORT).content(300).plain
    assert "97 days old, too old to acquit (limit 30)" in plain
    assert plain.index("97 days old") < plain.index("of 2026-11-04, 2 days old")


def test_every_sentence_and_every_entry_is_in_the_documents() -> None:
    short = " ".join(patched.short(REPORT).content(300).plain.split())
    for line in in_short(REPORT):
        assert " ".join(line.text.split()) in short
    register = patched.register(REPORT).content(300).plain
    for entry in REGISTER:
        assert entry.about in register
    assert register.index("does nothing") < register.index("holds"), "what does nothing comes first"


def test_hostile_text_is_text() -> None:
    assert SCRIPT in patched.short(REPORT).content(300).plain


def test_a_report_of_an_earlier_program_is_shown() -> None:
    plain = patched.patch(sample_report().patches[0], sample_report()).content(100).plain
    assert "9.2p1-2+deb12u2" in plain
    assert "DEADLINES" not in plain
    assert "rule" not in plain
