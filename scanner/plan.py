"""From a site and the flags to exactly what will be sent. Pure: `--dry-run` prints it, `pipeline.observe` does it.

A laptop stands in one zone at a time, and what is silent from here may be seen up from its own zone an hour later. So
other zones' addresses are asked whether or not they look alive, up to a /22 in all; beyond that the hosts already
known, those that the site file names, and a sample. All the remaining ones are asked who is alive, and those found are
asked like the others; `left_out` says so.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from scanner.errors import OutOfScope
from scanner.likely import MOST_LINKS, at_most, lookalikes
from scanner.model.addresses import AddressSet, network
from scanner.model.base import Frozen
from scanner.model.network import METHODS, PATIENCE, Knock, Method, Sweep
from scanner.model.observation import Refused, Vantage
from scanner.model.site import EVERY_ZONE, Rule, ServiceRange, Site, Zone, service_range
from scanner.ports import Ports

BLIND_LIMIT = 1024
"""Addresses of other zones that are asked without a sign of life: a /22."""
ON_LINK_LIMIT = 65536
DISCOVER_LIMIT = 1 << 18
"""Addresses of other zones beyond those, of which is asked who is alive."""
UNIT_SECONDS = 10
LEAST_UNIT, MOST_UNIT = 20_000, 1_000_000
"""A unit of work is done as a whole or done again after an interruption, and costs waiting times at its end: so many
seconds of sending at the site's rate, within these numbers of probes."""
POLITE_RATE = 100
"""Packets a second, of a polite scan."""
INDUSTRIAL_PORTS = frozenset({102, 502, 20000, 44818, 47808})
_LANDMARKS = 64
_MOST_WORTH = 4096
_CONNECTION_PACKETS = 4
"""Of ours in a whole connection: SYN, ACK and the two of closing it."""
_NAMED_RANGE_LIMIT = 64
"""A rule's port range up to this wide is asked port by port; a wider one is left to `--ports`."""


class Manners(Frozen, frozen=True):
    """How a session asks, as the flags say it."""

    identify: bool = True
    names: bool = True
    polite: bool = False
    """For fragile networks: slow, by whole connections, one thing at a time to a host, found by echo only."""
    methods: tuple[Method, ...] = METHODS
    patience: float = PATIENCE
    resolver: str = ""
    """The DNS server that is asked for the names of hosts that answer; empty: none."""
    deep: bool = False
    """Nmap's version detection asks the services that nothing else could name."""
    thorough: bool = False
    """What was silent or refused is asked again from trusted source ports and in fragments (see `scanner.dressing`)."""


_PLAIN = Manners()
_NO_DOORS: Mapping[str, int] = {}
_NO_PORTS = Ports()


