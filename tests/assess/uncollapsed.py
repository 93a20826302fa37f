"""Random small networks, and what an attacker can do in them, found out host by host: nothing is collapsed here."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

import msgspec
from hypothesis import strategies as st

from scanner.assess.attack.graph import AttackGraph, attack_graph
from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.identity import Link
from scanner.assess.machines.inventory import Machine
from scanner.model.report import FlowRow
from scanner.model.site import Critical, Site, Trust, Zone

PORTS = {22: "credential", 8080: "exploit: httpd 1.0", 5432: ""}
"""What each gives whoever reaches it."""


class Net(msgspec.Struct, frozen=True):
    site: Site
    machines: tuple[Machine, ...]
    flows: tuple[FlowRow, ...]

    @property
    def exploitable(self) -> dict[FlowKey, str]:
        return {(a, "tcp", 8080): "httpd 1.0" for m in self.machines for a in m.addresses}

    def graph(self) -> AttackGraph:
        home = {
            zone.name: {k for m in self.machines if m.zone == zone.name for k in m.services} for zone in self.site.zones
        }
        return attack_graph(self.site, self.machines, self.flows, {}, self.exploitable, home)


class Edge(msgspec.Struct, frozen=True):
    """One host reaches a service of another, or is another's other leg."""

    to: str
    port: int
    forbidden: bool
    pair: tuple[str, str] | None
    """Which denial stops it."""


@st.composite
def networks(draw: st.DrawFn) -> Net:
    count = draw(st.integers(2, 6))
    trusts: st.SearchStrategy[Trust] = st.sampled_from(["untrusted", "user", "device", "critical", "management"])
    zones = tuple(
        Zone(f"z{i}", (f"10.{i}.0.0/16",), trust=draw(trusts), isolated=draw(st.integers(0, 5)) == 0)
        for i in range(count)
    )
    homes = draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=12))
    machines: list[Machine] = []
    for number, home in enumerate(homes):
        address = f"10.{home}.0.{number + 2}"
        ports = draw(st.sets(st.sampled_from(sorted(PORTS)), max_size=3))
        machines.append(
            Machine(f"z{home}", [address], services={(address, "tcp", port): None for port in sorted(ports)})
        )
    for left, right in draw(st.lists(st.tuples(st.sampled_from(machines), st.sampled_from(machines)), max_size=2)):
        if left.zone != right.zone and not left.links and not right.links:
            link = Link(left.id, right.id, "high", ("SSH host key",), frozenset({"ssh.hostkey"}))
            left.links.append(link)
            right.links.append(link)
    services = [(machine, key) for machine in machines for key in machine.services]
    flows: dict[tuple[str, FlowKey, str], FlowRow] = {}
    if services:
        chosen = st.tuples(
            st.sampled_from(zones),
            st.sampled_from(services),
            st.booleans(),
            st.sampled_from(["", "", "", "sport-53", *(f"by-{machine.addresses[0]}" for machine in machines[:2])]),
        )
        for zone, (machine, key), allowed, via in draw(st.lists(chosen, max_size=14)):
            if zone.name != machine.zone or zone.isolated:
                fine = allowed and not via and zone.name != machine.zone
                flows.setdefault((zone.name, key, via), FlowRow(
                    zone.name, machine.zone, *key, "REACHED", "handshake completed", fine, "syn-ack", "open", via
                ))  # fmt: skip
    vital = draw(st.lists(st.sampled_from(machines), min_size=1, max_size=3, unique_by=lambda each: each.id))
    critical = [Critical("one", (vital[0].addresses[0],), draw(st.sampled_from([(), ("tcp/5432",)])))]
    if len(vital) > 1:
        critical.append(Critical("two", tuple(each.addresses[0] for each in vital[1:]), ("tcp/5432",)))
    return Net(Site("c", "s", zones, critical=tuple(critical)), tuple(machines), tuple(flows.values()))


