"""A router's filter rules as a question: what happens to this packet? The same rules that `firewall` writes for nft."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Literal, NamedTuple

from scanner.lab.topology import Action, FilterRule, Topology
from scanner.model.addresses import network
from scanner.model.base import Transport
from scanner.model.site import EVERY_ZONE, ServiceRange, service_range


class Packet(NamedTuple):
    """A probe, or what comes back. For icmp `dport` is the type of a request, and means nothing else."""

    source: str
    target: str
    transport: Transport
    sport: int
    dport: int
    kind: Literal["request", "reply", "error"]


class Compiled(NamedTuple):
    """A FilterRule with its ends as subnets (None: anywhere)."""

    action: Action
    source: tuple[str, ...] | None
    target: tuple[str, ...] | None
    services: tuple[ServiceRange, ...]
    source_port: int | None
    family: str


def verdict(rules: tuple[Compiled, ...], default: Action, packet: Packet) -> Action:
    """What the first matching rule says of a packet that belongs to no known flow."""
    v6 = ":" in packet.target
    for rule in rules:
        if rule.family == ("ip" if v6 else "ip6"):
            continue
        if rule.source_port is not None and (packet.transport == "icmp" or rule.source_port != packet.sport):
            continue
        if not any(each.covers(packet.transport, packet.dport) for each in rule.services):
            continue
        if _matches(packet.source, rule.source) and _matches(packet.target, rule.target):
            return rule.action
    return default


def compiled(rules: tuple[FilterRule, ...], subnets: dict[str, tuple[str, ...]]) -> tuple[Compiled, ...]:
    """A chain ready for `verdict`; `subnets` are those of each segment."""

    def end(text: str) -> tuple[str, ...] | None:
        return None if text == EVERY_ZONE else subnets.get(text, (text,))

    return tuple(
        Compiled(
            rule.action,
            end(rule.from_),
            end(rule.to),
            tuple(map(service_range, rule.services)),
            rule.source_port,
            rule.family,
        )
        for rule in rules
    )


def _matches(addr: str, subnets: tuple[str, ...] | None) -> bool:
    return subnets is None or any(within(addr, each) for each in subnets)


@lru_cache(maxsize=65536)
def within(addr: str, subnet: str) -> bool:
    """Whether a subnet (or single address) holds `addr`; quick, as it is asked for every probe."""
    return ipaddress.ip_address(addr) in network(subnet)


def port_boundaries(topology: Topology, transport: Transport) -> tuple[list[int], set[int]]:
    """Where the answers of equal-looking ports may change: first ports of intervals, and single source ports."""
    starts: set[int] = set()
    sources: set[int] = set()
    for router in topology.routers:
        for rule in (*router.forward, *router.local):
            for each in map(service_range, rule.services):
                if each.transport in (transport, "any"):
                    starts |= {each.low, each.high + 1}
            if rule.source_port is not None:
                sources.add(rule.source_port)
        if transport == "tcp":
            single = {*(each.number for each in router.everywhere), *(each.number for each in router.forwards)}
            starts |= single | {each + 1 for each in single}
            starts |= {edge for each in map(service_range, router.syn_proxy) for edge in (each.low, each.high + 1)}
    return sorted(starts), sources
