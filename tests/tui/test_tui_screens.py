from __future__ import annotations

import re

import msgspec
import pytest
from sample import sample_report
from textual.pilot import Pilot
from textual.widgets import Input

from scanner.model.report import Report
from tui import details
from tui.app import FencewalkApp, screenshot_svg
from tui.grid import Matrix, layout
from tui.modals.keys import KeysModal
from tui.reader import Reader
from tui.screens.base import TABS, ReportScreen
from tui.table import WideTable
from tui.theme import PALETTES

SIZES = ((80, 24), (140, 45))
SAMPLE = sample_report()
EMPTY: Report = msgspec.structs.replace(
    SAMPLE, vantages=(), hosts=(), reachability=(), cells=(), patches=(), findings=(), remediation=(), coverage=(),
    zones=(), summary=None,
)  # fmt: skip


def shown(app: FencewalkApp) -> str:
    """The window's text as the terminal gets it, line by line."""
    width, height = app.size
    updates = app.screen._compositor.render_strips()
    return "\n".join(strip.text[:width] for strip in updates[:height])


async def screen(pilot: Pilot[None], key: str) -> str:
    await pilot.press(key)
    await pilot.pause()
    assert isinstance(pilot.app, FencewalkApp)
    return shown(pilot.app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_overview_says_the_verdict_first(size: tuple[int, int]) -> None:
    async with FencewalkApp(SAMPLE).run_test(size=size) as pilot:
        text = await screen(pilot, "1")
        for words in (
            "Harbor Dental", "main-office", "✕ Separation fails", "gets through 6 of 30",
            "◆ critical", "✕ NON_COMPLIANT", "? UNKNOWN", "2026-11-06", "1 Overview", "6 Patch",
        ):  # fmt: skip
            assert words in text, words
        await pilot.press("G")
        await pilot.pause()
        assert isinstance(pilot.app, FencewalkApp)
        end = shown(pilot.app)
        assert "nobody stood here" in end
        assert "61% of" in end
        assert "unfinished" in end


@pytest.mark.parametrize("size", SIZES)
async def test_hosts_are_listed_and_opened(size: tuple[int, int]) -> None:
    async with FencewalkApp(SAMPLE).run_test(size=size) as pilot:
        text = await screen(pilot, "2")
        assert "12 hosts" in text
        assert "10.20.20.10" in text
        text = await screen(pilot, "j")
        await pilot.press("j", "j", "j", "j", "enter")
        await pilot.pause()
        assert pilot.app.screen.query_one(Reader).has_focus
        text = shown(pilot.app)  # type: ignore[arg-type]
        assert "Practice database" in text
        assert "tcp/5432" in text
        assert ("12 hosts" in text) == (size[1] >= 34), "where there is no room the document takes the table's place"
        text = await screen(pilot, "escape")
        assert "12 hosts" in text
        assert pilot.app.screen.query_one(WideTable).has_focus


@pytest.mark.parametrize("size", SIZES)
async def test_every_cell_of_the_matrix_has_glyph_word_and_figures(size: tuple[int, int]) -> None:
    async with FencewalkApp(SAMPLE).run_test(size=size) as pilot:
        text = await screen(pilot, "4")
        assert "✕ BREACHED 6" in text
        tiles = text.split("from↓")[1]
        for word, count in (("AS_POLICY", 15), ("UNPROVEN", 4), ("UNTESTED", 5)):
            assert tiles.count(word) == count, word
        assert tiles.count("same zone") == 6
        assert "1/1200" in tiles
        assert "3/1200" in tiles


@pytest.mark.parametrize("size", SIZES)
async def test_the_matrix_is_walked_and_drilled_into(size: tuple[int, int]) -> None:
    async with FencewalkApp(SAMPLE).run_test(size=size) as pilot:
        await screen(pilot, "4")
        matrix = pilot.app.screen.query_one(Matrix)
        assert matrix.pair == ("front-desk", "servers"), "starts on the first breach"
        await pilot.press("down", "j", "down", "down", "left", "right")
        assert matrix.pair == ("guest", "servers")
        text = await screen(pilot, "enter")
        assert "4 of 15 findings" in text
        assert 'from="guest" to="servers"' in text
        text = await screen(pilot, "escape")
        assert "✕ BREACHED 6" in text
        await pilot.press("G", "g", "l")
        assert matrix.pair == ("front-desk", "clinical")


@pytest.mark.parametrize("size", SIZES)
async def test_gaps_show_evidence_path_remedy_and_replay(size: tuple[int, int]) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=size) as pilot:
        text = await screen(pilot, "5")
        assert "15 findings" in text
        assert "○ accepted" in text
        assert "! expired" in text
        await pilot.press("slash", *"kind:attack-path sev:high", "enter", "enter")
        await pilot.pause()
        body = str(app.screen.query_one(Reader).render())
        for words in ("PATH", "● front-desk", "│ tcp/443 (observed, exploit)", "┊ ", "REMEDY", "REPLAY", "CONTROLS"):
            assert words in body, words
        await pilot.press("y")
        assert app.clipboard == SAMPLE.findings[9].replay
        await pilot.press("escape", "escape", "g", "y")
        assert app.clipboard == SAMPLE.findings[0].replay