class Hosts:
    """The whole graph, host by host. A foothold is a host's id, or `laptop in ZONE`."""

    def __init__(self, net: Net, without: Collection[tuple[str, str]] = ()) -> None:
        self.net = net
        self.by_id = {machine.id: machine for machine in net.machines}
        self.zone = {machine.id: machine.zone for machine in net.machines}
        self.zone |= {f"laptop in {zone.name}": zone.name for zone in net.site.zones}
        self.owner = {address: machine for machine in net.machines for address in machine.addresses}
        self.through = {
            f"through {f.via} of {f.from_} into {f.to}": f
            for f in net.flows
            if f.via.startswith("by-") and f.from_ != f.to and not self._itself(f)
        }
        self.zone |= {each: flow.to for each, flow in self.through.items()}
        self.isolated = {zone.name for zone in net.site.zones if zone.isolated}
        self.twins = {machine.id: machine.twins for machine in net.machines}
        self.edges = {
            start: [e for e in self._edges(start) if e.pair is None or e.pair not in without] for start in self.zone
        }

    def _itself(self, flow: FlowRow) -> bool:
        """Whether a neighbour answers for its own other leg, and forwards nothing."""
        neighbour = self.owner.get(flow.via.removeprefix("by-"))
        return neighbour is not None and self.owner[flow.address].id in (neighbour.id, *neighbour.twins)

    def _edges(self, start: str) -> Iterator[Edge]:
        here = self.zone[start]
        yield from (
            Edge(to, 0, True, None) for to, f in self.through.items() if f.from_ == here and start not in self.through
        )
        for flow in self.net.flows:
            if flow.from_ == here and start not in self.through:
                to = self.owner[flow.address]
                pair = None if flow.allowed or flow.via.startswith("by-") else (here, to.zone)
                yield Edge(to.id, flow.port, not flow.allowed, pair)
        if here not in self.isolated:
            for machine in self.net.machines:
                if machine.zone == here:
                    yield from (Edge(machine.id, key[2], False, None) for key in machine.services)
        for twin in self.twins.get(start, ()):
            yield Edge(twin, 0, True, None)

    def is_goal(self, critical: Critical, edge: Edge) -> bool:
        mine = edge.port and set(self.by_id[edge.to].addresses) & set(critical.hosts)
        return bool(mine and (PORTS[edge.port] or not critical.services or edge.port == 5432))

    def shortest(self, zone: str, critical: Critical, cuttable: bool) -> int | None:
        """Steps of the shortest way with a step that breaks policy (`cuttable`: that a denial stops), by trying all.

        Every step gains something: a zone that was not held, or a machine of this one whose other leg is then used.
        """
        first = (f"laptop in {zone}", False, frozenset[str](), False)
        queue, seen = deque([(first, 0)]), {first}
        while queue:
            (at, tainted, behind, inside), steps = queue.popleft()
            here = self.zone[at]
            for edge in self.edges[at]:
                broken = tainted or (edge.pair is not None if cuttable else edge.forbidden)
                if broken and not inside and self.is_goal(critical, edge):
                    return steps + 1
                if edge.port and not PORTS[edge.port]:
                    continue
                there = self.zone[edge.to]
                same = there == here
                gains = not same or at in self.through or self.twins[edge.to]
                if edge.to == at or there in behind or (inside and edge.port) or not gains:
                    continue
                # From the machine itself its neighbours are no better seen than before it was taken.
                after = (edge.to, broken, behind if same else behind | {here}, same and at not in self.through)
                if after not in seen:
                    seen.add(after)
                    queue.append((after, steps + 1))
        return None

    def falls(self, starts: Collection[str], clean: bool = False) -> tuple[set[str], set[str], set[str]]:
        """Hosts taken over, hosts reached, and (host, service) reached that is a critical system's."""
        queue, held = deque(starts), set(starts)
        reached: set[str] = set()
        critical: set[str] = set()
        while queue:
            for edge in self.edges[queue.popleft()]:
                if clean and edge.forbidden:
                    continue
                if edge.port:
                    reached.add(edge.to)
                critical |= {f"{c.name} {edge.to}" for c in self.net.site.critical if self.is_goal(c, edge)}
                if (not edge.port or PORTS[edge.port]) and edge.to not in held:
                    held.add(edge.to)
                    queue.append(edge.to)
        return held, reached, critical
