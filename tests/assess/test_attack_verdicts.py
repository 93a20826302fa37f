"""Evidence made to mislead: each would earn a denial that is none, or a hole that is none."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import (
    DB,
    FW,
    GUEST,
    LAPTOP,
    NOTHING_KNOWN,
    SERVERS,
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
from tables import for_every

from scanner.assess import assess
from scanner.assess.facts.evidence import FlowKey
from scanner.model.observation import HostSeen, Limitation, Observation, PortState, Session, Vantage

FLOW: FlowKey = (DB, "tcp", 5432)
UNUSED, OTHER = "10.0.2.77", "10.0.2.11"
HOME = at_home(5432)


def made(row: PortState, **changes: object) -> PortState:
    return msgspec.structs.replace(row, **changes)


SLOW = [made(port(DB, number, "open"), rtt_ms=30.0) for number in (22, 80, 443)]
SHOWN = [port(DB, number, "open") for number in (21, 23, 25)]
SHUT = Session(HOME.scan, (*HOME.observations, port(DB, "21,23,25", "closed", ttl=64)))
LEG = FW[SERVERS]

CASES: list[tuple[str, list[Observation], list[Session], str]] = [
    # whose RST?
    ("RST of a bridging firewall, as far away as the target, for nobody as well",
     [port(DB, 5432, "closed"), echo(DB), port(UNUSED, 5432, "closed")], [HOME], "UNPROVEN"),
    ("RST as far away as the zone's hosts, for nobody as well",
     [port(DB, 5432, "closed"), echo(OTHER), port(UNUSED, 5432, "closed")],
     [HOME, at_home(22, address=OTHER)], "UNPROVEN"),
    ("RST of a Linux box before a Windows host, as far away",
     [port(DB, 5432, "closed", ttl=63), port(DB, 445, "open", ttl=127), spoke(DB, 445)], [at_home(445, 5432)],
     "UNPROVEN"),
    ("RST with the target's TTL in a quarter of its time", [port(DB, 5432, "closed"), *SLOW, spoke(DB, 22)],
     [at_home(22, 80, 443)], "REJECTED"),
    ("RST quicker than one slow answer only", [port(DB, 5432, "closed"), SLOW[0], spoke(DB, 22)], [at_home(22)],
     "REACHED"),
    ("RST that looks nearer than an echo that began at 250", [port(DB, 5432, "closed", ttl=63), echo(DB, ttl=249)],
     [HOME], "UNPROVEN"),
    ("RST of the first hop for all, but hosts beyond seem to be as near",
     [port(DB, 5432, "closed", ttl=64), port(UNUSED, 5432, "closed", ttl=64), port(OTHER, 22, "open", ttl=64),
      spoke(OTHER, 22)], [HOME, at_home(22, address=OTHER)], "UNPROVEN"),
    ("113 refused by the firewall for every address",
     [port(DB, 5432, "closed", ttl=64), *[port(f"10.0.2.{n}", 5432, "closed", ttl=64) for n in range(60, 80)]],
     [HOME], "REJECTED"),
    # refusals in the target's name
    ("admin-prohibited by a bridge in the target's name", [port(DB, 5432, "rejected", source=DB, ttl=64)], [HOME],
     "UNPROVEN"),
    ("the same for addresses that nobody holds",
     [port(DB, 5432, "rejected", source=DB), port(UNUSED, 5432, "rejected", source=UNUSED)], [HOME], "UNPROVEN"),
    # SYN proxies
    ("SYN-ACK with window 0", [made(port(DB, 5432, "open"), window=0), mute(DB, 5432)], [HOME], "UNPROVEN"),
    ("SYN-ACK with window 0, but it spoke", [made(port(DB, 5432, "open"), window=0), spoke(DB, 5432)], [HOME],
     "REACHED"),
    ("a port that its own zone found closed", [port(DB, 81, "open"), port(DB, 5432, "silent")], [HOME], "DROPPED"),
    ("ports that its own zone found closed are open as well", [port(DB, 5432, "open"), *SHOWN], [SHUT], "UNPROVEN"),
    ("2000 open everywhere", [port(f"10.0.2.{n}", 5432, "open") for n in (10, 60, 61, 62)], [HOME], "UNPROVEN"),
    # host unreachable
    ("at once, of a target that answers", [port(DB, 5432, "unreachable", source=FW[GUEST]), echo(DB)], [HOME],
     "REJECTED"),
    ("late by a slow line only",
     [port(DB, 5432, "unreachable", source="10.9.9.9", rtt_ms=640.0),
      port(OTHER, 22, "rejected", source="10.9.9.9", rtt_ms=600.0)], [HOME], "UNPROVEN"),
    ("late, by a router that is not the last",
     [port(DB, 5432, "unreachable", source=FW[GUEST], ttl=64, rtt_ms=3050.0), echo(OTHER, ttl=62)],
     [at_home(22, address=OTHER)], "UNPROVEN"),
    ("late, by the last router",
     [port(DB, 5432, "unreachable", source="10.9.9.9", ttl=63, rtt_ms=3050.0), echo(OTHER, ttl=62)],
     [at_home(22, address=OTHER)], "TARGET_DOWN_PATH_OPEN"),
    # silence
    ("the scan lost more than it could make up for",
     [silence(DB, "5432"), Limitation("about 40 answers that were lost", "24 passes were not enough", 1004.0)],
     [HOME], "UNPROVEN"),
    ("silent to a later pass of the same scan", [port(DB, 5432, "open"), echo(DB), silence(DB, "5432")], [HOME],
     "REACHED"),
    ("silent, row by row, to a later pass", [port(DB, 5432, "open"), echo(DB), port(DB, 5432, "silent")], [HOME],
     "REACHED"),
]  # fmt: skip


@for_every(("seen", "others", "verdict"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_misleading_evidence(seen: list[Observation], others: list[Session], verdict: str) -> None:
    evidence, _, found = judge(site(), session(GUEST, *seen), *others)
    got = found.verdict(evidence.views[GUEST], FLOW)
    assert got.verdict == verdict, got


@pytest.mark.parametrize("proxied", [True, False])
def test_a_router_that_shakes_hands_for_everybody_has_no_management_interface_for_that(proxied: bool) -> None:
    rows: list[Observation] = [
        port(LEG, 992, "open", ttl=64),
        mute(LEG, 992),
        *([port(UNUSED, 992, "open", ttl=64)] if proxied else []),
    ]
    evidence, _, found = judge(site(), session(GUEST, *rows), HOME, session(SERVERS))
    got = found.verdict(evidence.views[GUEST], (LEG, "tcp", 992))
    assert got.verdict == ("UNPROVEN" if proxied else "REACHED"), got


def test_a_port_that_its_own_zone_found_closed_is_not_reached_by_a_handshake() -> None:
    evidence, _, found = judge(site(), session(GUEST, port(DB, 81, "open"), mute(DB, 81)), HOME)
    assert found.verdict(evidence.views[GUEST], (DB, "tcp", 81)).verdict == "UNPROVEN"
    evidence, _, found = judge(site(), session(GUEST, port(DB, 81, "open"), spoke(DB, 81)), HOME)
    assert found.verdict(evidence.views[GUEST], (DB, "tcp", 81)).verdict == "REACHED"


@pytest.mark.parametrize(
    ("row", "verdict", "word"),
    [
        (port(LEG, 53, "open", "udp-reply", ttl=64, transport="udp"), "REACHED", "service of its own"),
        (port(LEG, 161, "closed", "icmp-3-3", ttl=64, transport="udp"), "REJECTED", "own leg"),
        (port(LEG, 22, "rejected", source=LEG, ttl=64), "REJECTED", "own leg"),
        (port(LEG, 22, "unreachable", "icmp-3-1", source=LEG, ttl=64), "REJECTED", "own leg"),
    ],
    ids=["UDP service", "UDP closed", "prohibited by itself", "unreachable by itself"],
)
def test_whatever_a_routers_own_leg_says_nothing_crossed(row: PortState, verdict: str, word: str) -> None:
    evidence, _, found = judge(site(), session(GUEST, row), HOME, session(SERVERS))
    got = found.verdict(evidence.views[GUEST], (LEG, row.transport, int(row.ports)))
    assert (got.verdict, word in got.reason) == (verdict, True), got


def cell(*sessions: Session) -> str:
    found = assess(site(), sessions, NOTHING_KNOWN, TODAY)
    return next(each.verdict for each in found.cells if (each.from_, each.to) == (GUEST, SERVERS))


def test_an_address_that_the_laptop_gets_later_hides_no_gap_of_the_host_that_had_it() -> None:
    """Days after the gap was seen, the laptop in the servers' zone was given the address of the host with the gap."""
    lent = "10.0.2.50"
    gap = session(GUEST, port(lent, 445, "open"), spoke(lent, 445), silence(DB, "1-9000"))
    later = at_home(5432)
    start = later.scan.started + 3 * 86400
    scan = msgspec.structs.replace(
        later.scan, vantage=Vantage(SERVERS, "eth0", lent), started=start, ended=start + 60, id="later"
    )
    assert cell(gap, Session(scan, later.observations)) == "BREACHED"
    soon = msgspec.structs.replace(scan, started=2000.0, ended=2060.0)
    assert cell(gap, Session(soon, later.observations)) != "BREACHED"


