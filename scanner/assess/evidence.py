"""Observations indexed for judging: one View a zone, holding what the laptop saw from there. The newest answer wins."""

from __future__ import annotations

import bisect
import datetime
import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from scanner.assess.asked import Area, area
from scanner.model.addresses import AddressSet, address_key, ports_of
from scanner.model.base import Transport
from scanner.model.observation import (
    SHUT_OUT,
    Alive,
    Arrival,
    Conversation,
    HostSeen,
    Limitation,
    Listening,
    Observation,
    PortState,
    Refused,
    Scan,
    Session,
    Silence,
)
from scanner.model.site import Site

FlowKey = tuple[str, Transport, int]
"""Address, transport, port."""

Single = HostSeen | PortState | Silence | Conversation | Refused | Limitation
"""What is said of one address, or of nobody's."""
ECHO = {4: 8, 6: 128}
TIMESTAMP = 13
"""The other ICMP request that hosts answer, over IPv4 only: one that a firewall against ping may forget."""
_NEIGHBOUR = frozenset({"arp", "ndp", "neighbour-table"})
_NO_SIGN = frozenset({"self", "named"})
"""Ways in which an address comes up without a host of the client's having answered."""
_MOST_LEGS = 4
"""Addresses that a router may have in one zone: IPv4, IPv6, a virtual one of each."""


class Host(msgspec.Struct):
    """What a vantage saw of an address besides its ports."""

    address: str
    hows: set[str]
    mac: str | None = None
    ttls: set[int] = msgspec.field(default_factory=set)
    names: list[str] = msgspec.field(default_factory=list)
    at: float = 0.0
    """When it last gave a sign of life."""

    def call(self, names: Iterable[str]) -> None:
        """It goes by these names as well."""
        self.names.extend(name for name in names if name not in self.names)


class _Silent(msgspec.Struct):
    order: int
    addresses: AddressSet
    row: Silence


