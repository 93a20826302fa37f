"""The packet engines on real packets: a laptop, a fence and a target in network namespaces."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from live_lab import Lab

from scanner.errors import BadInput, NetworkFailed, NoPrivilege
from scanner.model.addresses import addresses_of, addresses_text, ports_of
from scanner.model.network import Knock, Sweep
from scanner.model.observation import Event, HostSeen, Limitation, PortState, Progress, Refused, Silence, Vantage
from scanner.model.site import Zone
from scanner.net.live import LiveNetwork, available
from scanner.net.pace import TokenBucket
from scanner.net.route import vantage_for

pytestmark = [pytest.mark.lab]

FRONT = Zone("front", ("10.91.1.0/24", "fd91:1::/64"))
PAYLOADS = {53: b"ask", 55: b"ask"}
NOBODY = 65534
DEAD, FAR, NEAR, EMPTY = "10.91.2.99", "10.91.2.10", "10.91.1.20", "10.91.1.77"
DEAD6, FAR6, NEAR6, EMPTY6 = "fd91:2::99", "fd91:2::10", "fd91:1::20", "fd91:1::77"
Engine = Literal["raw", "connect"]


class Meter:
    """A pace that grants at once and remembers what it was asked for."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.taken: list[int] = []

    def take(self, packets: int) -> None:
        self.taken.append(packets)


def asked(request: Knock | Sweep, engine: Engine, rate: float = 3000) -> Callable[[], list[Event]]:
    def run() -> list[Event]:
        network = LiveNetwork(vantage_for(FRONT, None), engine, PAYLOADS)
        pace = TokenBucket(rate)
        events = network.knock(request, pace) if isinstance(request, Knock) else network.sweep(request, pace)
        return [each for each in events if not isinstance(each, Progress)]

    return run


def answers(events: list[Event]) -> dict[tuple[str, str, int], PortState]:
    """By address, transport and port; a port with two rows fails."""
    found: dict[tuple[str, str, int], PortState] = {}
    for each in events:
        if isinstance(each, PortState):
            for port in ports_of(each.ports):
                assert (each.address, each.transport, port) not in found
                found[each.address, each.transport, port] = each
    return found


KNOCK = Knock(addresses_text((FAR, NEAR, EMPTY, FAR6, NEAR6, EMPTY6)), (80, 81, 82, 83, 85), (53, 54, 55))
FENCE, FENCE6 = "10.91.1.1", "fd91:1::1"
TRUTH = {
    (FAR, "tcp", 80): ("open", FAR, 63),
    (FAR, "tcp", 81): ("silent", None, None),
    (FAR, "tcp", 82): ("closed", FAR, 64),  # the fence's reset, in the target's name
    (FAR, "tcp", 83): ("rejected", FENCE, 64),
    (FAR, "tcp", 85): ("closed", FAR, 63),
    (FAR, "udp", 53): ("open", FAR, 63),
    (FAR, "udp", 54): ("closed", FAR, 63),
    (FAR, "udp", 55): ("silent", None, None),
    (NEAR, "tcp", 80): ("open", NEAR, 64),
    (NEAR, "tcp", 81): ("closed", NEAR, 64),
    (NEAR, "udp", 53): ("open", NEAR, 64),
    (NEAR, "udp", 54): ("closed", NEAR, 64),
    (FAR6, "tcp", 80): ("open", FAR6, 63),
    (FAR6, "tcp", 81): ("silent", None, None),
    (FAR6, "tcp", 83): ("rejected", FENCE6, 64),
    (FAR6, "tcp", 85): ("closed", FAR6, 63),
    (FAR6, "udp", 53): ("open", FAR6, 63),
    (FAR6, "udp", 54): ("closed", FAR6, 63),
    (FAR6, "udp", 55): ("silent", None, None),
    (NEAR6, "tcp", 80): ("open", NEAR6, 64),
    (NEAR6, "tcp", 85): ("closed", NEAR6, 64),
}


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_states_sources_and_ttls_are_what_the_fence_does(lab: Lab, engine: Engine) -> None:
    events = lab.run("laptop", asked(KNOCK, engine), user=NOBODY if engine == "connect" else None)
    found = answers(events)
    for key, (state, source, ttl) in TRUTH.items():
        row = found[key]
        assert row.state == state, (key, row)
        if row.reason in ("connected", "refused"):
            assert (row.ttl, row.source) == (None, None)
        else:
            assert (row.source, row.ttl) == (source, ttl), (key, row)
    silent = [each for each in events if isinstance(each, Silence)]
    assert {address for each in silent for address in addresses_of(each.addresses)} == {EMPTY, EMPTY6}
    kinds = {(each.transport, each.addresses) for each in silent}
    assert len(silent) == len(kinds) <= 4, "one row for each transport, and for IPv4 and IPv6"
    assert not [each for each in events if isinstance(each, Refused)]
    assert any(isinstance(each, Limitation) for each in events) == (engine == "connect")


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_a_dead_host_behind_the_fence_is_reported_late_by_the_router(lab: Lab, engine: Engine) -> None:
    found = answers(lab.run("laptop", asked(Knock(f"{DEAD},{DEAD6}", (443,), tries=1), engine)))
    for address, source, reason in ((DEAD, FENCE, "icmp-3-1"), (DEAD6, FENCE6, "icmp6-1-3")):
        row = found[address, "tcp", 443]
        assert (row.state, row.reason, row.source) == ("unreachable", reason, source)
        assert row.rtt_ms is not None
        assert row.rtt_ms > 2000


