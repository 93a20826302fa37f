"""Silent flows, judged in classes: of a large site there are more than can be listed, and most of them are equal.

Every service that is known to be up in a zone is owed a verdict from every other zone. That is services x zones; but
silence says the same of all that the same probes asked on the same port. So one of each class is judged, and the others
are counted. Policy's own flows (critical systems, required flows, single hosts that rules name), and those of pairs of
zones that have few, are judged and listed one by one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import attrgetter

import msgspec

from scanner.assess.facts.evidence import Evidence, FlowKey
from scanner.assess.facts.rows import port_set
from scanner.assess.facts.view import View
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.flows import Judge
from scanner.model.addresses import AddressSet, address_key, address_text, network
from scanner.model.base import Transport
from scanner.model.report import CROSSED, FlowRow
from scanner.model.site import service_range

LISTED = 1000
"""Silent flows of a pair of zones up to which each is a row of the report."""
_NAMED_RANGE_LIMIT = 64
"""A range of a critical system's ports up to this wide is owed a verdict port by port, as the plan asks it."""
_APART_DAYS = 20
"""If all that shows services up lies so near to a silence, then how near it lies makes no difference to the verdict."""

_Place = tuple[int, int]
"""An address: version and number."""
_Port = tuple[Transport, int]
_Class = tuple[tuple[str, float, int] | None, _Port, int, int, int]
"""(what the silence says, port, version of IP, which part of the zone rules mean, days from the service to it)."""


class Equal(msgspec.Struct, frozen=True):
    """Silent flows that have one verdict, for one reason."""

    row: FlowRow
    """Of the first of them."""
    count: int


class Quiet(msgspec.Struct, frozen=True):
    """All silent flows of a pair of zones that a verdict is owed for."""

    listed: tuple[FlowRow, ...]
    """In order."""
    summed: tuple[Equal, ...] = ()
    """Those that are not listed."""


class _Index(msgspec.Struct):
    """The services that are up in a zone."""

    places: dict[_Port, list[_Place]]
    """Sorted."""
    hosts: set[FlowKey]
    """Those of single hosts that rules name."""
    seen: tuple[float, float]
    """When the first and the last of them was seen up, at most so far apart."""


