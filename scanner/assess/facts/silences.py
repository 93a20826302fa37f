"""Rows of silence by address: a scan of a large site has thousands of them, and every flow asks for its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from scanner.model.addresses import AddressSet, address_key


class _Row(Protocol):
    @property
    def addresses(self) -> AddressSet: ...


T = TypeVar("T", bound=_Row)


class Silences(Generic[T]):
    """Rows of many addresses each, in the order in which they were added."""

    def __init__(self, rows: Iterable[T]) -> None:
        every = list(rows)
        edges: list[tuple[int, int, int]] = []
        """(version, address, number of the row from 1 on): where one begins; with a minus, before where it ends."""
        for number, row in enumerate(every, 1):
            for version, low, high in row.addresses.spans:
                edges.append((version, low, number))
                edges.append((version, high + 1, -number))
        edges.sort()
        self._starts: list[tuple[int, int]] = []
        self._rows: list[tuple[T, ...]] = []
        """Those of all addresses from the start on to the next one, the newest first."""
        same: dict[tuple[int, ...], tuple[T, ...]] = {(): ()}
        here: set[int] = set()
        for at, (version, address, number) in enumerate(edges, 1):
            if number > 0:
                here.add(number)
            else:
                here.discard(-number)
            if at < len(edges) and edges[at][:2] == (version, address):
                continue
            numbers = tuple(sorted(here, reverse=True)) if len(here) > 1 else tuple(here)
            found = same.get(numbers)
            if found is None:
                found = same[numbers] = tuple([every[each - 1] for each in numbers])
            self._starts.append((version, address))
            self._rows.append(found)

    def of(self, address: str) -> tuple[T, ...]:
        """The rows that an address is in, the newest first."""
        at = bisect_right(self._starts, address_key(address)) - 1
        return self._rows[at] if at >= 0 else ()

    def run(self, place: tuple[int, int]) -> tuple[tuple[T, ...], tuple[int, int] | None]:
        """The same of an `address_key`, and the first one after it that may be in others; None if there is none."""
        at = bisect_right(self._starts, place) - 1
        end = self._starts[at + 1] if at + 1 < len(self._starts) else None
        return (self._rows[at] if at >= 0 else ()), end
