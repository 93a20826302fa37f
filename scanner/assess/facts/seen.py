"""What observations say of single addresses, and what is kept of a host besides its ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

import msgspec

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
    Silence,
)

T = TypeVar("T", str, int)

Single = HostSeen | PortState | Silence | Conversation | Refused | Limitation
"""What is said of one address, or of nobody's."""


class Host(msgspec.Struct):
    """What a vantage saw of an address besides its ports."""

    address: str
    hows: frozenset[str] = frozenset()
    mac: str | None = None
    ttls: frozenset[int] = frozenset()
    names: list[str] = msgspec.field(default_factory=list)
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
        self.names.extend(name for name in names if name not in self.names)


@lru_cache(maxsize=1024)
def _with(found: frozenset[T], more: T) -> frozenset[T]:
    """The one set that all hosts share of which the same is known."""
    return found | {more}


def single(observations: Iterable[Observation]) -> Iterator[Single]:
    """Row for row, those of many addresses that answered alike taken apart."""
    for each in observations:
        if isinstance(each, Alive):
            yield from each.rows()
        elif not isinstance(each, Arrival | Listening):
            yield each


class Quiet(msgspec.Struct):
    """A row of silence, in the order of all rows."""

    order: int
    addresses: AddressSet
    row: Silence
    counts: bool = True
    """Whether it widens the coverage."""