def test_the_own_kernels_failure_to_find_a_neighbour_is_silence(lab: Lab) -> None:
    """After three seconds the laptop tells itself "host unreachable": nobody else said that."""
    request = Knock(EMPTY, (80,), (53,), tries=4)
    events = lab.run("laptop", asked(request, "connect"))
    assert not [each for each in events if isinstance(each, PortState)]
    assert sum(isinstance(each, Silence) for each in events) == 2


def test_closed_ports_are_one_row_and_an_open_one_comes_first(lab: Lab) -> None:
    events = lab.run("laptop", asked(Knock(FAR, (80, *range(85, 1086))), "raw"))
    rows = [each for each in events if isinstance(each, PortState)]
    assert (rows[0].ports, rows[0].state, rows[0].reason) == ("80", "open", "syn-ack")
    assert rows[0].window is not None
    closed = [each for each in rows if each.state == "closed" and each.ttl == 63]
    assert [each.ports for each in closed] == ["85-1085"]


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_the_laptops_own_address_is_asked_without_leaving_it(lab: Lab, engine: Engine) -> None:
    lab.sent_to()
    found = answers(lab.run("laptop", asked(Knock("10.91.1.10", (80, 81), (53, 54)), engine)))
    assert [found["10.91.1.10", kind, port].state for kind, port in (("tcp", 80), ("udp", 53))] == ["open"] * 2
    assert [found["10.91.1.10", kind, port].state for kind, port in (("tcp", 81), ("udp", 54))] == ["closed"] * 2
    assert "10.91.1.10" not in lab.sent_to()


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_nothing_goes_to_an_address_that_the_request_does_not_name(lab: Lab, engine: Engine) -> None:
    lab.forget()
    lab.sent_to()
    lab.run("laptop", asked(Knock(f"{FAR},{EMPTY}", (80, 85), (53,), tries=1), engine))
    allowed = {FAR, EMPTY, FENCE}
    sent = {each for each in lab.sent_to() if not each.startswith(("ff02:", "fe80:"))}
    assert sent <= allowed
    assert FAR in sent


def test_every_packet_was_granted_and_in_small_portions(lab: Lab) -> None:
    def run() -> list[int]:
        meter = Meter(800)
        list(LiveNetwork(vantage_for(FRONT, None), "raw").knock(Knock(f"{FAR},{EMPTY}", (80, *range(200, 400))), meter))
        return meter.taken

    lab.forget()
    lab.counter("router", "netdev watch", "sent")
    taken = lab.run("laptop", run)
    sent = lab.counter("router", "netdev watch", "sent")
    assert max(taken) <= 8
    assert sum(taken) - 4 <= sent <= sum(taken) + 4, "the kernel's own ARP and router solicitations apart"


