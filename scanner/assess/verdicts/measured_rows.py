"""A canary's measurement as rows of the report: ranges of ports, and one by one what was not silent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from scanner.assess.facts.portmask import lowest, mask_of, ports_in, text_of
from scanner.assess.facts.view import FlowKey, View
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.measured import TRANSPORTS, Measured
from scanner.model.base import Transport
from scanner.model.observation import Scan
from scanner.model.report import CROSSED, FlowRow, FlowVerdict, MeasuredRow
from scanner.model.site import service_range

MOST_FLOWS = 1000
"""Flows of equal (from, address, transport, verdict) that are told one by one."""


def measured_rows(measured: Measured, policy: Policy, view: View, address: str, to: str) -> Iterator[MeasuredRow]:
    """By dress, transport and lowest port."""
    for via in measured.vias(view, address):
        for transport in TRANSPORTS:
            found: dict[tuple[FlowVerdict, str, bool], int] = {}
            for each in measured.segments(view, via, address, transport):
                allowed = _allowed(policy, view, each.scan, address, transport, each.ports)
                for part, yes in ((each.ports & allowed, True), (each.ports & ~allowed, False)):
                    if part:
                        key = each.verdict, each.reason, yes
                        found[key] = found.get(key, 0) | part
            for (verdict, reason, yes), ports in sorted(found.items(), key=lambda item: lowest(item[1])):
                yield MeasuredRow(view.zone, to, address, transport, text_of(ports), verdict, reason, yes, via)


def flow_rows(
    measured: Measured, view: View, address: str, row: Callable[[View, FlowKey, str], FlowRow]
) -> Iterator[FlowRow]:
    """Those that were not silent, in the same order."""
    for via in measured.vias(view, address):
        for transport in TRANSPORTS:
            by_verdict: dict[FlowVerdict, int] = {}
            for each in measured.segments(view, via, address, transport):
                if each.row.state != "silent" or each.verdict in CROSSED:
                    by_verdict[each.verdict] = by_verdict.get(each.verdict, 0) | each.ports
            wanted = 0
            for ports in by_verdict.values():
                wanted |= ports if ports.bit_count() <= MOST_FLOWS else 0
            for port in ports_in(wanted):
                yield row(view, (address, transport, port), via)


def stood_at(scan: Scan, target: str) -> str:
    """The laptop's address, of the target's family, in that scan."""
    return (scan.vantage.address6 if ":" in target else None) or scan.vantage.address


def _allowed(policy: Policy, view: View, scan: Scan, address: str, transport: Transport, ports: int) -> int:
    """Those of the ports that policy allows; asked once for each stretch in which no service of a rule begins or
    ends."""
    edges = {0, 65536}
    site = policy.site
    for rule in (*site.allow, *site.require, *site.deny):
        for service in map(service_range, rule.services):
            edges |= {service.low, service.high + 1}
    ordered = sorted(edges)
    found = 0
    for low, end in itertools.pairwise(ordered):
        part = ports & mask_of(f"{low}-{end - 1}")
        if part and policy.allows(view.zone, stood_at(scan, address), address, transport, lowest(part)):
            found |= part
    return found
