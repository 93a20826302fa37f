"""From a site and the flags to exactly what will be sent. Pure: `--dry-run` prints it, `pipeline.observe` does it.

A laptop stands in one zone at a time, and what is silent from here may be seen up from its own zone an hour later. So
other zones' addresses are asked whether or not they look alive, up to a /22 in all; beyond that the hosts already
known, those that the site file names, and a sample, and `left_out` says what was not asked.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterable, Iterator

import msgspec

from scanner.errors import OutOfScope
from scanner.model.addresses import address_key, addresses_text, contains, network, ports_text, usable_hosts
from scanner.model.base import Frozen
from scanner.model.network import Knock, Sweep
from scanner.model.observation import Refused, Vantage
from scanner.model.site import EVERY_ZONE, Rule, ServiceRange, Site, Zone, service_range
from scanner.ports import Ports

BLIND_LIMIT = 1024
"""Addresses of other zones that are asked without a sign of life: a /22."""
ON_LINK_LIMIT = 65536
UNIT_PROBES = 60_000
"""A unit of work is done as a whole or done again after an interruption; this bounds it to some seconds."""
INDUSTRIAL_PORTS = frozenset({102, 502, 20000, 44818, 47808})
_NAMED_RANGE_LIMIT = 64
"""A rule's port range up to this wide is asked port by port; a wider one is left to `--ports`."""


