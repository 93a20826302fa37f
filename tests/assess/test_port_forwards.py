"""A key that answers on two addresses: one machine with two legs, or a port of the one that leads to the other."""

from __future__ import annotations

import pytest
from assess.scene import DB, FW, GUEST, NOTHING_KNOWN, OFFICE, SERVERS, TODAY, port, session, site, spoke

from scanner.assess import assess
from scanner.assess.findings.port_forwards import forwards, without
from scanner.assess.machines.identity import Leg, Mark, Served, links
from scanner.model.observation import HostSeen, Observation, Session
from scanner.model.report import FindingRow
from scanner.model.site import Rule


def key(name: str) -> bytes:
    kind = b"ssh-ed25519"
    return len(kind).to_bytes(4, "big") + kind + name.encode()


def served(port_: str, name: str = "", behind: bool = False, certificate: str = "") -> Served:
    held = {Mark("ssh.hostkey", key(name))} if name else {Mark("tls.cert", certificate.encode())}
    return Served(port_, frozenset(held), behind)


def leg(zone: str, *ports: Served, router: bool = False) -> Leg:
    marks = frozenset(mark for each in ports for mark in each.marks)
    return Leg(f"{zone}/1", zone, marks, (), router, ports)


SERVER = leg(SERVERS, served("tcp/22", "db"))


@pytest.mark.parametrize(
    ("legs", "found", "linked"),
    [
        ([leg(GUEST, served("tcp/2222", "db"), router=True), SERVER], [("tcp/2222", "tcp/22")], False),
        ([leg(GUEST, served("tcp/22", "fw"), served("tcp/2222", "db")), SERVER], [("tcp/2222", "tcp/22")], False),
        ([leg(GUEST, served("tcp/22", "db", behind=True), router=True), SERVER], [("tcp/22", "tcp/22")], False),
        ([leg(GUEST, served("tcp/22", "db")), SERVER], [], True),
        ([leg(GUEST, served("tcp/22", "db"), served("tcp/2222", "db")), SERVER], [], True),
        ([leg(GUEST, served("tcp/2222", "db")), SERVER], [], True),
        (
            [leg(GUEST, served("tcp/443", certificate="a"), served("tcp/8443", certificate="b")),
             leg(SERVERS, served("tcp/8443", certificate="b"))],
            [], True,
        ),
        (
            [leg(GUEST, served("tcp/443", certificate="a"), served("tcp/8443", certificate="b")),
             leg(SERVERS, served("tcp/443", certificate="b"))],
            [("tcp/8443", "tcp/443")], False,
        ),
        ([leg(GUEST, served("tcp/22", "x"), served("tcp/23", "y")), SERVER], [], False),
        (
            [leg(GUEST, served("tcp/2222", "db"), router=True), leg(SERVERS, served("tcp/22", "db"), router=True)],
            [], False,
        ),
    ],
    ids=[
        "a router's port", "a host with a key of its own", "from farther away than its address", "one machine",
        "one machine, two ports", "one machine that serves on another port there",
        "a machine with a certificate a port",
        "another certificate where the target has this one", "nothing in common", "two routers",
    ],
)  # fmt: skip
def test_a_forward_is_no_second_leg(legs: list[Leg], found: list[tuple[str, str]], linked: bool) -> None:
    got = forwards(legs)
    assert [(each.port, each.to_port) for each in got] == found
    assert all((each.at, each.to) == (f"{GUEST}/1", f"{SERVERS}/1") for each in got)
    assert bool(links(without(legs, got))) is linked


def test_the_order_of_the_legs_does_not_matter() -> None:
    legs = [leg(GUEST, served("tcp/2222", "db"), router=True), SERVER, leg(OFFICE, served("tcp/22", "pc"))]
    assert forwards(legs) == forwards(legs[::-1]) != []


def at_home() -> Session:
    rows: list[Observation] = [
        HostSeen(DB, "arp", 1000.0, mac="02:00:00:00:00:10"),
        port(DB, 22, "open", ttl=64),
        spoke(DB, 22, key("db"), "ssh.hostkey"),
    ]
    return session(SERVERS, *rows)


def from_guest(number: int, ttl: int) -> Session:
    rows: list[Observation] = [
        HostSeen(FW[GUEST], "arp", 1000.0, mac="02:00:00:00:00:01"),
        HostSeen(FW[GUEST], "echo-reply", 1000.0, ttl=64),
        port(FW[GUEST], number, "open", ttl=ttl),
        spoke(FW[GUEST], number, key("db"), "ssh.hostkey"),
    ]
    return session(GUEST, *rows)


def judged(*sessions: Session, allow: tuple[Rule, ...] = ()) -> list[FindingRow]:
    rows = assess(site(allow=allow), sessions, NOTHING_KNOWN, TODAY).findings
    return [each for each in rows if each.kind == "dual-homed" or "leads to" in each.title]


@pytest.mark.parametrize(("number", "ttl"), [(2222, 64), (2222, 63), (22, 63)])
def test_a_forward_into_a_critical_zone_is_a_gap(number: int, ttl: int) -> None:
    [row] = judged(at_home(), from_guest(number, ttl))
    assert (row.kind, row.severity, row.from_, row.to) == ("segmentation-gap", "critical", GUEST, SERVERS)
    assert (row.host, row.transport, row.port) == (f"{SERVERS}/{DB}", "tcp", 22)
    assert f"tcp/{number} of {FW[GUEST]} leads to tcp/22 of Database, {DB}" in row.title
    assert "the same SSH host key" in row.evidence
    assert f"ssh-keyscan -T 5 -p {number} {FW[GUEST]}" in row.replay


@pytest.mark.parametrize(
    ("allow", "verdict", "forbidden"),
    [((), "BREACHED", 1), ((Rule(GUEST, SERVERS, ("tcp/22",), "ssh"),), "UNTESTED", 0)],
)
def test_a_forward_breaches_its_cell_unless_policy_lets_it(
    allow: tuple[Rule, ...], verdict: str, forbidden: int
) -> None:
    report = assess(site(allow=allow), [at_home(), from_guest(2222, 64)], NOTHING_KNOWN, TODAY)
    [cell] = [each for each in report.cells if (each.from_, each.to) == (GUEST, SERVERS)]
    assert (cell.verdict, cell.forbidden_reached) == (verdict, forbidden)
    assert ("port forward of 10.0.1.1" in cell.reason) == bool(forbidden)
    assert not [each for each in report.findings if each.kind == "exposure"], "what is a forward is no console"
    assert len([each for each in report.findings if each.kind == "segmentation-gap"]) == forbidden


def test_a_forward_that_policy_allows_is_no_finding() -> None:
    allowed = Rule(GUEST, SERVERS, ("tcp/22",), "administration")
    assert not judged(at_home(), from_guest(2222, 64), allow=(allowed,))
