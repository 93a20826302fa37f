"""Whether a laptop stood where its scan says.

One with a fixed address of one zone, plugged into a socket of another, still sees its router: routers answer ARP on any
leg. But what is sent back to it goes to the other segment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from scanner.assess.facts.view import View
from scanner.model.addresses import AddressSet, is_link_local
from scanner.model.observation import Alive, Conversation, HostSeen, PortState, Scan, Session

_ON_LINK = frozenset({"arp", "ndp"})
_NO_PACKET = frozenset({*_ON_LINK, "neighbour-table", "named", "gateway", "self"})
"""Ways in which an address comes up without a packet that was routed, or could have been, to the laptop's address."""
_NOBODY = frozenset({"gateway", "self"})
_HOURS = 43_200.0
"""A host that spoke so long before or after a scan should have been there during it."""


class Standing:
    """Asked of single scans, and only where something rests on their silence."""

    def __init__(
        self, sessions: Iterable[Session], views: Mapping[str, View], zone_of: Callable[[str], str | None]
    ) -> None:
        self._views = views
        self._zone_of = zone_of
        self._back: dict[tuple[str, bool], bool] = {}
        self._sessions = {each.scan.id: self._kept(each) for each in sessions}
        self._doubts: dict[tuple[str, bool], str] = {}

    def doubt(self, scan: Scan, six: bool) -> str:
        """What speaks against the laptop having stood in the zone that the scan names; empty without anything.

        Any packet that came back to its address of that version of IP settles that it did, as routers send those to
        the zone's own segment, and so does a neighbour with an address of the zone that is not known from elsewhere.
        """
        found = self._doubts.get((scan.id, six))
        if found is None:
            session = self._sessions.get(scan.id)
            found = self._doubts[scan.id, six] = "" if session is None else self._draw(session, six)
        return found

    def astray(self, zone: str) -> str:
        """Why the newest scan of ports from a zone does not even show who is there."""
        view = self._views.get(zone)
        scan = view.asking if view is not None else None
        if scan is None:
            return ""
        return self.doubt(scan, False) and self.doubt(scan, True) and self.doubt(scan, ":" in scan.vantage.address)

    def bare(self, zone: str) -> str:
        """What to say of the newest scan of ports from a zone where nothing speaks against its place, and nothing but
        its router's ARP or NDP for it: a socket of a segment that the site file does not name looks the same."""
        view = self._views.get(zone)
        session = self._sessions.get(view.asking.id) if view is not None and view.asking is not None else None
        if session is None or self.astray(zone):
            return ""
        for six in (False, True):
            if self._came_back(session, six) or any(True for _ in self._neighbours(session, six)):
                return ""
        return (
            f"that the laptop stood in {zone}, and not in a segment that the site file does not name, rests on its "
            f"router's answers alone, which routers give on any leg: no packet came back to it, and nobody else of "
            f"{zone} was on its link"
        )

    def _draw(self, session: Session, six: bool) -> str:
        zone = session.scan.vantage.zone
        if self._came_back(session, six) or any(True for _ in self._neighbours(session, six)):
            return ""
        spoke = next(self._spoke_near(session, six), None)
        shared = next(self._same_router(session), None)
        stranger = next(self._strangers(session), None)
        if spoke is not None:
            sign = f"not even {spoke[0]}, which spoke with {spoke[1]} within hours of it"
        elif shared is not None:
            sign = f"and the router has the MAC of the one in {shared}"
        elif stranger is not None:
            sign = f"while somebody who is not known from there was: {stranger}"
        else:
            return ""
        return (
            f"nothing shows that the laptop stood in {zone}: its router answered ARP, as routers do on any leg, but "
            f"no packet came back to it, and nobody else of {zone} was on its link, {sign}"
        )

    def _kept(self, session: Session) -> Session:
        """What is needed of a session once it is known by which versions of IP something came back: all of its rows
        would take as much room again as what they are indexed by."""
        back = _versions_back(session)
        for six in (False, True):
            self._back[session.scan.id, six] = six in back
        open_ = {six for six in (False, True) if six not in back}
        rows = (each for each in session.observations if isinstance(each, HostSeen))
        kept = (
            each
            for each in rows
            if each.how in _NOBODY or (":" in each.address) in open_ or is_link_local(each.address)
        )
        return Session(session.scan, tuple(kept) if open_ else ())

    def _came_back(self, session: Session, six: bool) -> bool:
        return self._back[session.scan.id, six]

    def _neighbours(self, session: Session, six: bool) -> Iterator[str]:
        """Who of the zone answered ARP or NDP. The routers do so anywhere, and a host with a leg in another zone may do
        it there for its address in this one."""
        zone = session.scan.vantage.zone
        routers = {each.mac for each in session.observations if isinstance(each, HostSeen) and each.how == "gateway"}
        elsewhere = {h.mac for other, view in self._views.items() if other != zone for h in view.hosts.values()}
        for each in session.observations:
            if not isinstance(each, HostSeen) or each.how not in _ON_LINK or (":" in each.address) != six:
                continue
            if each.mac is None or each.mac in routers or self._zone_of(each.address) != zone:
                continue
            if each.mac not in elsewhere:
                yield each.address

    def _strangers(self, session: Session) -> Iterator[str]:
        """Who answered by an address that only a link has, and is neither a router nor known by any zone's address."""
        known = {each.mac for each in session.observations if isinstance(each, HostSeen) and each.how in _NOBODY}
        known |= {host.mac for view in self._views.values() for at, host in view.hosts.items() if self._zone_of(at)}
        for each in session.observations:
            if isinstance(each, HostSeen) and is_link_local(each.address) and each.mac and each.mac not in known:
                yield f"{each.address}, {each.mac}"

    def _same_router(self, session: Session) -> Iterator[str]:
        """The other zones whose next hop has the MAC that this scan's has. Of a router with one MAC for all of its
        segments that is no wonder, so it counts only where nothing else of the segment was seen."""
        routers = {each.mac for each in session.observations if isinstance(each, HostSeen) and each.how == "gateway"}
        for other, view in self._views.items():
            if other != session.scan.vantage.zone and not routers.isdisjoint(filter(None, view.gateways.values())):
                yield other

    def _spoke_near(self, session: Session, six: bool) -> Iterator[tuple[str, str]]:
        """(address, zone): hosts of the zone that spoke with the laptop elsewhere, or here on another visit."""
        scan = session.scan
        start, end = scan.started - _HOURS, (scan.ended or scan.started) + _HOURS
        for other in self._views.values():
            for key, talk in other.talks.items():
                near = talk.received and start <= talk.at <= end and (":" in key[0]) == six
                if near and self._zone_of(key[0]) == scan.vantage.zone and key[0] not in other.gateways:
                    yield key[0], other.zone


def _versions_back(session: Session) -> set[bool]:
    """By which versions of IP something came back to the laptop's address; True stands for version 6."""
    own = {session.scan.vantage.address, session.scan.vantage.address6}
    found: set[bool] = set()
    for each in session.observations:
        if isinstance(each, Alive):
            # The first that counts is enough: there may be a whole subnet of them.
            addresses: Iterable[str] = AddressSet.parse(each.addresses)
        elif isinstance(each, PortState | Conversation | HostSeen):
            if (":" in each.address) in found or not _routed(each):
                continue
            addresses = (each.address,)
        else:
            continue
        for six in {False, True} - found:
            # No router sent a link-local address anywhere: whoever is on the link answers so, whatever link it is.
            if any((":" in a) == six and a not in own and not is_link_local(a) for a in addresses):
                found.add(six)
        if len(found) == 2:
            break
    return found


def _routed(seen: PortState | Conversation | HostSeen) -> bool:
    """Whether it is of a packet that was routed, or could have been, to the laptop's address."""
    if isinstance(seen, PortState):
        return seen.state != "silent" and not seen.via.startswith("by-")
    return seen.received > 0 if isinstance(seen, Conversation) else seen.how not in _NO_PACKET
