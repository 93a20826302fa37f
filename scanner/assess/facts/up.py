"""The services that are up in a zone, said of those that its vantage found open: of a large site they are hundreds of
thousands, and a set of its own would hold nearly all of them a second time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from scanner.assess.facts.view import FlowKey
from scanner.model.observation import PortState


class Up(Set[FlowKey]):
    """What is open, but for the services of some addresses, and what is up besides."""

    def __init__(
        self, opened: Mapping[FlowKey, PortState], without: Set[str] = frozenset(), besides: Iterable[FlowKey] = ()
    ) -> None:
        """`besides`: none of what is open and not left out."""
        self._opened, self._without, self._besides = opened, without, dict.fromkeys(besides)
        left_out = sum(key[0] in without for key in opened) if without else 0
        self._count = len(opened) - left_out + len(self._besides)

    def __contains__(self, key: object) -> bool:
        if key in self._opened:
            return key[0] not in self._without or key in self._besides  # type: ignore[index]
        return key in self._besides

    def __iter__(self) -> Iterator[FlowKey]:
        without = self._without
        yield from (key for key in self._opened if key[0] not in without)
        yield from self._besides

    def __len__(self) -> int:
        return self._count

    def opened(self) -> Iterator[PortState]:
        """What shows those up that are open: a row for each of them."""
        without = self._without
        return (row for key, row in self._opened.items() if key[0] not in without)

    @classmethod
    def _from_iterable(cls, found: Iterable[FlowKey]) -> set[FlowKey]:  # type: ignore[override]
        return set(found)
