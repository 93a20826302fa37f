"""What the simulated network answers, against what Linux routers and hosts are known to do with such packets."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import DUAL_HOMED, STATELESS, TWO_ZONES, NoWait, chain
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import Topology
from scanner.model.addresses import addresses_of, addresses_text, ports_of
from scanner.model.base import Transport
from scanner.model.network import Knock, Sweep
from scanner.model.observation import Alive, Event, HostSeen, PortState, Progress, Refused, Silence


def network(text: str, zone: str) -> SimulatedNetwork:
    return SimulatedNetwork(read_document(text, Topology, "inline.yaml"), zone)


def events(stream: list[Event]) -> list[Event]:
    return [each for each in stream if not isinstance(each, Progress)]


def ask(text: str, zone: str, addr: str, transport: Transport, port: int) -> PortState | None:
    """The one row that a probe gives; None where nothing came back."""
    net = network(text, zone)
    if transport == "icmp":
        found = events(list(net.sweep(Sweep(routed=addr), NoWait())))
    elif transport == "tcp":
        found = events(list(net.knock(Knock(addr, tcp=(port,)), NoWait())))
    else:
        found = events(list(net.knock(Knock(addr, udp=(port,)), NoWait())))
    rows = [each for each in found if isinstance(each, PortState | Silence) and port in ports_of(each.ports)]
    assert len(rows) == 1
    row = rows[0]
    if isinstance(row, Silence):
        assert (row.addresses, row.transport, ports_of(row.ports)) == (addr, transport, [port])
        return None
    assert isinstance(row, PortState)
    assert (row.address, row.transport) == (addr, transport)
    # An echo is asked together with a timestamp, which may have been answered alike.
    assert ports_of(row.ports) == ([8, 13] if row.ports == "8,13" else [port])
    return row


FLOWS: list[tuple[str, str, Transport, int, tuple[str, str, int, str] | None]] = [
    # permitted
    ("user", "10.2.0.10", "tcp", 22, ("open", "syn-ack", 63, "10.2.0.10")),
    ("user", "10.2.0.10", "tcp", 80, ("closed", "rst", 63, "10.2.0.10")),
    ("user", "10.2.0.10", "icmp", 8, ("open", "echo-reply", 63, "10.2.0.10")),
    ("user", "10.2.0.10", "udp", 53, ("open", "udp-reply", 63, "10.2.0.10")),
    ("user", "10.2.0.10", "udp", 54, ("closed", "icmp-3-3", 63, "10.2.0.10")),
    ("user", "10.2.0.10", "udp", 123, None),
    ("user", "fd02::10", "tcp", 22, ("open", "syn-ack", 63, "fd02::10")),
    ("user", "fd02::10", "tcp", 5432, ("closed", "rst", 63, "fd02::10")),
    ("user", "fd02::10", "icmp", 128, ("open", "echo-reply", 63, "fd02::10")),
    ("user", "fd02::10", "udp", 9, ("closed", "icmp6-1-4", 63, "fd02::10")),
    # permitted, nobody there: the router says so
    ("user", "10.2.0.99", "tcp", 22, ("unreachable", "icmp-3-1", 64, "10.1.0.1")),
    ("user", "fd02::99", "tcp", 22, ("unreachable", "icmp6-1-3", 64, "fd01::1")),
    # permitted, a host that hides its closed ports
    ("user", "10.2.0.11", "tcp", 22, ("open", "syn-ack", 63, "10.2.0.11")),
    ("user", "10.2.0.11", "tcp", 23, None),
    ("user", "10.2.0.11", "udp", 53, None),
    ("user", "10.2.0.11", "icmp", 8, None),
    # rules that do not match: another source port, another family
    ("user", "10.2.0.10", "tcp", 443, None),
    ("user", "10.2.0.10", "tcp", 8080, None),
    # refused
    ("user", "10.2.0.50", "tcp", 113, ("closed", "rst", 64, "10.2.0.50")),
    ("user", "fd02::50", "tcp", 113, ("closed", "rst", 64, "fd02::50")),
    ("user", "10.2.0.50", "udp", 113, None),
    ("user", "10.2.0.50", "tcp", 137, ("rejected", "icmp-3-13", 64, "10.1.0.1")),
    ("user", "fd02::50", "tcp", 137, ("rejected", "icmp6-1-1", 64, "fd01::1")),
    ("user", "10.2.0.50", "icmp", 8, ("rejected", "icmp-3-13", 64, "10.1.0.1")),
    ("user", "10.2.0.50", "tcp", 445, ("unreachable", "icmp-3-1", 64, "10.1.0.1")),
    ("user", "fd02::50", "tcp", 445, ("unreachable", "icmp6-1-3", 64, "fd01::1")),
    ("user", "10.2.0.50", "tcp", 3389, None),
    ("core", "10.1.0.20", "tcp", 22, None),
    # the router itself, on both of its legs: nothing crosses
    ("user", "10.1.0.1", "tcp", 22, ("open", "syn-ack", 64, "10.1.0.1")),
    ("user", "10.2.0.1", "tcp", 22, ("open", "syn-ack", 64, "10.2.0.1")),
    ("user", "10.2.0.1", "tcp", 23, ("closed", "rst", 64, "10.2.0.1")),
    ("user", "10.2.0.1", "tcp", 24, ("rejected", "icmp-3-13", 64, "10.2.0.1")),
    ("user", "10.2.0.1", "tcp", 25, None),
    ("user", "10.2.0.1", "icmp", 8, ("open", "echo-reply", 64, "10.2.0.1")),
    # on the own link no router is asked
    ("core", "10.2.0.10", "tcp", 22, ("open", "syn-ack", 64, "10.2.0.10")),
    ("core", "10.2.0.10", "tcp", 3389, ("closed", "rst", 64, "10.2.0.10")),
    ("core", "10.2.0.99", "tcp", 22, None),
    ("core", "fd02::10", "tcp", 22, ("open", "syn-ack", 64, "fd02::10")),
    # no route at all
    ("user", "192.0.2.1", "tcp", 22, ("unreachable", "icmp-3-0", 64, "10.1.0.1")),
]


@for_every(("zone", "addr", "transport", "port", "truth"), FLOWS)
def test_one_probe(
    zone: str, addr: str, transport: Transport, port: int, truth: tuple[str, str, int, str] | None
) -> None:
    row = ask(TWO_ZONES, zone, addr, transport, port)
    assert (row and (row.state, row.reason, row.ttl, row.source)) == truth
    if row is not None and transport == "tcp":
        syn_ack = 64800 if ":" in addr else 64240
        assert row.window == {"syn-ack": syn_ack, "rst": 0}.get(row.reason)


def test_a_dead_host_is_reported_when_neighbour_resolution_gives_up_and_a_refusal_at_once() -> None:
    dead = ask(TWO_ZONES, "user", "10.2.0.99", "tcp", 22)
    refused = ask(TWO_ZONES, "user", "10.2.0.50", "tcp", 445)
    assert dead is not None
    assert refused is not None
    assert (dead.rtt_ms or 0) > 2500
    assert (refused.rtt_ms or 9999) < 100


def test_a_dual_homed_host_answers_for_its_far_address_directly() -> None:
    row = ask(DUAL_HOMED, "user", "10.2.0.7", "tcp", 22)
    # Its leg in our own segment carries the answer, so no router took a hop off it.
    assert row is not None
    assert (row.state, row.ttl, row.source) == ("open", 64, "10.2.0.7")
    assert ask(DUAL_HOMED, "user", "10.2.0.7", "tcp", 23) is None


def test_a_reply_that_goes_to_a_host_which_does_not_forward_is_lost_and_one_that_does_brings_it() -> None:
    assert ask(DUAL_HOMED, "user", "10.2.0.8", "tcp", 22) is None
    forwarding = DUAL_HOMED.replace("name: both,", "name: both, forwarding: true,")
    row = ask(forwarding, "user", "10.2.0.8", "tcp", 22)
    assert row is not None
    assert (row.state, row.ttl) == ("open", 63)


# r1 knows two ways to c of the same length, over r2 and back over r3; its first leg is towards r2.
CHAINED: list[tuple[str, str, str, int, tuple[str, str, int, str] | None]] = [
    (chain("default: drop"), "a", "10.3.0.10", 22, ("open", "syn-ack", 62, "10.3.0.10")),
    (chain("default: drop"), "a", "10.3.0.10", 23, ("closed", "rst", 62, "10.3.0.10")),
    (chain("default: drop"), "a", "10.3.0.99", 22, ("unreachable", "icmp-3-1", 63, "10.2.0.2")),
    (chain("default: drop"), "a", "10.3.0.9", 22, ("rejected", "icmp-3-13", 63, "10.2.0.2")),
    (chain("default: drop"), "a", "10.3.0.8", 22, ("closed", "rst", 63, "10.3.0.8")),
    (chain("default: drop"), "a", "10.3.0.1", 22, ("closed", "rst", 63, "10.3.0.1")),
    (chain("default: drop"), "c", "10.1.0.1", 22, None),
    # The answer takes the shortcut. A stateful router that saw no SYN drops it, whatever its rules say.
    (chain("default: accept", "10.3.0.3"), "a", "10.3.0.10", 22, None),
    # A stateless one asks its rules, and they see a packet from port 22 to our high port.
    (chain("default: accept, stateful: false", "10.3.0.3"), "a", "10.3.0.10", 22, ("open", "syn-ack", 63, "10.3.0.10")),
    (chain("default: drop, stateful: false", "10.3.0.3"), "a", "10.3.0.10", 22, None),
    (
        chain("forward: [{action: accept, to: a, services: [tcp/1024-65535]}], stateful: false", "10.3.0.3"),
        "a",
        "10.3.0.10",
        22,
        ("open", "syn-ack", 63, "10.3.0.10"),
    ),
    (
        chain("forward: [{action: accept, to: a, services: [any], source_port: 22}], stateful: false", "10.3.0.3"),
        "a",
        "10.3.0.10",
        23,
        None,
    ),
]


@for_every(("text", "zone", "addr", "port", "truth"), CHAINED)
def test_several_routers(text: str, zone: str, addr: str, port: int, truth: tuple[str, str, int, str] | None) -> None:
    row = ask(text, zone, addr, "tcp", port)
    assert (row and (row.state, row.reason, row.ttl, row.source)) == truth


def test_a_stateless_router_drops_the_replies_that_no_rule_lets_back() -> None:
    assert ask(STATELESS, "user", "10.2.0.10", "tcp", 22) is None
    assert ask(STATELESS, "user", "10.2.0.10", "udp", 53) is None
    back = "      - {action: accept, from: core, to: user, services: [tcp/1024-65535]}\n"
    both = STATELESS.replace("    forward:\n", f"    forward:\n{back}")
    row = ask(both, "user", "10.2.0.10", "tcp", 22)
    assert row is not None
    assert row.state == "open"
    # What the router says itself is not filtered by itself.
    refused = ask(STATELESS, "user", "10.2.0.50", "tcp", 445)
    assert refused is not None
    assert refused.reason == "icmp-3-1"


def test_equal_answers_are_one_row_and_every_port_of_every_address_is_told_of_once() -> None:
    addresses = ("10.2.0.10", "10.2.0.11", "10.2.0.60", "10.2.0.61", "fd02::10", "fd02::60")
    tcp, udp = tuple(range(1, 300)), (53, 54, 123)
    net = network(TWO_ZONES, "user")
    rows = events(list(net.knock(Knock(addresses_text(addresses), tcp, udp), NoWait())))
    told: dict[tuple[str, str, int], str] = {}
    for row in rows:
        if isinstance(row, Silence):
            keys = [(a, row.transport, p) for a in addresses_of(row.addresses) for p in ports_of(row.ports)]
            state = "silent"
        else:
            assert isinstance(row, PortState)
            keys = [(row.address, row.transport, p) for p in ports_of(row.ports)]
            state = row.state
        for key in keys:
            assert key not in told
            told[key] = state
    assert len(told) == len(addresses) * (len(tcp) + len(udp))
    # and each says what a probe on its own says
    for (addr, transport, port), state in told.items():
        if port in (1, 22, 23, 53, 54, 80, 113, 123, 134, 135, 139, 140):
            one = ask(TWO_ZONES, "user", addr, "udp" if transport == "udp" else "tcp", port)
            assert (one.state if one else "silent") == state, (addr, transport, port)
    silences = [row for row in rows if isinstance(row, Silence)]
    assert [(row.transport, row.addresses) for row in silences] == [
        ("udp", "10.2.0.11,10.2.0.60-10.2.0.61"),
        ("udp", "fd02::60"),
    ]
    fd02 = [row for row in rows if isinstance(row, PortState) and row.address == "fd02::10" and row.transport == "tcp"]
    assert sorted(row.ports for row in fd02) == ["1-21,23-299", "22"]


def test_the_sweep_of_the_own_link_and_of_the_others() -> None:
    net = network(TWO_ZONES, "core")
    on_link = (*(f"10.2.0.{last}" for last in (1, 10, 11, 12, 254)), "fd02::10", "fd02::99")
    found = events(
        list(net.sweep(Sweep(on_link=addresses_text(on_link), routed="10.1.0.1,10.1.0.20,fd01::9"), NoWait()))
    )
    seen = {(each.address, each.how) for each in found if isinstance(each, HostSeen)}
    assert {each for each in seen if not each[0].startswith("fe80:")} == {
        ("10.2.0.1", "gateway"),
        ("10.2.0.1", "arp"),
        ("10.2.0.1", "echo-reply"),
        ("10.2.0.10", "arp"),
        ("10.2.0.10", "echo-reply"),
        ("10.2.0.11", "arp"),  # it hides from ping, not from ARP
        ("10.2.0.254", "self"),
        ("fd02::1", "gateway"),
        ("fd02::1", "echo-reply"),  # answered ff02::1
        ("fd02::10", "ndp"),
        ("fd02::10", "echo-reply"),
    }
    macs = {each.mac for each in found if isinstance(each, HostSeen) and each.address == "10.2.0.10" and each.mac}
    assert macs == {"00:11:22:33:44:55"}
    rest = [each for each in found if not isinstance(each, HostSeen)]
    assert [(r.address, r.ports, r.reason) for r in rest if isinstance(r, PortState)] == [
        ("10.1.0.1", "8", "echo-reply"),
        ("10.1.0.1", "13", "timestamp-reply"),
    ]
    assert [(r.addresses, r.ports) for r in rest if isinstance(r, Silence)] == [
        ("10.1.0.20", "8"),
        ("10.1.0.20", "13"),
        ("fd01::9", "128"),
    ]


def test_discovery_tells_who_is_alive_by_the_first_way_that_shows_it() -> None:
    """The laptop's rows: who echoes, what routers say of others, and of the rest who answers on a likely port."""
    net = network(TWO_ZONES, "user")
    found = events(list(net.sweep(Sweep(discover="10.2.0.10-10.2.0.12,fd02::10"), NoWait())))
    assert [(each.addresses, each.transport, each.port, each.reason) for each in found if isinstance(each, Alive)] == [
        ("10.2.0.10", "icmp", 8, "echo-reply"),
        ("10.2.0.11", "tcp", 0, "syn-ack"),
        ("fd02::10", "icmp", 128, "echo-reply"),
    ]
    only_echo = events(list(net.sweep(Sweep(discover="10.2.0.10-10.2.0.12", methods=("echo",)), NoWait())))
    assert [each.addresses for each in only_echo if isinstance(each, Alive)] == ["10.2.0.10"]


