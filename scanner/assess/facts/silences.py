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
        edges: dict[tuple[int, int], list[tuple[bool, int]]] = {}
        every = list(rows)
        for number, row in enumerate(every):
            for version, low, high in row.addresses.spans:
                edges.setdefault((version, low), []).append((True, number))
                edges.setdefault((version, high + 1), []).append((False, number))
        self._starts: list[tuple[int, int]] = []
        self._rows: list[tuple[T, ...]] = []
        """Those of all addresses from the start on to the next one, the newest first."""
        same: dict[tuple[int, ...], tuple[T, ...]] = {(): ()}
        here: set[int] = set()
        for edge in sorted(edges):
            for begins, number in edges[edge]:
                if begins:
                    here.add(number)
                else:
                    here.discard(number)
            numbers = tuple(sorted(here, reverse=True))
            found = same.get(numbers)
            if found is None:
                found = same[numbers] = tuple(every[each] for each in numbers)
            self._starts.append(edge)
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
