"""What canaries heard: laptops on the far side that only listen. They tell silence on the way there from silence on
the way back; but that nothing arrived counts only where one listened the whole time, and its link worked."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from scanner.assess.facts.portmask import mask_of
from scanner.model.addresses import AddressSet, address_key
from scanner.model.base import Transport
from scanner.model.observation import Arrival, HostSeen, Limitation, Listening, Scan, Session
from scanner.model.site import Site

SLACK = 5.0
"""Seconds by which the clocks of two laptops may differ unnoticed: time servers keep them far closer than that."""
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
    arrivals: list[Arrival]
    routers: dict[int, float]
    """IP version -> when a next hop of it last answered: the link works, and the zone's own one it is."""
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


class Ears:
    """All canaries of a site."""

    def __init__(self, site: Site, sessions: Iterable[Session]) -> None:
        self._ears = [_ear(each) for each in sessions]
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
        self, nonce: str, window: tuple[float, float], address: str, transport: Transport, via: str
    ) -> list[tuple[int, Arrival]]:
        """What arrived of that scan's probes to an address: masks of the ports as they were asked. The surest first.

        `window`: when the scan began and ended. A nonce is short: years apart another scan may have had the same.
        """
        found = [
            (mask_of(each.asked or each.ports), each)
            for ear in self._ears
            for each in ear.arrivals
            if (each.nonce, each.address, each.transport, each.via) == (nonce, address, transport, via)
            and _within(each.at, window)
        ]
        return sorted(found, key=lambda pair: (pair[1].how != "connection", pair[1].asked, pair[1].source, -pair[1].at))

    def covers(
        self, nonce: str, window: tuple[float, float], address: str, transport: Transport, begin: float, end: float
    ) -> list[Cover]:
        """On which ports of an address a canary listened from `begin` to `end`, when they were asked."""
        found: list[Cover] = []
        for ear in self._ears:
            for span in ear.spans:
                if span.transport != transport or address not in span.addresses:
                    continue
                if span.since <= begin + SLACK and span.at >= end - SLACK:
                    found.append(Cover(span.ports, span.how, _doubt(ear, nonce, window, address, begin, end)))
        # Whoever sees packets knows more, and who has no doubts is believed first.
        return sorted(found, key=lambda each: (each.how != "packets", bool(each.doubt), each.doubt))


def _doubt(ear: Ear, nonce: str, window: tuple[float, float], address: str, begin: float, end: float) -> str:
    mine = [each.at for each in ear.arrivals if each.nonce == nonce and _within(each.at, window)]
    apart = max(window[0] - min(mine), max(mine) - window[1]) if mine else 0.0
    if apart > SLACK:
        return f"the clocks of the two laptops differ by {apart:.0f} s or more: set them, and measure again"
    for flaw in ear.flaws:
        if begin - SLACK <= flaw.at <= end + SLACK:
            return f"the canary missed something ({flaw.what}: {flaw.reason})"
    version = 6 if ":" in address else 4
    if ear.routers.get(version, 0.0) < end - SLACK and not mine:
        return "no router answered the canary afterwards: its link may not have worked"
    return ""


def _within(at: float, window: tuple[float, float]) -> bool:
    return window[0] - _DAY <= at <= window[1] + _DAY


def _ear(session: Session) -> Ear:
    spans: dict[tuple[str, str, str, str, float], Span] = {}
    ear = Ear(session.scan, [], [], {}, [])
    for each in session.observations:
        if isinstance(each, Arrival):
            ear.arrivals.append(each)
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
