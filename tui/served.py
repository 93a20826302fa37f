"""Services, each with what the report says of it: who reaches it, its version's verdict, its findings. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from scanner.model.report import CROSSED, FindingRow, FlowRow, HostRow, PatchRow, Report, ServiceRow
from tui.lookup import findings_by_host

Port = tuple[str, int]
"""Transport and number."""


class Served(msgspec.Struct, frozen=True):
    """One service of one host."""

    host: HostRow
    service: ServiceRow
    flows: Sequence[FlowRow]
    """Those from other zones that were probed, as they are reported."""
    patches: Sequence[PatchRow]
    findings: Sequence[FindingRow]

    @property
    def id(self) -> str:
        return f"{self.host.id} {self.service.transport}/{self.service.port}"

    @property
    def exposed(self) -> tuple[str, ...]:
        """Other zones that reach it, those that may not first."""
        crossed = [flow for flow in self.flows if flow.verdict in CROSSED]
        return tuple(dict.fromkeys(flow.from_ for flow in sorted(crossed, key=lambda flow: flow.allowed)))

    @property
    def forbidden(self) -> frozenset[str]:
        """Other zones that reach it and may not."""
        return frozenset(flow.from_ for flow in self.flows if flow.verdict in CROSSED and not flow.allowed)


def served(report: Report) -> list[Served]:
    """The services of every host that were not found closed, in the report's order."""
    flows: dict[tuple[str, str, Port], list[FlowRow]] = defaultdict(list)
    for flow in report.reachability:
        if flow.from_ != flow.to:
            flows[flow.to, flow.address, (flow.transport, flow.port)].append(flow)
    patches: dict[tuple[str, Port], list[PatchRow]] = defaultdict(list)
    for patch in report.patches:
        if patch.port is not None:
            patches[patch.host, (patch.transport or "", patch.port)].append(patch)
    found = findings_by_host(report)
    return [
        Served(
            host,
            service,
            [flow for address in host.addresses for flow in flows.get((host.zone, address, port), ())],
            patches.get((host.id, port), ()),
            [each for each in found.get(host.id, ()) if (each.transport, each.port) == port],
        )
        for host in report.hosts
        for service in host.services
        if service.state != "closed"
        for port in ((service.transport, service.port),)
    ]


def late_hosts(report: Report) -> frozenset[str]:
    """Ids of the hosts with a version whose deadline is past."""
    return frozenset(row.host for row in report.patches if row.overdue_days is not None and row.overdue_days > 0)
