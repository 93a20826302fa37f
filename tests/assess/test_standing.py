"""A laptop that may have been plugged into another zone's socket proves no denial; what crossed stays found."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import (
    DB,
    FW,
    GUEST,
    LAPTOP,
    MACS,
    NOTHING_KNOWN,
    OFFICE,
    SERVERS,
    TODAY,
    at_home,
    judge,
    port,
    session,
    silence,
    site,
    spoke,
)
from tables import for_every

from scanner.assess import assess
from scanner.model.observation import Alive, HostSeen, Observation

NEAR = "10.0.1.9"
SHARED = HostSeen(FW[GUEST], "gateway", 1050.0, mac=MACS[SERVERS])
"""The guests' router shows the MAC of the servers' one: both have one MAC, or the laptop is in the servers' socket."""
HOST = HostSeen("10.0.1.77", "arp", 1000.0, mac="02:00:00:00:00:77")
OTHERS = HostSeen("10.0.1.77", "arp", 1000.0, mac="02:00:00:00:00:10")
"""The database's leg among the guests, or its answer for it among the servers."""
LONG_AGO = msgspec.structs.replace(spoke(NEAR, 22), at=-60_000.0)
STRANGER = HostSeen("fe80::77", "echo-reply", 1000.0, mac="02:00:00:00:00:77")
"""A machine on the laptop's link of which no zone knows."""


def pinged(addresses: str) -> Alive:
    """A sweep's row of many that answered."""
    return Alive(addresses, "icmp", 8 if ":" not in addresses else 128, "echo-reply", 1000.0, 64)


CASES: list[tuple[str, list[Observation], list[Observation], str]] = [
    ("an empty zone behind a router with a MAC of its own", [], [], "DROPPED"),
    ("the MAC of the servers' router, and nothing came back", [SHARED], [], "UNPROVEN"),
    ("the router refused a port of its own", [SHARED, port(FW[GUEST], 22, "closed", ttl=64)], [], "DROPPED"),
    ("the other zone's host was reached", [SHARED, port(DB, 80, "open")], [], "DROPPED"),
    (
        "it was reached from a source port that is trusted",
        [SHARED, msgspec.structs.replace(port(DB, 80, "open"), via="sport-53")],
        [],
        "DROPPED",
    ),
    ("a sweep was answered", [SHARED, pinged("10.0.1.70-10.0.1.99")], [], "DROPPED"),
    ("by the laptop first, and then by others", [SHARED, pinged(f"{LAPTOP[GUEST]}-10.0.1.251")], [], "DROPPED"),
    ("by the laptop alone", [SHARED, pinged(LAPTOP[GUEST])], [], "UNPROVEN"),
    ("by IPv6 alone", [SHARED, pinged("fd00:1::7-fd00:1::9")], [], "UNPROVEN"),
    ("by IPv6 and by IPv4", [SHARED, pinged("fd00:1::7"), pinged("10.0.1.70")], [], "DROPPED"),
    ("on its link alone", [SHARED, pinged("fe80::77-fe80::79")], [], "UNPROVEN"),
    ("a neighbour answered ARP", [SHARED, HOST], [], "DROPPED"),
    ("a neighbour that stands among the servers answered ARP", [SHARED, OTHERS], [], "UNPROVEN"),
    ("a guest's host spoke with the servers' vantage", [], [spoke(NEAR, 22)], "UNPROVEN"),
    ("a machine that no zone knows answers on the link", [STRANGER], [], "UNPROVEN"),
    ("it is the router's own link-local address", [msgspec.structs.replace(STRANGER, mac=MACS[GUEST])], [], "DROPPED"),
    (
        "it answers, and a guest does as well",
        [STRANGER, msgspec.structs.replace(HOST, mac="02:00:00:00:00:78")],
        [],
        "DROPPED",
    ),
    ("it is the guest who answers", [STRANGER, HOST], [], "DROPPED"),
    ("it did so the day before", [], [LONG_AGO], "DROPPED"),
    ("it spoke, and others are there now", [HOST], [spoke(NEAR, 22)], "DROPPED"),
    ("it is asleep, and the router answers", [port(FW[GUEST], 22, "closed", ttl=64)], [spoke(NEAR, 22)], "DROPPED"),
]


@for_every(("rows", "home", "verdict"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_silence_counts_where_nothing_speaks_against_the_place(
    rows: list[Observation], home: list[Observation], verdict: str
) -> None:
    guests, servers = session(GUEST, *rows, silence(DB, "5432")), at_home(5432)
    servers = msgspec.structs.replace(servers, observations=(*servers.observations, *home))
    evidence, _, found = judge(site(), guests, servers)
    drawn = found.verdict(evidence.views[GUEST], (DB, "tcp", 5432))
    assert drawn.verdict == verdict
    assert ("stood in guest" in drawn.reason) == (verdict == "UNPROVEN")


def test_who_saw_nobody_in_the_wrong_socket_is_no_control_for_another_zone() -> None:
    """What is up in the zone is not known, so that no denial into it is proven either; and coverage says why."""
    guests = session(GUEST, SHARED, silence(DB, "5432"))
    office = session(OFFICE, port("10.0.1.0", 22, "rejected", ttl=64, source=FW[OFFICE]))
    report = assess(site(), [guests, office, at_home(5432)], NOTHING_KNOWN, TODAY)
    cells = {(each.from_, each.to): each for each in report.cells}
    assert cells[OFFICE, GUEST].verdict == "UNPROVEN"
    assert "stood in guest" in cells[OFFICE, GUEST].reason
    assert cells[GUEST, SERVERS].verdict == "UNPROVEN"
    coverage = {(each.from_, each.to): each for each in report.coverage}
    assert coverage[GUEST, SERVERS].state == "partial"
    assert "stood in guest" in coverage[GUEST, SERVERS].reason


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], True),
        ([port(FW[GUEST], 22, "closed", ttl=64)], False),
        ([HOST], False),
        ([SHARED], False),
    ],
    ids=["its router's ARP alone", "a packet came back", "a neighbour", "what speaks against it is said instead"],
)
def test_coverage_says_where_the_place_rests_on_the_router_alone(rows: list[Observation], said: bool) -> None:
    """A socket of a segment that the site file does not name looks the same to a laptop with a fixed address."""
    report = assess(site(), [session(GUEST, *rows, silence(DB, "5432")), at_home(5432)], NOTHING_KNOWN, TODAY)
    [covered] = [each for each in report.coverage if (each.from_, each.to) == (GUEST, SERVERS)]
    assert ("rests on its router's answers alone" in covered.reason) == said
    assert covered.state == "partial" or not said


def test_what_crossed_from_there_stays_found() -> None:
    guests = session(GUEST, SHARED, port(DB, 5432, "open"), spoke(DB, 5432))
    report = assess(site(), [guests, at_home(5432)], NOTHING_KNOWN, TODAY)
    assert {each.verdict for each in report.cells if (each.from_, each.to) == (GUEST, SERVERS)} == {"BREACHED"}
