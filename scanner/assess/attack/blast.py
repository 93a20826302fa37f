"""Blast radius: what falls to whoever has a foothold in a zone, or on one host.

All that a foothold leads to depends on the zones in which it stands. So one walk over the collapsed graph is made for
each set of zones, and hosts are counted by the sets of zones that reach them, never one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import networkx as nx

from scanner.assess.attack.classes import DATA, HostClass, Offer
from scanner.assess.attack.graph import AttackGraph, Node, Step, is_goal, node_of, zone_of
from scanner.assess.machines.inventory import Machine
from scanner.model.report import BlastRow
from scanner.model.site import Critical, Site

_MOST_HOSTS = 100
"""Hosts that get a row of their own: those from which most falls."""
_Zones = frozenset[str]
_Sights = frozenset[str]
"""From where something is seen: zones, and the inside of zones."""


def blast(site: Site, graph: AttackGraph) -> tuple[BlastRow, ...]:
    """A row for every zone, then for the hosts that matter: critical, with several legs, or exploitable."""
    radius = _Radius(site, graph)
    zones = [radius.of_zone(zone) for zone in graph.zones]
    # Hosts of one class differ in their names only: more of them than can be told need no look.
    hosts = [
        radius.of_host(machine, each)
        for each in graph.classes
        if each.singular or any(offer.how.startswith("exploit") for offer in each.offers)
        for machine in each.machines[:_MOST_HOSTS]
    ]
    hosts.sort(key=lambda row: (-len(row.forbidden), -len(row.critical), -row.hosts, -row.reached, row.start))
    return (*zones, *hosts[:_MOST_HOSTS])


class _Radius:
    def __init__(self, site: Site, graph: AttackGraph) -> None:
        self._isolated = graph.isolated
        self._all = _walkable(graph.steps)
        self._allowed = _walkable(step for step in graph.steps if not step.forbidden)
        self._held: dict[tuple[_Zones, bool], frozenset[Node]] = {}
        self._taken: Counter[tuple[str, _Sights]] = Counter()
        """Hosts by their zone and from where they can be taken over, those with one leg."""
        self._reached: Counter[_Sights] = Counter()
        """Hosts by from where any of their services is reached."""
        self._by_id: dict[str, HostClass] = {}
        self._goals: list[tuple[Critical, HostClass, _Sights, _Sights]] = []
        """A critical system's host, from where it is reached at all, and from where policy allows it."""
        for each in graph.classes:
            if node_of(each)[0] == "zone":
                self._taken[each.zone, self._takers(each)] += len(each.machines)
            self._reached[self._reachers(each)] += len(each.machines)
            if each.singular:
                self._by_id[each.machines[0].id] = each
        for critical in site.critical:
            for each in self._by_id.values():
                if set(each.machines[0].addresses) & set(critical.hosts):
                    ways = [self._seers(each, critical, allowed) for allowed in (False, True)]
                    self._goals.append((critical, each, ways[0], ways[1]))

    def of_zone(self, zone: str) -> BlastRow:
        here = frozenset({zone})
        return self._row(zone, here, here, ())

    def of_host(self, machine: Machine, own: HostClass) -> BlastRow:
        """What falls besides the machine itself, with all of its legs. That it has several is against policy."""
        twins = [self._by_id[each] for each in machine.twins if each in self._by_id]
        zones = frozenset({machine.zone, *(each.zone for each in twins)})
        return self._row(machine.id, zones, frozenset({machine.zone}), (own, *twins))

    def _row(self, start: str, zones: _Zones, allowed: _Zones, own: tuple[HostClass, ...]) -> BlastRow:
        nodes = self._walk(zones, self._all, clean=False)
        held = _sights(nodes)
        clean = _sights(self._walk(allowed, self._allowed, clean=True))
        taken = Counter(zone_of(node) for node in nodes if node[0] == "machine")
        for (zone, takers), hosts in self._taken.items():
            if not takers.isdisjoint(held):
                taken[zone] += hosts
        for each in own:
            node = node_of(each)
            taken[each.zone] -= node in nodes if node[0] == "machine" else not self._takers(each).isdisjoint(held)
        reached = sum(hosts for seers, hosts in self._reached.items() if not seers.isdisjoint(held))
        reached -= sum(not self._reachers(each).isdisjoint(held) for each in own)
        others = [each for each in self._goals if all(each[1] is not leg for leg in own)]
        falls = dict.fromkeys(critical.name for critical, _, ways, _ in others if not ways.isdisjoint(held))
        meant = {critical.name for critical, _, _, ways in others if not ways.isdisjoint(clean)}
        return BlastRow(
            start=start,
            zones=tuple(sorted(zone for zone, hosts in taken.items() if hosts > 0)),
            hosts=taken.total(),
            reached=reached,
            critical=tuple(falls),
            forbidden=tuple(name for name in falls if name not in meant),
        )

    def _walk(self, zones: _Zones, graph: Any, clean: bool) -> frozenset[Node]:
        """The zones, and the machines with several legs, to which a foothold in these leads."""
        known = self._held.get((zones, clean))
        if known is None:
            nodes: set[Node] = {("zone", zone) for zone in zones}
            for node in tuple(nodes):
                if node in graph:
                    nodes |= nx.descendants(graph, node)
            known = self._held[zones, clean] = frozenset(node for node in nodes if node[0] != "critical")
        return known

    def _takers(self, each: HostClass) -> _Sights:
        return self._sights(each, (offer for offer in each.offers if offer.how != DATA))

    def _reachers(self, each: HostClass) -> _Sights:
        return self._sights(each, each.offers) | self._home(each, each.serves)

    def _seers(self, each: HostClass, critical: Critical, allowed: bool) -> _Sights:
        """From where what makes it critical is reached; with `allowed` only as policy has it."""
        return self._sights(each, (offer for offer in each.offers if is_goal(critical, offer)), allowed)

    def _sights(self, each: HostClass, offers: Iterable[Offer], allowed: bool = False) -> _Sights:
        offers = list(offers)
        afar = {from_ for offer in offers for from_, fine, _ in offer.seen if fine or not allowed}
        return self._home(each, bool(offers)) | afar

    def _home(self, each: HostClass, some: bool) -> _Sights:
        return frozenset({_inside(each.zone)} if some and each.zone not in self._isolated else ())


def _inside(zone: str) -> str:
    """How a zone looks from within: for whoever holds a host of it, or gets packets into it."""
    return f"/{zone}"


def _sights(nodes: Iterable[Node]) -> _Sights:
    """What is looked from: a zone's name stands for what its vantage reaches elsewhere."""
    return frozenset(
        sight
        for node in nodes
        for sight in ((_inside(zone_of(node)),) if node[0] == "through" else (_inside(node[1]), node[1]))
        if node[0] in ("zone", "through")
    )


def _walkable(steps: Iterable[Step]) -> Any:
    graph = nx.DiGraph()
    for step in steps:
        graph.add_edge(step.source, step.target)
        for node in (step.source, step.target):
            if node[0] == "machine":
                graph.add_edge(node, ("zone", zone_of(node)))
    return graph