def test_a_laptop_in_the_wrong_segment_says_nothing_of_the_zone_it_names() -> None:
    wrong = session(GUEST, silence(DB, "1-9000"), silence(DB, "8", transport="icmp"))
    moved = Session(
        msgspec.structs.replace(wrong.scan, vantage=Vantage(GUEST, "eth0", LAPTOP["office"])), wrong.observations
    )
    evidence, _, _ = judge(site(), moved, HOME)
    assert evidence.misplaced == [moved.scan]
    assert GUEST not in evidence.views
    assert cell(moved, HOME) == "UNTESTED"
    gap = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), started=5000.0)
    for sessions, state in (((moved, HOME), "untested"), ((moved, gap, HOME), "partial")):
        found = assess(site(), sessions, NOTHING_KNOWN, TODAY)
        told = next(each for each in found.coverage if (each.from_, each.to) == (GUEST, SERVERS))
        assert (told.state, f"from {LAPTOP['office']} counts for nothing" in told.reason) == (state, True)


def test_a_host_that_one_vantage_alone_sees_is_reached_and_listed() -> None:
    """It drops what its neighbours send, and answers the guests."""
    hidden = "10.0.2.66"
    guest = session(GUEST, port(hidden, 8443, "open"), spoke(hidden, 8443), silence(DB, "1-9000"))
    found = assess(site(), [guest, HOME], NOTHING_KNOWN, TODAY)
    assert [f.verdict for f in found.reachability if f.address == hidden] == ["REACHED"]
    assert f"{SERVERS}/{hidden}" in {host.id for host in found.hosts}
    assert cell(guest, HOME) == "BREACHED"


def test_a_host_that_only_its_own_zone_sees_proves_the_denial() -> None:
    far = session(SERVERS, HostSeen(OTHER, "arp", 1000.0), port(OTHER, 22, "open", ttl=64), spoke(OTHER, 22))
    evidence, _, found = judge(site(), session(GUEST, silence("10.0.2.1-10.0.2.254", "1-9000")), far)
    assert found.verdict(evidence.views[GUEST], (OTHER, "tcp", 22)).verdict == "DROPPED"
