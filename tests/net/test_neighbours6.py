"""Who is on an IPv6 link: packets made by scapy, and real kernels that keep quiet to an echo by multicast."""

from __future__ import annotations

import ipaddress
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_lab import Lab
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ParamProblem, IPv6

from scanner.model.observation import HostSeen, Vantage
from scanner.net.packets import frames
from scanner.net.packets.link import Link, Packet
from scanner.net.raw.neighbours6 import Neighbours6, sources
from scanner.net.route import Interface, interface_named

OWN = ("10.1.0.5/24", "fd01::5/64", "fd01::beef/64", "2001:db8:7::5/64", "2001:db8:7::6/64", "fe80::5/64")
INTERFACE = Interface("eth0", 2, "02:00:00:00:00:05", OWN, True)
VANTAGE = Vantage("front", "eth0", "10.1.0.5", "fd01::beef")
MAC = bytes.fromhex("020000000009")
HOST, LOCAL = "fd01::9", "fe80::9"


def test_every_scope_is_asked_from_and_the_vantages_own_address_is_preferred() -> None:
    assert set(sources(INTERFACE, VANTAGE)) == {"fd01::beef", "2001:db8:7::5", "fe80::5"}
    without = Interface("eth0", 2, None, ("10.1.0.5/24",), True)
    assert list(Neighbours6(without, VANTAGE).probes()) == []


class Asking:
    """A `Neighbours6` and its probes as scapy reads them."""

    def __init__(self) -> None:
        self.asked = Neighbours6(INTERFACE, VANTAGE)
        self.probes = [(mac, packet) for _, mac, packet in self.asked.probes()]

    def probe(self, source: str, option: bool) -> bytes:
        protocol = frames.DESTINATION_OPTIONS if option else frames.ICMP6
        return next(p for _, p in self.probes if IPv6(p).src == source and p[6] == protocol)

    def hear(self, packet: IPv6 | bytes) -> HostSeen | None:
        return self.asked.hear(Packet(bytes(packet), frames.ETH_IP6, MAC, time.time()))

    def echo(self, host: str, source: str, hlim: int = 64) -> IPv6:
        asked = IPv6(self.probe(source, option=False))[ICMPv6EchoRequest]
        return IPv6(src=host, dst=source, hlim=hlim) / ICMPv6EchoReply(id=asked.id, seq=asked.seq, data=asked.data)

    def refusal(self, host: str, source: str, hlim: int = 64) -> bytes:
        head = IPv6(src=host, dst=source, hlim=hlim) / ICMPv6ParamProblem(code=2, ptr=42)
        return bytes(head / self.probe(source, option=True))


def test_both_questions_go_to_all_nodes_from_each_address() -> None:
    asking = Asking()
    assert {mac for mac, _ in asking.probes} == {bytes.fromhex("333300000001")}
    to = [(IPv6(packet).src, IPv6(packet).dst, packet[6]) for _, packet in asking.probes]
    assert sorted(to) == sorted(
        (each, "ff02::1", kind) for each in ("fd01::beef", "2001:db8:7::5", "fe80::5") for kind in (58, 60)
    )


def test_a_host_comes_once_and_again_when_an_echo_follows() -> None:
    asking = Asking()
    first = asking.hear(asking.refusal(HOST, "fd01::beef"))
    assert first is not None
    assert (first.address, first.how, first.mac, first.ttl) == (HOST, "icmp-error", "02:00:00:00:00:09", None)
    assert asking.hear(asking.refusal(HOST, "fd01::beef")) is None
    second = asking.hear(asking.echo(HOST, "fd01::beef"))
    assert second is not None
    assert (second.address, second.how, second.ttl) == (HOST, "echo-reply", 64)
    assert asking.hear(asking.echo(HOST, "fd01::beef")) is None
    assert asking.hear(asking.refusal(HOST, "fd01::beef")) is None, "an echo said it better"
    local = asking.hear(asking.echo(LOCAL, "fe80::5"))
    assert local is not None
    assert local.address == LOCAL


def test_an_answer_through_a_router_has_the_routers_mac() -> None:
    asking = Asking()
    seen = asking.hear(asking.echo("fd77::9", "fd01::beef", hlim=63))
    assert seen is not None
    assert seen.mac is None


def test_only_answers_to_our_own_probes_count() -> None:
    asking, other = Asking(), Asking()
    for packet in (
        other.echo(HOST, "fd01::beef"),
        other.refusal(HOST, "fd01::beef"),
        IPv6(src=HOST, dst="fd01::5") / asking.echo(HOST, "fd01::beef")[ICMPv6EchoReply],
        asking.echo("fd01::5", "fd01::beef"),
        asking.echo("ff02::1", "fd01::beef"),
        asking.echo("::", "fd01::beef"),
        asking.refusal("::1", "fd01::beef"),
        asking.probe("fd01::beef", option=True),
    ):
        assert asking.hear(packet) is None
    assert asking.asked.hear(Packet(bytes(asking.echo(HOST, "fe80::5")), frames.ETH_IP, MAC, 0.0)) is None


@given(st.binary(max_size=150), st.integers(0, 150), st.booleans())
@settings(max_examples=60)
def test_mangled_answers_never_raise(noise: bytes, cut: int, refused: bool) -> None:
    asking = Asking()
    answer = asking.refusal(HOST, "fe80::5") if refused else bytes(asking.echo(HOST, "fe80::5"))
    for data in (noise, answer[:cut], answer[:cut] + noise, b"\x60" + noise):
        asking.hear(data)


@pytest.fixture(scope="module")
def lab(lab: Lab) -> Lab:
    lab.ns("near", "sysctl -qw net.ipv6.icmp.echo_ignore_multicast=1")
    stale = "ip -6 neigh add fd91:1::77 lladdr 02:00:00:00:00:77 nud stale dev eth0"
    lab.ns("laptop", stale, "ip -6 neigh add fd91:1::78 nud failed dev eth0")
    return lab


def addresses(lab: Lab, name: str, interface: str) -> tuple[str, set[str]]:
    """The MAC and the IPv6 addresses of an interface."""
    row = json.loads(lab.ns(name, f"ip -j -6 addr show dev {interface}"))[0]
    mac = json.loads(lab.ns(name, f"ip -j link show dev {interface}"))[0]["address"]
    return mac, {str(ipaddress.ip_address(each["local"])) for each in row["addr_info"]}


@pytest.mark.lab
def test_real_hosts_are_found_with_all_their_scopes(lab: Lab) -> None:
    def run() -> tuple[list[HostSeen], tuple[str, ...]]:
        interface = interface_named("eth0")
        found: list[HostSeen] = []
        with Link(interface) as link:
            asked = Neighbours6(interface, Vantage("front", "eth0", "10.91.1.10", "fd91:1::10"))
            for probe in asked.probes():
                link.send(*probe)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                found += [each for each in map(asked.hear, link.receive(0.1)) if each is not None]
        return found, asked.candidates()

    found, candidates = lab.run("laptop", run)
    near, router = addresses(lab, "near", "eth0"), addresses(lab, "router", "br0")
    quiet = {(each, "icmp-error", near[0]) for each in near[1]}
    echoing = {(each, how, router[0]) for each in router[1] for how in ("echo-reply", "icmp-error")}
    seen = {(each.address, each.how, each.mac) for each in found}
    assert quiet <= seen <= quiet | echoing
    assert {(each, "echo-reply", router[0]) for each in router[1]} <= seen
    assert len(near[1]) == len(router[1]) == 2
    assert candidates == ("fd91:1::77",), "known to the kernel, and not there"
