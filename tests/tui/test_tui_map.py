"""The drawings in the program: map, path and evidence in windows, the Matrix and the Overview around them."""

from __future__ import annotations

import msgspec
import pytest
from fence_sample import fence_report
from sample import sample_report
from textual.pilot import Pilot

from scanner.model.report import Report
from tui import proof, ways
from tui.app import FencewalkApp
from tui.grid import Matrix
from tui.modals.evidence import EvidenceModal
from tui.modals.path import PathModal
from tui.modals.zones import ZonesModal
from tui.reader import Reader
from tui.screens.gaps import GapsScreen
from tui.screens.matrix import MatrixScreen
from tui.screens.overview import OverviewScreen, Page

SAMPLE, FENCE = sample_report(), fence_report()
SIZES = ((80, 24), (140, 45))


def shown(pilot: Pilot[None]) -> str:
    width, height = pilot.app.size
    return "\n".join(strip.text[:width] for strip in pilot.app.screen._compositor.render_strips()[:height])


async def press(pilot: Pilot[None], *keys: str) -> str:
    """Keys one by one: what a key opens is there before the next, however busy the machine is."""
    for key in keys:
        await pilot.press(key)
        for _ in range(20):
            await pilot.pause()
            readers = pilot.app.screen.query(Reader)
            if not readers or str(readers.first().render()):
                break
    return shown(pilot)


def reader(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one(Reader).render())


@pytest.mark.parametrize("size", SIZES)
async def test_the_map_is_walked_a_zone_opened_and_taken_to_the_matrix(size: tuple[int, int]) -> None:
    async with FencewalkApp(SAMPLE).run_test(size=size) as pilot:
        await press(pilot, "1", "m")
        assert isinstance(pilot.app.screen, ZonesModal)
        assert "▸front-desk" in reader(pilot)
        await press(pilot, "right", "tab")
        assert "▸servers" in reader(pilot)
        await press(pilot, "left", "left", "left")
        assert "▸management" in reader(pilot), "round and round"
        await press(pilot, "enter")
        assert "nobody stood here" in reader(pilot)
        await press(pilot, "left")
        assert "╭─ guest" in reader(pilot), "from zone to zone, near as well"
        await press(pilot, "escape")
        assert "▸guest" in reader(pilot)
        await press(pilot, "enter", "enter")
        assert isinstance(pilot.app.screen, MatrixScreen)
        assert pilot.app.screen.query_one(Matrix).pair == ("guest", "servers"), "its worst boundary"
        await press(pilot, "m")
        assert "▸guest" in reader(pilot), "begins where the cursor was"
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, MatrixScreen)


