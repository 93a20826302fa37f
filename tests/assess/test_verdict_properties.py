"""What must hold of every verdict, whatever was seen."""

from __future__ import annotations

import msgspec
from assess.canary_scene import CANARY, EVERYTHING, arrival, canary, judged, signed, silent
from assess.scene import (
    DB,
    FW,
    GUEST,
    NOTHING_KNOWN,
    TODAY,
    at_home,
    echo,
    judge,
    mute,
    port,
    session,
    silence,
    site,
    spoke,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess import assess
from scanner.assess.facts.evidence import FlowKey
from scanner.assess.facts.portmask import mask_of, text_of
from scanner.model.addresses import ports_of, ports_text
from scanner.model.observation import Limitation, Observation, Session
from scanner.model.report import CROSSED, HELD

FLOW: FlowKey = (DB, "tcp", 5432)
UNUSED, OTHER = "10.0.2.77", "10.0.2.11"
ANSWERS: list[Observation] = [
    port(DB, 5432, "open"),
    port(DB, 5432, "open", ttl=64),
    port(DB, 5432, "closed"),
    port(DB, 5432, "closed", ttl=64),
    port(DB, 5432, "rejected", source=FW[GUEST]),
    port(DB, 5432, "rejected", source=DB),
    port(DB, 5432, "unreachable", source=FW[GUEST], rtt_ms=3050.0),
    spoke(DB, 5432),
    mute(DB, 5432),
    echo(DB),
    echo(DB, 62),
    echo(OTHER),
    port(UNUSED, 5432, "open"),
    port(UNUSED, 5432, "closed"),
    port(DB, 22, "open"),
    spoke(DB, 22),
]
QUIET: list[Observation] = [
    silence(DB, "1-9000"),
    silence("10.0.2.1-10.0.2.254", "5432"),
    silence(DB, "8", transport="icmp"),
    port(DB, 5432, "silent"),
    port(DB, "5000-6000", "silent", tries=5),
    msgspec.structs.replace(silence(DB, "1-9000"), via="sport-53"),
    Limitation("about 9 answers that were lost", "24 passes", 1004.0),
]
HOMES = (at_home(5432), at_home(22), at_home(22, address=OTHER))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(ANSWERS), max_size=6),
    st.lists(st.sampled_from(QUIET), min_size=1, max_size=4),
    st.lists(st.sampled_from(HOMES), max_size=2, unique_by=id),
    st.randoms(use_true_random=False),
)
def test_silence_in_one_scan_turns_no_crossing_into_a_denial(
    seen: list[Observation], quiet: list[Observation], homes: list[Session], random: object
) -> None:
    mixed = [*seen, *quiet]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    # What was seen keeps its own order: of two answers the newer one counts.
    order = iter(seen)
    mixed = [next(order) if any(each is other for other in seen) else each for each in mixed]
    verdicts = []
    for rows in (seen, mixed):
        evidence, _, found = judge(site(), session(GUEST, *rows), *homes)
        verdicts.append(found.verdict(evidence.views[GUEST], FLOW).verdict)
    before, after = verdicts
    assert not (before in CROSSED and after in HELD)
    if before in HELD:
        assert after in (*HELD, "UNPROVEN")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(ANSWERS + QUIET), max_size=5), min_size=1, max_size=3))
def test_the_list_of_answered_flows_is_what_each_flow_says(scans: list[list[Observation]]) -> None:
    sessions = [session(GUEST, *rows, started=1000.0 + n * 100) for n, rows in enumerate(scans)]
    evidence, _, _ = judge(site(), *sessions)
    view = evidence.views[GUEST]
    flows = dict(view.flows())
    asked: list[FlowKey] = [(a, "tcp", p) for a in (DB, UNUSED, OTHER) for p in (22, 5432)]
    asked += [(DB, "icmp", 8), (OTHER, "icmp", 8)]
    for key in asked:
        row = view.answer(*key)
        assert (key in flows) == (row is not None and row.state != "silent")
        assert key not in flows or flows[key] == row


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(ANSWERS + QUIET), min_size=2, max_size=8), st.permutations(range(5)))
def test_sessions_of_equal_times_give_one_report_in_whatever_order(rows: list[Observation], order: list[int]) -> None:
    half = len(rows) // 2
    guests = [session(GUEST, *rows[:half]), session(GUEST, *rows[half:])]
    guests = [Session(msgspec.structs.replace(s.scan, id=f"guest-{n}"), s.observations) for n, s in enumerate(guests)]
    sessions = [*guests, at_home(5432), signed(silent("1-100")), canary(*EVERYTHING, arrival(22))]
    sessions[3] = Session(msgspec.structs.replace(sessions[3].scan, id="guest-3"), sessions[3].observations)
    report = assess(site(), sessions, NOTHING_KNOWN, TODAY)
    other = assess(site(), [sessions[n] for n in order], NOTHING_KNOWN, TODAY)
    assert msgspec.json.encode(report) == msgspec.json.encode(other)


_PORTS = st.sets(st.integers(1, 40), min_size=1, max_size=12).map(ports_text)
_STATES = st.sampled_from(["open", "closed", "rejected", "silent"])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(_PORTS, _STATES, st.sampled_from([63, 64])), min_size=1, max_size=5),
    st.lists(st.tuples(_PORTS, st.sampled_from(["packet", "connection"])), max_size=3),
    _PORTS,
)
def test_ranges_say_of_each_port_what_is_said_of_it_alone(
    rows: list[tuple[str, str, int]], arrivals: list[tuple[str, str]], heard: str
) -> None:
    seen = [
        silent(ports) if state == "silent" else port(CANARY, ports, state, ttl=ttl)  # type: ignore[arg-type]
        for ports, state, ttl in rows
    ]
    listened = msgspec.structs.replace(EVERYTHING[0], ports=heard)
    there = canary(listened, *(arrival(ports, how=how) for ports, how in arrivals))
    view, found = judged(signed(*seen), there)
    told: dict[int, tuple[str, str]] = {}
    for row in found.measured(view, CANARY):
        for number in ports_of(row.ports):
            assert number not in told
            told[number] = row.verdict, row.reason
    assert set(told) == {number for ports, _, _ in rows for number in ports_of(ports)}
    arrived = {number for ports, _ in arrivals for number in ports_of(ports)}
    for number, (verdict, reason) in told.items():
        alone = found.row(view, (CANARY, "tcp", number))
        assert (alone.verdict, alone.reason) == (verdict, reason)
        assert (verdict in CROSSED) >= (number in arrived)
        assert number in ports_of(heard) or verdict not in HELD or "refused" in reason or "not from" in reason
    singly = [row.port for row in found.measured_flows(view, CANARY)]
    assert len(singly) == len(set(singly))
    assert set(singly) == {n for n in told if found.row(view, (CANARY, "tcp", n)).state != "silent" or n in arrived}


@given(st.sets(st.integers(0, 65535), max_size=30))
def test_a_mask_is_its_ranges(ports: set[int]) -> None:
    text = ports_text(ports)
    assert text_of(mask_of(text)) == text
