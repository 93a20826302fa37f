"""The controls around a flow: what else the evidence shows, and so whose an answer, or a silence, can be."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from scanner.assess.facts.evidence import Evidence, FlowKey, View
from scanner.assess.facts.portmask import mask_of
from scanner.model.addresses import AddressSet
from scanner.model.base import Transport
from scanner.model.observation import PortState, Scan

_INITIAL_TTLS = (32, 64, 128, 255)
_SEVERAL = 3
_FAR_MS, _QUICKER = 8.0, 4.0
"""Answers count as given on the way if they came in a quarter of the time of hosts that are so far away at least."""
_EVERYWHERE = 8
"""Answers on that many addresses, and on nine in ten of those asked, are a middlebox's."""


class _Answering(msgspec.Struct):
    """Who of one zone answered on one port."""

    unused: list[str] = []
    """Those at which the zone's own vantage saw nobody."""
    mute: set[str] = set()
    """Those that opened without a word."""
    mute_unused: int = 0
    asked: int | None = None
    """How many were asked, once it was counted."""


class Controls:
    """Every question is about a (view, address, transport, port), or a part of it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._confirmed: dict[tuple[str, str], set[int]] = {}
        self._resets: dict[tuple[str, str, str, str, bool, str, int, int], bool] = {}
        self._portals: dict[tuple[str, FlowKey], bool] = {}
        self._answers: dict[tuple[str, str, str], dict[tuple[bool, Transport, int], _Answering]] = {}
        self._of_nobody: dict[tuple[str, str, str, bool, Transport, int], bool] = {}
        self._impossible: dict[tuple[str, str, str], int] = {}
        self._level: dict[str, bool] = {}
        self._spoke: dict[tuple[str, str], list[tuple[float, int, FlowKey]]] = {}

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
        return None if scan is None else self.reached_since(view, scan, at)

    def reached_since(self, view: View, scan: Scan, at: float) -> str | None:
        """The same, of that very scan."""
        if scan.id in view.shut_out:
            return None
        if other := self._spoke_since(view.plain, scan, at):
            return f"{other[0]} {other[1]}/{other[2]}"
        return next((f"its router {gateway}" for gateway in view.resolved_since(scan, at)), None)

    def _spoke_since(self, view: View, scan: Scan, at: float) -> FlowKey | None:
        """The first service beyond its own link from which that scan heard something at that time or later."""
        found = self._spoke.get((view.zone, scan.id))
        if found is None:
            zone_of, here = self.evidence.zone_of, view.zone
            heard = enumerate((when, key) for key, when in view.heard_in(scan) if zone_of(key[0]) != here)
            latest: list[tuple[float, int, FlowKey]] = []
            # Of those that spoke so late or later only the first is ever named.
            for place, (when, key) in sorted(heard, key=lambda each: (-each[1][0], each[0])):
                if not latest or place < latest[-1][1]:
                    latest.append((-when, place, key))
            found = self._spoke[view.zone, scan.id] = latest
        last = bisect_right(found, -at, key=lambda each: each[0])
        return found[last - 1][2] if last else None

    def inside(self, view: View, address: str) -> bool:
        return self.evidence.zone_of(address) == view.zone

    @staticmethod
    def proxied(view: View, address: str) -> bool:
        """Whether a router answers ARP for a neighbour."""
        host = view.hosts.get(address)
        return host is not None and host.mac is not None and host.mac in view.gateways.values()

    def confirmed_ttls(self, view: View, address: str) -> set[int]:
        """TTLs of answers that are the target's beyond doubt: it spoke, or echoed from behind the first hop."""
        view = view.plain
        found = self._confirmed.get((view.zone, address))
        if found is None:
            found = set()
            for key, _ in view.talks_of(address):
                if view.words(key):
                    row = view.answer(*key)
                    if row is not None and row.ttl is not None and not self.portal(view, key, row):
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
        view = view.plain
        home = self.evidence.views.get(self.evidence.zone_of(address) or "")
        found = self._echo_ttls(view, address)
        for key, _ in view.talks_of(address):
            if home is None or not view.words(key):
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
            answer = view.answer(*other)
            others += bool(answer and answer.state == "open" and answer.ttl == row.ttl and view.words(other))
        return others > 1

    def _nobodys(self, zone: str, view: View, key: FlowKey) -> Iterator[FlowKey]:
        """The same port of the zone's other addresses that its own vantage saw nobody at."""
        used = self.evidence.in_use(zone)
        if used is None or not self.evidence.views[zone].complete or self.evidence.standing.astray(zone):
            return
        for address in self._answering(view, zone, key).unused:
            yield address, key[1], key[2]

    def _answering(self, view: View, zone: str, key: FlowKey) -> _Answering:
        """Who of a zone, its routers apart, answered on the same port as `key`, by the same version of IP."""
        index = self._answers.get((view.zone, view.via, zone))
        if index is None:
            index = self._answers[view.zone, view.via, zone] = {}
            used = self.evidence.in_use(zone)
            for (address, transport, port), row in self.evidence.flows(view, zone):
                if self.own_leg(address) or address in self.evidence.laptops:
                    continue
                found = index.setdefault((":" in address, transport, port), _Answering())
                unused = used is not None and address not in used
                if unused:
                    found.unused.append(address)
                if row.state == "open" and not view.words((address, transport, port)):
                    found.mute.add(address)
                    found.mute_unused += unused
        return index.get((":" in key[0], *key[1:])) or _Answering()

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

    def refused_for_nobody(self, view: View, key: FlowKey, row: PortState) -> bool:
        """The control for refusals: does this port of addresses that nobody holds answer with a like one, in the
        address' own name and from as far away?

        Without it a reset of the first hop's TTL may be the target's own: some firewalls do not count themselves.
        """
        zone = self.evidence.zone_of(key[0]) or ""
        asked = (view.zone, view.via, zone, row.state, ":" in key[0], key[1], key[2], row.ttl or 0)
        cached = self._resets.get(asked)
        if cached is None:
            cached = any(
                other is not None and other.state == row.state and other.ttl == row.ttl
                and other.source in (None, unused[0])
                for unused in self._nobodys(zone, view, key)
                for other in (view.answer(*unused),)
            )  # fmt: skip
            self._resets[asked] = cached
        return cached

    def level(self, view: View, two_legged: dict[str, set[str]]) -> bool:
        """Whether hosts of other zones are known to answer as if from the own link: the fence does not count itself
        as a hop, and the TTL of an answer does not tell it from the hosts."""
        found = self._level.get(view.zone)
        if found is None:
            found = any(
                self.evidence.zone_of(key[0]) not in (None, view.zone)
                and view.zone not in two_legged.get(key[0], ())
                and not self.own_leg(key[0])
                and row is not None
                and hops_of(row.ttl) == 0
                and view.plain.words(key)
                and not self.portal(view.plain, key, row)
                for key in view.plain.talks
                for row in (view.plain.answer(*key),)
            )
            self._level[view.zone] = found
        return found

    def spoken_ttls(self, view: View, address: str) -> set[int]:
        """TTLs of TCP answers of the target that are its own beyond doubt."""
        known = self.confirmed_ttls(view, address)
        return {
            row.ttl
            for key, _ in view.plain.talks_of(address)
            if key[1] == "tcp" and view.plain.words(key)
            for row in (view.plain.answer(*key),)
            if row is not None and row.ttl is not None and row.ttl in known
        }

    def quicker(self, view: View, address: str, row: PortState) -> bool:
        """Whether an answer came so much sooner than each of several others of the target that it was given on the
        way: light takes its time."""
        if row.rtt_ms is None:
            return False
        others = [
            each.rtt_ms
            for each in view.plain.answers_of(address)
            if each.state == "open" and each.rtt_ms is not None and each.source in (None, address)
        ]
        return len(others) >= _SEVERAL and min(others) >= _FAR_MS and row.rtt_ms * _QUICKER <= min(others)

    def opened_for_show(self, view: View, key: FlowKey) -> bool:
        """The control for handshakes: whether the zone's own vantage was refused at this port, or at several that seem
        open from here without a word spoken: then something on the way shakes hands for the target (SYN proxy)."""
        if key[1] != "tcp":
            return False
        found = self._impossible.get((view.zone, view.via, key[0]))
        if found is None:
            found = self._impossible[view.zone, view.via, key[0]] = self._shown_open(view, key[0])
        return bool(found >> key[2] & 1) or found.bit_count() >= _SEVERAL

    def _shown_open(self, view: View, address: str) -> int:
        home = self.evidence.views.get(self.evidence.zone_of(address) or "")
        if home is None or home is view.plain:
            return 0
        here = shut = used = 0
        for row in view.answers_of(address, "tcp"):
            here |= mask_of(row.ports) if row.state == "open" else 0
        for row in home.answers_of(address, "tcp"):
            shut |= mask_of(row.ports) if row.state == "closed" else 0
            used |= mask_of(row.ports) if row.state == "open" else 0
        for key, _ in view.talks_of(address):
            used |= 1 << key[2] if key[1] == "tcp" and view.words(key) else 0
        return here & shut & ~used

    def way_to(self, view: View, row: PortState) -> float:
        """Milliseconds to whoever gave a report, as its quickest one of another kind shows: what comes from the far
        end of a slow line is not late."""
        times = [
            each.rtt_ms
            for each in (view.plain.reports_of(row.source) if row.source else ())
            if each.rtt_ms is not None and each.state != "unreachable"
        ]
        return min(times, default=0.0)

    def alive_in(self, view: View, key: FlowKey) -> bool:
        """Whether the target itself answered anything beyond doubt in the scan that this answer is of."""
        scan = view.asker(key)
        if scan is None or self.inside(view, key[0]):
            return False
        known = self.confirmed_ttls(view, key[0])
        return any(
            row.state == "open" and row.ttl in known and other == scan
            for other, row in view.plain.answers_with_scan(key[0])
        )

    def asked_of_nobody(self, view: View, key: FlowKey) -> bool:
        """Whether the control was made at all: the same port asked of an address that nobody holds."""
        zone = self.evidence.zone_of(key[0]) or ""
        asked = (view.zone, view.via, zone, ":" in key[0], key[1], key[2])
        cached = self._of_nobody.get(asked)
        if cached is None:
            used, home = self.evidence.in_use(zone), self.evidence.views.get(zone)
            held = (used or set()) | self.evidence.gateways.get(zone, set())
            cached = self._of_nobody[asked] = bool(
                used is not None and home is not None and home.complete and self._asked_on(view, zone, key, held)
            )
        return cached

    def _asked_on(self, view: View, zone: str, key: FlowKey, without: set[str]) -> int:
        """How many of a zone's addresses were asked the same port, by the same version of IP."""
        evidence = self.evidence
        asked = view.asked_on(key[1], key[2], evidence.places(view, zone)) & evidence.asked(view, zone)
        return len(asked.of_version(6 if ":" in key[0] else 4) - AddressSet.of(without))

    def answers_for_unused(self, view: View, key: FlowKey) -> bool:
        """The control: do addresses of the same zone that nobody holds answer as the target does?"""
        zone = self.evidence.zone_of(key[0])
        if zone is None:
            return False
        found = self._answering(view, zone, key)
        mine = key[0] in found.mute
        if found.mute_unused - (mine and key[0] in found.unused):
            return True
        same = len(found.mute) - mine
        if same < _EVERYWHERE:
            return False
        if found.asked is None:
            found.asked = self._asked_on(view, zone, key, self.evidence.gateways.get(zone, set()))
        return same >= 0.9 * (found.asked - 1)


def initial_of(ttl: int) -> int:
    """The TTL that the sender started with, as far as it is a usual one."""
    return next((initial for initial in _INITIAL_TTLS if ttl <= initial), 255)


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
