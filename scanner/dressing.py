"""What is asked once more, otherwise than plainly: dressed as a careless rule trusts it, and past the router.

A rule may let a packet pass that the same rule without its mistake would not: because it comes from the port of a
trusted service, or because only its first fragment is looked at. And a machine with a leg in another zone may carry
packets there, whatever the fence's rules say. Pure: the plan and what the plain scan saw in, requests out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from scanner.model.addresses import AddressSet, network, ports_text
from scanner.model.base import Transport
from scanner.model.network import Knock
from scanner.model.observation import Event, HostSeen, Observation, PortState, Silence, Via
from scanner.model.site import Site
from scanner.plan import INDUSTRIAL_PORTS, Plan, scope_of, subnets, unit_probes, usable

SOURCE_PORTS = (53, 20, 88, 123)
"""DNS, active FTP's data, Kerberos, NTP: what rules without a state trust answers from."""
FRAGMENTS: Via = "fragments"
MOST_PAIRS = 1 << 17
"""(address, port) pairs that are asked in each dressing."""
DETOUR_PROBES, MOST_DETOUR_PROBES = 4096, 65536
"""Probes by way of neighbours, of one session; the second of a thorough one."""
_DATAGRAM_PORTS = frozenset({53, 123})
_TRIES = 2
_QUESTIONS = 2
"""An echo request and a SYN."""
_ANYHOW = 443
"""The port to ask where none is known to be open: hosts hide it least."""
_MOST_PORTS = 4
"""Different ports that the detours ask: of each address the one that is likeliest to answer."""

Rows = Iterable[tuple[str, Observation]]
"""(unit of the plain scan, what it saw)."""


def via_of(source_port: int) -> Via:
    return f"sport-{source_port}"


def source_port_of(via: Via) -> int | None:
    """53 of `sport-53`; None for other dressings."""
    kind, _, port = via.partition("-")
    return int(port) if kind == "sport" and port.isdecimal() and 0 < int(port) < 65536 else None


def neighbour_of(via: Via) -> str | None:
    """The address of `by-ADDRESS`; None for other dressings."""
    kind, _, address = via.partition("-")
    return address if kind == "by" and address else None


def neighbours_of(request: Knock) -> tuple[str, ...]:
    """Whom the probes of a request are handed to; nobody: to the router."""
    one = neighbour_of(request.via)
    return request.by or ((one,) if one else ())


def told(events: Iterable[Event], via: Via) -> Iterator[Event]:
    """The same events, their answers and silences said to be of that dressing."""
    for event in events:
        if isinstance(event, PortState | Silence):
            yield msgspec.structs.replace(event, via=via)
        else:
            yield event


def dressings(tcp: tuple[int, ...], udp: tuple[int, ...]) -> Iterator[tuple[Via, tuple[int, ...], tuple[int, ...]]]:
    """Each dressing with the ports that are asked in it."""
    for port in SOURCE_PORTS:
        yield via_of(port), tcp, udp if port in _DATAGRAM_PORTS else ()
    yield FRAGMENTS, tcp, udp


