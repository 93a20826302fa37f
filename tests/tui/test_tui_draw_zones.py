"""The map of the zones and the stars: what is drawn, what is only counted; nothing untested looks like a pass."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from sample import HOSTILE, sample_report

from scanner.model.report import CellRow, FlowRow, Report, ZoneRow
from tui import details
from tui.doc import Doc
from tui.draw import around, zones
from tui.draw.links import of_cell, of_flow
from tui.facts import cells_by_pair, pair_verdicts

SAMPLE, FENCE = sample_report(), fence_report()
EMPTY = msgspec.structs.replace(
    SAMPLE, vantages=(), hosts=(), reachability=(), cells=(), findings=(), coverage=(), zones=(), summary=None
)


def site(count: int, verdicts: dict[tuple[int, int], str]) -> Report:
    """A site of so many zones, all scanned from."""
    rows = tuple(ZoneRow(f"z{at}", (f"10.0.{at}.0/24",), "user", None, at) for at in range(count))
    cells = tuple(
        CellRow(f"z{a}", f"z{b}", verdict, 100, 3 * (verdict == "BREACHED"), 3 * (verdict == "BREACHED"), "")  # type: ignore[arg-type]
        for (a, b), verdict in verdicts.items()
    )
    vantage = SAMPLE.vantages[0]
    return msgspec.structs.replace(
        EMPTY, zones=rows, cells=cells, vantages=tuple(msgspec.structs.replace(vantage, zone=row.name) for row in rows)
    )


def picture(report: Report, width: int = 120) -> str:
    return zones.draw(report, None, width).content(width).plain


def test_every_breach_is_drawn_with_its_flows_from_and_to_its_box() -> None:
    told = picture(SAMPLE)
    assert told.count("✕ 3") == 1
    assert told.count("✕ 1") == 5
    assert "not drawn: ✓ AS_POLICY 15" in told
    assert "– not scanned from" in told
    assert "┊" in told, "a zone that nobody scanned from has a dotted border"


def test_what_policy_lets_through_is_no_wall_and_a_wall_is_no_arrow() -> None:
    both = {(0, 1): "AS_POLICY", (1, 0): "AS_POLICY"}
    told = picture(site(2, both))
    assert "┤✓├" in told
    assert "►" not in told
    assert told.count("✓") == 1, "one line is true of both directions"
    open_ = site(2, both)
    gate = tuple(msgspec.structs.replace(cell, reached=2) for cell in open_.cells)
    told = picture(msgspec.structs.replace(open_, cells=gate))
    assert "┤✓├" not in told
    assert told.count("►") + told.count("◄") == 2


@pytest.mark.parametrize(("verdict", "sign"), [("UNTESTED", "┈"), ("UNPROVEN", "╌")])
def test_what_was_not_proven_is_dotted_or_dashed_and_never_green(verdict: str, sign: str) -> None:
    report = site(3, {(a, b): verdict for a in range(3) for b in range(3) if a != b})
    told = zones.draw(report, None, 120).content(120)
    assert sign in told.plain
    assert "✓" not in told.plain
    assert not any("green" in str(span.style) for span in told.spans)
    assert "►" not in told.plain


def test_a_zone_that_nobody_scanned_from_says_so_instead_of_lines() -> None:
    report = msgspec.structs.replace(site(2, {}), vantages=())
    told = picture(report)
    assert told.count("– not scanned from") == 2
    assert "├" not in told


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(0, 2**31), st.integers(40, 160))
def test_what_is_drawn_and_what_is_told_is_every_boundary(count: int, seed: int, width: int) -> None:
    words = ("BREACHED", "AS_POLICY", "UNPROVEN", "UNTESTED")
    pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
    report = site(count, {pair: words[(seed >> at % 28) & 3] for at, pair in enumerate(pairs) if (seed + at) % 7})
    found = zones.chosen(report)
    assert len(found.zones) == min(count, zones.MOST_ZONES)
    assert len(found.pairs) <= zones.MOST_LINES
    told = picture(report, width)
    assert all(cell_len(row) <= width for row in told.split("\n"))
    counts = pair_verdicts(report)
    drawn = told.split("not drawn:")[0]
    missing = Counter(
        {code: int(number) for code, number in re.findall(r"([A-Z_]{4,}) (\d+)", told.split("not drawn:")[-1])}
    )
    breaches = len(re.findall(r"✕ 3 ", drawn))
    assert breaches + missing["BREACHED"] == counts["BREACHED"]
    if count > zones.MOST_ZONES:
        assert f"and {count - zones.MOST_ZONES} more zone" in told


def test_of_a_big_site_the_breached_and_the_critical_zones_are_drawn() -> None:
    report = site(200, {(150, 151): "BREACHED"})
    host = msgspec.structs.replace(SAMPLE.hosts[0], id="z77/10.0.77.1", zone="z77", critical="Safe")
    found = zones.chosen(msgspec.structs.replace(report, hosts=(host,)))
    names = {zone.name for zone in found.zones}
    assert {"z150", "z151", "z77", "z199"} <= names
    assert found.hidden == 188


def test_a_report_without_zones_says_so() -> None:
    assert picture(EMPTY) == "The report names no zones."
    assert "nobody" not in picture(site(1, {}))


def test_a_zone_has_a_line_for_every_boundary_of_it() -> None:
    doc = Doc()
    around.zone(doc, "guest", SAMPLE)
    told = doc.content(130).plain
    assert told.count("├─ 2 allowed ") == 3
    assert "┝━ 3 of 1,200 ━" in told
    others = {zone.name for zone in SAMPLE.zones} - {"guest"}
    assert all(told.count(name) == 2 for name in others), "what comes from it, and what goes to it"


def test_a_boundary_shows_what_crossed_by_address_and_counts_what_did_not() -> None:
    flows = (
        FlowRow("guest", "servers", "10.20.20.10", "tcp", 5432, "REACHED", "", False, ""),
        FlowRow("guest", "servers", "10.20.20.10", "tcp", 22, "ONE_WAY", "", False, ""),
        FlowRow("guest", "servers", "10.20.20.45", "tcp", 443, "TARGET_DOWN_PATH_OPEN", "", False, ""),
        FlowRow("guest", "servers", "10.20.20.10", "tcp", 80, "REACHED", "", True, ""),
        *(FlowRow("guest", "servers", f"10.20.20.{at}", "tcp", 1, "DROPPED", "", False, "") for at in range(50, 60)),
        FlowRow("guest", "servers", "10.20.20.10", "tcp", 6514, "DROPPED", "", True, ""),
        FlowRow("guest", "servers", "10.20.20.10", "tcp", 99, "UNPROVEN", "", False, ""),
    )
    doc = Doc()
    around.boundary(doc, "guest", "servers", msgspec.structs.replace(SAMPLE, reachability=flows))
    told = doc.content(110).plain
    for words in (
        "┝━ tcp/5432, tcp/22 ━", "10.20.20.10 ◆ Practice database", "10.20.20.45 nobody there", "├─ tcp/80 ─",
        "├─ 10 flows ─", "10 addresses", "1 flow that policy allows", "├╌ 1 flow ╌",
    ):  # fmt: skip
        assert words in told, words
    in_words = doc.content(110, drawn=False).plain
    assert "✕ to 10.20.20.10 ◆ Practice database: tcp/5432, tcp/22 got through" in in_words
    assert "? to 1 address: 1 flow not known" in in_words


def test_of_a_host_a_zone_of_which_nothing_is_recorded_is_no_wall() -> None:
    host = next(each for each in SAMPLE.hosts if each.critical == "Practice database")
    doc = Doc()
    around.host(doc, host, "tcp", 5432, SAMPLE)
    rows = doc.content(100).plain.split("\n")
    said = {name: next(row for row in rows if name in row) for name in ("guest", "clinical", "voice")}
    assert "✕" in said["guest"]
    assert "┤  " in said["clinical"], "dropped, with controls"
    assert "nothing recorded" in said["voice"]


def test_silence_beside_a_refusal_is_still_silence() -> None:
    host = SAMPLE.hosts[5]
    flows = tuple(
        FlowRow("guest", host.zone, host.addresses[0], "tcp", 22, verdict, "", False, "")
        for verdict in ("REJECTED", "UNPROVEN")
    )
    doc = Doc()
    around.host(doc, host, "tcp", 22, msgspec.structs.replace(SAMPLE, reachability=flows))
    assert "? from guest: not known" in doc.content(100, drawn=False).plain


@pytest.mark.parametrize("width", [36, 50, 77, 140])
@pytest.mark.parametrize("hostile", [*HOSTILE, "日本語" * 12, ""])
def test_names_from_outside_move_nothing(hostile: str, width: int) -> None:
    rows = tuple(msgspec.structs.replace(each, name=hostile + each.name, trust=hostile) for each in SAMPLE.zones)
    cells = tuple(
        msgspec.structs.replace(each, from_=hostile + each.from_, to=hostile + each.to) for each in FENCE.cells
    )
    flows = tuple(
        msgspec.structs.replace(each, from_=hostile + each.from_, to=hostile + each.to, via=hostile)
        for each in FENCE.reachability
    )
    hosts = tuple(
        msgspec.structs.replace(each, zone=hostile + each.zone, names=(hostile,), critical=hostile)
        for each in FENCE.hosts
    )
    report = msgspec.structs.replace(FENCE, zones=rows, cells=cells, reachability=flows, hosts=hosts)
    doc = Doc()
    zones.picture(doc, report, rows[0].name)
    around.zone(doc, rows[1].name, report)
    around.host(doc, hosts[5], None, None, report)
    around.legend(doc, cells_by_pair(report), report)
    doc.join(details.cell(report, rows[4].name, rows[2].name))
    for drawn in (True, False):
        for row in doc.content(width, drawn=drawn).plain.split("\n"):
            assert cell_len(row.rstrip()) <= width
            assert row.isprintable()


def test_a_link_says_the_verdict_without_its_colour() -> None:
    cells = [
        None,
        CellRow("a", "b", "BREACHED", 9, 2, 2, ""),
        CellRow("a", "b", "AS_POLICY", 9, 0, 0, ""),
        CellRow("a", "b", "AS_POLICY", 9, 2, 0, ""),
        CellRow("a", "b", "UNPROVEN", 9, 0, 0, ""),
        CellRow("a", "b", "AS_POLICY", 9, 0, 0, "", True),
    ]
    looks = {(link.sign, link.shape, link.stroke.heavy, link.stroke.dash) for link in map(of_cell, cells)}
    assert len(looks) == len(cells)
    flows = [of_flow("REACHED", False), of_flow("REACHED", True), of_flow("DROPPED", False), of_flow("UNPROVEN", False)]
    assert len({(link.sign, link.shape, link.stroke.heavy) for link in flows}) == len(flows)


def test_of_more_breaches_than_lines_the_worst_are_drawn() -> None:
    report = site(12, {(a, b): "BREACHED" for a in range(12) for b in range(12) if a != b})
    rows = tuple(
        msgspec.structs.replace(each, trust={"z3": "untrusted", "z7": "critical"}.get(each.name, "user"))
        for each in report.zones
    )
    cells = tuple(
        msgspec.structs.replace(each, forbidden_reached=50) if (each.from_, each.to) == ("z8", "z2") else each
        for each in report.cells
    )
    found = zones.chosen(msgspec.structs.replace(report, zones=rows, cells=cells))
    assert found.pairs[:2] == (("z8", "z2"), ("z3", "z7"))
    assert len(found.pairs) == zones.MOST_LINES
    assert found.told["BREACHED"] == 12 * 11 - zones.MOST_LINES