class Plan(Frozen, frozen=True):
    """One vantage session. `own` knocks apply to the addresses that the sweep finds alive, and to `own_named`."""

    vantage: Vantage
    ports: Ports
    sweep: Sweep
    own_named: tuple[str, ...]
    other: tuple[str, ...]
    """Addresses of other zones, asked whether alive or not."""
    named_ports: Ports
    """Ports that the policy names: asked everywhere, whatever `ports` says."""
    identify: bool = True
    left_out: tuple[Refused, ...] = ()

    @property
    def digest(self) -> str:
        return hashlib.blake2s(msgspec.json.encode(self), digest_size=16).hexdigest()

    @property
    def all_ports(self) -> Ports:
        """None asked (`--ports none`): not the named ones either, the session only discovers."""
        if not self.ports.tcp and not self.ports.udp:
            return self.ports
        return Ports(
            tuple(dict.fromkeys((*self.named_ports.tcp, *self.ports.tcp))),
            tuple(dict.fromkeys((*self.named_ports.udp, *self.ports.udp))),
        )

    def knocks(self, alive: Collection[str]) -> list[Knock]:
        """The units of the port scan: the own zone's hosts found `alive` first, then the other zones."""
        own = sorted({*alive, *self.own_named} - {self.vantage.address, self.vantage.address6}, key=address_key)
        ports = self.all_ports
        size = max(1, UNIT_PROBES // max(1, len(ports.tcp) + len(ports.udp)))
        if not ports.tcp and not ports.udp:
            return []
        return [
            Knock(tuple(batch), ports.tcp, ports.udp) for group in (own, self.other) for batch in _batched(group, size)
        ]

    def packets(self) -> int:
        """An upper bound for the probes sent, conversations apart: every own address alive, every try used."""
        ports = self.all_ports
        targets = len(set(self.sweep.on_link) | set(self.own_named)) + len(self.other)
        sweep = (len(self.sweep.on_link) * 2 + len(self.sweep.routed)) * self.sweep.tries
        return sweep + targets * (len(ports.tcp) + len(ports.udp)) * 2


def make_plan(site: Site, vantage: Vantage, ports: Ports, known: Iterable[str] = (), identify: bool = True) -> Plan:
    """What a session from `vantage` sends. `known`: addresses that earlier sessions saw, from anywhere."""
    zone = site.zone(vantage.zone)
    if zone is None:
        names = ", ".join(each.name for each in site.zones)
        raise OutOfScope(f"--from {vantage.zone}: the site file has no such zone; its zones are {names}")
    named = {each for each in named_addresses(site) if site.in_scope(each)}
    seen = {each for each in known if site.in_scope(each)}
    left_out: list[Refused] = []
    on_link = _on_link(site, zone, (named | seen), left_out)
    own_named = sorted((each for each in named if zone.holds(each)), key=address_key)
    other = _other_zones(site, zone, named, seen, left_out)
    if not on_link and not other and not any(":" in subnet for each in site.zones for subnet in each.subnets):
        raise OutOfScope("nothing may be asked: no address of any zone is in scope.include, or all are excluded")
    own_ips = {vantage.address, vantage.address6}
    if not vantage.address6 or network(vantage.address6).is_link_local:
        dropped = [each for each in other if ":" in each]
        if dropped:
            other = [each for each in other if ":" not in each]
            left_out.append(_refusal(dropped, "this vantage has no routable IPv6 address"))
    return Plan(
        vantage=vantage,
        ports=ports,
        sweep=Sweep(on_link=tuple(a for a in on_link if a not in own_ips), routed=tuple(other)),
        own_named=tuple(a for a in own_named if a not in own_ips),
        other=tuple(other),
        named_ports=named_ports(site),
        identify=identify,
        left_out=tuple(left_out),
    )


def named_addresses(site: Site) -> Iterator[str]:
    """Every single address that critical, allow or require name."""
    for critical in site.critical:
        yield from critical.hosts
    for rule in (*site.allow, *site.require):
        for end in (rule.from_, rule.to):
            if end != EVERY_ZONE and site.zone(end) is None and network(end).num_addresses == 1:
                yield str(network(end).network_address)


def named_ports(site: Site) -> Ports:
    """Every port that critical, allow or require name, wide ranges apart."""
    texts = [each.services for each in site.critical]
    rules: tuple[Rule, ...] = (*site.allow, *site.require)
    texts.extend(rule.services for rule in rules)
    found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for text in itertools.chain.from_iterable(texts):
        service: ServiceRange = service_range(text)
        if service.transport in found and service.high - service.low < _NAMED_RANGE_LIMIT:
            found[service.transport].update(range(service.low, service.high + 1))
    return Ports(tuple(sorted(found["tcp"])), tuple(sorted(found["udp"])))


def _on_link(site: Site, zone: Zone, wanted: set[str], left_out: list[Refused]) -> list[str]:
    chosen: dict[str, None] = {}
    for subnet in zone.subnets:
        net = network(subnet)
        if net.version == 6 or net.num_addresses > ON_LINK_LIMIT:
            # An IPv6 subnet cannot be walked: its neighbours answer multicast, and the known ones are asked.
            chosen.update(dict.fromkeys(sorted((a for a in wanted if contains((subnet,), a)), key=address_key)))
            if net.version == 4:
                left_out.append(Refused(subnet, "icmp", "8", f"larger than {ON_LINK_LIMIT} addresses", 0.0))
            continue
        chosen.update(dict.fromkeys(each for each in usable_hosts(subnet) if site.in_scope(each)))
    return list(chosen)


def _other_zones(site: Site, zone: Zone, named: set[str], seen: set[str], left_out: list[Refused]) -> list[str]:
    """All of the other zones while they fit into BLIND_LIMIT; else the known, the named and an even sample of each."""
    others = [each for each in site.zones if each.name != zone.name]
    must = {each for each in named | seen if any(other.holds(each) for other in others)}
    subnets = [s for other in others for s in other.subnets if network(s).version == 4]
    total = sum(network(s).num_addresses for s in subnets)
    chosen = set(must)
    if total <= BLIND_LIMIT:
        for subnet in subnets:
            chosen.update(each for each in usable_hosts(subnet) if site.in_scope(each))
    elif subnets:
        share = max(1, BLIND_LIMIT // len(subnets))
        for subnet in subnets:
            net = network(subnet)
            step = max(1, net.num_addresses // share)
            sample = {str(net[index]) for index in range(1, max(2, net.num_addresses - 1), step)}
            chosen.update(each for each in sample if site.in_scope(each))
            if step > 1:
                reason = f"one address in {step} asked: the other zones hold more than {BLIND_LIMIT} addresses"
                left_out.append(Refused(subnet, "tcp", "", reason, 0.0))
    return sorted(chosen, key=address_key)


def _refusal(addresses: Iterable[str], reason: str) -> Refused:
    return Refused(addresses_text(addresses), "tcp", "", reason, 0.0)


def _batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    waiting = iter(items)
    while batch := list(itertools.islice(waiting, size)):
        yield batch


def describe(plan: Plan, site: Site) -> str:
    """What `--dry-run` prints: every target, port and packet count, and what cannot be known before."""
    ports = plan.all_ports
    seconds = plan.packets() / site.scope.max_rate
    lines = [
        f"vantage      {plan.vantage.zone}: {plan.vantage.interface} {plan.vantage.address}",
        f"on link      {len(plan.sweep.on_link)} addresses by ARP/NDP and echo: {addresses_text(plan.sweep.on_link)}",
        f"other zones  {len(plan.other)} addresses, alive or not: {addresses_text(plan.other) or '-'}",
        f"tcp ports    {len(ports.tcp)}: {ports_text(ports.tcp) or '-'}",
        f"udp ports    {len(ports.udp)}: {ports_text(ports.udp) or '-'}",
        f"packets      at most {plan.packets()} probes, at most {site.scope.max_rate} a second: {seconds:.0f} s"
        + (" and the conversations with what is open" if plan.identify else ""),
    ]
    six = [each.name for each in site.zones if any(":" in subnet for subnet in each.subnets)]
    if six:
        lines.append(
            f"IPv6         no subnet of {', '.join(six)} can be walked. Neighbours that answer multicast (ff02::1) are "
            "asked as well; of other zones those that the site file names and that earlier sessions saw"
        )
    lines.extend(f"left out     {each.addresses}: {each.reason}" for each in plan.left_out)
    fragile = [a for a in (*plan.sweep.on_link, *plan.other) if site.fragile(a)]
    if fragile:
        lines.append(f"fragile      one connection at a time, nothing written: {addresses_text(fragile)}")
    refused = sorted(INDUSTRIAL_PORTS & {*ports.tcp, *ports.udp} - set(site.scope.allow_ports))
    if refused:
        lines.append(f"refused      ports {ports_text(refused)}: industrial; scope.allow_ports lifts it")
    return "\n".join(lines)
