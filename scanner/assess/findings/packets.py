"""Which flows a finding rests on, so that their packets can be taken out of a capture. From the report alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.assess.facts.evidence import ECHO, FlowKey
from scanner.model.addresses import address_key
from scanner.model.report import CROSSED, FindingRow, HostRow, Report

_HOP = re.compile(r"/([0-9a-f.:]+) (tcp|udp|icmp)/([0-9]+)")


def flows_of(report: Report, finding: FindingRow) -> tuple[FlowKey, ...]:
    """The flows, sorted: those that the finding names; those of a summary that crossed; of a host without any, its
    services and echo. A finding about a zone as a whole (nothing there listens) has the flow to each host there."""
    return tuple(sorted(set(_flows(report, finding)), key=lambda key: (address_key(key[0]), *key[1:])))


def _flows(report: Report, finding: FindingRow) -> Iterator[FlowKey]:
    hosts = {host.id: host for host in report.hosts}
    named = [*_host(hosts, finding.host)]
    addresses = {address for host in named for address in host.addresses}
    if finding.host is not None and not named:
        addresses = {finding.host.rpartition("/")[2]}
    found = False
    for flow in report.reachability:
        wanted = (
            (flow.from_, flow.to) == (finding.from_, finding.to)
            and (not addresses or flow.address in addresses)
            and finding.transport in (None, flow.transport)
            and finding.port in (None, flow.port)
            and (finding.port is not None or (flow.verdict in CROSSED and not flow.allowed))
        )
        if wanted:
            found = True
            yield flow.address, flow.transport, flow.port
    for hop in finding.path:
        for address, transport, port in _HOP.findall(hop):
            found = True
            yield address, transport, int(port)
    if finding.transport is not None and finding.port is not None:
        if finding.host is None:
            addresses = {a for host in report.hosts if host.zone == finding.to for a in host.addresses}
        for address in addresses:
            yield address, finding.transport, finding.port
    elif not found:
        for host in [*named, *(h for each in finding.path for h in _host(hosts, each))]:
            for address in host.addresses:
                yield address, "icmp", ECHO[6 if ":" in address else 4]
                for service in host.services:
                    yield address, service.transport, service.port


def _host(hosts: dict[str, HostRow], name: str | None) -> Iterator[HostRow]:
    if name in hosts:
        yield hosts[name]
