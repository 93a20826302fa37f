"""Everything that was observed of a site, a View for each zone that the laptop stood in. The newest answer wins."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from scanner.assess.facts.asked import Area, area
from scanner.assess.facts.ears import Ears
from scanner.assess.facts.rows import port_set
from scanner.assess.facts.seen import Host
from scanner.assess.facts.standing import Standing
from scanner.assess.facts.up import Up
from scanner.assess.facts.view import FlowKey, Place, View
from scanner.assess.facts.zones import Zones
from scanner.assess.verdicts.near import LINK_LOCAL, placed
from scanner.model.addresses import AddressSet
from scanner.model.base import Transport
from scanner.model.observation import HostSeen, PortState, Scan, Session, Silence, Via
from scanner.model.site import Site

__all__ = ["ECHO", "TIMESTAMP", "Evidence", "FlowKey", "Host", "View", "port_set", "utc"]

ECHO = {4: 8, 6: 128}
TIMESTAMP = 13
"""The other ICMP request that hosts answer, over IPv4 only: one that a firewall against ping may forget."""
_NEIGHBOUR = frozenset({"arp", "ndp", "neighbour-table"})
_INITIAL = frozenset({32, 64, 128, 255})
"""TTLs of who answers on the own link."""
_MOST_LEGS = 4
"""Addresses that a router may have in one zone: IPv4, IPv6, a virtual one of each."""
_STAY = 43_200.0
"""Seconds before and after a visit in which the laptop, or the canary's, may still be where it was."""