class View:
    """Everything seen from one zone."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.scans: list[Scan] = []
        self.hosts: dict[str, Host] = {}
        self.gateways: dict[str, str | None] = {}
        """Next hops out of the zone -> MAC."""
        self.talks: dict[FlowKey, Conversation] = {}
        self._heard: dict[FlowKey, str] = {}
        """Which scan a conversation is of."""
        self._called: dict[str, list[str]] = {}
        """What others call an address, whether it is in use or not."""
        self._resolved: dict[str, dict[str, float]] = {}
        """Scan -> next hops that answered it, and when they last did."""
        self.shut_out: set[str] = set()
        """Scans that lost on their way what they had reached."""
        self._starts: list[int] = []
        self._present_since = 0
        self._alive: dict[str, int] = {}
        """Address -> the order of its newest sign of life."""
        self.refused: list[Refused] = []
        self.limitations: list[Limitation] = []
        self._rows: dict[tuple[str, Transport], list[tuple[int, PortState]]] = {}
        self._silences: dict[Transport, list[_Silent]] = {}
        self._order = 0
        self._asking: Scan | None = None
        self._flows: list[tuple[FlowKey, PortState]] | None = None
        self._asked: AddressSet | None = None

    @property
    def asked_ports(self) -> bool:
        """Whether any session asked ports: one that only looks for hosts does not."""
        return self._asking is not None

    @property
    def complete(self) -> bool:
        """Whether the newest session that asked ports ran to its end."""
        return self._asking is not None and self._asking.complete

    @property
    def address(self) -> str:
        return self.scans[-1].vantage.address if self.scans else ""

    def add(self, session: Session) -> None:
        self.scans.append(session.scan)
        self._starts.append(self._order + 1)
        self._flows = self._asked = None
        observations = list(_single(session.observations))
        if any(isinstance(each, PortState | Silence) and each.transport != "icmp" for each in observations):
            self._asking = session.scan
        if session.scan.complete and any(isinstance(o, HostSeen) and o.how not in _NO_SIGN for o in observations):
            self._present_since = self._order + 1
        for each in observations:
            self._order += 1
            if isinstance(each, PortState):
                if each.state != "silent":
                    self._alive[each.address] = self._order
                self._rows.setdefault((each.address, each.transport), []).append((self._order, each))
            elif isinstance(each, HostSeen):
                self._see(session.scan.id, each)
            elif isinstance(each, Silence):
                silent = _Silent(self._order, AddressSet.parse(each.addresses), each)
                self._silences.setdefault(each.transport, []).append(silent)
            elif isinstance(each, Conversation):
                self._hear(session.scan.id, each)
            elif isinstance(each, Refused):
                self.refused.append(each)
            elif isinstance(each, Limitation):
                self.limitations.append(each)
                if each.what == SHUT_OUT:
                    self.shut_out.add(session.scan.id)

    def answer(self, address: str, transport: Transport, port: int) -> PortState | None:
        """The newest answer to this probe; a silent one has state `silent`; None: never asked."""
        return self._newest(address, transport, port)[1]

    def asker(self, key: FlowKey) -> Scan | None:
        """The scan that the newest answer to this probe is of."""
        order, row = self._newest(*key)
        return None if row is None else self.scans[bisect.bisect_right(self._starts, order) - 1]

    def spoke_since(self, key: FlowKey, scan: Scan, at: float) -> bool:
        """Whether something was heard from this service in that very scan, at that time or later."""
        talk = self.talks.get(key)
        return talk is not None and talk.received > 0 and self._heard.get(key) == scan.id and talk.at >= at

    def resolved_since(self, scan: Scan, at: float) -> list[str]:
        """The next hops that answered that very scan at that time or later, in the order of their addresses."""
        return sorted((a for a, when in self._resolved.get(scan.id, {}).items() if when >= at), key=address_key)

    def present(self, address: str) -> bool:
        """Whether the newest whole sweep from this zone, or anything since, saw the address alive."""
        return self._alive.get(address, -1) >= self._present_since

    def _newest(self, address: str, transport: Transport, port: int) -> tuple[int, PortState | None]:
        found: PortState | None = None
        newest = -1
        for order, row in reversed(self._rows.get((address, transport), ())):
            if port in port_set(row.ports):
                found, newest = row, order
                break
        for silent in reversed(self._silences.get(transport, ())):
            if silent.order < newest:
                break
            if port in port_set(silent.row.ports) and address in silent.addresses:
                quiet = silent.row
                return silent.order, PortState(
                    address, transport, quiet.ports, "silent", "no-response", quiet.at, tries=quiet.tries
                )
        return newest, found

    def flows(self) -> list[tuple[FlowKey, PortState]]:
        """Every probe that got an answer, once, with its newest answer. Order: as first seen."""
        if self._flows is None:
            self._flows = list(self._answered())
        return self._flows

    def _answered(self) -> Iterator[tuple[FlowKey, PortState]]:
        for (address, transport), rows in self._rows.items():
            seen: set[int] = set()
            for order, row in reversed(rows):
                for port in ports_of(row.ports):
                    if port in seen:
                        continue
                    seen.add(port)
                    if row.state != "silent" and not self._silent_since(order, address, transport, port):
                        yield (address, transport, port), row

    def asked(self) -> AddressSet:
        """Every address that was asked anything."""
        if self._asked is None:
            quiet = [each.addresses for silences in self._silences.values() for each in silences]
            single = AddressSet.of({address for address, _ in self._rows})
            self._asked = AddressSet(span for each in (single, *quiet) for span in each.spans)
        return self._asked

    def singly(self) -> Iterator[tuple[str, Transport, frozenset[str]]]:
        """Of each address with rows of its own the ranges of ports that they speak of."""
        for (address, transport), rows in self._rows.items():
            yield address, transport, frozenset(row.ports for _, row in rows)

    def silent(self, transport: Transport, within: AddressSet) -> Iterator[tuple[AddressSet, str]]:
        """Of these addresses those that were silent together, and the ranges of their ports."""
        for each in self._silences.get(transport, ()):
            yield each.addresses & within, each.row.ports

    def _silent_since(self, order: int, address: str, transport: Transport, port: int) -> bool:
        return any(
            silent.order > order and port in port_set(silent.row.ports) and address in silent.addresses
            for silent in self._silences.get(transport, ())
        )

    def _hear(self, scan: str, talk: Conversation) -> None:
        """Several probes may have talked with one port: what they read in one session belongs together."""
        key = (talk.address, talk.transport, talk.port)
        before = self.talks.get(key)
        if before is not None and not talk.received:
            return
        if before is None or self._heard.get(key) != scan:
            self.talks[key] = talk
        else:
            both = dict.fromkeys((*before.readings, *talk.readings))
            self.talks[key] = msgspec.structs.replace(
                before if before.readings else talk,
                readings=tuple(both),
                tls=before.tls or talk.tls,
                received=before.received + talk.received,
            )
        self._heard[key] = scan

    def _see(self, scan: str, seen: HostSeen) -> None:
        if seen.how == "gateway":
            self.gateways[seen.address] = seen.mac or self.gateways.get(seen.address)
            if seen.mac:
                resolved = self._resolved.setdefault(scan, {})
                resolved[seen.address] = max(seen.at, resolved.get(seen.address, seen.at))
        if seen.how == "named":
            called = self._called.setdefault(seen.address, [])
            called.extend(name for name in seen.names if name not in called)
            if seen.address in self.hosts:
                self.hosts[seen.address].call(called)
        if seen.how in _NO_SIGN:
            return
        self._alive[seen.address] = self._order
        host = self.hosts.get(seen.address)
        if host is None:
            host = self.hosts[seen.address] = Host(seen.address, set())
            host.call(self._called.get(seen.address, ()))
        host.hows.add(seen.how)
        host.at = seen.at
        host.mac = seen.mac or host.mac
        host.call(seen.names)
        if seen.ttl is not None:
            host.ttls.add(seen.ttl)


class Evidence:
    """All views of a site, and the questions that need more than one of them. `sessions`: oldest first."""

    def __init__(self, site: Site, sessions: Iterable[Session]) -> None:
        self.site = site
        self.views: dict[str, View] = {}
        self._zones: dict[str, str | None] = {}
        self._in_use: dict[str, set[str] | None] = {}
        self._singly: dict[str, dict[tuple[str | None, Transport], dict[str, frozenset[str]]]] = {}
        self.laptops: set[str] = set()
        """Addresses that our own laptop held: they are nobody's hosts."""
        left: dict[str, float] = {}
        """When the laptop gave an address up: who answers there on a later visit is somebody else."""
        for session in sessions:
            vantage = session.scan.vantage
            zone = site.zone(vantage.zone)
            own = [each for each in (vantage.address, vantage.address6) if each]
            if zone is None or not any(zone.holds(each) for each in own):
                continue  # a zone that the site file no longer has, or now says is elsewhere
            self.laptops -= {
                a for a in _neighbours(session) if left.get(a, session.scan.started) < session.scan.started
            }
            self.laptops.update(own)
            left.update(dict.fromkeys(own, session.scan.ended or session.scan.started))
            self.views.setdefault(vantage.zone, View(vantage.zone)).add(session)
        self.gateways: dict[str, set[str]] = {zone.name: self._legs(zone.name) for zone in site.zones}
        """Zone -> the routers' own addresses in it."""
        self.up: dict[str, set[FlowKey]] = {zone.name: self._up(zone.name) for zone in site.zones}
        """Zone -> services seen up from a vantage in that very zone; echo counts as one."""

    def zone_of(self, address: str) -> str | None:
        """The name of the zone that an address belongs to."""
        if address not in self._zones:
            found = self.site.zone_of(address)
            self._zones[address] = found.name if found else None
        return self._zones[address]

    def asked(self, view: View, zone: str) -> AddressSet:
        """The addresses of a zone that were asked anything from another, or the same; none of the laptop's own."""
        return view.asked() & self._clients(zone)

    def areas(self, view: View, zone: str) -> dict[Transport, Area]:
        """The same, and how much they were asked, by each transport."""
        if view.zone not in self._singly:
            rows = self._singly[view.zone] = {}
            for address, transport, ports in view.singly():
                if address not in self.laptops:
                    rows.setdefault((self.zone_of(address), transport), {})[address] = ports
        rows, clients = self._singly[view.zone], self._clients(zone)
        kinds: tuple[Transport, ...] = ("tcp", "udp", "icmp")
        return {each: area(rows.get((zone, each), {}), view.silent(each, clients)) for each in kinds}

    def _clients(self, zone: str) -> AddressSet:
        """Every address of a zone but those that the laptop held."""
        found = self.site.zone(zone)
        return AddressSet.parse(",".join(found.subnets if found else ())) - AddressSet.of(self.laptops)

    def in_use(self, zone: str) -> set[str] | None:
        """Addresses where a vantage in the zone itself saw a host; None if nobody stood there."""
        if zone not in self._in_use:
            view = self.views.get(zone)
            if view is None:
                self._in_use[zone] = None
            else:
                seen = {address for (address, _, _), _ in view.flows()} | set(view.hosts)
                self._in_use[zone] = {a for a in seen if self.zone_of(a) == zone}
        return self._in_use[zone]

    def _legs(self, zone: str) -> set[str]:
        """The next hops in the zone, and what shares the MAC of one.

        A few addresses, that is: a router that answers ARP for a whole segment (proxy ARP) is none of its hosts.
        """
        found = {a for view in self.views.values() for a in view.gateways if self.zone_of(a) == zone}
        view = self.views.get(zone)
        macs = {mac for mac in view.gateways.values() if mac} if view else set()
        same = (
            {h.address for h in view.hosts.values() if h.mac in macs and self.zone_of(h.address) == zone}
            if view
            else set()
        )
        return found | same if len(same) <= _MOST_LEGS else found

    def _up(self, zone: str) -> set[FlowKey]:
        view = self.views.get(zone)
        if view is None:
            return set()
        found = {key for key, row in view.flows() if row.state == "open" and self.zone_of(key[0]) == zone}
        for host in view.hosts.values():
            if "echo-reply" in host.hows and self.zone_of(host.address) == zone:
                found.add((host.address, "icmp", ECHO[ipaddress.ip_address(host.address).version]))
        nobody = self.laptops | self.gateways[zone]
        return {key for key in found if key[0] not in nobody and view.present(key[0])}

    def up_at(self, zone: str, key: FlowKey) -> float:
        """When the zone's own vantage last saw this service up; it is one of `up`."""
        view = self.views[zone]
        row = view.answer(*key)
        host = view.hosts.get(key[0])
        times = [row.at] if row is not None and row.state == "open" else []
        if key[1] == "icmp" and host is not None:
            times.append(host.at)
        return max(times, default=0.0)


def _single(observations: Iterable[Observation]) -> Iterator[Single]:
    """Row for row, those of many addresses that answered alike taken apart."""
    for each in observations:
        if isinstance(each, Alive):
            yield from each.rows()
        elif not isinstance(each, Arrival | Listening):
            yield each


def _neighbours(session: Session) -> set[str]:
    return {each.address for each in session.observations if isinstance(each, HostSeen) and each.how in _NEIGHBOUR}


@lru_cache(maxsize=65536)
def port_set(text: str) -> frozenset[int]:
    return frozenset(ports_of(text))


def utc(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, whole seconds."""
    return datetime.datetime.fromtimestamp(int(at), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
