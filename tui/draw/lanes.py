"""Lanes for the lines of a channel between two columns: a channel router, as for circuit boards.

A line enters and leaves at rows of either side and runs along one lane between them. Where one line's left row is
another's right row, the first must turn off before the second comes in, or both would lie on the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec


class End(msgspec.Struct, frozen=True):
    side: Literal["L", "R"]
    row: int


class Net(msgspec.Struct, frozen=True):
    """One line. On each side of the channel no row is used twice."""

    start: End
    end: End

    @property
    def span(self) -> tuple[int, int]:
        return min(self.start.row, self.end.row), max(self.start.row, self.end.row)

    @property
    def straight(self) -> bool:
        return self.start.row == self.end.row

    def rows(self, side: str) -> list[int]:
        return [each.row for each in (self.start, self.end) if each.side == side]


def lanes(nets: Sequence[Net]) -> list[int] | None:
    """The lane of each, counted from the left; None where two wait for each other."""
    before = _before(nets)
    found: dict[int, int] = {}
    waiting = sorted(range(len(nets)), key=lambda at: _turn(nets[at]))
    while waiting:
        ready = next((at for at in waiting if before[at].isdisjoint(waiting)), None)
        if ready is None:
            return None
        waiting.remove(ready)
        least = 1 + max((found[each] for each in before[ready]), default=-1)
        if nets[ready].rows("L") == []:
            # From the right and back to it: as far to the right as there is something.
            least = max([least, *found.values()])
        found[ready] = _free(nets, found, ready, least)
    return [found[at] for at in range(len(nets))]


def _before(nets: Sequence[Net]) -> list[set[int]]:
    """For each the lines that must turn off left of it."""
    leaves = {row: at for at, net in enumerate(nets) for row in net.rows("L")}
    found: list[set[int]] = []
    for at, net in enumerate(nets):
        found.append({leaves[row] for row in net.rows("R") if leaves.get(row, at) != at})
    return found


def _free(nets: Sequence[Net], found: dict[int, int], at: int, lane: int) -> int:
    """The first lane from `lane` on in which no other line's run comes near."""
    top, bottom = nets[at].span
    if nets[at].straight:
        return lane
    while True:
        taken = (nets[each].span for each, its in found.items() if its == lane and not nets[each].straight)
        if all(bottom < start or end < top for start, end in taken):
            return lane
        lane += 1


def _turn(net: Net) -> tuple[int, int]:
    """What takes its lane first. Of lines that go down the lowest, of lines that go up the highest: then they do not
    cross."""
    left = net.rows("L")
    if len(left) == 2:
        return 0, net.span[1] - net.span[0]
    if not left:
        return 2, -(net.span[1] - net.span[0])
    right = net.rows("R")[0]
    return 1, -left[0] if right > left[0] else left[0]
