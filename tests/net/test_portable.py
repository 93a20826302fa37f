"""What every operating system tells of its interfaces and routes, against what Linux's own tables say of the same."""

from __future__ import annotations

import ipaddress
import random
import sys
from collections.abc import Iterator

import pytest
from lab_fixtures import raised
from live_lab import Lab

from scanner.model.addresses import AddressSet
from scanner.model.observation import Vantage
from scanner.net import netlink, portable
from scanner.net.interfaces import UNKNOWN, Hop, Interface
from scanner.net.route import interface_named, interfaces, ways

pytestmark = [pytest.mark.lab]

VANTAGE = Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
SETS = (
    "10.91.1.0/24,10.91.3.0/24,10.91.5.0/30,10.92.0.0-10.92.0.40,127.0.0.1-127.0.0.9,255.255.255.255",
    "10.92.7.0/28,10.92.8.0/28,10.99.0.1,192.0.2.0/29,224.0.0.1",
    "fd91:1::/120,fd91:3::/120,fd92::1-fd92::20,fd99::1,::1,ff02::1,fe80::1-fe80::20",
)
"""On both links, behind both gateways, nowhere, and what is special."""


class Links(Lab):
    """One namespace: two links with both IP versions, a label, a tunnel, one that is down and one without a carrier."""

    def __init__(self) -> None:
        super().__init__(("laptop",))

    def build(self) -> None:
        for key in ("all", "default"):
            self.ns("laptop", f"sysctl -qw net.ipv6.conf.{key}.accept_dad=0")
        for link, net in (("eth0", 1), ("eth1", 3)):
            self.ns("laptop", f"ip link add {link} type veth peer name far{net}")
            self.ns("laptop", f"ip link set {link} up", f"ip link set far{net} up")
            self.address("laptop", link, net, 10)
        self.ns(
            "laptop",
            "ip addr add 10.91.1.11/24 dev eth0 label eth0:more",
            "ip addr add 10.91.5.1/30 dev eth0",
            "ip -6 addr add fe80::ff/64 dev eth0 nodad",
            "ip link add down0 type veth peer name down1",
            "ip link add bare0 type veth peer name bare1",
            "ip link set bare0 up",
            "ip addr add 10.91.9.1/24 dev bare0",
            "ip link add quiet0 type bridge",
            "ip link set quiet0 up",
            "ip tuntap add tun0 mode tun",
            "ip addr add 10.91.7.1 peer 10.91.7.2 dev tun0",
            "ip route add default via 10.91.1.1",
            "ip route add 10.92.7.0/24 via 10.91.3.1",
            "ip route add unreachable 10.99.0.0/16",
            "ip -6 route add default via fd91:1::1",
            "ip -6 route add unreachable fd99::/16",
        )


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with raised(Links()) as built:
        yield built


def leaves_elsewhere(address: str, interface: Interface) -> bool:
    """Whether the kernel, left alone, would send by another interface, or to itself for one."""
    if address.startswith("fe80:") or interface.has(address):
        return False
    try:
        kind, found = netlink.route(ipaddress.ip_address(address).packed, 0, None)
    except OSError:
        return False
    if kind == netlink.RTN_LOCAL:
        return not ipaddress.ip_address(address).is_loopback
    return int.from_bytes(found[netlink.RTA_OIF], sys.byteorder) != interface.index


def test_the_listing_is_that_of_the_kernels_own_tables(lab: Lab) -> None:
    def listed() -> tuple[tuple[Interface, ...], tuple[Interface, ...]]:
        return portable.interfaces(), tuple(sorted(interfaces(), key=lambda each: each.index))

    said, truth = lab.run("laptop", listed)
    assert len(truth) >= 9
    for mine, theirs in zip(said, truth, strict=True):
        # Which addresses are tentative, as on a link without a carrier, only the tables tell.
        assert sorted(mine.addresses) == sorted(theirs.addresses) or (theirs.name == "bare0" and not theirs.up)
        assert (mine.name, mine.index, mine.mac, mine.up, mine.resolves) == (
            theirs.name,
            theirs.index,
            theirs.mac,
            theirs.up,
            theirs.resolves,
        )
    assert {each.name for each in said if each.up} >= {"lo", "eth0", "eth1", "quiet0"}
    assert not {each.name for each in said if each.up} & {"down0", "bare0", "tun0"}


