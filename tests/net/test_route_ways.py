"""The way to every address of a set, against what the kernel says of each address alone."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lab_fixtures import raised
from live_lab import Lab

from scanner.model.addresses import AddressSet
from scanner.model.observation import Vantage
from scanner.net.route import Hop, interface_named, next_hop, source_for, ways

pytestmark = [pytest.mark.lab]

SETTINGS = settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
ROUTES = """
route add default via 10.91.1.1
route add 10.92.0.0/16 via 10.91.1.2
route add 10.92.3.0/24 via 10.91.1.3
route add 10.92.3.64/26 via 10.91.1.4
route add 10.92.3.77/32 via 10.91.1.5
route add blackhole 10.92.4.0/24
route add unreachable 10.92.5.0/25
route add prohibit 10.92.5.130/32
route add throw 10.92.6.0/24
route add 10.92.7.0/24 dev eth0
route add 10.92.8.0/24 dev eth1
route add 10.92.9.0/24 nexthop via 10.91.1.6 nexthop via 10.91.1.7 nexthop via 10.91.3.9
route add local 10.92.10.0/28 dev lo
route add 10.92.11.0/24 via 10.91.3.1
route add 10.92.12.0/24 via 10.91.1.8 src 10.91.1.11
route add 10.92.13.0/24 via 10.91.1.9 table 100
route add 10.92.13.128/25 via 10.91.1.12 table 101
rule add to 10.92.13.0/26 lookup 100 priority 90
rule add to 10.92.13.129/32 lookup 101 priority 91
rule add to 10.92.14.8/29 blackhole priority 92
rule add from 10.91.1.11 to 10.92.14.128/25 prohibit priority 93
-6 route add default via fd91:1::1
-6 route add fd92::/32 via fd91:1::2
-6 route add fd92:0:3::/48 via fd91:1::3
-6 route add fd92:0:3::77/128 via fd91:1::4
-6 route add blackhole fd92:0:4::/64
-6 route add unreachable fd92:0:5::/64
-6 route add fd92:0:7::/64 dev eth0
-6 route add fd92:0:8::/64 dev eth1
-6 route add fd92:0:9::/64 nexthop via fd91:1::6 nexthop via fd91:1::7
-6 route add local fd92:0:a::/125 dev lo
-6 route add fd92:0:d::/64 via fe80::9 dev eth0 table 100
-6 rule add to fd92:0:d::40/122 lookup 100 priority 90
"""
FOUR = Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
SECOND = Vantage("front", "eth0", "10.91.1.11", None)
SIX = Vantage("front", "eth0", "fd91:1::10", "fd91:1::10")
STARTS = tuple(
    int(ipaddress.ip_address(each))
    for each in (
        *("0.0.0.0", "10.91.1.0", "10.91.1.254", "10.91.3.0", "10.92.0.0", "10.92.3.0", "10.92.3.77", "10.92.4.0"),
        *("10.92.5.0", "10.92.6.0", "10.92.7.0", "10.92.8.0", "10.92.9.0", "10.92.10.0", "10.92.11.0", "10.92.12.0"),
        *("10.92.13.0", "10.92.13.128", "10.92.14.0", "10.92.14.128", "127.0.0.1", "192.0.2.7", "224.0.0.0"),
        *("240.0.0.0", "255.255.255.250"),
    )
)
STARTS6 = tuple(
    int(ipaddress.ip_address(each))
    for each in (
        *("::", "::ffff:a5c:1", "2001:db8::", "2002::", "fd91:1::", "fd91:1::8", "fd91:3::", "fd92::", "fd92:0:3::70"),
        *("fd92:0:4::", "fd92:0:5::", "fd92:0:7::", "fd92:0:8::", "fd92:0:9::", "fd92:0:a::", "fd92:0:d::3e"),
        *("fd93::", "fe80::", "fe80::fe", "fe81::", "fec0::", "ff02::1"),
    )
)


class Routes(Lab):
    """One namespace with two links and a crowded routing table."""

    def __init__(self) -> None:
        super().__init__(("laptop",))

    def build(self) -> None:
        for link, net in (("eth0", 1), ("eth1", 3)):
            self.ns("laptop", f"ip link add {link} type veth peer name far{net}")
            self.ns("laptop", f"ip link set {link} up", f"ip link set far{net} up")
            self.address("laptop", link, net, 10)
        self.ns("laptop", "ip addr add 10.91.1.11/24 dev eth0", "ip -6 addr add fd93::7/128 dev eth1 nodad")
        self.ns("laptop", "ip -6 addr add fe80::ff/64 dev eth0 nodad")
        self.ns("laptop", *(f"ip {each}" for each in ROUTES.strip().splitlines()))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with raised(Routes()) as built:
        yield built


def around(version: int, starts: tuple[int, ...]) -> st.SearchStrategy[tuple[int, int, int]]:
    most = (1 << (32 if version == 4 else 128)) - 1
    return st.builds(
        lambda start, offset, length: (version, min(most, start + offset), min(most, start + offset + length)),
        st.sampled_from(starts),
        st.integers(0, 300),
        st.integers(0, 40),
    )


SPANS = st.lists(st.one_of(around(4, STARTS), around(6, STARTS6)), min_size=1, max_size=6)


def checked(vantage: Vantage) -> Callable[[], int]:
    def run() -> int:
        interface = interface_named("eth0")
        seen: set[tuple[str, str] | None] = set()

        @SETTINGS
        @given(SPANS)
        def same(spans: list[tuple[int, int, int]]) -> None:
            asked = AddressSet(spans)
            told = ways(asked, interface, vantage)
            assert len({hop for _, hop in told}) == len(told), "each answer once"
            assert sum(len(part) for part, _ in told) == len(asked)
            for part, hop in told:
                seen.add(None if hop is None else (hop.kind, hop.via))
                for address in part:
                    assert address in asked
                    alone = next_hop(address, interface, source_for(6 if ":" in address else 4, vantage))
                    assert (hop and hop.to(address)) == alone, address

        same()
        return len(seen)

    return run


@pytest.mark.parametrize("vantage", [FOUR, SECOND, SIX], ids=["both", "second address", "IPv6 only"])
def test_the_way_to_a_set_is_the_way_to_each_of_its_addresses(lab: Lab, vantage: Vantage) -> None:
    assert lab.run("laptop", checked(vantage)) >= 8, "too few kinds of way were met"


def test_every_bound_of_the_tables_is_seen(lab: Lab) -> None:
    def run() -> dict[str, Hop | None]:
        told = ways(AddressSet.parse("10.91.1.8-10.91.1.15,10.92.0.0/16"), interface_named("eth0"), FOUR)
        return {str(part): hop for part, hop in told}

    found = lab.run("laptop", run)

    def routed(gateway: int) -> Hop:
        return Hop("routed", "10.91.1.10", f"10.91.1.{gateway}")

    assert found["10.92.3.77"] == routed(5)
    assert found["10.92.3.64-10.92.3.76,10.92.3.78-10.92.3.127"] == routed(4)
    assert found["10.92.3.0-10.92.3.63,10.92.3.128-10.92.3.255"] == routed(3)
    assert found["10.92.13.0-10.92.13.63"] == routed(9)
    assert found["10.92.13.129"] == routed(12)
    assert found["10.91.1.10-10.91.1.11"] == Hop("self", "", "")
    assert found["10.91.1.8-10.91.1.9,10.91.1.12-10.91.1.15,10.92.7.0-10.92.7.255"] == Hop("on-link", "10.91.1.10", "")
    nowhere = next(text for text, hop in found.items() if hop is None)
    assert "10.92.4.0-10.92.5.127" in nowhere


def test_a_whole_sixteen_costs_next_to_nothing(lab: Lab) -> None:
    def run() -> tuple[float, int]:
        interface, asked = interface_named("eth0"), AddressSet.parse("10.92.0.0/16")
        began = time.process_time()
        for _ in range(5):
            told = ways(asked, interface, FOUR)
        return (time.process_time() - began) / 5, sum(len(part) for part, _ in told)

    took, count = lab.run("laptop", run)
    assert count == 1 << 16
    assert took < 0.05, "seconds of processor time; one question for each address would take a hundred times as long"