class Plan(Frozen, frozen=True):
    """One vantage session. Addresses are ranges texts."""

    vantage: Vantage
    ports: Ports
    sweep: Sweep
    own_named: str
    """Addresses of the own zone that policy names: asked, found alive or not."""
    other: str
    """Addresses of other zones, asked whether alive or not."""
    landmarks: str
    """Some of those, the known and named ones first: who of them echoes before the port scan has to echo after it."""
    named_ports: Ports
    """Ports that the policy names: asked everywhere, whatever `ports` says."""
    rate: int
    """Packets a second: what the units are cut for."""
    manners: Manners = _PLAIN
    left_out: tuple[Refused, ...] = ()
    worth: tuple[str, ...] = ()
    """Addresses of other zones that are asked dressed, and by way of neighbours: those of critical systems first, then
    the named and the known ones."""
    doors: tuple[tuple[str, int], ...] = ()
    """(address, TCP port) of those whose open port is known; the lowest of each."""
    canary: str = ""
    """Addresses of canaries, which get signed probes and nothing else (see `scanner.canary_plan`)."""
    canary_ports: Ports = _NO_PORTS
    nonce: str = ""
    """What those probes are signed with."""

    @property
    def identify(self) -> bool:
        return self.manners.identify

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

    def knocks(self, alive: AddressSet) -> list[Knock]:
        """The units of the port scan, the same for the same `alive`: what the sweep found on the own link and among
        `sweep.discover`. The own zone comes first, then the other zones; IPv4 and IPv6 apart."""
        ports = self.all_ports
        if not ports.tcp and not ports.udp:
            return []
        other = AddressSet.parse(self.other) | (alive & AddressSet.parse(self.sweep.discover))
        me = AddressSet.of(each for each in (self.vantage.address, self.vantage.address6) if each)
        own = (alive | AddressSet.parse(self.own_named)) - other - me
        size = max(1, unit_probes(self.rate) // (len(ports.tcp) + len(ports.udp)))
        # Of other zones echo is a flow as well. It goes with the ports: so a dead host is waited for once.
        return [
            Knock(str(part), ports.tcp, ports.udp, echo=group is other, patience=self.manners.patience)
            for group in (own, other)
            for version in (4, 6)
            for part in group.of_version(version).chunks(size)
        ]

    def packets(self) -> int:
        """An upper bound for the packets of our probes where nothing is lost, names and conversations apart: every
        address of the own zone and of `discover` alive, every try used."""
        ports = self.all_ports
        on_link, routed, discover = map(AddressSet.parse, (self.sweep.on_link, self.sweep.routed, self.sweep.discover))
        own = on_link | AddressSet.parse(self.own_named)
        targets = len(own) + len(AddressSet.parse(self.other)) + len(discover) if ports.tcp or ports.udp else len(own)
        asked = sum(len(DISCOVERY_PORTS.get(each, (0,))) for each in self.sweep.methods)
        guessed = at_most(AddressSet.parse(self.sweep.guessed), len(on_link.of_version(4)))
        sweep = (len(on_link) * 2 + guessed + len(routed) * 2 + len(discover) * asked) * self.sweep.tries
        tcp = len(ports.tcp) * (_CONNECTION_PACKETS if self.manners.polite else 1)
        canary = len(AddressSet.parse(self.canary)) * (len(self.canary_ports.tcp) + len(self.canary_ports.udp) + 1) * 2
        return sweep + targets * (tcp + len(ports.udp)) * 2 + (targets - len(own)) * 4 + canary


DISCOVERY_PORTS: dict[Method, tuple[int, ...]] = {
    "syn": (443, 22, 3389, 445, 80),
    "ack": (80, 443),
    "udp": (53, 123, 40125),
}
"""What `discover` may ask besides echo and timestamp: ports that hosts hide least, and a UDP port that nobody listens
on, so that the host itself says so."""


def unit_probes(rate: int) -> int:
    """How many probes a unit has."""
    return min(MOST_UNIT, max(LEAST_UNIT, rate * UNIT_SECONDS))


def make_plan(
    site: Site,
    vantage: Vantage,
    ports: Ports,
    known: Iterable[str] = (),
    manners: Manners = _PLAIN,
    opened: Mapping[str, int] = _NO_DOORS,
) -> Plan:
    """What a session from `vantage` sends. `known`: addresses that earlier sessions saw, from anywhere; `opened`: an
    open TCP port of each of those that had one."""
    zone = site.zone(vantage.zone)
    if zone is None:
        names = ", ".join(each.name for each in site.zones)
        raise OutOfScope(f"--from {vantage.zone}: the site file has no such zone; its zones are {names}")
    scope = scope_of(site)
    named = AddressSet.of(named_addresses(site)) & scope
    seen = AddressSet.of(known) & scope
    left_out: list[Refused] = []
    on_link = _on_link(scope, zone, named | seen, left_out)
    others = [each for each in site.zones if each.name != zone.name]
    other, discover = _other_zones(scope, others, named | seen, left_out)
    if not on_link and not other and not any(":" in subnet for each in site.zones for subnet in each.subnets):
        raise OutOfScope("nothing may be asked: no address of any zone is in scope.include, or all are excluded")
    me = AddressSet.of(each for each in (vantage.address, vantage.address6) if each)
    if not vantage.address6 or network(vantage.address6).is_link_local:
        dropped = other.of_version(6)
        if dropped:
            other -= dropped
            left_out.append(Refused(str(dropped), "tcp", "", "this vantage has no routable IPv6 address", 0.0))
    rate = min(POLITE_RATE, site.scope.max_rate) if manners.polite else site.scope.max_rate
    revealed = (subnets(zone.subnets) & scope) - on_link - me
    worth = _worth(site, (other | discover) & (named | seen))
    return Plan(
        vantage=vantage,
        ports=ports,
        sweep=Sweep(
            on_link=str(on_link - me),
            routed="" if ports.tcp or ports.udp else str(other),
            discover=str(discover),
            revealed=str(revealed),
            guessed=str(_guessed(site, zone, vantage, revealed)),
            names=manners.names,
            methods=("echo",) if manners.polite else manners.methods,
            patience=manners.patience,
        ),
        own_named=str((named & subnets(zone.subnets)) - me),
        other=str(other),
        landmarks=str(_landmarks(other, named | seen)),
        named_ports=named_ports(site),
        rate=rate,
        manners=manners,
        left_out=tuple(left_out),
        worth=worth,
        doors=_doors(site, worth, opened),
    )


def _worth(site: Site, some: AddressSet) -> tuple[str, ...]:
    """Those addresses, the critical systems' first, then what else the policy names."""
    first = (str(network(each).network_address) for critical in site.critical for each in critical.hosts)
    ordered = dict.fromkeys((*first, *named_addresses(site), *some))
    return tuple(itertools.islice((each for each in ordered if each in some), _MOST_WORTH))


def _doors(site: Site, worth: Iterable[str], opened: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The port that is open for certain, or that the critical system is there for."""
    found: dict[str, int] = {}
    for critical in site.critical:
        tcp = (each.low for each in map(service_range, critical.services) if each.transport == "tcp" and each.low)
        port = next(tcp, None)
        if port is not None:
            found.update((str(network(each).network_address), port) for each in critical.hosts)
    return tuple((each, port) for each in worth if (port := opened.get(each) or found.get(each)))


def scope_of(site: Site) -> AddressSet:
    """Every address that the site file lets us touch: what it includes, without what it excludes."""
    zones = itertools.chain.from_iterable(zone.subnets for zone in site.zones)
    return subnets(site.scope.include or zones) - subnets(site.scope.exclude)


def subnets(texts: Iterable[str]) -> AddressSet:
    """All addresses of some subnets (or single addresses)."""
    return AddressSet.parse(",".join(texts))


def usable(subnet: str) -> AddressSet:
    """The addresses of an IPv4 subnet that a host may hold: without its network and broadcast addresses."""
    net = network(subnet)
    edge = int(net.prefixlen < 31)
    return AddressSet([(net.version, int(net.network_address) + edge, int(net.broadcast_address) - edge)])


def named_addresses(site: Site) -> Iterator[str]:
    """Every single address that critical, allow, require or deny name."""
    for critical in site.critical:
        yield from critical.hosts
    for rule in (*site.allow, *site.require, *site.deny):
        for end in (rule.from_, rule.to):
            if end != EVERY_ZONE and site.zone(end) is None and network(end).num_addresses == 1:
                yield str(network(end).network_address)


def named_ports(site: Site) -> Ports:
    """Every port that critical, allow, require or deny name, wide ranges apart."""
    texts = [each.services for each in site.critical]
    rules: tuple[Rule, ...] = (*site.allow, *site.require, *site.deny)
    texts.extend(rule.services for rule in rules)
    found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for text in itertools.chain.from_iterable(texts):
        service: ServiceRange = service_range(text)
        if service.transport in found and service.high - service.low < _NAMED_RANGE_LIMIT:
            found[service.transport].update(range(service.low, service.high + 1))
    return Ports(tuple(sorted(found["tcp"])), tuple(sorted(found["udp"])))


def _on_link(scope: AddressSet, zone: Zone, wanted: AddressSet, left_out: list[Refused]) -> AddressSet:
    chosen = AddressSet()
    for subnet in zone.subnets:
        net = network(subnet)
        if net.version == 6 or net.num_addresses > ON_LINK_LIMIT:
            # An IPv6 subnet cannot be walked: its neighbours answer multicast, and the known ones are asked.
            chosen |= wanted & subnets((subnet,))
            if net.version == 4:
                left_out.append(Refused(subnet, "icmp", "8", f"larger than {ON_LINK_LIMIT} addresses", 0.0))
            continue
        chosen |= usable(subnet) & scope
    return chosen


def _guessed(site: Site, zone: Zone, vantage: Vantage, revealed: AddressSet) -> AddressSet:
    """The /64s of the own zone in which IPv6 addresses are guessed, without what excluded hosts may hold there."""
    if not vantage.address6 or network(vantage.address6).is_link_local:
        return AddressSet()
    nets = [net for net in map(network, zone.subnets) if net.version == 6 and net.prefixlen >= 64]
    firsts = (int(net.network_address) >> 64 for net in (network(vantage.address6), *nets))
    links = itertools.islice(dict.fromkeys(firsts), MOST_LINKS)
    within = AddressSet((6, link << 64, (link + 1 << 64) - 1) for link in links)
    return (within & revealed) - lookalikes(subnets(site.scope.exclude) & subnets(zone.subnets), within)


def _other_zones(
    scope: AddressSet, others: list[Zone], wanted: AddressSet, left_out: list[Refused]
) -> tuple[AddressSet, AddressSet]:
    """(asked whether alive or not, asked who is alive): all of the other zones while they fit into BLIND_LIMIT; else
    the known, the named and an even sample of each subnet, and of the rest who is alive."""
    chosen = wanted & subnets(subnet for zone in others for subnet in zone.subnets)
    parts = {s: usable(s) & scope for zone in others for s in zone.subnets if network(s).version == 4}
    whole = AddressSet(span for part in parts.values() for span in part.spans)
    if len(whole) <= BLIND_LIMIT:
        return chosen | whole, AddressSet()
    share = max(1, BLIND_LIMIT // len(parts))
    sampled: list[AddressSet] = []
    left: dict[str, str] = {}
    for subnet in parts:
        step = max(1, round(len(parts[subnet]) / share))
        sampled.append(AddressSet(_every(parts[subnet], step)))
        if step > 1:
            left[subnet] = (
                f"one address in {step} asked whether it looks alive or not, of the others only those that answer "
                f"discovery: the other zones hold more than {BLIND_LIMIT} addresses"
            )
    chosen |= AddressSet(span for sample in sampled for span in sample.spans)
    discover: list[tuple[int, int, int]] = []
    room = DISCOVER_LIMIT
    # The small subnets first: a large one, that cannot be asked as a whole in any case, must not crowd them out.
    for part in sorted(parts.values(), key=len):
        rest = part - chosen
        found = next(rest.chunks(room), AddressSet()) if room else AddressSet()
        discover += found.spans
        room -= len(found)
        if len(found) < len(rest):
            left_out.append(
                Refused(str(rest - found), "tcp", "", f"beyond the {DISCOVER_LIMIT} addresses that discovery asks", 0.0)
            )
    left_out.extend(Refused(subnet, "tcp", "", reason, 0.0) for subnet, reason in left.items())
    return chosen, AddressSet(discover)


def _landmarks(other: AddressSet, known: AddressSet) -> AddressSet:
    first = next((other & known).chunks(_LANDMARKS // 2), AddressSet())
    return first | AddressSet(_every(other, max(1, round(len(other) / (_LANDMARKS // 2)))))


def _every(whole: AddressSet, step: int) -> Iterator[tuple[int, int, int]]:
    """Every so many-th address of a set, as spans."""
    skip = 0
    for version, low, high in whole.spans:
        yield from ((version, each, each) for each in range(low + skip, high + 1, step))
        skip = (skip - (high - low + 1)) % step