@pytest.mark.parametrize("size", SIZES)
async def test_patches_are_worst_first_with_reason_and_source(size: tuple[int, int]) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=size) as pilot:
        text = await screen(pilot, "6")
        places = [text.index(word) for word in ("✕ END_OF_LIFE", "✕ NON_COMPLIANT", "? UNKNOWN", "✓ COMPLIANT")]
        assert places == sorted(places)
        await pilot.press("enter")
        await pilot.pause()
        body = str(app.screen.query_one(Reader).render())
        for words in (
            "END_OF_LIFE",
            "8.0.3",
            "2025-03-04, 612 days ago",
            "CVE-2021-21974",
            "endoflife.date",
        ):
            assert words in body, words
        await pilot.press("y")
        assert app.clipboard == next(each.replay for each in SAMPLE.findings if each.kind == "known-exploited")
        await pilot.press("escape", "G", "y")
        assert app.clipboard != "", "a compliant product has nothing to replay, and the clipboard stays"


def test_a_remedy_of_several_lines_is_shown_as_lines_and_hops_join_where_they_meet() -> None:
    path = (
        "guest → clinical/10.0.0.9 tcp/22 (credential; observed)",
        "clinical -> servers/10.0.1.1 tcp/445 (inferred)",
    )
    row = msgspec.structs.replace(SAMPLE.findings[0], remedy="Deny it.\nnft add rule", path=path, title="a\nb")
    plain = details.finding(row).content(100).plain
    assert "\nDeny it.\nnft add rule\n" in plain
    assert "a\\x0ab" in plain
    drawn = plain.split("PATH\n")[1].split("\n")
    assert drawn[:3] == ["● guest", "│ tcp/22 (credential; observed)", "● clinical/10.0.0.9"]
    assert drawn[3:5] == ["┊ tcp/445 (inferred)", "◉ servers/10.0.1.1"]


async def test_a_filter_narrows_while_typing_stays_and_goes() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await screen(pilot, "5")
        await pilot.press("slash", *"sev>=")
        await pilot.pause()
        assert "sev>= takes info, low" in shown(app)
        await pilot.press(*"high")
        await pilot.pause()
        assert "9 of 15 findings" in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen.query_one(WideTable).has_focus
        assert "9 of 15 findings  filter: sev>=high" in shown(app)
        await pilot.press("slash", *" q1")
        assert app.screen.query_one(Input).value == "sev>=high q1", "letters of commands are letters in a filter"
        await pilot.press("escape")
        await pilot.pause()
        assert "15 findings" in shown(app)
        assert "filter" not in shown(app).splitlines()[2]


async def test_what_is_read_follows_the_filter() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await screen(pilot, "5")
        app.screen.query_one(Input).value = "kind:exposure"
        await pilot.pause(0.1)
        assert "Telnet on the core switch" in str(app.screen.query_one(Reader).render())
        app.screen.query_one(Input).value = "zzz"
        await pilot.pause(0.1)
        assert "Nothing is selected" in str(app.screen.query_one(Reader).render())


