"""Dressed probes and detours with real packets, against rules and neighbours that are as careless as in the field."""

from __future__ import annotations

import datetime
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from detour_lab import NO_WAY_BACK, DetourLab
from lab_fixtures import raised
from netns import IN_LAB

from scanner.model.addresses import addresses_of, ports_of
from scanner.model.network import Knock
from scanner.model.observation import Event, Limitation, PortState, Progress, Silence, Vantage
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.net.guard import Guard
from scanner.net.live import LiveNetwork
from scanner.net.pace import TokenBucket
from scanner.pipeline import observe
from scanner.plan import Manners, make_plan
from scanner.ports import Ports
from scanner.store import Store

pytestmark = IN_LAB
HERE = Vantage("users", "eth0", "10.91.1.10", "fd91:1::10")
TARGET = {4: "10.91.2.10", 6: "fd91:2::10"}
FAR_LEG = {4: "10.91.2.20", 6: "fd91:2::20"}
NEAR = {4: "10.91.1.20", 6: "fd91:1::20"}
PAYLOADS = {53: b"a question of some length"}
DAY = datetime.date(2026, 11, 22)
NOBODY = 65534


def site(**scope: object) -> Site:
    return Site(
        client="c",
        site="s",
        zones=(Zone("users", ("10.91.1.0/24", "fd91:1::/64")), Zone("servers", ("10.91.2.0/27", "fd91:2::/64"))),
        authorization=Authorization("owner", DAY, DAY),
        scope=Scope(**scope),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def detours() -> Iterator[DetourLab]:
    with raised(DetourLab()) as built:
        yield built


def asked(request: Knock, engine: str = "raw", rate: int = 1000) -> list[Event]:
    network = LiveNetwork(HERE, engine, PAYLOADS, None, True)  # type: ignore[arg-type]
    try:
        return [each for each in network.knock(request, TokenBucket(rate)) if not isinstance(each, Progress)]
    finally:
        network.close()


def states(events: list[Event]) -> dict[tuple[str, str, str, int], str]:
    """(via, address, transport, port) -> what came back."""
    found: dict[tuple[str, str, str, int], str] = {}
    for each in events:
        if isinstance(each, PortState):
            found.update({(each.via, each.address, each.transport, p): each.state for p in ports_of(each.ports)})
        elif isinstance(each, Silence):
            for address in addresses_of(each.addresses):
                found.update({(each.via, address, each.transport, p): "silent" for p in ports_of(each.ports)})
    return found


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("via", "tcp", "udp"),
    [("", "silent", "silent"), ("sport-53", "open", None), ("sport-20", "silent", "silent"),
     ("sport-123", "silent", "open"), ("fragments", "open", "of fragments")],
)  # fmt: skip
def test_what_each_dressing_gets_past_a_careless_rule(
    detours: DetourLab, version: int, via: str, tcp: str, udp: str | None
) -> None:
    address = TARGET[version]
    events = detours.run("laptop", lambda: asked(Knock(address, (80, 99), (53,), via=via, patience=0.5)))
    got = states(events)
    # The IPv4 rule for UDP sees the port in the first fragment, as it does a plain datagram's; IPv6 lets all pass.
    expected = {"of fragments": "open" if version == 6 else "silent"}.get(udp or "", udp)
    assert got[via, address, "tcp", 80] == tcp
    assert got[via, address, "tcp", 99] == "closed"
    assert got.get((via, address, "udp", 53)) == expected
    said = [each for each in events if isinstance(each, Limitation)]
    if via == "sport-53":
        # A daemon of the laptop has UDP port 53, which is said, and not asked.
        assert ["udp by sport-53" in each.what and "uses port 53" in each.reason for each in said] == [True]
    else:
        assert not said


