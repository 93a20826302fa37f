"""What canaries heard: laptops on the far side that only listen. They tell silence on the way there from silence on
the way back; but that nothing arrived counts only where one listened the whole time, and its link worked."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from scanner.assess.facts.portmask import mask_of
from scanner.model.addresses import AddressSet, address_key
from scanner.model.base import Transport
from scanner.model.observation import MISSING, Arrival, HostSeen, Limitation, Listening, Scan, Session
from scanner.model.site import Site

SLACK = 5.0
"""Seconds by which the clocks of two laptops may differ unnoticed: time servers keep them far closer than that."""
CHECKS = 3.0
"""Seconds between two askings of a canary's router: its answer may be so much older than the end of a scan."""
_DAY = 86400.0


class Span(msgspec.Struct):
    """One stretch of listening."""

    addresses: AddressSet
    transport: Transport
    ports: int
    """A mask."""
    how: str
    since: float
    at: float


class Ear(msgspec.Struct):
    """One canary session."""

    scan: Scan
    spans: list[Span]
    routers: dict[int, float]
    """IP version -> when a next hop of it last answered: the link works, and the zone's own one it is."""
    heard: dict[str, list[Arrival]]
    """Nonce -> its probes that arrived."""
    flaws: list[Limitation]
    """What it knows to have missed."""

    def holds(self, address: str) -> bool:
        return address in (self.scan.vantage.address, self.scan.vantage.address6) or any(
            address in each.addresses for each in self.spans
        )


class Cover(msgspec.Struct, frozen=True):
    """Ports on which a canary listened for as long as they were asked."""

    ports: int
    how: str
    doubt: str
    """Why it may have missed something all the same; empty if nothing says so."""


class Heard(msgspec.Struct):
    """What canaries heard of one scan."""

    by_ear: list[list[Arrival]]
    places: dict[tuple[str, Transport, str], list[Arrival]]
    """By address, transport and way."""


class Ears:
    """All canaries of a site. `signing`: the scans that they may have heard."""

    def __init__(self, site: Site, sessions: Iterable[Session], signing: Iterable[Scan] = ()) -> None:
        self._ears = [_ear(each) for each in sessions]
        self._signing: dict[str, list[Scan]] = {}
        for scan in signing:
            self._signing.setdefault(scan.nonce, []).append(scan)
        self._heard: dict[tuple[str, tuple[float, float]], Heard] = {}
        self._addresses: dict[str, set[str]] = {}
        for ear in self._ears:
            zone = site.zone(ear.scan.vantage.zone)
            mine = self._addresses.setdefault(ear.scan.vantage.zone, set())
            vantage = ear.scan.vantage
            mine.update(a for a in (vantage.address, vantage.address6) if a and zone is not None and zone.holds(a))
            for span in ear.spans:
                mine.update(a for a in span.addresses if zone is not None and zone.holds(a))

    def __bool__(self) -> bool:
        return bool(self._ears)

    def addresses(self, zone: str) -> tuple[str, ...]:
        """The canaries' own addresses in a zone, in order."""
        return tuple(sorted(self._addresses.get(zone, ()), key=address_key))

    def holds(self, address: str) -> bool:
        """Whether it is, or was, a canary's."""
        return any(address in each for each in self._addresses.values())

    def arrivals(
        self, scan: Scan, window: tuple[float, float], address: str, transport: Transport, via: str
    ) -> list[tuple[int, Arrival]]:
        """What arrived of that scan's probes to an address: masks of the ports as they were asked. The surest first.

        `window`: when the scan began and ended.
        """
        places = self._heard_of(scan, window).places
        found = [(mask_of(each.asked or each.ports), each) for each in places.get((address, transport, via), ())]
        return sorted(found, key=lambda pair: (pair[1].how != "connection", pair[1].asked, pair[1].source, -pair[1].at))

    def covers(
        self, scan: Scan, window: tuple[float, float], address: str, transport: Transport, begin: float, end: float
    ) -> list[Cover]:
        """On which ports of an address a canary listened from `begin` to `end`, when they were asked: no second less,
        and by as much more as its clock is known to differ."""
        found: list[Cover] = []
        for ear, arrivals in zip(self._ears, self._heard_of(scan, window).by_ear, strict=True):
            spans = [each for each in ear.spans if each.transport == transport and address in each.addresses]
            if not spans:
                continue
            mine = [each.at for each in arrivals]
            apart = max(window[0] - min(mine), max(mine) - window[1], 0.0) if mine else 0.0
            # Clocks that differ by more are told: whether it listened then is not known at all.
            margin = apart if apart <= SLACK else 0.0
            doubt = _doubt(ear, mine, apart, address, begin, end)
            found += [
                Cover(each.ports, each.how, doubt)
                for each in spans
                if each.since + margin <= begin and each.at - margin >= end
            ]
        # Whoever sees packets knows more, and who has no doubts is believed first.
        return sorted(found, key=lambda each: (each.how != "packets", bool(each.doubt), each.doubt))

    def _heard_of(self, scan: Scan, window: tuple[float, float]) -> Heard:
        found = self._heard.get((scan.id, window))
        if found is None:
            found = self._heard[scan.id, window] = Heard([], {})
            for ear in self._ears:
                mine = self._sent_by(scan, window, ear.heard.get(scan.nonce, []))
                found.by_ear.append(mine)
                for each in mine:
                    found.places.setdefault((each.address, each.transport, each.via), []).append(each)
        return found

    def _sent_by(self, scan: Scan, window: tuple[float, float], heard: list[Arrival]) -> list[Arrival]:
        """What a scan sent, of what arrived at one canary under its nonce."""
        mine = [each for each in heard if self._is_of(each, scan, window)]
        during = [each for each in mine if window[0] - SLACK <= each.at <= window[1] + SLACK]
        if not during or len(during) == len(mine):
            return mine
        # Clocks that differ move all of a scan's by as much. What lies farther apart than it was long, two scans sent.
        apart = max(each.at for each in mine) - min(each.at for each in mine)
        return during if apart > window[1] - window[0] + SLACK else mine

    def _is_of(self, arrival: Arrival, scan: Scan, window: tuple[float, float]) -> bool:
        """Whether a scan sent it. A nonce is short, and another scan may have had the same: years ago, or, once in some
        thousand visits, on the same day. Then it is that one's whose address, or else whose time, fits better."""
        if not window[0] - _DAY <= arrival.at <= window[1] + _DAY:
            return False
        namesakes = [each for each in self._signing.get(scan.nonce, ()) if each.id != scan.id]
        if not namesakes:
            return True
        mine = _fits(arrival, scan, window)
        return all(
            _fits(arrival, each, (each.started, each.ended or each.started + _DAY)) <= mine for each in namesakes
        )


