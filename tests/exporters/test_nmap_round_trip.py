"""What a report holds of hosts and their ports Nmap's XML of it gives back: to us, to libnmap and to python-nmap."""

from __future__ import annotations

import msgspec
import nmap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libnmap.parser import NmapParser
from sample import HOSTILE, sample_report

from scanner.exporters import exporters
from scanner.importers.nmap_run import read_nmap_xml
from scanner.model.base import Transport
from scanner.model.report import FlowRow, HostRow, Report, ServiceRow
from scanner.model.text import visible

_WORDS = st.one_of(
    st.text(min_size=1, max_size=20), st.sampled_from(HOSTILE), st.sampled_from(["OpenSSH", "9.2p1", "http"])
)
_MAYBE = st.one_of(st.none(), _WORDS)
_PRODUCTS = st.one_of(st.just((None, None)), st.tuples(_WORDS, _MAYBE))
"""With the version: there is none without a product."""
_TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")
_PORTS = st.tuples(st.sampled_from(_TRANSPORTS), st.integers(0, 65535))

_SMALL = msgspec.structs.replace(sample_report(), cells=(), patches=(), findings=(), remediation=(), coverage=())

Port = tuple[str, int]


@st.composite
def hosts(draw: st.DrawFn, number: int) -> tuple[HostRow, list[FlowRow]]:
    """A host with its open services, and the flows by which closed ports of it are known."""
    address = draw(st.sampled_from([f"10.20.20.{number}", f"fd20:0:0:20::{number:x}"]))
    ports = draw(st.lists(_PORTS, unique=True, max_size=6))
    shut = {each for each in ports if each[0] == "tcp" and draw(st.booleans())}
    services = tuple(_service(draw, *each) for each in ports if each not in shut)
    mac = draw(st.one_of(st.none(), st.just(f"aa:bb:cc:00:00:{number:02x}")))
    row = HostRow(f"servers/{address}", "servers", (address,), mac, None, (), None, services, ())
    flows = [
        FlowRow("guest", "servers", address, "tcp", port, "REACHED", "why", False, f"rst, from {address}, TTL 62",
                "closed", "")
        for _, port in sorted(shut)
    ]  # fmt: skip
    return row, flows


def _service(draw: st.DrawFn, transport: Transport, port: int) -> ServiceRow:
    product, version = draw(_PRODUCTS)
    return ServiceRow(transport, port, "open", draw(_MAYBE), product, version, None, "", tls=draw(st.booleans()))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    found = [draw(hosts(number)) for number in range(1, draw(st.integers(1, 4)) + 1)]
    return msgspec.structs.replace(
        _SMALL,
        hosts=tuple(row for row, _ in found),
        reachability=tuple(flow for _, flows in found for flow in flows),
    )


def held(report: Report) -> dict[str, dict[Port, tuple[str, str, str]]]:
    """Of each host each port: its state, the product's name and its version."""
    closed = {(each.address, each.transport, each.port) for each in report.reachability}
    return {
        host.addresses[0]: {
            **{
                (each.transport, each.port): ("open", visible(each.product or ""), visible(each.version or ""))
                for each in host.services
            },
            **{(how, port): ("closed", "", "") for where, how, port in closed if where == host.addresses[0]},
        }
        for host in report.hosts
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports())
def test_no_port_is_lost_and_none_is_added(report: Report) -> None:
    written = exporters()["nmap-xml"].render(report)
    wanted = held(report)
    ours = {
        host.address: {
            (str(row.transport), int(row.ports)): (
                row.state,
                row.service.product if row.service else "",
                row.service.version if row.service else "",
            )
            for row in host.ports
        }
        for host in read_nmap_xml(written, "export.xml").hosts
    }
    assert ours == wanted
    theirs = {
        host.address: {
            (each.protocol, each.port): (
                each.state, each.service_dict.get("product", ""), each.service_dict.get("version", ""),
            )
            for each in host.services
        }
        for host in NmapParser.parse(written.decode()).hosts
    }  # fmt: skip
    assert theirs == wanted


def test_python_nmap_reads_it() -> None:
    report = sample_report()
    written = exporters()["nmap-xml"].render(report).decode()
    scanner = nmap.PortScanner.__new__(nmap.PortScanner)  # its constructor runs Nmap, to ask for its version
    found = scanner.analyse_nmap_xml_scan(written)["scan"]
    for host in report.hosts:
        if host.addresses:
            back = found[host.addresses[0]]
            for each in host.services:
                port = back[each.transport][each.port]
                assert (port["state"], port["version"]) == ("open", visible(each.version or ""))
                assert port["product"] == visible(each.title or each.product or "")