@pytest.mark.parametrize("version", [4, 6])
def test_what_was_answered_plainly_is_neither_asked_nor_told(detours: DetourLab, version: int) -> None:
    known = ((TARGET[version], "tcp", "99"),)
    request = Knock(TARGET[version], (80, 99), via="sport-53", known=known)  # type: ignore[arg-type]
    got = states(detours.run("laptop", lambda: asked(request)))
    assert {key[3] for key in got} == {80}


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("forwards", [False, True])
def test_a_neighbour_as_gateway(detours: DetourLab, version: int, forwards: bool) -> None:
    """Its own far address answers in any case, from as near as itself; others behind it if it forwards."""
    detours.forwarding(forwards)
    target, leg, via = TARGET[version], FAR_LEG[version], f"by-{NEAR[version]}"
    request = Knock(f"{target},{leg}", (80,), by=(NEAR[version],), echo=True, patience=0.5)
    events = detours.run("laptop", lambda: asked(request))
    got, ping = states(events), 8 if version == 4 else 128
    assert {key[0] for key in got} == {via}
    assert (got[via, leg, "tcp", 80], got[via, leg, "icmp", ping]) == ("open", "open")
    others = "open" if forwards else "silent"
    assert (got[via, target, "tcp", 80], got[via, target, "icmp", ping]) == (others, others)
    ttls = {each.address: each.ttl for each in events if isinstance(each, PortState) and each.state == "open"}
    assert ttls == ({leg: 64, target: 63} if forwards else {leg: 64})


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("forwards", [False, True])
def test_forwarding_shows_even_where_no_answer_finds_back(detours: DetourLab, version: int, forwards: bool) -> None:
    detours.forwarding(forwards)
    detours.nft("router", NO_WAY_BACK)
    try:
        request = Knock(TARGET[version], (80,), by=(NEAR[version],), echo=True, patience=0.5)
        events = detours.run("laptop", lambda: asked(request))
    finally:
        detours.ns("router", "nft delete table inet back")
    rows = [(each.reason, each.source) for each in events if isinstance(each, PortState) and each.state != "silent"]
    reason = "icmp-11-0" if version == 4 else "icmp6-3-0"
    assert rows == ([(reason, NEAR[version])] if forwards else [])


def test_a_neighbour_that_delivers_says_who_is_not_there(detours: DetourLab) -> None:
    detours.forwarding(True)
    request = Knock("10.91.2.30", (80,), by=(NEAR[4],), patience=3.6)
    rows = [each for each in detours.run("laptop", lambda: asked(request)) if isinstance(each, PortState)]
    assert [(each.state, each.reason, each.source) for each in rows] == [("unreachable", "icmp-3-1", NEAR[4])]
    assert rows[0].rtt_ms is not None
    assert rows[0].rtt_ms > 500


def test_without_raw_packets_a_source_port_takes_a_right_and_the_rest_is_said(detours: DetourLab) -> None:
    tcp = Knock(TARGET[4], (80, 99), via="sport-53", patience=0.5)
    detours.sysctl("laptop", net__ipv4__ip_unprivileged_port_start=1024)
    refused = detours.run("laptop", lambda: asked(tcp, "connect"), NOBODY)
    assert ["CAP_NET_BIND_SERVICE" in each.reason for each in refused if isinstance(each, Limitation)] == [True]
    assert not states(refused)
    detours.sysctl("laptop", net__ipv4__ip_unprivileged_port_start=0)
    got = states(detours.run("laptop", lambda: asked(tcp, "connect"), NOBODY))
    assert got == {("sport-53", TARGET[4], "tcp", 80): "open", ("sport-53", TARGET[4], "tcp", 99): "closed"}
    udp = Knock(TARGET[4], (), (53,), via="sport-123", patience=0.5)
    assert states(detours.run("laptop", lambda: asked(udp, "connect"), NOBODY)) == {
        ("sport-123", TARGET[4], "udp", 53): "open"
    }
    for other in (Knock(TARGET[4], (80,), via="fragments"), Knock(TARGET[4], (80,), by=(NEAR[4],))):
        rows = detours.run("laptop", partial(asked, other, "connect"), NOBODY)
        assert [isinstance(each, Limitation) for each in rows] == [True]