@pytest.mark.parametrize("which", ["eth0", "eth1"])
@pytest.mark.parametrize("asked", SETS)
def test_the_way_is_the_kernels_but_for_the_gateway(lab: Lab, asked: str, which: str) -> None:
    """Where the kernel would choose another interface, a socket that cannot be bound to one has no way by this one."""
    vantage = VANTAGE if which == "eth0" else Vantage("back", "eth1", "10.91.3.10", "fd91:3::10")

    def both() -> tuple[dict[str, Hop | None], dict[str, Hop | None], set[str]]:
        interface, addresses = interface_named(which), AddressSet.parse(asked)
        elsewhere = {each for each in addresses if leaves_elsewhere(each, interface)}
        four, six = vantage.address, vantage.address6
        told = (portable.ways(addresses, interface, four, six), ways(addresses, interface, vantage))
        said, truth = ({each: hop and hop.to(each) for part, hop in one for each in part} for one in told)
        return said, truth, elsewhere

    said, truth, elsewhere = lab.run("laptop", both)
    kinds = set()
    for address, hop in truth.items():
        kinds.add(None if hop is None else hop.kind)
        if hop is not None and hop.kind == "routed":
            hop = Hop("routed", hop.source, UNKNOWN)
        if address in elsewhere:
            assert said[address] is None or said[address] == Hop("self", address, address), address
        else:
            assert said[address] == hop, address
    assert len(said) == len(truth)
    assert kinds >= ({"on-link", "self", None} if which == "eth1" else {"on-link", "self", "routed", None}) - (
        {"on-link", "self"} if asked == SETS[1] else set()
    )


def test_a_way_of_one_address_is_that_of_the_set(lab: Lab) -> None:
    def check() -> int:
        interface = interface_named("eth0")
        addresses = AddressSet.parse(",".join(SETS))
        told = portable.ways(addresses, interface, VANTAGE.address, None)
        places = {each: hop and hop.to(each) for part, hop in told for each in part}
        for each in random.Random(3).sample(sorted(places), 40):
            source = None if ":" in each else VANTAGE.address
            assert portable.next_hop(each, interface, source) == places[each], each
        return len(places)

    assert lab.run("laptop", check) == len(AddressSet.parse(",".join(SETS)))


@pytest.mark.parametrize(
    ("address", "netmask", "written"),
    [
        ("10.20.10.5", "255.255.255.0", "10.20.10.5/24"),
        ("10.20.10.5", None, "10.20.10.5/32"),
        ("fe80::1%en0", "ffff:ffff:ffff:ffff::", "fe80::1/64"),
        ("FE80::1", None, "fe80::1/64"),
        ("2001:db8:0:0::7", None, "2001:db8::7/128"),
        ("10.0.0.1", "what", "10.0.0.1/32"),
    ],
)
def test_addresses_are_written_with_their_prefix(address: str, netmask: str | None, written: str) -> None:
    assert portable._with_prefix(address, netmask) == written


@pytest.mark.parametrize(
    ("said", "mac"),
    [
        ("02:fc:00:00:00:01", "02:fc:00:00:00:01"),
        ("00-15-5D-AB-CD-EF", "00:15:5d:ab:cd:ef"),
        ("00:00:00:00:00:00", None),
        ("00-00-00-00-00-00-00-E0", None),
        ("", None),
    ],
)
def test_macs_are_written_alike(said: str, mac: str | None) -> None:
    assert portable._mac(said) == mac
