"""The packet table: what came back, with which controls, and what may be said of it."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import DB, FW, GUEST, OFFICE, at_home, echo, judge, mute, port, session, silence, site, spoke
from tables import for_every

from scanner.assess.facts.evidence import FlowKey
from scanner.model.observation import SHUT_OUT, HostSeen, Limitation, Observation, PortState, Session

FLOW: FlowKey = (DB, "tcp", 5432)
UNUSED = "10.0.2.77"
HOME = at_home(5432)

CASES: list[tuple[str, list[Observation], list[Session], str]] = [
    # REACHED: an answer that is the target's
    ("the service spoke", [port(DB, 5432, "open"), spoke(DB, 5432)], [HOME], "REACHED"),
    ("the service spoke, engine without TTL", [port(DB, 5432, "open", ttl=None), spoke(DB, 5432)], [], "REACHED"),
    ("handshake with the target's distance", [port(DB, 5432, "open"), mute(DB, 5432), echo(DB)], [HOME], "REACHED"),
    ("handshake from behind the first hop", [port(DB, 5432, "open"), mute(DB, 5432)], [HOME], "REACHED"),
    ("RST as far away as the echo", [port(DB, 5432, "closed"), echo(DB)], [HOME], "REACHED"),
    (
        "RST and echo start with different TTLs",
        [port(DB, 5432, "closed", ttl=63), echo(DB, ttl=254)],
        [HOME],
        "REACHED",
    ),
    (
        "RST as far away as the zone's other hosts",
        [port(DB, 5432, "closed"), echo("10.0.2.11")],
        [at_home(5432), at_home(22, address="10.0.2.11")],
        "REACHED",
    ),
    ("the host itself refuses by ICMP", [port(DB, 5432, "rejected", source=DB)], [HOME], "REACHED"),
    # TARGET_DOWN_PATH_OPEN: the last router tried
    (
        "host unreachable after three seconds",
        [port(DB, 5432, "unreachable", ttl=64, source=FW[GUEST], rtt_ms=3050.0)],
        [HOME],
        "TARGET_DOWN_PATH_OPEN",
    ),
    # REJECTED: a middlebox, named
    ("admin-prohibited", [port(DB, 5432, "rejected", ttl=64, source=FW[GUEST])], [HOME], "REJECTED"),
    ("RST nearer than the target", [port(DB, 5432, "closed", ttl=64), echo(DB, ttl=63)], [HOME], "REJECTED"),
    (
        "RST from the first hop for several addresses",
        [port(DB, 5432, "closed", ttl=64), port(UNUSED, 5432, "closed", ttl=64)],
        [HOME],
        "REJECTED",
    ),
    ("port unreachable from a router", [port(DB, 5432, "closed", "icmp-3-3", source=FW[GUEST])], [HOME], "REJECTED"),
    # DROPPED: silence with both controls
    ("silence with both controls", [silence(DB, "5432")], [HOME], "DROPPED"),
    # UNPROVEN: a control is missing, or a middlebox may have answered
    ("silence, nobody stood in the target's zone", [silence(DB, "5432")], [], "UNPROVEN"),
    ("silence, service not seen up", [silence(DB, "5432")], [at_home(22)], "UNPROVEN"),
    ("silence after one try", [silence(DB, "5432", tries=1)], [HOME], "UNPROVEN"),
    ("SYN-ACK from the first hop", [port(DB, 5432, "open", ttl=64), mute(DB, 5432)], [HOME], "UNPROVEN"),
    (
        "SYN-ACK for addresses nobody holds",
        [port(DB, 5432, "open"), mute(DB, 5432), port(UNUSED, 5432, "open")],
        [HOME],
        "UNPROVEN",
    ),
    (
        "SYN-ACK on every address, nobody stood there",
        [port(f"10.0.2.{n}", 5432, "open", ttl=None) for n in range(5, 30)],
        [],
        "UNPROVEN",
    ),
    (
        "SYN-ACK nearer than the echo",
        [port(DB, 5432, "open", ttl=63), mute(DB, 5432), echo(DB, 62)],
        [HOME],
        "UNPROVEN",
    ),
    ("RST without TTL", [port(DB, 5432, "closed", "refused", ttl=None, source=None)], [HOME], "UNPROVEN"),
    ("RST from the first hop, one address only", [port(DB, 5432, "closed", ttl=64)], [HOME], "UNPROVEN"),
    ("RST with nothing to compare", [port(DB, 5432, "closed", ttl=63)], [HOME], "UNPROVEN"),
    (
        "host unreachable at once",
        [port(DB, 5432, "unreachable", ttl=64, source=FW[GUEST], rtt_ms=0.3)],
        [HOME],
        "UNPROVEN",
    ),
    ("refused by ICMP from nobody knows whom", [port(DB, 5432, "rejected", source=None)], [HOME], "UNPROVEN"),
    # UNTESTED
    ("nobody probed it", [], [HOME], "UNTESTED"),
]


@for_every(("seen", "others", "verdict"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_flow_gets_the_verdict_that_its_evidence_bears(
    seen: list[Observation], others: list[Session], verdict: str
) -> None:
    evidence, _, found = judge(site(), session(GUEST, *seen), *others)
    got = found.verdict(evidence.views[GUEST], FLOW)
    assert got.verdict == verdict, got
    assert got.reason


def test_silence_proves_nothing_when_the_laptop_reached_nothing() -> None:
    lost = session(GUEST, silence(DB, "5432"))
    cut_off = Session(lost.scan, lost.observations[1:])  # not even its router answered
    evidence, _, found = judge(site(), cut_off, HOME)
    got = found.verdict(evidence.views[GUEST], FLOW)
    assert got.verdict == "UNPROVEN"
    assert "guest" in got.reason


def test_silence_proves_nothing_when_the_router_was_last_seen_before_it() -> None:
    seen = session(GUEST, silence(DB, "5432"))
    before = msgspec.structs.replace(seen.observations[0], at=1002.9)
    evidence, _, found = judge(site(), Session(seen.scan, (before, *seen.observations[1:])), HOME)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"


def test_silence_proves_nothing_when_the_laptop_was_shut_out_on_the_way() -> None:
    seen = session(GUEST, silence(DB, "5432"), Limitation(SHUT_OUT, "10.0.2.9 no longer echoed", 1040.0))
    evidence, _, found = judge(site(), seen, HOME)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"


def test_an_echo_reply_from_the_first_hop_is_not_the_targets() -> None:
    evidence, _, found = judge(site(), session(GUEST, echo(DB, ttl=64)), HOME)
    assert found.verdict(evidence.views[GUEST], (DB, "icmp", 8)).verdict == "UNPROVEN"


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (port("10.0.2.1", 22, "closed", ttl=64), "REJECTED"),
        (port("10.0.2.1", 22, "open", ttl=64), "REACHED"),
        (echo("10.0.2.1", ttl=64), "REJECTED"),
    ],
    ids=["closed", "open is a management interface", "ping"],
)
def test_the_routers_own_leg_in_the_other_zone_is_no_hole(row: PortState, verdict: str) -> None:
    evidence, _, found = judge(site(), session(GUEST, row), HOME)
    key: FlowKey = (row.address, row.transport, int(row.ports))
    assert found.verdict(evidence.views[GUEST], key).verdict == verdict


def test_the_newest_session_decides() -> None:
    then = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), started=1000)
    now = session(GUEST, silence(DB, "5432"), started=5000)
    evidence, _, found = judge(site(), then, now, HOME)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "DROPPED"


def test_inside_an_isolated_zone_an_answer_on_the_link_is_reached() -> None:
    neighbour = "10.0.1.20"
    evidence, _, found = judge(site(isolated=True), session(GUEST, port(neighbour, 22, "closed", ttl=64)))
    assert found.verdict(evidence.views[GUEST], (neighbour, "tcp", 22)).verdict == "REACHED"


def test_a_two_legged_machines_own_answer_is_not_called_the_firewalls() -> None:
    der = b"one certificate on both legs"
    here, there = "10.0.3.20", "10.0.2.20"
    office = session(
        OFFICE,
        HostSeen(here, "arp", 1.0, mac="02:00:00:00:00:20"),
        port(here, 443, "open", ttl=64),
        spoke(here, 443, der, "tls.cert", tls=True),
        port(there, "80-81", "closed", ttl=64),
        port("10.0.2.99", "80", "closed", ttl=64),
    )
    home = session("servers", port(there, 443, "open", ttl=64), spoke(there, 443, der, "tls.cert", tls=True))
    evidence, _, found = judge(site(), office, home)
    assert found.verdict(evidence.views[OFFICE], (there, "tcp", 80)).verdict == "UNPROVEN"