@pytest.mark.parametrize(
    "request_",
    [Knock("10.91.2.1-10.91.2.20", tuple(range(1000, 1005)), via="fragments", patience=0.2),
     Knock("10.91.2.1-10.91.2.20", (80,), by=(NEAR[4],), echo=True, patience=0.2)],
    ids=["fragments", "detour"],
)  # fmt: skip
def test_every_packet_asks_the_pace(detours: DetourLab, request_: Knock) -> None:
    """Fragments and the last probes of a detour count as well."""
    detours.forwarding(False)
    detours.counter("router", "netdev watch", "sent")
    rate = 200

    def timed() -> float:
        start = time.monotonic()
        asked(request_, rate=rate)
        return time.monotonic() - start

    took = detours.run("laptop", timed)
    sent = detours.counter("router", "netdev watch", "sent")
    # RSTs of the laptop's kernel to SYN-ACKs, and what ARP it does by itself, are beside the pace.
    assert sent > 20
    assert sent <= rate * took + 20


def scan(store: Path, which: Site, manners: Manners, stop: str = "") -> list[tuple[str, Event]]:
    """Carry out a plan, or go on with it; `stop`: end it at the first answer that was asked so. What the journal holds
    then."""
    with Store(store) as opened:
        plan = make_plan(which, HERE, Ports((80,)), ["10.91.2.10", "10.91.2.20"], manners)
        journal = opened.unfinished("c", "s", "users") or opened.begin("c", "s", plan, "raw")
        network = LiveNetwork(HERE, "raw", PAYLOADS, None, True)
        guard = Guard(network, which, HERE, lambda: DAY, time.time)
        events = observe(plan, guard, journal, TokenBucket(2000), which)
        try:
            for event in events:
                if stop and isinstance(event, PortState) and event.via.startswith(stop):
                    break
        finally:
            events.close()  # type: ignore[attr-defined]
            guard.close()
        return list(journal.rows())


def test_a_thorough_scan_of_it_all_stays_in_scope_and_goes_on(detours: DetourLab, tmp_path: Path) -> None:
    detours.forwarding(True)
    which = site(include=("10.91.1.0/24", "10.91.2.0/27"), exclude=("10.91.2.5", "10.91.2.30"), max_rate=2000)
    manners = Manners(identify=False, names=False, patience=0.3, thorough=True)
    detours.sent_to()
    first = detours.run("laptop", lambda: scan(tmp_path / "s", which, manners, "by-"))
    assert "detour-0" in {unit for unit, _ in first}
    assert not any(unit.startswith("via-") for unit, _ in first)
    rows = detours.run("laptop", lambda: scan(tmp_path / "s", which, manners))
    sent = detours.sent_to()
    allowed = {f"10.91.1.{n}" for n in range(1, 255)} | {f"10.91.2.{n}" for n in range(1, 31)}
    assert {each for each in sent if ":" not in each} <= allowed - {"10.91.2.5", "10.91.2.30"} | {"10.91.1.255"}
    got = states([each for _, each in rows])
    assert got["by-10.91.1.20", "10.91.2.10", "tcp", 80] == "open"
    assert got["by-10.91.1.20", "10.91.2.20", "tcp", 80] == "open"
    assert got["sport-53", "10.91.2.10", "tcp", 80] == "open"
    assert got["fragments", "10.91.2.10", "tcp", 80] == "open"
    assert got["", "10.91.2.10", "tcp", 80] == "silent"
    assert got["sport-20", "10.91.2.10", "tcp", 80] == "silent"
    units = {unit for unit, _ in rows}
    assert {"detour-0", "via-sport-53-0", "via-fragments-0"} <= units


def test_the_source_port_is_held_while_the_network_is_open(detours: DetourLab) -> None:
    def work() -> tuple[bool, bool]:
        def free() -> bool:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
                try:
                    sock.bind(("10.91.1.10", 88))
                except OSError:
                    return False
                return True

        network = LiveNetwork(HERE, "raw", {}, None, True)
        held = not free()
        network.close()
        return held, free()

    assert detours.run("laptop", work) == (True, True)