def _fits(arrival: Arrival, scan: Scan, window: tuple[float, float]) -> tuple[bool, bool]:
    own = (scan.vantage.address, scan.vantage.address6)
    return arrival.source in own, window[0] - SLACK <= arrival.at <= window[1] + SLACK


def _doubt(ear: Ear, mine: list[float], apart: float, address: str, begin: float, end: float) -> str:
    """Why a canary may have missed something; `mine`: when probes of that scan arrived. Its router must have answered,
    or a probe arrived, no earlier than `CHECKS` seconds before the end; where it has no router, any probe will do."""
    if apart > SLACK:
        return f"the clocks of the two laptops differ by {apart:.0f} s or more: set them, and measure again"
    for flaw in ear.flaws:
        # A canary that is full keeps nothing until it ends.
        if flaw.at <= end + SLACK and (flaw.what == MISSING or flaw.at >= begin - SLACK):
            return f"the canary missed something ({flaw.what}: {flaw.reason})"
    version = 6 if ":" in address else 4
    router = ear.routers.get(version)
    if not mine if router is None else max([router, *mine]) < end - CHECKS:
        return "no router answered the canary afterwards: its link may not have worked"
    return ""


def _ear(session: Session) -> Ear:
    spans: dict[tuple[str, str, str, str, float], Span] = {}
    ear = Ear(session.scan, [], {}, {}, [])
    for each in session.observations:
        if isinstance(each, Arrival):
            ear.heard.setdefault(each.nonce, []).append(each)
        elif isinstance(each, Limitation):
            ear.flaws.append(each)
        elif isinstance(each, HostSeen) and each.how == "gateway":
            version = 6 if ":" in each.address else 4
            ear.routers[version] = max(each.at, ear.routers.get(version, each.at))
        elif isinstance(each, Listening):
            key = each.addresses, each.transport, each.ports, each.how, each.since
            span = spans.get(key)
            if span is None:
                spans[key] = Span(
                    AddressSet.parse(each.addresses), each.transport, mask_of(each.ports), each.how, each.since, each.at
                )
            else:
                span.at = max(span.at, each.at)
    ear.spans.extend(spans.values())
    return ear