def test_what_cannot_be_sent_is_refused_and_not_called_silent() -> None:
    found = events(list(network(DUAL_HOMED, "user").knock(Knock("fd09::1,10.1.0.7", tcp=(22,)), NoWait())))
    assert [(each.addresses, each.ports) for each in found if isinstance(each, Refused)] == [("fd09::1", "22")]
    assert [each.state for each in found if isinstance(each, PortState)] == ["open"]


def test_a_gentle_knock_sees_what_a_connect_sees() -> None:
    net = network(TWO_ZONES, "user")
    rows = events(list(net.knock(Knock("10.2.0.10", tcp=(22, 80), gentle=True), NoWait())))
    assert [(r.state, r.reason, r.ttl, r.source) for r in rows if isinstance(r, PortState)] == [
        ("open", "connected", None, None),
        ("closed", "refused", None, None),
    ]


def test_closing_the_iterator_stops() -> None:
    stream = network(TWO_ZONES, "user").knock(Knock("10.2.0.10,10.2.0.11", tcp=(22,)), NoWait())
    first = next(each for each in stream if isinstance(each, PortState))
    assert first.ports == "22"
    assert isinstance(stream, Generator)
    stream.close()
    assert list(stream) == []


def test_the_same_scan_gives_the_same_bytes() -> None:
    request = Knock("10.2.0.10,10.2.0.99", tcp=(22, 23, 80), udp=(53,))
    runs = [list(network(TWO_ZONES, "user").knock(request, NoWait())) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_laptop_stands_in_zones_only() -> None:
    with pytest.raises(BadInput, match="no laptop can stand in 'attic'; the zones are user, core"):
        network(TWO_ZONES, "attic")


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(["user", "core"]),
    addresses=st.lists(st.ip_addresses().map(str) | st.sampled_from(["10.2.0.10", "fd01::1", "10.2.0.1"]), max_size=5),
    tcp=st.lists(st.integers(0, 65535), max_size=20, unique=True),
    stateful=st.booleans(),
)
def test_every_probe_of_any_request_gets_one_answer(
    zone: str, addresses: list[str], tcp: list[int], stateful: bool
) -> None:
    """Whatever is asked: each (address, port) is in one row, and no row is about anything that was not asked."""
    addresses = list(dict.fromkeys(addresses))
    net = network(TWO_ZONES if stateful else STATELESS, zone)
    told: list[tuple[str, int]] = []
    for row in events(list(net.knock(Knock(addresses_text(addresses), tuple(tcp)), NoWait()))):
        if isinstance(row, PortState):
            told += [(row.address, port) for port in ports_of(row.ports)]
        elif isinstance(row, Silence | Refused):
            told += [(addr, port) for addr in addresses_of(row.addresses) for port in ports_of(row.ports)]
    assert sorted(told) == sorted((addr, port) for addr in addresses for port in tcp)
