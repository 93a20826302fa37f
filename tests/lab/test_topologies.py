"""The topologies that come with fencewalk: what they plant is there in the packets, and what they promise is sound."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from scanner.importers.document import read_document
from scanner.lab.services import speak
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import ExpectedFlow, Host, Router, Topology
from scanner.model.addresses import network, ports_of
from scanner.model.network import Knock, Sweep
from scanner.model.observation import Event, PortState
from scanner.model.report import CROSSED, HELD

FOLDER = Path(__file__).resolve().parents[2] / "topologies"
TOPOLOGIES = {
    path.stem: read_document(path.read_text(encoding="utf-8"), Topology, path.name)
    for path in sorted(FOLDER.glob("*.yaml"))
}


class NoWait:
    rate = 1e6

    def take(self, packets: int) -> None:
        pass


def _nodes(topology: Topology) -> tuple[Router | Host, ...]:
    return (*topology.routers, *topology.hosts)


@pytest.fixture(params=TOPOLOGIES)
def topology(request: pytest.FixtureRequest) -> Topology:
    return TOPOLOGIES[request.param]


def test_those_of_the_demo_are_there() -> None:
    assert {"harbor-dental", "law-firm", "flat-office"} <= set(TOPOLOGIES)


def test_the_name_is_the_files(topology: Topology) -> None:
    assert TOPOLOGIES[topology.name] is topology


def test_zones_are_networks_with_the_same_subnets(topology: Topology) -> None:
    for zone in topology.site.zones:
        assert set(zone.subnets) == set(topology.segment(zone.name).subnets)


def test_it_may_be_scanned_on_its_day(topology: Topology) -> None:
    authorization = topology.site.authorization
    assert authorization is not None
    assert authorization.from_ <= topology.today <= authorization.until
    hosts = [each for host in topology.hosts for leg in host.legs.values() for each in leg]
    assert [each for each in hosts if not topology.site.in_scope(each)] == []


def test_the_other_zones_are_small_enough_to_be_asked_blindly(topology: Topology) -> None:
    total = sum(network(s).num_addresses for z in topology.site.zones for s in z.subnets if network(s).version == 4)
    assert total < 1024


def test_no_address_is_given_twice_and_none_is_the_laptops(topology: Topology) -> None:
    given = [each for node in _nodes(topology) for leg in node.legs.values() for each in leg]
    given += [each for segment in topology.networks for each in topology.laptop(segment.name)]
    assert len(given) == len({ipaddress.ip_address(each) for each in given})


def test_every_service_speaks(topology: Topology) -> None:
    for node in _nodes(topology):
        for service in node.services:
            speak(service).close()


def test_every_open_port_is_among_those_that_are_scanned(topology: Topology) -> None:
    """What is planted on a port that nobody asks would be found by nobody."""
    tcp_text, _, udp_text = topology.scan.ports.partition(",U:")
    asked = {"tcp": set(ports_of(tcp_text)), "udp": set(ports_of(udp_text)), "icmp": {8, 128}}
    for node in _nodes(topology):
        for service in node.services:
            assert service.number in asked[service.transport], f"{node.name} {service.port}"


def test_every_ordered_pair_of_zones_has_its_cell(topology: Topology) -> None:
    zones = [zone.name for zone in topology.site.zones]
    cells = [(each.from_, each.to) for each in topology.expect.cells]
    assert sorted(cells) == sorted((a, b) for a in zones for b in zones if a != b)


def test_expectations_name_hosts_of_the_topology(topology: Topology) -> None:
    known = {f"{segment}/{each}" for node in _nodes(topology) for segment, leg in node.legs.items() for each in leg}
    named = {each.host for each in topology.expect.findings if each.host}
    named |= {each.host for each in topology.expect.patches}
    assert named <= known


def _row(topology: Topology, flow: ExpectedFlow) -> PortState | None:
    net = SimulatedNetwork(topology, flow.from_)
    found: list[Event]
    if flow.transport == "icmp":
        found = list(net.sweep(Sweep(routed=flow.address), NoWait()))
    else:
        ports = {flow.transport: (flow.port,)}
        found = list(net.knock(Knock(flow.address, ports.get("tcp", ()), ports.get("udp", ())), NoWait()))
    return next((each for each in found if isinstance(each, PortState)), None)


def test_the_packets_are_those_of_the_expected_verdicts(topology: Topology) -> None:
    """An answer of the target crossed, silence was dropped, and a refusal is the firewall's own, from one hop away."""
    for flow in topology.expect.flows:
        row = _row(topology, flow)
        label = f"{flow.from_} {flow.address} {flow.transport}/{flow.port}: {row}"
        if flow.verdict == "REACHED":
            assert row is not None, label
            assert row.state in ("open", "closed"), label
            assert row.ttl == 63, label
        elif flow.verdict == "TARGET_DOWN_PATH_OPEN":
            assert row is not None, label
            assert row.reason == "icmp-3-1", label
            assert (row.rtt_ms or 0) > 2500, label
        elif flow.verdict == "REJECTED":
            assert row is not None, label
            assert row.ttl == 64, label
            assert row.state in ("closed", "rejected"), label
        else:
            assert (flow.verdict, row) == ("DROPPED", None), label


def test_a_breached_cell_has_a_forbidden_flow_that_crosses_and_no_other_has_one() -> None:
    """harbor-dental's cells and findings say the same; what leads past the fence is told as the machine that it is."""
    topology = TOPOLOGIES["harbor-dental"]
    breached = {(each.from_, each.to) for each in topology.expect.cells if each.verdict == "BREACHED"}
    gaps = {(each.from_, each.to) for each in topology.expect.findings if each.kind == "segmentation-gap"}
    bridges = {(each.from_, each.to) for each in topology.expect.findings if each.kind == "dual-homed"}
    assert gaps <= breached <= gaps | bridges
    assert len(gaps) >= 5
    assert {each.verdict for each in topology.expect.flows} <= CROSSED | HELD


def test_the_law_firm_expects_nothing() -> None:
    expect = TOPOLOGIES["law-firm"].expect
    assert expect.findings == ()
    assert {each.verdict for each in expect.cells} == {"AS_POLICY"}
