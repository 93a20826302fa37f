"""The controls around a flow: what else the evidence shows, and so whose an answer, or a silence, can be."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.assess.evidence import Evidence, FlowKey, View
from scanner.model.base import Transport
from scanner.model.observation import PortState

_INITIAL_TTLS = (32, 64, 128, 255)
_EVERYWHERE = 8
"""Answers on that many addresses, and on nine in ten of those asked, are a middlebox's."""


class Controls:
    """Every question is about a (view, address, transport, port), or a part of it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._confirmed: dict[tuple[str, str], set[int]] = {}
        self._resets: dict[tuple[str, str, bool, str, int, int], bool] = {}
        self._portals: dict[tuple[str, FlowKey], bool] = {}
        self._asked: dict[tuple[str, str], list[str]] = {}

    def own_leg(self, address: str) -> bool:
        """Whether it is a router's own address in its zone: what answers there did not cross into the zone."""
        zone = self.evidence.zone_of(address)
        return zone is not None and address in self.evidence.gateways[zone]

    def known_good(self, view: View, key: FlowKey, at: float) -> str | None:
        """Something beyond its own interface that the scan of this probe reached after it: the control for silence.

        What an earlier scan reached, or this one before `at`, says nothing: since then a cable may hang loose, or the
        laptop may have been shut out for scanning.
        """
        scan = view.asker(key)
        if scan is None or scan.id in view.shut_out:
            return None
        for other in view.talks:
            if view.spoke_since(other, scan, at) and not self.inside(view, other[0]):
                return f"{other[0]} {other[1]}/{other[2]}"
        return next((f"its router {gateway}" for gateway in view.resolved_since(scan, at)), None)

    def inside(self, view: View, address: str) -> bool:
        return self.evidence.zone_of(address) == view.zone

    @staticmethod
    def proxied(view: View, address: str) -> bool:
        """Whether a router answers ARP for a neighbour."""
        host = view.hosts.get(address)
        return host is not None and host.mac is not None and host.mac in view.gateways.values()

    def confirmed_ttls(self, view: View, address: str) -> set[int]:
        """TTLs of answers that are the target's beyond doubt: it spoke, or echoed from behind the first hop."""
        found = self._confirmed.get((view.zone, address))
        if found is None:
            found = set()
            for (addr, transport, port), talk in view.talks.items():
                if addr == address and talk.received:
                    row = view.answer(addr, transport, port)
                    if row is not None and row.ttl is not None and not self.portal(view, (addr, transport, port), row):
                        found.add(row.ttl)
            found |= self._echo_ttls(view, address)
            self._confirmed[view.zone, address] = found
        return found

    def _echo_ttls(self, view: View, address: str) -> set[int]:
        """The TTL of the target's echo reply, unless it came from the first hop or somebody echoes for the zone."""
        key = echo_key(address)
        echo = view.answer(*key)
        if echo is None or echo.state != "open" or echo.source not in (None, address) or not hops_of(echo.ttl):
            return set()
        return set() if echo.ttl is None or self.answers_for_unused(view, key) else {echo.ttl}

    def own_ttls(self, view: View, address: str) -> set[int]:
        """TTLs of answers by the very stack that holds the address, which a nearer answer cannot be of.

        A service may stand behind its address (a container, a load balancer's pool): its answers come from farther
        away than a reset of the address' holder. So a conversation counts only where the service answered the zone's
        own vantage as a neighbour does.
        """
        home = self.evidence.views.get(self.evidence.zone_of(address) or "")
        found = self._echo_ttls(view, address)
        for key, talk in view.talks.items():
            if key[0] != address or not talk.received or home is None:
                continue
            row, near = view.answer(*key), home.answer(*key)
            if row is not None and row.ttl is not None and near is not None and near.state == "open":
                found |= {row.ttl} if hops_of(near.ttl) == 0 and not self.portal(view, key, row) else set()
        return found

    def portal(self, view: View, key: FlowKey, row: PortState) -> bool:
        """Whether what spoke is a middlebox that speaks for the zone, and not the service that its own zone heard."""
        cached = self._portals.get((view.zone, key))
        if cached is None:
            cached = self._portals[view.zone, key] = self._speaks_for_nobody(view, key, row)
        return cached

    def _speaks_for_nobody(self, view: View, key: FlowKey, row: PortState) -> bool:
        zone = self.evidence.zone_of(key[0]) or ""
        home = self.evidence.views.get(zone)
        if home is None or not home.complete or zone == view.zone:
            return False
        here, there = view.talks.get(key), home.talks.get(key)
        if here is not None and there is not None and set(here.readings) & set(there.readings):
            return False
        others = 0
        for other in self._nobodys(zone, view, key):
            answer, talk = view.answer(*other), view.talks.get(other)
            others += bool(answer and answer.state == "open" and answer.ttl == row.ttl and talk and talk.received)
        return others > 1

    def _nobodys(self, zone: str, view: View, key: FlowKey) -> Iterator[FlowKey]:
        """The same port of the zone's other addresses that its own vantage saw nobody at."""
        used = self.evidence.in_use(zone)
        if used is None or not self.evidence.views[zone].complete:
            return
        for address in self._asked_of(view, zone):
            if address not in used and (":" in address) == (":" in key[0]):
                yield address, key[1], key[2]

    def _asked_of(self, view: View, zone: str) -> list[str]:
        found = self._asked.get((view.zone, zone))
        if found is None:
            found = [each for each in self.evidence.asked(view, zone) if not self.own_leg(each)]
            self._asked[view.zone, zone] = found
        return found

    def behind_the_fence(self, view: View, address: str, source: str) -> bool:
        """Whether who refused stands in the target's zone and is none of its routers: the packet got that far."""
        zone = self.evidence.zone_of(address)
        return zone not in (None, view.zone) and self.evidence.zone_of(source) == zone and not self.own_leg(source)

    def distances(self, view: View, address: str) -> set[int]:
        """Hops from the vantage to the target's zone, by its hosts' confirmed answers."""
        zone = self.evidence.zone_of(address)
        if zone is None:
            return set()
        return {
            hops
            for host in self.evidence.in_use(zone) or ()
            if (":" in host) == (":" in address) and not self.own_leg(host)
            for ttl in self.confirmed_ttls(view, host)
            if (hops := hops_of(ttl)) is not None
        }

    def seen_at_home(self, address: str) -> bool | None:
        """Whether a vantage in the address's own zone saw a host there; None: nobody stood there."""
        zone = self.evidence.zone_of(address)
        used = self.evidence.in_use(zone) if zone else None
        return None if used is None else address in used

    def resets_for_nobody(self, view: View, key: FlowKey, ttl: int) -> bool:
        """The control for resets: does this port of addresses that nobody holds answer with a like one?

        Without it a reset of the first hop's TTL may be the target's own: some firewalls do not count themselves.
        """
        zone = self.evidence.zone_of(key[0]) or ""
        asked = (view.zone, zone, ":" in key[0], key[1], key[2], ttl)
        cached = self._resets.get(asked)
        if cached is None:
            cached = any(
                row is not None and row.state == "closed" and row.ttl == ttl and row.source in (None, other[0])
                for other in self._nobodys(zone, view, key)
                for row in (view.answer(*other),)
            )
            self._resets[asked] = cached
        return cached

    def answers_for_unused(self, view: View, key: FlowKey) -> bool:
        """The control: do addresses of the same zone that nobody holds answer as the target does?"""
        zone = self.evidence.zone_of(key[0])
        if zone is None:
            return False
        used = self.evidence.in_use(zone)
        same = asked = 0
        for address in self._asked_of(view, zone):
            if address == key[0] or (":" in address) != (":" in key[0]):
                continue
            row = view.answer(address, key[1], key[2])
            if row is None:
                continue
            asked += 1
            talk = view.talks.get((address, key[1], key[2]))
            if row.state == "open" and not (talk and talk.received):
                if used is not None and address not in used and address not in self.evidence.laptops:
                    return True
                same += 1
        return same >= _EVERYWHERE and same >= 0.9 * asked


def hops_of(ttl: int | None) -> int | None:
    """Routers between, assuming that the sender started with the next usual initial TTL. None without a TTL."""
    if ttl is None:
        return None
    return next((initial - ttl for initial in _INITIAL_TTLS if ttl <= initial), 0)


def all_hops(ttls: set[int]) -> set[int]:
    """Distances, not TTLs, are compared: one stack may start its echo replies and its resets with different TTLs."""
    return {hops for ttl in ttls if (hops := hops_of(ttl)) is not None}


def echo_key(address: str) -> FlowKey:
    """The flow that a ping of `address` is."""
    transport: Transport = "icmp"
    return address, transport, 128 if ":" in address else 8
