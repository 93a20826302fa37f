"""Attack paths to the critical systems, on networkx. `foothold(H) and reach(zone(H) -> S) and pivotable(S)` repeats.

The graph is collapsed: a node is a zone in which an attacker has a foothold, a machine that he can take over, or a
critical system; never host by host. Each node exists twice, before and after the first step that policy forbids, so
that the shortest way to the second copy is the shortest path that breaks policy somewhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import networkx as nx

from scanner.assess.evidence import FlowKey
from scanner.assess.inventory import Inventory, Machine
from scanner.model.report import FlowRow
from scanner.model.site import Site

CREDENTIAL_SERVICES = frozenset(
    {
        "ssh", "telnet", "ms-wbt-server", "rdp", "winrm", "wsman", "smb", "microsoft-ds", "netbios-ssn", "vnc",
        "rlogin", "rsh", "exec", "login", "winbox",
    }
)  # fmt: skip
"""Services that hand out a session to whoever has a password or a key."""
CREDENTIAL_PORTS = frozenset(
    {22, 23, 135, 139, 445, 512, 513, 514, 3389, 5900, 5901, 5902, 5985, 5986, 902, 8291, 8728}
)
_OUTSIDE = frozenset({"user", "device", "untrusted"})
"""Trust levels from which an attacker is assumed to start."""


class AttackPath(msgspec.Struct, frozen=True):
    source: str
    critical: str
    target: Machine
    hops: tuple[str, ...]
    forbidden: tuple[tuple[str, str, FlowKey | None], ...]
    """The steps that policy forbids: (from zone, to zone, flow); the flow is None where a machine bridges them."""


class _Step(msgspec.Struct, frozen=True):
    text: str
    forbidden: bool
    from_zone: str
    to_zone: str
    flow: FlowKey | None


def pivot(service: str | None, key: FlowKey, exploitable: Mapping[FlowKey, str]) -> str | None:
    """How a reached service gives a foothold on its host: `credential`, `exploit: ...`, or None (data only)."""
    if key in exploitable:
        return f"exploit: {exploitable[key]}"
    if (service or "").removesuffix("?") in CREDENTIAL_SERVICES or (key[1] == "tcp" and key[2] in CREDENTIAL_PORTS):
        return "credential"
    return None


def attack_paths(
    site: Site,
    inventory: Inventory,
    flows: Iterable[FlowRow],
    services: Mapping[FlowKey, str | None],
    exploitable: Mapping[FlowKey, str],
) -> Iterator[AttackPath]:
    """The shortest policy-breaking path of two hops or more from each outside zone to each critical system.

    `flows`: every REACHED flow between zones. A direct forbidden flow to the system is a gap, not a path.
    """
    graph = _graph(site, inventory, list(flows), services, exploitable)
    for zone in site.zones:
        if zone.trust not in _OUTSIDE:
            continue
        for critical in site.critical:
            start, goal = ("zone", zone.name, False), ("critical", critical.name, True)
            if start not in graph or goal not in graph:
                continue
            try:
                nodes: list[Any] = nx.shortest_path(graph, start, goal)
            except nx.NetworkXNoPath:
                continue
            steps: list[_Step] = [graph.edges[edge]["step"] for edge in itertools.pairwise(nodes)]
            told = [step for step in steps if step.text]
            if len(told) < 2:
                continue
            target = inventory.by_address[graph.edges[nodes[-2], nodes[-1]]["address"]]
            yield AttackPath(
                source=zone.name,
                critical=critical.name,
                target=target,
                hops=tuple(step.text for step in told),
                forbidden=tuple((s.from_zone, s.to_zone, s.flow) for s in steps if s.forbidden),
            )


def _graph(
    site: Site,
    inventory: Inventory,
    flows: list[FlowRow],
    services: Mapping[FlowKey, str | None],
    exploitable: Mapping[FlowKey, str],
) -> Any:
    graph = nx.DiGraph()
    reach: list[tuple[str, FlowKey, bool]] = [
        (flow.from_, (flow.address, flow.transport, flow.port), not flow.allowed) for flow in flows
    ]
    for machine in inventory.machines:
        zone = site.zone(machine.zone)
        inside_forbidden = zone is not None and zone.isolated
        reach.extend((machine.zone, key, inside_forbidden) for key in machine.services)

    for from_zone, key, forbidden in reach:
        machine_or_none = inventory.by_address.get(key[0])
        if machine_or_none is None:
            continue
        machine = machine_or_none
        flow_text = f"{from_zone} → {machine.id} {key[1]}/{key[2]}"
        how = pivot(services.get(key), key, exploitable)
        if how is not None:
            step = _Step(f"{flow_text} ({how}; observed)", forbidden, from_zone, machine.zone, key)
            _edge(graph, ("zone", from_zone), ("machine", machine.id), step)
        for critical in site.critical:
            wanted = set(critical.services)
            if key[0] in critical.hosts and (not wanted or f"{key[1]}/{key[2]}" in wanted or how is not None):
                step = _Step(f"{flow_text} ({critical.name}; observed)", forbidden, from_zone, machine.zone, key)
                _edge(graph, ("zone", from_zone), ("critical", critical.name), step, address=key[0])

    for machine in inventory.machines:
        stay = _Step("", False, machine.zone, machine.zone, None)
        _edge(graph, ("machine", machine.id), ("zone", machine.zone), stay)
        for twin in machine.twins:
            other = twin.split("/", 1)[0]
            text = f"{machine.id} → {twin} (one machine with a leg in each zone; inferred)"
            _edge(graph, ("machine", machine.id), ("zone", other), _Step(text, True, machine.zone, other, None))
    return graph


def _edge(graph: Any, left: tuple[str, str], right: tuple[str, str], step: _Step, **more: str) -> None:
    """The step in both copies of the graph; a forbidden one leads from the untainted copy into the tainted one."""
    for tainted in (False, True):
        source, target = (*left, tainted), (*right, tainted or step.forbidden)
        if not graph.has_edge(source, target):
            graph.add_edge(source, target, step=step, **more)
