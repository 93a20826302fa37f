"""Ways drawn: what a picture of a finding says is what the report says."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest
from fence_sample import BRIDGE, EXPLOIT, GOAL, LATERAL, PATHS, fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from sample import HOSTILE, SCRIPT

from scanner.model.report import DenialRow, FindingRow, FlowRow, HopRow, PathRow, Report
from tui.doc import Doc
from tui.draw import chain
from tui.draw.scene import Scene, Step, Stop, of_path, scene

REPORT = fence_report()
GAP = next(each for each in REPORT.findings if each.kind == "segmentation-gap")


def drawn(way: Scene | None, width: int = 60) -> str:
    assert way is not None
    return chain.draw(way, width).content(width).plain


def with_flow(finding: FindingRow, **flow: object) -> Report:
    assert finding.from_ is not None
    assert finding.to is not None
    assert finding.port is not None
    row = FlowRow(finding.from_, finding.to, "10.20.20.10", "tcp", finding.port, "REACHED", "why", False, "raw")
    return msgspec.structs.replace(REPORT, reachability=(msgspec.structs.replace(row, **flow),))


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        ("REACHED", "reached: it answered"),
        ("ONE_WAY", "no answer came back"),
        ("TARGET_DOWN_PATH_OPEN", "nobody was at the address"),
    ],
)
def test_a_gap_is_drawn_through_the_fence_with_how_it_was_seen(verdict: str, says: str) -> None:
    told = drawn(scene(GAP, with_flow(GAP, verdict=verdict)))
    assert "┈┈✕┈ against policy" in told
    assert says in told
    assert "probed from 10.20.50.250" in told
    assert "◆ Practice database" in told
    assert ("nobody answered" in told) == (verdict == "TARGET_DOWN_PATH_OPEN")


def test_a_gap_over_another_address_of_the_host_names_it() -> None:
    hosts = tuple(
        msgspec.structs.replace(each, addresses=(*each.addresses, "fd20::10")) if each.id == GAP.host else each
        for each in REPORT.hosts
    )
    report = msgspec.structs.replace(with_flow(GAP, address="fd20::10"), hosts=hosts)
    assert "tcp/5432 of fd20::10" in drawn(scene(GAP, report))


def test_of_several_addresses_only_those_that_crossed_are_counted() -> None:
    report = with_flow(GAP)
    (flow,) = report.reachability
    hosts = tuple(
        msgspec.structs.replace(each, addresses=(*each.addresses, "fd20::10", "fd20::11"))
        if each.id == GAP.host
        else each
        for each in REPORT.hosts
    )
    silent = msgspec.structs.replace(flow, address="fd20::10", verdict="DROPPED")
    other = msgspec.structs.replace(flow, address="fd20::11")
    one = msgspec.structs.replace(report, hosts=hosts, reachability=(silent, flow))
    two = msgspec.structs.replace(report, hosts=hosts, reachability=(silent, flow, other))
    assert "more address" not in drawn(scene(GAP, one))
    assert "1 more address too" in drawn(scene(GAP, two))


def test_a_required_flow_that_is_blocked_stops_at_the_fence() -> None:
    row = next(each for each in REPORT.findings if each.kind == "required-flow-blocked")
    told = drawn(scene(row, REPORT))
    assert "┈┈┴┈ required by policy" in told
    assert "rejected by a middlebox" in told
    assert "▼" not in told
    assert "►" not in drawn(scene(row, REPORT), 120)


def test_a_machine_with_two_legs_is_past_every_fence() -> None:
    row = next(each for each in REPORT.findings if each.kind == "dual-homed")
    legs = msgspec.structs.replace(row, path=("clinical/10.20.30.15", "servers/10.20.20.10"))
    told = drawn(scene(legs, REPORT))
    assert "no fence between" in told
    assert "the same machine has a leg in each zone" in told
    assert "┈" not in told
    asked = FlowRow(
        "clinical", "servers", "10.20.20.77", "tcp", 443, "REACHED", "", False, "", "open", "by-10.20.30.15"
    )
    by_way = msgspec.structs.replace(row, path=("clinical → clinical/10.20.30.15 → 10.20.20.77 tcp/443 (observed)",))
    told = drawn(scene(by_way, msgspec.structs.replace(REPORT, reachability=(asked,))))
    assert "◉ 10.20.20.77" in told
    assert "it answers for its leg in the other zone" in told


def test_steps_inside_a_zone_stand_in_its_box_and_meet_no_fence() -> None:
    told = drawn(of_path(PATHS[1], REPORT))
    inside = told.split("╭ servers")[1]
    assert "│ ╎ tcp/445" in inside, "an inferred step is dashed"
    assert "│ ▼ observed" in inside
    assert "┈" not in inside
    assert told.count("╭ servers") == 1
    beside = drawn(of_path(PATHS[1], REPORT), 240)
    assert beside.count("╭ servers") == 3, "side by side every host has a box"


def test_a_step_that_an_isolated_zone_forbids_is_crossed_out_inside_it() -> None:
    inside = HopRow("servers", "servers/10.20.20.11", "tcp", 445, "credential", True, False, "x")
    way = of_path(PathRow("guest", "Backups", "servers/10.20.20.11", (LATERAL, BRIDGE, inside)), REPORT)
    assert "│ ┃ ✕ against policy" in drawn(way)


@pytest.mark.parametrize(("closes", "shown"), [((GAP.id,), True), (("another",), False), ((), False)])
def test_only_a_denial_that_closes_the_finding_is_called_its_cut(closes: tuple[str, ...], shown: bool) -> None:
    assert REPORT.cut is not None
    denial = DenialRow("guest", "servers", ("tcp/5432",), closes)
    report = msgspec.structs.replace(REPORT, cut=msgspec.structs.replace(REPORT.cut, denials=(denial,)))
    assert ("least cut: deny guest → servers" in drawn(scene(GAP, report))) == shown


def test_a_finding_about_a_version_tells_no_way() -> None:
    row = next(each for each in REPORT.findings if each.kind == "outdated")
    assert scene(row, REPORT) is None


# Not the corners of boxes, which are counted: Hypothesis takes them from this very file.
LETTERS = st.characters(codec="utf-8", exclude_characters="╭╯")
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(LETTERS, max_size=30), st.just(""), st.just("日本語" * 9))
STOP = st.builds(
    Stop,
    st.sampled_from(["guest", "servers", SCRIPT, "日本" * 20]),
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    st.booleans(),
    st.booleans(),
    TEXT,
)
STEP = st.builds(
    Step, TEXT, TEXT, TEXT, st.sampled_from(["forbidden", "allowed", "plain", "blocked", "bridge"]), st.booleans(), TEXT
)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.integers(36, 200))
def test_whatever_hosts_call_themselves_no_line_is_wider_or_moved(data: st.DataObject, width: int) -> None:
    steps = data.draw(st.lists(STEP, min_size=1, max_size=4))
    stops = data.draw(st.lists(STOP, min_size=len(steps) + 1, max_size=len(steps) + 1))
    way = Scene(tuple(stops), tuple(steps))
    rows = drawn(way, width).split("\n")
    for row in rows:
        assert cell_len(row) <= width
        assert all(char.isprintable() for char in row)
    tops, ends = ("".join(rows).count(corner) for corner in "╭╯")
    if not any(char in "╭╯" for stop in stops for char in stop.zone + stop.host + stop.name + stop.critical + stop.who):
        assert tops == ends
    words = Doc().drawing(partial(chain.draw, way), chain.words(way)).content(width, drawn=False).plain
    assert "╭" not in words.replace("".join(HOSTILE), "")
    assert all(f"{number}. " in words for number in range(1, len(steps) + 1))


def test_the_sample_hops_are_what_the_tests_think() -> None:
    assert (LATERAL.allowed, BRIDGE.transport, EXPLOIT.observed, GOAL.how) == (False, None, False, "data")
