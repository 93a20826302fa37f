"""The simulated network and probes that are dressed, or handed to a neighbour: as Linux answers them."""

from __future__ import annotations

import pytest
from small_networks import DUAL_HOMED, TWO_ZONES, NoWait

from scanner.importers.document import read_document
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import Topology
from scanner.model.addresses import addresses_of, ports_of
from scanner.model.network import Knock
from scanner.model.observation import PortState, Silence

FORWARDING = DUAL_HOMED.replace("{name: both,", "{name: both, forwarding: true,")


def asked(text: str, request: Knock) -> dict[tuple[str, str, str, int], str]:
    """(via, address, transport, port) -> the packet that came back, with its TTL and who sent it."""
    network = SimulatedNetwork(read_document(text, Topology, "inline.yaml"), "user")
    found: dict[tuple[str, str, str, int], str] = {}
    for each in network.knock(request, NoWait()):
        if isinstance(each, Silence):
            for address in addresses_of(each.addresses):
                found.update({(each.via, address, each.transport, port): "" for port in ports_of(each.ports)})
        elif isinstance(each, PortState):
            said = "" if each.state == "silent" else f"{each.reason} {each.ttl} {each.source}"
            found.update({(each.via, each.address, each.transport, port): said for port in ports_of(each.ports)})
    return found


@pytest.mark.parametrize(
    ("via", "open_"),
    [("", False), ("sport-53", True), ("sport-20", False), ("fragments", False)],
)
def test_a_rule_that_trusts_a_source_port(via: str, open_: bool) -> None:
    text = TWO_ZONES.replace(
        "- {port: tcp/22, speaks: banner}\n      - {port: udp", "- {port: tcp/443}\n      - {port: udp"
    )
    got = asked(text, Knock("10.2.0.10", (443,), via=via))
    assert got == {(via, "10.2.0.10", "tcp", 443): "syn-ack 63 10.2.0.10" if open_ else ""}


@pytest.mark.parametrize(("text", "forwards"), [(DUAL_HOMED, False), (FORWARDING, True)], ids=["no", "forwards"])
def test_a_dual_homed_neighbour(text: str, forwards: bool) -> None:
    """Its own far address it answers for in any case; whom it forwards to answers by way of its own gateway, which is
    the neighbour here, past the firewall in both directions."""
    request = Knock("10.2.0.7,10.2.0.8,10.2.0.99", (22,), by=("10.1.0.7",), echo=True)
    got = asked(text, request)
    via = "by-10.1.0.7"
    assert {key[0] for key in got} == {via}
    assert got[via, "10.2.0.7", "tcp", 22] == "syn-ack 64 10.2.0.7"
    assert got[via, "10.2.0.7", "icmp", 8] == "echo-reply 64 10.2.0.7"
    assert got[via, "10.2.0.8", "tcp", 22] == ("syn-ack 63 10.2.0.8" if forwards else "")
    assert got[via, "10.2.0.99", "tcp", 22] == ("icmp-3-1 64 10.1.0.7" if forwards else "")


def test_who_forwards_says_so_even_where_nothing_finds_back() -> None:
    text = FORWARDING.replace("gateway: 10.2.0.7", "gateway: 10.2.0.1")
    got = asked(text, Knock("10.2.0.8", (80,), by=("10.1.0.7",), echo=True))
    assert got["by-10.1.0.7", "10.2.0.8", "icmp", 8] == "icmp-11-0 64 10.1.0.7"
    assert got["by-10.1.0.7", "10.2.0.8", "tcp", 80] == ""


def test_nobody_is_where_no_neighbour_is() -> None:
    assert asked(DUAL_HOMED, Knock("10.2.0.8", (22,), by=("10.1.0.200",), echo=True)) == {}
