"""Equal words once: of a large site's observations most repeat what another one said, and each copy takes its room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
        self._texts: dict[str, str] = {}
        self._readings: dict[Reading, Reading] = {}
        self._said: dict[tuple[Reading, ...], tuple[Reading, ...]] = {(): ()}

    def all(self, rows: Iterable[Observation]) -> Iterator[Observation]:
        """The same rows, in which equal texts and readings are one object."""
        text = self._texts.setdefault
        for row in rows:
            if isinstance(row, Conversation):
                force_setattr(row, "address", text(row.address, row.address))
                force_setattr(row, "probe", text(row.probe, row.probe))
                force_setattr(row, "readings", self._said.get(row.readings) or self._new(row.readings))
            elif isinstance(row, PortState):
                force_setattr(row, "address", text(row.address, row.address))
                force_setattr(row, "ports", text(row.ports, row.ports))
                force_setattr(row, "reason", text(row.reason, row.reason))
            elif isinstance(row, HostSeen):
                force_setattr(row, "address", text(row.address, row.address))
            elif isinstance(row, Silence):
                force_setattr(row, "addresses", text(row.addresses, row.addresses))
                force_setattr(row, "ports", text(row.ports, row.ports))
            yield row

    def _new(self, said: tuple[Reading, ...]) -> tuple[Reading, ...]:
        for each in said:
            force_setattr(each, "kind", self._texts.setdefault(each.kind, each.kind))
        shared = tuple([self._readings.setdefault(each, each) for each in said])
        return self._said.setdefault(shared, shared)


def shared_items(rows: Iterable[Installed]) -> Iterator[Installed]:
    """The same rows, in which equal items are one object: most machines of a site have the same software."""
    known: dict[Item, Item] = {}
    for row in rows:
        force_setattr(row, "items", tuple([known.setdefault(each, each) for each in row.items]))
        yield row
