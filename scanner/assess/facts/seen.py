"""What observations say of single addresses, and what is kept of a host besides its ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

import msgspec

from scanner.assess.facts.portmask import mask_of
from scanner.assess.facts.rows import ports_tuple
from scanner.model.addresses import AddressSet
from scanner.model.observation import (
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
    Silence,
)

T = TypeVar("T", str, int)

Single = HostSeen | PortState | Silence | Conversation | Refused | Limitation
"""What is said of one address, or of nobody's."""


class Host(msgspec.Struct, gc=False):
    """What a vantage saw of an address besides its ports."""

    address: str
    hows: frozenset[str] = frozenset()
    mac: str | None = None
    ttls: frozenset[int] = frozenset()
    names: tuple[str, ...] = ()
    at: float = 0.0
    """When it last gave a sign of life."""

    def see(self, seen: HostSeen) -> None:
        """It gave a sign of life."""
        self.hows = _with(self.hows, seen.how)
        self.at = seen.at
        self.mac = seen.mac or self.mac
        self.call(seen.names)
        if seen.ttl is not None:
            self.ttls = _with(self.ttls, seen.ttl)

    def call(self, names: Iterable[str]) -> None:
        """It goes by these names as well."""
        for name in names:
            if name not in self.names:
                self.names += (name,)


@lru_cache(maxsize=1024)
def _with(found: frozenset[T], more: T) -> frozenset[T]:
    """The one set that all hosts share of which the same is known."""
    return found | {more}


def single(observations: Iterable[Observation]) -> Iterator[Single]:
    """Row for row, those of many addresses that answered alike taken apart; of flows and hosts only."""
    for each in observations:
        kind = type(each)
        if kind is PortState or kind is Conversation or kind is HostSeen:
            yield each  # type: ignore[misc]
        elif isinstance(each, Alive):
            yield from each.rows()
        elif not isinstance(each, Arrival | Listening) and not (isinstance(each, Silence) and each.solicited):
            yield each


class Quiet(msgspec.Struct):
    """A row of silence, in the order of all rows."""

    order: int
    addresses: AddressSet
    row: Silence
    scan: Scan

    @property
    def counts(self) -> bool:
        """Whether it widens the coverage: what a session only asked again does not."""
        return self.scan.purpose in ("scan", "import")

    @property
    def saying(self) -> tuple[str, float, int]:
        """What tells it from silences that say the same of other addresses, or of other ports."""
        return self.scan.id, self.row.at, self.row.tries

    def of(self, address: str) -> PortState:
        """What it says of one of its addresses."""
        row = self.row
        return PortState(address, row.transport, row.ports, "silent", "no-response", row.at, tries=row.tries)


def by_ports(rows: Iterable[Quiet]) -> list[tuple[AddressSet, str]]:
    """Those that widen the coverage, joined where they are of the same ports."""
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for each in rows:
        if each.counts:
            spans.setdefault(each.row.ports, []).extend(each.addresses.spans)
    return [(AddressSet(many), ports) for ports, many in spans.items()]


def open_ports(
    rows: Sequence[tuple[int, PortState]], silences: Sequence[Quiet]
) -> Iterator[tuple[int, PortState, bool]]:
    """The ports of one address that were once answered as open ports answer, each with its row, and whether no newer
    row nor silence speaks of it: of most none does, and there is nothing more to ask."""
    told = 0
    found: list[tuple[int, PortState, bool]] = []
    for number, (order, row) in enumerate(reversed(rows), 1):
        mask = mask_of(row.ports)
        if row.state == "open":
            later = told
            for each in silences:
                later |= mask_of(each.row.ports) if each.order > order else 0
            doubted = mask & later
            found += [(port, row, not doubted >> port & 1) for port in reversed(ports_tuple(row.ports))]
        if number < len(rows):
            told |= mask
    return reversed(found)