class Silent:
    """Finds and judges them, for every pair of zones of a site."""

    def __init__(self, evidence: Evidence, policy: Policy, judge: Judge, most: int = LISTED) -> None:
        """`most`: up to so many of a pair of zones are listed one by one."""
        self._evidence = evidence
        self._policy = policy
        self._judge = judge
        self._most = most
        self._indexes: dict[str, _Index] = {}
        site = evidence.site
        means = [AddressSet.parse(rule.to) for rule in (*site.allow, *site.require, *site.deny) if _is_address(rule.to)]
        self._hosts = {str(each) for each in means if len(each) == 1}
        self._edges = sorted(
            {(v, end) for each in means if len(each) > 1 for v, low, high in each.spans for end in (low, high + 1)}
        )
        """Where the subnets that rules name begin and end."""

    def answered(self, view: View, to: str) -> list[FlowKey]:
        """The flows from a view to a zone that are not silent, those to laptops apart."""
        return [key for key, _ in self._evidence.flows(view, to) if key[0] not in self._evidence.laptops]

    def of(self, view: View, to: str) -> Quiet:
        """The silent flows from a view to a zone."""
        answered = set(self.answered(view, to))
        up = self._evidence.up[to]
        owed = self._of_policy(view, to)
        if len(up) - len(answered) > self._most:
            owed |= self._index(to).hosts
            summed = tuple(self._summed(view, to, answered | owed))
            # No silence is known to prove that a packet crossed; if one ever does, each flow is a row.
            if not any(each.row.verdict in CROSSED for each in summed):
                return Quiet(tuple(self._rows(view, owed - answered)), summed)
        return Quiet(tuple(self._rows(view, (up | owed) - answered)))

    def _rows(self, view: View, keys: Iterable[FlowKey]) -> Iterator[FlowRow]:
        for key in sorted(keys, key=flow_order):
            if key[0] not in self._evidence.laptops:
                yield self._judge.row(view, key)

    def _of_policy(self, view: View, to: str) -> set[FlowKey]:
        """Flows that policy takes an interest in, each by itself."""
        found: set[FlowKey] = set()
        places, up = self._index(to).places, self._evidence.up[to]
        for critical in self._evidence.site.critical:
            for address in critical.hosts:
                if self._evidence.zone_of(address) == to:
                    found.update(
                        (address, each.transport, number)
                        for each in map(service_range, critical.services)
                        if each.transport in ("tcp", "udp") and each.high - each.low < _NAMED_RANGE_LIMIT
                        for number in range(each.low, each.high + 1)
                    )
                    found.update(key for port in places if (key := (address, *port)) in up)
        for need in self._policy.required():
            if need.source != view.zone or need.to not in (to, *self._hosts):
                continue
            for port, where in places.items():
                if port[0] == need.transport and (port[0] == "icmp" or port[1] == need.port):
                    # Of more than can be read the rest is in the sum.
                    keys = ((address_text(*place), *port) for place in where[: LISTED if need.to == to else None])
                    found.update(key for key in keys if need.covers(to, *key))
        return found

    def _alone(self, view: View, to: str) -> dict[Transport, list[_Place]]:
        """Addresses of a zone of which more is known than the silence of many."""
        found: dict[Transport, list[_Place]] = {}
        for address, transport in self._evidence.places(view, to):
            found.setdefault(transport, []).append(address_key(address))
        return found

    def _index(self, zone: str) -> _Index:
        found = self._indexes.get(zone)
        if found is None:
            up = self._evidence.up[zone]
            places: dict[_Port, list[_Place]] = {}
            last, place = "", (0, 0)
            for address, transport, port in up:
                if address != last:  # the services of an address mostly follow each other
                    last, place = address, address_key(address)
                where = places.get((transport, port))
                if where is None:
                    where = places[transport, port] = []
                where.append(place)
            for each in places.values():
                each.sort()
            view = self._evidence.views.get(zone)
            times = set(map(attrgetter("at"), up.opened()))
            times |= {host.at for host in view.hosts.values() if view.present(host.address)} if view else set()
            hosts = {key for key in up if key[0] in self._hosts}
            found = self._indexes[zone] = _Index(places, hosts, (min(times, default=0.0), max(times, default=0.0)))
        return found

    def _summed(self, view: View, to: str, without: set[FlowKey]) -> Iterator[Equal]:
        """The silent flows of services that are up, but for some, in classes."""
        index, alone = self._index(to), self._alone(view, to)
        named: dict[_Port, set[_Place]] = {}
        for address, transport, number in without:
            named.setdefault((transport, number), set()).add(address_key(address))
        classes: dict[_Class, tuple[_Place, int]] = {}
        single: list[FlowKey] = []
        for port, places in index.places.items():
            # What an address with rows of its own says is not said by the rows of many.
            own = {place for place in alone.get(port[0], ()) if _holds(places, place)}
            single.extend((address_text(*place), *port) for place in own - named.get(port, set()))
            apart = own | {place for place in named.get(port, ()) if _holds(places, place)}
            for kind, first, count in self._classes(view, to, port, places, apart, index.seen):
                before = classes.get(kind)
                classes[kind] = (first, count) if before is None else (min(first, before[0]), count + before[1])
        keys = [((address_text(*first), *kind[1]), count) for kind, (first, count) in classes.items()]
        for key, count in sorted((*keys, *((key, 1) for key in single)), key=lambda each: flow_order(each[0])):
            yield Equal(self._judge.row(view, key), count)

    def _classes(
        self, view: View, to: str, port: _Port, places: list[_Place], apart: set[_Place], seen: tuple[float, float]
    ) -> Iterator[tuple[_Class, _Place, int]]:
        """(class, the first place, how many) of places that follow each other, but for those `apart`."""
        out = sorted(apart)
        low = 0
        while low < len(places):
            rows, end = view.silent_from(port[0], places[low])
            part = bisect_right(self._edges, places[low])
            if part < len(self._edges) and (end is None or self._edges[part] < end):
                end = self._edges[part]
            high = len(places) if end is None else bisect_left(places, end, low + 1)
            quiet = next((each for each in rows if port[1] in port_set(each.row.ports)), None)
            says = None if quiet is None else quiet.saying
            far = says is not None and max(abs(says[1] - each) for each in seen) > _APART_DAYS * 86400
            first = next((place for place in places[low:high] if place not in apart), None)
            if says is not None and far:
                for place in places[low:high]:
                    if place not in apart:
                        days = (says[1] - self._evidence.up_at(to, (address_text(*place), *port))) / 86400
                        yield (says, port, place[0], part, round(days * 100)), place, 1
            elif first is not None:
                count = high - low - bisect_right(out, places[high - 1]) + bisect_left(out, places[low])
                yield (says, port, first[0], part, 0), first, count
            low = high


def _holds(places: list[_Place], place: _Place) -> bool:
    at = bisect_left(places, place)
    return at < len(places) and places[at] == place


def _is_address(end: str) -> bool:
    try:
        network(end)
    except ValueError:
        return False  # a zone's name, or `*`
    return True


def flow_order(key: FlowKey) -> tuple[_Place, str, int]:
    """Numeric by address, then transport and port."""
    return address_key(key[0]), key[1], key[2]