class Evidence:
    """All views of a site, and the questions that need more than one of them. `sessions`: oldest first."""

    def __init__(self, site: Site, sessions: Iterable[Session]) -> None:
        self.site = site
        self.views: dict[str, View] = {}
        self.zone_of = Zones(site.zones).__getitem__
        """The name of the zone that an address belongs to."""
        self._buckets: dict[tuple[str, Via], dict[str | None, list[Place]]] = {}
        self._asked: dict[tuple[str, bool], AddressSet] = {}
        """Whose addresses count, by the zone and whether it is asked from inside."""
        self._known: dict[str, AddressSet] = {}
        self._in_use: dict[str, set[str] | None] = {}
        sessions = list(sessions)
        self.standing = Standing(sessions, self.views, self.zone_of)
        """Whether the laptop stood where a scan says."""
        self.laptops: set[str] = set()
        """Addresses that our own laptop held: they are nobody's hosts."""
        left: dict[str, float] = {}
        """When the laptop gave an address up: who answers there on a later visit is somebody else."""
        held: dict[str, list[tuple[float, float]]] = {}
        self.misplaced: list[Scan] = []
        """Scans from an address that is not in their zone: of a zone that the site file no longer has, or now says is
        elsewhere, or of a laptop in the wrong segment. What they saw counts for nothing."""
        self.solicited: dict[str, AddressSet] = {}
        """Zone -> IPv6 addresses of it that were guessed from within, and where nobody answered a solicitation."""
        canaries: list[Session] = []
        for session in sessions:
            scan, vantage = session.scan, session.scan.vantage
            zone = site.zone(vantage.zone)
            own = [each for each in (vantage.address, vantage.address6) if each]
            # An imported session may not know the laptop's address; whoever imported it says where it stood.
            if zone is None or (own and not any(zone.holds(each) for each in own)):
                self.misplaced.append(scan)
                continue
            for each in own:
                held.setdefault(each, []).append((scan.started, _end(session)))
            if scan.purpose == "canary":
                canaries.append(session)
                self.laptops.update(own)
                continue
            self.laptops -= {a for a in _neighbours(session) if left.get(a, scan.started) < scan.started}
            self.laptops.update(own)
            left.update(dict.fromkeys(own, scan.ended or scan.started))
            self.views.setdefault(vantage.zone, View(vantage.zone)).add(placed(session, zone))
            if guessed := [each.addresses for each in session.observations if type(each) is Silence and each.solicited]:
                guessed.append(str(self.solicited.get(zone.name, "")))
                self.solicited[zone.name] = AddressSet.parse(",".join(guessed))
        self.ears = Ears(site, canaries, [each.scan for each in sessions if each.scan.nonce])
        """What canaries heard. Nobody scanned from where one listened."""
        self.laptops.update(each for zone in site.zones for each in self.ears.addresses(zone.name))
        self.laptops -= {each for each, visits in held.items() if self._answered_between(each, visits)}
        self.gateways: dict[str, set[str]] = {zone.name: self._legs(zone.name) for zone in site.zones}
        """Zone -> the routers' own addresses in it."""
        self.up: dict[str, Up] = {zone.name: self._up(zone.name) for zone in site.zones}
        """Zone -> services seen up from a vantage in that very zone; echo counts as one."""

    def _answered_between(self, address: str, visits: list[tuple[float, float]]) -> bool:
        """Whether something answered at a laptop's address long before or after it was there: a host of the client's,
        whose address it got for a while."""
        return any(
            row.source in (None, address)
            and all(row.at < start - _STAY or row.at > end + _STAY for start, end in visits)
            for view in self.views.values()
            for row in view.answers_of(address)
        )

    def strayed(self, zone: str) -> str:
        """What has to be said of scans that claim to be from a zone and were made elsewhere; empty without any."""
        found = sorted({each.vantage.address for each in self.misplaced if each.vantage.zone == zone})
        if not found:
            return ""
        return f"what was scanned from {', '.join(found)} counts for nothing: no address of {zone}"

    def flows(self, view: View, zone: str) -> Iterator[tuple[FlowKey, PortState]]:
        """Every probe from a view to a zone that got an answer, once, with its newest answer."""
        for address, transport in self.places(view, zone):
            yield from view.answers(address, transport)

    def places(self, view: View, zone: str) -> Sequence[Place]:
        """The addresses of a zone of which a view has rows of their own."""
        buckets = self._buckets.get((view.zone, view.via))
        if buckets is None:
            buckets = self._buckets[view.zone, view.via] = {}
            for place in view.with_rows():
                buckets.setdefault(self.zone_of(place[0]), []).append(place)
        return buckets.get(zone, ())

    def asked(self, view: View, zone: str) -> AddressSet:
        """The addresses of a zone that were asked anything from another, or the same; none of the laptop's own."""
        return view.asked(self.places(view, zone)) & self._clients(zone, view)

    def areas(self, view: View, zone: str) -> dict[Transport, Area]:
        """The same, and how much they were asked, by each transport."""
        rows: dict[Transport, dict[str, frozenset[str]]] = {"tcp": {}, "udp": {}, "icmp": {}}
        for address, transport, ports in view.singly(self.places(view, zone)):
            if address not in self.laptops:
                rows[transport][address] = ports
        clients = self._clients(zone, view)
        return {kind: area(answered, view.silent(kind, clients)) for kind, answered in rows.items()}

    def _clients(self, zone: str, view: View) -> AddressSet:
        """Every address of a zone but those that the laptop held; the link-local ones of its own, isolated zone too."""
        here = view.zone == zone
        found = self._asked.get((zone, here))
        if found is None:
            described = self.site.zone(zone)
            subnets = AddressSet.parse(",".join(described.subnets if described else ()))
            found = subnets - AddressSet.of(self.laptops)
            if described and described.isolated and here:
                found |= LINK_LOCAL
            self._asked[zone, here] = found
        return found

    def in_use(self, zone: str) -> set[str] | None:
        """Addresses where a vantage in the zone itself saw a host; None if nobody stood there."""
        if zone not in self._in_use:
            view = self.views.get(zone)
            if view is None:
                self._in_use[zone] = None
            else:
                seen = view.answering() | set(view.hosts)
                self._in_use[zone] = {a for a in seen if self.zone_of(a) == zone}
        return self._in_use[zone]

    def known_hosts(self, zone: str) -> AddressSet:
        """The same without the laptop's own and the routers' link-local ones: whom a scan should have asked."""
        found = self._known.get(zone)
        if found is None:
            routers = {each for each in self.gateways[zone] if "%" in each}
            found = self._known[zone] = AddressSet.of((self.in_use(zone) or set()) - self.laptops - routers)
        return found

    def _legs(self, zone: str) -> set[str]:
        """The next hops in the zone, and what shares the MAC of one.

        A few addresses, that is: a router that answers ARP for a whole segment (proxy ARP) is none of its hosts.
        """
        found = {a for view in self.views.values() for a in view.gateways if self.zone_of(a) == zone}
        view = self.views.get(zone)
        macs = {mac for mac in view.gateways.values() if mac} if view else set()
        same = (
            {
                h.address
                for h in view.hosts.values()
                if h.mac in macs and self.zone_of(h.address) == zone and not _behind(view, h.address)
            }
            if view
            else set()
        )
        return found | same if len(same) <= _MOST_LEGS else found

    def _up(self, zone: str) -> Up:
        view = self.views.get(zone)
        if view is None:
            return Up({})
        nobody = self.laptops | self.gateways[zone]

        def here(address: str) -> bool:
            # A link-local address is up for its own link alone, which no other zone's silence is about.
            if address in nobody or "%" in address:
                return False
            return self.zone_of(address) == zone and view.present(address)

        opened = view.opened()
        # Each once: most hosts have rows by several transports.
        addresses = {address for address, _ in view.with_rows()}
        without = {address for address in addresses if not here(address)}
        echoes: list[FlowKey] = [
            (host.address, "icmp", ECHO[6 if ":" in host.address else 4])
            for host in view.hosts.values()
            if "echo-reply" in host.hows and here(host.address)
        ]
        return Up(opened, without, [key for key in echoes if key not in opened])

    def up_at(self, zone: str, key: FlowKey) -> float:
        """When the zone's own vantage last saw this service up; it is one of `up`."""
        view = self.views[zone]
        row = view.answer(*key)
        host = view.hosts.get(key[0])
        times = [row.at] if row is not None and row.state == "open" else []
        if key[1] == "icmp" and host is not None:
            times.append(host.at)
        return max(times, default=0.0)


def _behind(view: View, address: str) -> bool:
    """Whether its open ports answer through a router: then that one only answers ARP for it."""
    return ":" not in address and any(
        row.state == "open" and row.ttl is not None and row.ttl not in _INITIAL and row.source in (None, address)
        for row in view.answers_of(address)
    )


def _end(session: Session) -> float:
    """When a session ended; if it was cut off, when it last saw anything."""
    if session.scan.ended is not None:
        return session.scan.ended
    return max([session.scan.started, *(each.at for each in session.observations)])


def _neighbours(session: Session) -> set[str]:
    return {each.address for each in session.observations if isinstance(each, HostSeen) and each.how in _NEIGHBOUR}


def utc(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, whole seconds."""
    return datetime.datetime.fromtimestamp(int(at), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
