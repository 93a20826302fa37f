"""The flows that a policy can speak of, cut into parts that every rule treats as a whole.

An address stands for all that the same ends of rules hold, a port for all that the same services hold. So whether one
rule covers another is answered exactly, by sets of parts, however wide the rules are.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from scanner.model.addresses import AddressSet
from scanner.model.base import Transport
from scanner.model.site import EVERY_ZONE, Rule, ServiceRange, Site, service_range

TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp", "icmp")
_PORTS = 1 << 16

Cell = tuple[int, int]
"""A part of the sources and a part of the targets."""
Region = dict[Cell, int]
"""Flows: of each cell a bit for each part of the services."""


class Axis:
    """The addresses of all zones, in parts: those that lie in the same zone and in the same `ends`."""

    def __init__(self, site: Site, ends: Iterable[str]) -> None:
        self.names = [zone.name for zone in site.zones]
        sets = [AddressSet.parse(",".join(zone.subnets)) for zone in site.zones]
        texts = [each for each in dict.fromkeys(ends) if each != EVERY_ZONE and each not in self.names]
        sets += [AddressSet.parse(each) for each in texts]
        self._bits = {name: number for number, name in enumerate([*self.names, *texts])}
        zones = (1 << len(self.names)) - 1
        self._parts = [each for each in dict.fromkeys(_signatures(sets)) if each & zones]
        self.zone = [self.names[((part & zones) & -(part & zones)).bit_length() - 1] for part in self._parts]

    def __len__(self) -> int:
        return len(self._parts)

    def of(self, end: str) -> list[int]:
        """The parts that an end of a rule means; none where its addresses lie in no zone."""
        if end == EVERY_ZONE:
            return list(range(len(self._parts)))
        bit = 1 << self._bits[end]
        return [number for number, part in enumerate(self._parts) if part & bit]


def _signatures(sets: list[AddressSet]) -> Iterable[int]:
    """Of each stretch of addresses in which no set begins or ends, the sets that hold it, as bits."""
    edges: dict[tuple[int, int], int] = {}
    for number, each in enumerate(sets):
        for version, low, high in each.spans:
            for edge in ((version, low), (version, high + 1)):
                edges[edge] = edges.get(edge, 0) ^ 1 << number
    chosen = 0
    for edge in sorted(edges):
        chosen ^= edges[edge]
        if chosen:
            yield chosen


class Space:
    """The flows between a site's zones, and inside of its isolated ones, as its rules cut them."""

    def __init__(self, site: Site, rules: Iterable[Rule], ports: Iterable[tuple[Transport, int]] = ()) -> None:
        """`ports`: what else has to be told apart."""
        rules = list(rules)
        self.sources = Axis(site, (rule.from_ for rule in rules))
        hosts = [host for critical in site.critical for host in critical.hosts]
        self.targets = Axis(site, [*(rule.to for rule in rules), *hosts])
        self._isolated = {zone.name for zone in site.zones if zone.isolated}
        cuts: dict[str, set[int]] = {each: {0, _PORTS} for each in TRANSPORTS}
        for rule in rules:
            for service in map(service_range, rule.services):
                if service.transport != "any":
                    cuts[service.transport] |= {service.low, service.high + 1}
        for transport, port in ports:
            cuts[transport] |= {port, port + 1}
        self._starts = {each: sorted(found)[:-1] for each, found in cuts.items()}
        self._first: dict[str, int] = {}
        self._sizes: list[int] = []
        for each in TRANSPORTS:
            self._first[each] = len(self._sizes)
            edges = [*self._starts[each], _PORTS]
            self._sizes += [high - low for low, high in itertools.pairwise(edges)]

    def cells(self, rule: Rule) -> int:
        """How many a rule can have at most."""
        return len(self.sources.of(rule.from_)) * len(self.targets.of(rule.to))

    def region(self, rules: Iterable[Rule]) -> Region:
        """Everything that any of the rules speaks of, without what needs no rule."""
        found: Region = {}
        for rule in rules:
            mask = 0
            for each in map(service_range, rule.services):
                mask |= self.mask(each)
            targets = self.targets.of(rule.to)
            for source in self.sources.of(rule.from_):
                zone = self.sources.zone[source]
                for target in targets:
                    if zone != self.targets.zone[target] or zone in self._isolated:
                        found[source, target] = found.get((source, target), 0) | mask
        return found

    def mask(self, service: ServiceRange) -> int:
        """The parts of the services that one means, as bits."""
        found = 0
        for each in TRANSPORTS if service.transport == "any" else (service.transport,):
            starts = self._starts[each]
            low = bisect_left(starts, service.low) if service.transport != "any" else 0
            high = bisect_left(starts, service.high + 1) if service.transport != "any" else len(starts)
            found |= ((1 << high) - (1 << low)) << self._first[each]
        return found

    def count(self, mask: int, transport: Transport) -> int:
        """How many ports of a transport the bits mean."""
        first = self._first[transport]
        return sum(self._sizes[first + n] for n in range(len(self._starts[transport])) if mask >> (first + n) & 1)


def union(regions: Iterable[Region]) -> Region:
    found: Region = {}
    for region in regions:
        for cell, mask in region.items():
            found[cell] = found.get(cell, 0) | mask
    return found


def without(region: Region, other: Mapping[Cell, int]) -> Region:
    """What of a region is not in the other one."""
    left = {cell: mask & ~other.get(cell, 0) for cell, mask in region.items()}
    return {cell: mask for cell, mask in left.items() if mask}


def within(region: Region, other: Mapping[Cell, int]) -> Region:
    """What of a region is in the other one, too."""
    both = {cell: mask & other.get(cell, 0) for cell, mask in region.items()}
    return {cell: mask for cell, mask in both.items() if mask}