def dressed(plan: Plan, rows: Rows) -> tuple[list[tuple[str, Knock]], AddressSet]:
    """The units of a thorough scan, in which what is settled plainly is not asked; and who is left out for the bound.

    Asked are the addresses of other zones that policy names, that somebody saw, or that answered the plain scan.
    """
    ports = plan.all_ports
    count = len(ports.tcp) + len(ports.udp)
    if not plan.manners.thorough or not count:
        return [], AddressSet()
    plain = [each for name, each in rows if name.startswith("knock-") and isinstance(each, PortState) and not each.via]
    beyond = AddressSet.parse(plan.other) | AddressSet.parse(plan.sweep.discover)
    answered = AddressSet.of({e.address for e in plain if e.state in ("open", "closed") and _own(e)}) & beyond
    wanted = list(dict.fromkeys((*plan.worth, *answered)))
    most = max(1, MOST_PAIRS // count)
    chosen, left = AddressSet.of(wanted[:most]), AddressSet.of(wanted[most:])
    settled = tuple(_settled(plain, chosen))
    units: list[tuple[str, Knock]] = []
    for via, tcp, udp in dressings(ports.tcp, ports.udp):
        if not tcp and not udp:
            continue
        size = max(1, unit_probes(plan.rate) // (len(tcp) + len(udp)))
        parts = [part for version in (4, 6) for part in chosen.of_version(version).chunks(size)]
        for number, part in enumerate(parts):
            known = tuple(each for each in settled if each[0] in part)
            knock = Knock(str(part), tcp, udp, known=known, patience=plan.manners.patience, via=via)
            units.append((f"via-{via}-{number}", knock))
    return units, left


def canary_dressed(plan: Plan, knocks: Iterable[Knock]) -> Iterator[tuple[str, Knock]]:
    """The units that ask a canary the same in each dressing, signed alike."""
    if plan.manners.thorough:
        for number, whole in enumerate(knocks):
            for via, tcp, udp in dressings(whole.tcp, whole.udp):
                if tcp or udp:
                    knock = msgspec.structs.replace(whole, tcp=tcp, udp=udp, echo=False, via=via)
                    yield f"canary-via-{via}-{number}", knock


def _own(row: PortState) -> bool:
    return row.source in (None, row.address)


def _settled(rows: list[PortState], chosen: AddressSet) -> Iterator[tuple[str, Transport, str]]:
    """What no dressing can add to: the ports that are open, and those that the host itself refused, which its distance
    tells. A refusal from another distance is a fence's, and asked again."""
    ttls: dict[str, set[int]] = {}
    for row in rows:
        if row.state == "open" and row.ttl is not None and _own(row):
            ttls.setdefault(row.address, set()).add(row.ttl)
    for row in rows:
        own = row.state == "open" or (row.state == "closed" and _own(row) and row.ttl in ttls.get(row.address, ()))
        if own and row.transport != "icmp" and row.address in chosen:
            yield row.address, row.transport, row.ports


def detour_probes(plan: Plan) -> int:
    """How many probes the detours of a session are at most."""
    ports = plan.all_ports
    if plan.manners.polite or not (ports.tcp or ports.udp):
        return 0
    return MOST_DETOUR_PROBES if plan.manners.thorough else DETOUR_PROBES


def detours(plan: Plan, site: Site, rows: Rows) -> list[tuple[str, Knock]]:
    """The units in which every neighbour is handed packets for other zones, as if it were a gateway.

    Neighbours of the own zone that the sweep found, by an address in scope, but for the router; a machine that is
    fragile or excluded by any of its addresses is left alone.
    """
    limit = detour_probes(plan)
    seen = [(name, each) for name, each in rows if _tells(name, each)] if limit else []
    ways = {version: _neighbours(plan, site, seen, version) for version in (4, 6)}
    targets = _targets(plan, site, seen)
    room = (limit - len(ways[4]) - len(ways[6])) // (_QUESTIONS * _TRIES)
    asked: dict[int, dict[str, int]] = {4: {}, 6: {}}
    for address, port in targets:
        version = 6 if ":" in address else 4
        room -= len(ways[version])
        if room < 0:
            break
        if ways[version]:
            asked[version][address] = port
    return [
        (f"detour-{number}", _detour(ports, ways[version], plan.manners.patience))
        for number, (version, ports) in enumerate((version, ports) for version, ports in asked.items() if ports)
    ]


def _detour(doors: dict[str, int], ways: list[str], patience: float) -> Knock:
    """All at once, so that it is waited once for who never answers; of each address its own port only."""
    tcp = tuple(sorted({each for each in doors.values() if each}))
    others = {own: ports_text(each for each in tcp if each != own) for own in set(doors.values())}
    known: list[tuple[str, Transport, str]] = [
        (address, "tcp", others[own]) for address, own in doors.items() if others[own]
    ]
    return Knock(
        str(AddressSet.of(doors)), tcp, tries=_TRIES, echo=True, known=tuple(known), patience=patience, by=tuple(ways)
    )  # fmt: skip


def _tells(name: str, row: Observation) -> bool:
    if isinstance(row, HostSeen):
        return row.mac is not None
    return isinstance(row, PortState) and row.state == "open" and not row.via and name.startswith("knock-")


def _neighbours(plan: Plan, site: Site, rows: list[tuple[str, Observation]], version: int) -> list[str]:
    """One address of each neighbour, of one IP version; the lowest."""
    zone = site.zone(plan.vantage.zone)
    inside = subnets(zone.subnets if zone else ()) & scope_of(site)
    excluded = subnets(site.scope.exclude)
    routers: set[str] = set()
    spared: set[str] = set()
    held: dict[str, list[str]] = {}
    for name, each in rows:
        if not isinstance(each, HostSeen) or each.mac is None:
            continue
        if each.how in ("gateway", "self"):
            routers.add(each.mac)
        elif name == "sweep":
            held.setdefault(each.mac, []).append(each.address)
            if each.address in excluded or site.fragile(each.address):
                spared.add(each.mac)
    found = AddressSet.of(
        next(iter(own))
        for mac, addresses in held.items()
        if mac not in routers | spared and (own := AddressSet.of(addresses).of_version(version) & inside)
    )
    # Evenly, where there are more than can be asked about one address each.
    most = detour_probes(plan) // (1 + _QUESTIONS * _TRIES)
    step = -(-len(found) // most) if len(found) > most else 1
    return list(found)[::step]


def _targets(plan: Plan, site: Site, rows: list[tuple[str, Observation]]) -> list[tuple[str, int]]:
    """(address, TCP port) of other zones, the critical ones first, then a zone's turn after the other's: whom somebody
    names, who was seen, where a subnet's router usually is, and whoever else is asked plainly. Port 0: none."""
    doors = dict(plan.doors)
    alive: dict[str, None] = {}
    for _, each in rows:
        if isinstance(each, PortState):
            if site.zone_of(each.address) in (None, site.zone(plan.vantage.zone)):
                continue
            alive[each.address] = None
            if each.transport == "tcp":
                first = int(each.ports.partition(",")[0].partition("-")[0])
                doors[each.address] = min(first, doors.get(each.address, first))
    critical = {str(network(each).network_address) for one in site.critical for each in one.hosts}
    first_of_all = [each for each in plan.worth if each in critical]
    allowed = scope_of(site) - subnets(site.scope.fragile) - AddressSet.parse(plan.canary)
    turns: dict[str, list[str]] = {}
    for address in dict.fromkeys((*plan.worth, *alive, *_routers(plan, site), *AddressSet.parse(plan.other))):
        zone = site.zone_of(address)
        if zone is not None and zone.name != plan.vantage.zone and address in allowed and address not in critical:
            turns.setdefault(zone.name, []).append(address)
    ordered = [each for each in first_of_all if each in allowed]
    longest = max(map(len, turns.values()), default=0)
    ordered += [those[turn] for turn in range(longest) for those in turns.values() if turn < len(those)]
    # Only what is asked plainly as well: without that answer beside it, this one tells nothing.
    plainly = [each for each in plan.all_ports.tcp if each not in INDUSTRIAL_PORTS]
    anyhow = _ANYHOW if _ANYHOW in plainly else next(iter(plainly), 0)
    ports: dict[int, None] = {anyhow: None}
    found = []
    for address in ordered:
        port = doors.get(address, anyhow)
        if port not in plainly or (port not in ports and len(ports) >= _MOST_PORTS):
            port = anyhow
        ports[port] = None
        found.append((address, port))
    return found


def _routers(plan: Plan, site: Site) -> Iterator[str]:
    """The first and the last address of each IPv4 subnet of the other zones: one of them is usually its router."""
    for zone in site.zones:
        for subnet in zone.subnets if zone.name != plan.vantage.zone else ():
            spans = usable(subnet).spans if network(subnet).version == 4 else []
            for version, low, high in spans:
                yield from AddressSet([(version, low, low), (version, high, high)])
