"""Rows of one address by port: one that was asked every port may have a row for each of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from heapq import merge

from scanner.model.addresses import ports_of
from scanner.model.observation import PortState

_NARROW = 64
"""Ports up to which a row stands under each of its own. Of wider ones a scan cannot have many."""

Ordered = tuple[int, PortState]
"""A row with its place in the order of all rows."""


class ByPort:
    """Rows in their order, and those of a port without looking at each."""

    def __init__(self, rows: Iterable[Ordered]) -> None:
        self._narrow: dict[int, list[Ordered]] = {}
        self._wide: list[Ordered] = []
        for each in rows:
            ports = ports_of(each[1].ports)
            if len(ports) > _NARROW:
                self._wide.append(each)
                continue
            for port in ports:
                self._narrow.setdefault(port, []).append(each)

    def on(self, port: int) -> list[Ordered]:
        """All rows that speak of a port and perhaps some that do not, in their order."""
        narrow = self._narrow.get(port, [])
        return list(merge(narrow, self._wide, key=lambda each: each[0])) if self._wide else narrow


def reports(rows: Iterable[PortState]) -> dict[str, list[PortState]]:
    """Of all rows those that somebody else than the address answered, by who did."""
    found: dict[str, list[PortState]] = {}
    for row in rows:
        if row.source is not None and row.source != row.address:
            found.setdefault(row.source, []).append(row)
    return found


@lru_cache(maxsize=1024)
def ports_tuple(text: str) -> tuple[int, ...]:
    """The ports of a ranges text, in its order."""
    return tuple(ports_of(text))


@lru_cache(maxsize=4096)
def texts(each: tuple[str, ...]) -> frozenset[str]:
    """The one set that all addresses share whose rows speak of the same ranges of ports."""
    return frozenset(each)


@lru_cache(maxsize=1024)
def port_set(text: str) -> frozenset[int]:
    """The same as a set."""
    return frozenset(ports_of(text))
