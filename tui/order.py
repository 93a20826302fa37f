"""Sorting in parts, and putting a few rows into a great many that are sorted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from tui.index import BLOCK, Steps

Key = Callable[[int], Any]
"""What row numbers compare by."""


def ordered(count: int, key: Key, down: bool) -> Steps[list[int]]:
    """The numbers up to `count` by their keys, equal ones in their own order; down: the greatest key first.

    Many are sorted in parts: by a sample of keys they are put into drawers, and each drawer is sorted by itself.
    """
    keys: list[Any] = []
    for start in range(0, count, BLOCK):
        keys.extend(map(key, range(start, min(start + BLOCK, count))))
        yield
    bounds = _bounds(keys) if count > 4 * BLOCK else []
    drawers: list[list[int]] = [[] for _ in range(len(bounds) + 1)]
    for start in range(0, count, BLOCK):
        for number, value in enumerate(keys[start : start + BLOCK], start):
            drawers[bisect_right(bounds, value)].append(number)
        yield
    result: list[int] = []
    for drawer in reversed(drawers) if down else drawers:
        drawer.sort(key=keys.__getitem__, reverse=down)
        result += drawer
        yield
    while keys:
        # A million of them take a tenth of a second to be thrown away at once.
        del keys[-4 * BLOCK :]
        yield
    return result


def _bounds(keys: Sequence[Any]) -> list[Any]:
    """Keys that part all of them into some hundred groups of about equal size."""
    # Taken here and there: rows repeat at even distances more often than not.
    some = sorted(keys[number * 2_654_435_761 % len(keys)] for number in range(2048))[::8]
    return [each for at, each in enumerate(some) if not at or some[at - 1] != each]


def place(order: Sequence[int], number: int, key: Key, down: bool) -> int:
    """Where a number that is greater than all in `order` comes in it: behind those with an equal key."""
    value = key(number)
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        other = key(order[middle])
        if (other < value) if down else (value < other):
            high = middle
        else:
            low = middle + 1
    return low


def merged(order: Sequence[int], new: Sequence[int], key: Key, down: bool) -> tuple[list[int], list[int]]:
    """`order` with rising numbers that come after all of its own put in, and for each where in `order` it came.

    In few copies of long pieces, as a list of a million is copied in a millisecond and changed fifty times is not.
    """
    result: list[int] = []
    start = 0
    # `new` sorted the same way: what goes to one place keeps the order of its keys.
    ranked = sorted(new, key=key, reverse=down)
    places = [place(order, number, key, down) for number in ranked]
    for at, number in zip(places, ranked, strict=True):
        result += order[start:at]
        result.append(number)
        start = at
    result += order[start:]
    return result, places