def test_the_rate_holds(lab: Lab) -> None:
    lab.counter("router", "netdev watch", "sent")
    began = time.monotonic()
    lab.run("laptop", asked(Knock(FAR, tuple(range(200, 400)), tries=1), "raw", rate=200))
    took = time.monotonic() - began
    assert lab.counter("router", "netdev watch", "sent") >= 200
    assert took >= 0.9


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_closing_the_stream_stops_the_sending(lab: Lab, engine: Engine) -> None:
    def run() -> None:
        events = LiveNetwork(vantage_for(FRONT, None), engine).knock(
            Knock(FAR, tuple(range(80, 5000))), TokenBucket(400)
        )
        for event in events:
            if isinstance(event, PortState | Progress):
                break
        events.close()  # type: ignore[attr-defined]

    lab.run("laptop", run)
    lab.counter("router", "netdev watch", "sent")
    time.sleep(0.5)
    assert lab.counter("router", "netdev watch", "sent") <= 4


def test_gentle_is_one_whole_connection_at_a_time(lab: Lab) -> None:
    lab.counter("target", "inet seen", "rst")
    lab.counter("target", "inet seen", "fin")
    lab.counter("target", "inet seen", "syn")
    began = time.monotonic()
    found = answers(lab.run("laptop", asked(Knock(FAR, (80, 85, 86, 87), gentle=True), "raw")))
    assert time.monotonic() - began >= 0.3
    assert [found[FAR, "tcp", port].state for port in (80, 85, 86, 87)] == ["open", "closed", "closed", "closed"]
    assert found[FAR, "tcp", 80].reason == "connected"
    assert lab.counter("target", "inet seen", "syn") == 4
    assert lab.counter("target", "inet seen", "rst") == 0
    assert lab.counter("target", "inet seen", "fin") == 1


def test_an_interface_that_goes_away_is_no_silence(lab: Lab) -> None:
    def run() -> str:
        events = LiveNetwork(vantage_for(FRONT, None), "raw").knock(
            Knock(FAR, tuple(range(2000, 4000))), TokenBucket(500)
        )
        try:
            for event in events:
                if isinstance(event, Progress):
                    os.system("ip link set eth0 down")
        except NetworkFailed as error:
            return str(error)
        return "no error"

    try:
        assert lab.run("laptop", run) == "eth0 is down or gone; plug it in again and go on with --resume"
    finally:
        lab.ns("laptop", "ip link set eth0 up", "ip route add default via 10.91.1.1")
        lab.ns("laptop", "ip -6 addr add fd91:1::10/64 dev eth0 nodad", "ip -6 route add default via fd91:1::1")


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_without_a_route_nothing_is_said_of_the_address(lab: Lab, engine: Engine) -> None:
    lab.ns("laptop", "ip route del default")
    try:
        events = lab.run("laptop", asked(Knock(FAR, (80,), (53,)), engine))
    finally:
        lab.ns("laptop", "ip route add default via 10.91.1.1")
    refused = [each for each in events if not isinstance(each, Limitation)]
    assert [(type(each), each.addresses) for each in refused if isinstance(each, Refused)] == [(Refused, FAR)] * 2
    assert len(refused) == 2


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_a_next_hop_that_is_dead_is_not_the_targets_silence(lab: Lab, engine: Engine) -> None:
    lab.ns("laptop", "ip route replace default via 10.91.1.66")
    try:
        events = lab.run("laptop", asked(Knock(FAR, (80,), (53,), tries=1), engine))
    finally:
        lab.ns("laptop", "ip route replace default via 10.91.1.1")
    assert {each.transport for each in events if isinstance(each, Refused)} == {"tcp", "udp"}
    assert not [each for each in events if isinstance(each, PortState | Silence)]


SWEEP = Sweep(
    addresses_text((NEAR, EMPTY, FENCE, "10.91.1.10", NEAR6, EMPTY6)), addresses_text((FAR, DEAD, FAR6)), names=False
)


def test_a_raw_sweep_finds_neighbours_gateways_and_echoes(lab: Lab) -> None:
    events = lab.run("laptop", asked(SWEEP, "raw"))
    seen = {(each.address, each.how) for each in events if isinstance(each, HostSeen)}
    assert seen >= {
        ("10.91.1.10", "self"),
        (NEAR, "arp"),
        (FENCE, "arp"),
        (FENCE, "gateway"),
        (FENCE6, "gateway"),
        (NEAR6, "ndp"),
        (NEAR, "echo-reply"),
        (NEAR6, "echo-reply"),
        (FENCE6, "echo-reply"),
    }
    assert any(address.startswith("fe80:") and how == "echo-reply" for address, how in seen), "found, named by no list"
    assert not {address for address, _ in seen} & {EMPTY, EMPTY6, FAR, DEAD}
    near = next(each for each in events if isinstance(each, HostSeen) and each.how == "arp" and each.address == NEAR)
    assert near.mac == lab.ns("near", "cat /sys/class/net/eth0/address").strip()
    found = answers(events)
    assert {key: row.state for key, row in found.items()} == {
        (FAR, "icmp", 8): "open",
        (FAR, "icmp", 13): "open",
        (FAR6, "icmp", 128): "open",
        (DEAD, "icmp", 8): "unreachable",
        (DEAD, "icmp", 13): "unreachable",
    }
    assert found[FAR, "icmp", 8].ttl == 63