@pytest.mark.parametrize("zones", [0, 1])
async def test_a_site_of_one_zone_or_none_has_a_map_too(zones: int) -> None:
    report: Report = msgspec.structs.replace(
        SAMPLE, zones=SAMPLE.zones[:zones], cells=(), coverage=(), hosts=(), vantages=(), findings=(), reachability=()
    )
    async with FencewalkApp(report).run_test(size=(140, 45)) as pilot:
        assert "How the zones connect" not in await press(pilot, "1")
        await press(pilot, "m", "right", "enter", "left", "escape", "m")
        await press(pilot, "escape", "m", "enter", "enter", "4", "m", "q")
        assert isinstance(pilot.app.screen, MatrixScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_the_zones_are_drawn_on_the_first_page_where_there_is_room(size: tuple[int, int]) -> None:
    async with FencewalkApp(SAMPLE).run_test(size=size) as pilot:
        text = await press(pilot, "1")
        wide = size[0] >= 110
        assert ("How the zones connect" in text) == wide
        assert ("━►┥" in text) == wide


async def test_a_new_report_is_taken_and_the_first_page_stays_where_it_was_read() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await press(pilot, "1", "j", "j", "j")
        page = pilot.app.screen.query_one(Page)
        before = page.scroll_y
        assert before > 0
        screen = pilot.app.screen
        assert isinstance(screen, OverviewScreen)
        held = tuple(msgspec.structs.replace(each, verdict="AS_POLICY", forbidden_reached=0) for each in SAMPLE.cells)
        screen.take(msgspec.structs.replace(SAMPLE, cells=held, findings=()))
        await pilot.pause()
        assert page.scroll_y == before
        assert page.has_focus
        assert "✕ 3" not in shown(pilot)
        assert screen.query_one("#verdict").has_class("-green") is False
        assert screen.finding() is None


async def test_the_matrix_keeps_its_pair_when_the_report_changes() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4", "down", "down")
        screen = pilot.app.screen
        assert isinstance(screen, MatrixScreen)
        pair = screen.query_one(Matrix).pair
        fewer = tuple(each for each in SAMPLE.zones if each.name != "front-desk")
        rows = tuple(each for each in SAMPLE.cells if "front-desk" not in (each.from_, each.to))
        report = msgspec.structs.replace(
            SAMPLE, zones=fewer, cells=rows, coverage=(), findings=(), hosts=(), vantages=SAMPLE.vantages[1:]
        )
        screen.take(report)
        await pilot.pause()
        assert screen.query_one(Matrix).pair == pair
        screen.take(msgspec.structs.replace(report, zones=fewer[2:4], cells=(), vantages=()))
        await pilot.pause()
        assert screen.query_one(Matrix).pair == ("voice", "guest"), "gone: the first there is"


async def test_enter_goes_into_a_pair_to_its_findings_or_to_its_flows() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await press(pilot, "4", "enter")
        assert isinstance(pilot.app.screen, GapsScreen)
        await press(pilot, "escape")
        screen = pilot.app.screen
        assert isinstance(screen, MatrixScreen)
        assert screen.finding() is not None
        assert screen.query_one(Matrix).point("clinical", "servers")
        assert not screen.query_one(Matrix).point("clinical", "nowhere")
        await pilot.pause()
        row = screen.finding()
        assert row is not None
        assert row.kind == "dual-homed"
        screen.query_one(Matrix).point("servers", "voice")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, MatrixScreen)
        assert pilot.app.screen.query_one(Reader).has_focus
        await press(pilot, "escape")
        assert pilot.app.screen.query_one(Matrix).has_focus


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("report", [SAMPLE, FENCE], ids=["sample", "fence"])
async def test_evidence_and_path_open_on_a_finding_and_close(report: Report, size: tuple[int, int]) -> None:
    async with FencewalkApp(report).run_test(size=size) as pilot:
        await press(pilot, "5", "e")
        assert isinstance(pilot.app.screen, EvidenceModal)
        text = reader(pilot)
        for words in ("SEEN", "SYN-ACK, TTL 63", "FLOWS IT RESTS ON", "PROBED FROM", "REPLAY", "DIGESTS"):
            assert words in text, words
        await press(pilot, "y")
        assert pilot.app.clipboard == report.findings[0].replay
        await press(pilot, "Y")
        assert pilot.app.clipboard.startswith("◆ critical  Guests reach the practice database")
        assert "SEEN" in pilot.app.clipboard
        await press(pilot, "e")
        assert isinstance(pilot.app.screen, GapsScreen)
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, PathModal)
        assert "✕ against policy" in reader(pilot) or "┈✕┈ against policy" in reader(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, GapsScreen)


@pytest.mark.parametrize("report", [SAMPLE, FENCE], ids=["sample", "fence"])
def test_every_finding_has_evidence_and_a_way_or_the_reason_that_it_has_none(report: Report) -> None:
    for row in report.findings:
        for document in (ways.way(row, report), proof.document(row, report)):
            plain = document.content(100).plain
            assert all(line.isprintable() for line in plain.split("\n")), row.id
        way = ways.way(row, report).content(100).plain
        assert any(words in way for words in ("╭", "REACHED FROM", "nothing to draw")), row.id
        assert row.evidence == "" or "SEEN" in proof.document(row, report).content(100).plain


def test_an_attack_through_a_gap_is_drawn_with_the_gap() -> None:
    gap = next(each for each in FENCE.findings if each.kind == "segmentation-gap")
    hop = msgspec.structs.replace(FENCE.paths[0].hops[1], from_="guest", to=gap.host, transport="tcp", port=5432)
    path = msgspec.structs.replace(FENCE.paths[0], hops=(hop,))
    other = msgspec.structs.replace(FENCE.paths[1], hops=FENCE.paths[1].hops[:1])
    told = ways.way(gap, msgspec.structs.replace(FENCE, paths=(path, other))).content(100).plain
    assert "ATTACK PATHS THROUGH IT  1 path" in told
    assert "guest to Practice database" in told


def test_the_evidence_of_a_version_names_rule_and_fact() -> None:
    row = next(each for each in SAMPLE.findings if each.kind == "outdated")
    told = proof.document(row, SAMPLE).content(120).plain
    for words in ("JUDGED", "NON_COMPLIANT", "1:9.2p1-2+deb12u3", "security-tracker.debian.org", "deb12u2"):
        assert words in told, words
