"""Answers that are not whose they seem to be: firewalls that do not count, containers, portals, proxies."""

from __future__ import annotations

import pytest
from assess.scene import DB, FW, GUEST, NOTHING_KNOWN, SERVERS, TODAY, at_home, echo, judge, port, session, site, spoke

from scanner.assess import assess
from scanner.assess.facts.evidence import FlowKey
from scanner.model.observation import HostSeen, Observation, Session
from scanner.model.site import Critical

OTHER, UNUSED, UNUSED_TOO = "10.0.2.11", "10.0.2.77", "10.0.2.78"
FLOW: FlowKey = (DB, "tcp", 3389)


def neighbours() -> Session:
    """Two hosts in the servers' zone, seen from there."""
    one = at_home(5432)
    more = (HostSeen(OTHER, "arp", 1000.0, mac="02:00:00:00:00:11"), port(OTHER, "81", "closed", ttl=64))
    return Session(one.scan, (*one.observations, *more))


def test_resets_through_a_firewall_that_does_not_count_itself_are_no_proof_of_a_denial() -> None:
    """No TTL is taken, so the hosts' own resets look like the first hop's: a port is open to all of them."""
    guest = session(GUEST, port(DB, 3389, "closed", ttl=64), port(OTHER, 3389, "closed", ttl=64))
    evidence, _, found = judge(site(), guest, neighbours())
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"


def test_resets_for_nobody_on_another_port_are_no_proof_either() -> None:
    rows = [port(a, 22, "closed", ttl=64) for a in (DB, OTHER, UNUSED)]
    guest = session(GUEST, *rows, port(DB, 3389, "closed", ttl=64), port(OTHER, 3389, "closed", ttl=64))
    evidence, _, found = judge(site(), guest, neighbours())
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"
    assert found.verdict(evidence.views[GUEST], (DB, "tcp", 22)).verdict == "REJECTED"


def test_a_container_stands_farther_away_than_its_host_whose_reset_is_no_middleboxs() -> None:
    home = session(
        SERVERS,
        HostSeen(DB, "arp", 1000.0, mac="02:00:00:00:00:10"),
        port(DB, 443, "open", ttl=63),  # forwarded by the host, even for its neighbours
        spoke(DB, 443),
        port(DB, "3389", "closed", ttl=64),
    )
    guest = session(GUEST, port(DB, 443, "open", ttl=62), spoke(DB, 443), port(DB, 3389, "closed", ttl=63))
    evidence, _, found = judge(site(), guest, home)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"


def test_a_reset_nearer_than_a_service_of_the_host_itself_is_a_middleboxs() -> None:
    guest = session(GUEST, port(DB, 5432, "open", ttl=63), spoke(DB, 5432), port(DB, 3389, "closed", ttl=64))
    evidence, _, found = judge(site(), guest, at_home(5432))
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "REJECTED"


@pytest.mark.parametrize("state", ["rejected", "closed"])
def test_a_refusal_by_somebody_in_the_targets_zone_got_past_the_fence(state: str) -> None:
    row = port(DB, 3389, state, "icmp-3-13" if state == "rejected" else "icmp-3-3", source=OTHER)  # type: ignore[arg-type]
    evidence, _, found = judge(site(), session(GUEST, row), neighbours())
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"


def portal(*more: Observation) -> Session:
    """Port 80 of every address is answered by the guest network's portal, which speaks."""
    rows: list[Observation] = []
    for address in (DB, OTHER, UNUSED, UNUSED_TOO):
        rows += [port(address, 80, "open", ttl=64), spoke(address, 80, b"HTTP/1.1 302 Found", "http.head")]
    return session(GUEST, *rows, *more)


def test_a_captive_portal_that_answers_for_all_addresses_is_no_gap() -> None:
    evidence, _, found = judge(site(), portal(port(DB, 22, "closed", ttl=64)), neighbours())
    assert found.verdict(evidence.views[GUEST], (DB, "tcp", 80)).verdict == "UNPROVEN"
    assert found.verdict(evidence.views[GUEST], (DB, "tcp", 22)).verdict != "REACHED"


def test_a_service_that_says_what_its_own_zone_heard_is_reached_whoever_else_speaks() -> None:
    home = at_home(80)
    guest = session(GUEST, *portal().observations[1:], spoke(DB, 80))
    evidence, _, found = judge(site(), guest, home)
    assert found.verdict(evidence.views[GUEST], (DB, "tcp", 80)).verdict == "REACHED"


def test_a_router_that_echoes_for_everybody_lends_its_resets_no_name() -> None:
    """The second router answers pings and resets for the whole zone: nothing of it is the target's."""
    rows: list[Observation] = []
    for address in (DB, OTHER, UNUSED):
        rows += [echo(address, ttl=63), port(address, 3389, "closed", ttl=63)]
    evidence, _, found = judge(site(), session(GUEST, *rows), neighbours())
    assert found.verdict(evidence.views[GUEST], (DB, "icmp", 8)).verdict == "UNPROVEN"
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"


def test_in_an_isolated_zone_a_router_that_answers_arp_for_all_may_refuse_for_all() -> None:
    mac = "02:00:00:00:00:01"
    rows: list[Observation] = []
    for number in range(20, 30):
        address = f"10.0.1.{number}"
        rows += [HostSeen(address, "arp", 1000.0, mac=mac), port(address, 22, "closed", ttl=64)]
    evidence, _, found = judge(site(isolated=True), session(GUEST, *rows))
    assert found.verdict(evidence.views[GUEST], ("10.0.1.20", "tcp", 22)).verdict == "UNPROVEN"


def test_a_router_that_is_itself_the_critical_system_can_be_breached() -> None:
    scene = site(critical=(Critical("Gateway server", (FW[SERVERS],), ("tcp/445",)),))
    leg = FW[SERVERS]
    guest = session(GUEST, port(leg, 445, "open", ttl=64), spoke(leg, 445))
    report = assess(scene, [guest, at_home(22), session(SERVERS)], NOTHING_KNOWN, TODAY)
    assert [(c.from_, c.to) for c in report.cells if c.verdict == "BREACHED"] == [(GUEST, SERVERS)]


def test_a_shared_certificate_with_different_host_keys_is_two_machines() -> None:
    def machine(zone: str, address: str, key: bytes) -> Session:
        return session(
            zone,
            HostSeen(address, "arp", 1000.0, mac=f"02:00:00:00:00:{address[-2:]}"),
            port(address, "22,443", "open", ttl=64),
            spoke(address, 22, key, "ssh.hostkey"),
            spoke(address, 443, b"one wildcard certificate", "tls.cert", tls=True),
        )

    def found(other: bytes) -> list[str]:
        sessions = [machine(SERVERS, "10.0.2.10", b"a"), machine(GUEST, "10.0.1.20", other)]
        return [f.kind for f in assess(site(), sessions, NOTHING_KNOWN, TODAY).findings if f.kind == "dual-homed"]

    assert found(b"b") == []
    assert found(b"a") == ["dual-homed"]
