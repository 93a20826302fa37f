"""Equal words once: of a large site's observations most repeat what another one said, and each copy takes its room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec.structs import force_setattr

from scanner.model.observation import (
    Conversation,
    HostSeen,
    Installed,
    Item,
    Observation,
    PortState,
    Reading,
    Silence,
)


class Sharing:
    """Knows what was said before. Rows that it was handed are nobody else's yet, so that they can be changed."""

    def __init__(self) -> None:
        self._same: dict[Any, Any] = {}
        self._readings: dict[Reading, Reading] = {}
        self._said: dict[tuple[Reading, ...], tuple[Reading, ...]] = {(): ()}

    def all(self, rows: Iterable[Observation]) -> Iterator[Observation]:
        """The same rows, in which equal texts, times and readings are one object."""
        same: Callable[[Any, Any], Any] = self._same.setdefault
        said, put = self._said, force_setattr
        for row in rows:
            if isinstance(row, Conversation):
                put(row, "address", same(row.address, row.address))
                put(row, "probe", same(row.probe, row.probe))
                put(row, "at", same(row.at, row.at))
                if row.readings:
                    put(row, "readings", said.get(row.readings) or self._new(row.readings))
            elif isinstance(row, PortState):
                put(row, "address", same(row.address, row.address))
                put(row, "ports", same(row.ports, row.ports))
                put(row, "reason", same(row.reason, row.reason))
                put(row, "at", same(row.at, row.at))
            elif isinstance(row, HostSeen):
                put(row, "address", same(row.address, row.address))
            elif isinstance(row, Silence):
                put(row, "addresses", same(row.addresses, row.addresses))
                put(row, "ports", same(row.ports, row.ports))
            yield row

    def _new(self, said: tuple[Reading, ...]) -> tuple[Reading, ...]:
        for each in said:
            force_setattr(each, "kind", self._same.setdefault(each.kind, each.kind))
        shared = tuple([self._readings.setdefault(each, each) for each in said])
        return self._said.setdefault(shared, shared)


def shared_items(rows: Iterable[Installed]) -> Iterator[Installed]:
    """The same rows, in which equal items are one object: most machines of a site have the same software."""
    known: dict[Item, Item] = {}
    for row in rows:
        force_setattr(row, "items", tuple([known.setdefault(each, each) for each in row.items]))
        yield row