async def test_keys_are_explained_everywhere() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        for key, tab in ((1, "overview"), (4, "matrix"), (6, "patches"), (0, "export")):
            await screen(pilot, str(key % 10))
            await screen(pilot, "question_mark")
            assert isinstance(app.screen, KeysModal)
            assert f"ON {tab.upper()}" in app.screen.query_one(Reader).plain
            page = app.screen.query_one(Reader).plain
            assert "Copy the command that reproduces" in page
            assert "Jump to a host" in page
            await pilot.press("escape")
            assert isinstance(app.screen, ReportScreen)
            assert tab == app.screen.TAB


@pytest.mark.parametrize("size", [(80, 24), (59, 40), (100, 14)])
async def test_q_quits_and_a_small_window_says_so(size: tuple[int, int]) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=size) as pilot:
        text = await screen(pilot, "4")
        small = size[0] < 60 or size[1] < 15
        assert ("Terminal too small" in text) == small
        assert ("BREACHED" in text) != small
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running or app._exit


async def test_growing_and_shrinking_the_window() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await screen(pilot, "5")
        for width, height in ((40, 10), (140, 45), (60, 15)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            small = width < 60 or height < 15
            assert ("Terminal too small" in shown(app)) == small
            assert ("15 findings" in shown(app)) != small


async def test_an_empty_report_shows_no_pass_anywhere() -> None:
    app = FencewalkApp(EMPTY)
    async with app.run_test(size=(80, 24)) as pilot:
        for key in range(1, len(TABS) + 1):
            text = await screen(pilot, str(key % 10))
            await pilot.press("G", "enter", "y")
            assert "– No boundaries" in text
            assert not re.search(r"✓ (AS_POLICY|COMPLIANT) +[1-9]", text)
            assert "✓" not in text.splitlines()[0]


async def test_the_palette_offers_our_screens_and_only_our_themes() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await screen(pilot, "1")
        offered = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Overview", "Hosts", "Matrix", "Gaps", "Patches", "Theme", "Quit"} <= offered
        assert set(app.available_themes) == set(PALETTES)
        await pilot.press("ctrl+p", *"patc", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ReportScreen)
        assert app.screen.TAB == "patches"
        app.theme = "fencewalk-light"
        await pilot.pause()
        assert "#fcfdfe" in app.export_screenshot()


async def test_a_click_on_a_tab_shows_its_screen() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await screen(pilot, "1")
        await pilot.click("#tabs", offset=(30, 0))
        await pilot.pause()
        assert isinstance(app.screen, ReportScreen)
        assert app.screen.TAB == "matrix"


@pytest.mark.parametrize(
    ("names", "size"), [(2, (80, 20)), (6, (80, 20)), (6, (140, 40)), (30, (80, 20)), (1, (60, 10))]
)
def test_tiles_fill_the_window_and_never_cut_a_word(names: int, size: tuple[int, int]) -> None:
    shape = layout([f"zone-number-{each}" for each in range(names)], *size)
    assert shape.tile - 2 >= len("AS_POLICY")
    assert shape.margin + shape.tile * min(names, shape.columns) <= size[0]
    assert shape.line >= 2


async def test_a_matrix_of_many_zones_keeps_the_cursor_in_sight() -> None:
    zones = tuple(msgspec.structs.replace(SAMPLE.zones[0], name=f"zone{each:02}") for each in range(30))
    many: Report = msgspec.structs.replace(EMPTY, zones=zones)
    app = FencewalkApp(many)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await screen(pilot, "4")
        assert "zone00" in text
        assert "zone29" not in text
        text = await screen(pilot, "G")
        assert app.screen.query_one(Matrix).pair == ("zone29", "zone29")
        assert "zone29" in text
        assert "▌" in text


@pytest.mark.parametrize("tab", ["overview", "gaps"])
def test_screenshots_are_the_same_every_time(tab: str) -> None:
    first = screenshot_svg(SAMPLE, tab, (80, 24))
    assert first == screenshot_svg(SAMPLE, tab, (80, 24))
    assert first.startswith("<svg")
    assert "Harbor" in first


async def test_no_color_means_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        text = await screen(pilot, "5")
        assert "▌ ◆ critical" in text
        colours = {
            (segment.style.color and segment.style.color.name, segment.style.bgcolor and segment.style.bgcolor.name)
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
        }
        assert colours <= {("default", "default"), (None, None)}, colours