def test_an_unprivileged_sweep_with_ping_sockets(lab: Lab) -> None:
    group_range = Path("/proc/sys/net/ipv4/ping_group_range")
    lab.run("laptop", lambda: group_range.write_text("0 65534"))
    try:
        events = lab.run("laptop", asked(SWEEP, "connect"), user=NOBODY)
    finally:
        lab.run("laptop", lambda: group_range.write_text("1 0"))
    found = answers(events)
    assert {key: (row.state, row.source) for key, row in found.items()} == {
        (FAR, "icmp", 8): ("open", FAR),
        (FAR6, "icmp", 128): ("open", FAR6),
        (DEAD, "icmp", 8): ("unreachable", FENCE),
    }
    seen = {(each.address, each.how) for each in events if isinstance(each, HostSeen)}
    assert seen >= {(NEAR, "echo-reply"), (NEAR, "neighbour-table"), (NEAR6, "echo-reply"), (FENCE, "gateway")}
    assert not {address for address, _ in seen} & {EMPTY, EMPTY6, FAR, DEAD}


def test_an_unprivileged_sweep_without_ping_sockets_says_what_it_cannot_see(lab: Lab) -> None:
    lab.forget()
    mac = "02:00:00:00:00:01"
    lab.ns("laptop", f"ip neigh replace {NEAR} lladdr {mac} dev eth0 nud stale")
    lab.sent_to()
    try:
        events = lab.run("laptop", asked(SWEEP, "connect"), user=NOBODY)
    finally:
        lab.ns("laptop", f"ip neigh del {NEAR} dev eth0")
    seen = {(each.address, each.how, each.mac) for each in events if isinstance(each, HostSeen)}
    assert {each for each in seen if each[1] != "self"} == {(NEAR, "neighbour-table", mac)}
    assert not lab.sent_to() & {NEAR, EMPTY, FAR, DEAD}
    assert any("no ICMP echo" in each.what for each in events if isinstance(each, Limitation))
    assert not [each for each in events if isinstance(each, PortState | Silence)]


def test_raw_without_the_right_is_refused_with_the_mend(lab: Lab) -> None:
    def run() -> tuple[str, str, bool]:
        vantage = vantage_for(FRONT, None)
        engine = LiveNetwork(vantage, "auto").engine
        can = available()
        try:
            LiveNetwork(vantage, "raw")
        except NoPrivilege as error:
            return engine, str(error), can.raw
        return engine, "", can.raw

    engine, message, can = lab.run("laptop", run, user=NOBODY)
    assert (engine, can) == ("connect", False)
    assert "setcap" in message
    assert "sudo" in message


def test_vantages(lab: Lab) -> None:
    def of(zone: Zone, interface: str | None) -> Callable[[], Vantage | str]:
        def run() -> Vantage | str:
            try:
                return vantage_for(zone, interface)
            except BadInput as error:
                return str(error)

        return run

    both = Zone("both", ("10.91.1.0/24", "10.91.2.0/24"))
    other = Zone("other", ("10.91.7.0/24",))
    assert lab.run("laptop", of(FRONT, None)) == Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
    assert lab.run("laptop", of(FRONT, "eth0")) == Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
    assert lab.run("router", of(both, "to-target")) == Vantage("both", "to-target", "10.91.2.1", None)
    truth = [
        ("laptop", FRONT, "eth7", ["no interface 'eth7'", "eth0"]),
        ("laptop", other, "eth0", ["10.91.7.0/24", "10.91.1.10/24"]),
        ("laptop", other, None, ["10.91.7.0/24", "10.91.1.10/24"]),
        ("router", both, None, ["br0", "to-target", "--interface"]),
    ]
    for where, zone, interface, words in truth:
        said = lab.run(where, of(zone, interface))
        assert isinstance(said, str)
        assert all(word in said for word in words), said
