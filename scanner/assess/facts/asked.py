"""How much was asked: (address, port) pairs counted by ranges, so that a /16 with a thousand ports is counted at once.

A pair counts once, however many scans asked it and whatever came back, and only where an observation says so: what a
cut-off scan did not come to, what a narrower one left out, and the ports of an address that was only pinged do not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

import msgspec

from scanner.model.addresses import AddressSet, address_key

_Segment = tuple[int, int, int, int]
"""(version, first, last, which texts of ports were silent there as a mask of their numbers)."""


class Area(msgspec.Struct, frozen=True):
    """What was asked by one transport."""

    addresses: AddressSet = AddressSet()
    """Those that were asked anything."""
    ports: int = 0
    """How many different ones were asked of any of them."""
    pairs: int = 0
    """How many pairs of an address and a port."""

    @property
    def whole(self) -> bool:
        """Whether each of the addresses was asked each of the ports."""
        return self.pairs == len(self.addresses) * self.ports


def area(answered: Mapping[str, Iterable[str]], silent: Iterable[tuple[AddressSet, str]]) -> Area:
    """Of rows of one address each (address -> texts of ports) and rows of many addresses and a text of ports."""
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for many, text in silent:
        spans.setdefault(text, []).extend(many.spans)
    texts = list(spans)
    quiet = [AddressSet(each) for each in spans.values()]
    segments = _segments(quiet)

    @cache
    def union(chosen: int) -> int:
        return _union(each for number, each in enumerate(texts) if chosen >> number & 1)

    @cache
    def more(row: frozenset[str], chosen: int) -> int:
        """How many ports the rows of an address add to its silent ones."""
        return (_union(row) & ~union(chosen)).bit_count()

    pairs = sum((last - first + 1) * union(chosen).bit_count() for _, first, last, chosen in segments)
    every = _union(texts)
    kinds: set[frozenset[str]] = set()
    for address, row in answered.items():
        kind = frozenset(row)
        kinds.add(kind)
        pairs += more(kind, _silent_at(segments, address))
    for kind in kinds:
        every |= _union(kind)
    addresses = AddressSet(span for each in (*quiet, AddressSet.of(answered)) for span in each.spans)
    return Area(addresses, every.bit_count(), pairs)


def _segments(sets: Iterable[AddressSet]) -> list[_Segment]:
    """The addresses of some sets, in order, cut wherever one of them begins or ends."""
    edges: dict[tuple[int, int], int] = {}
    for number, each in enumerate(sets):
        for version, low, high in each.spans:
            # A set is on from the one edge to the other; its own spans never touch.
            for edge in ((version, low), (version, high + 1)):
                edges[edge] = edges.get(edge, 0) ^ 1 << number
    found: list[_Segment] = []
    chosen = 0
    start = (0, 0)
    for edge in sorted(edges):
        if chosen:
            found.append((start[0], start[1], edge[1] - 1, chosen))
        chosen ^= edges[edge]
        start = edge
    return found


def _silent_at(segments: list[_Segment], address: str) -> int:
    version, value = address_key(address)
    at = bisect_right(segments, (version, value, 1 << 128, 0)) - 1
    if at < 0:
        return 0
    family, _, last, chosen = segments[at]
    return chosen if family == version and value <= last else 0


def _union(texts: Iterable[str]) -> int:
    found = 0
    for each in texts:
        found |= _mask(each)
    return found


@lru_cache(maxsize=1024)
def _mask(ports: str) -> int:
    """A ranges text of ports, a bit for each."""
    found = 0
    for part in filter(None, ports.split(",")):
        low, _, high = part.partition("-")
        found |= (1 << int(high or low) + 1) - (1 << int(low))
    return found
