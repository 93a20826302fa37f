"""What the schemes share: turning keys into an order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from scanner.versions import Order

NUMBER = "[0-9]{1,18}"
"""One number of a version. ASCII only (`\\d` takes every script's digits), and bounded: no version is that long, and
an unbounded one would make `int` refuse it with an exception."""
_NUMBERS = re.compile(NUMBER)
_KEPT = 4096
"""Keys that a scheme remembers: the same few minimums are compared with over and over."""


def order(left: Any, right: Any) -> Order:
    """Of two keys of the same make."""
    if left == right:
        return 0
    return -1 if left < right else 1


def by_key(key: Callable[[str], Any]) -> Callable[[str, str], Order | None]:
    """The comparison of a scheme in which every version has a place: `key` gives it, None for what is no version."""
    kept = lru_cache(_KEPT)(key)

    def compare(left: str, right: str) -> Order | None:
        first, second = kept(left.strip()), kept(right.strip())
        return None if first is None or second is None else order(first, second)

    return compare


def by_stages(
    form: re.Pattern[str], stages: Sequence[str | None], *, after: Sequence[str] = ("number",)
) -> Callable[[str, str], Order | None]:
    """The comparison of a scheme of three numbers (`a`, `b`, `c`), then a `stage` in its order among `stages` (None:
    the release itself), then the numbers of the groups `after`."""

    def key(text: str) -> tuple[int, ...] | None:
        found = form.fullmatch(text)
        if found is None:
            return None
        return *integers(found, "a", "b", "c"), stages.index(found["stage"]), *integers(found, *after)

    return by_key(key)


def by_line(place: Callable[[str], tuple[Any, Any] | None]) -> Callable[[str, str], Order | None]:
    """The comparison of a scheme in which only versions of one line follow one another (a train, an edition).

    `place` gives the line, and the key within it; None for what is no version.
    """

    kept = lru_cache(_KEPT)(place)

    def compare(left: str, right: str) -> Order | None:
        first, second = kept(left.strip()), kept(right.strip())
        if first is None or second is None or first[0] != second[0]:
            return None
        return order(first[1], second[1])

    return compare


class Place(NamedTuple):
    """Where a version stands. Its parts are compared in turn, the first of them being the release."""

    parts: tuple[Any, ...]
    """None for one that the text hides: from there on nothing can be said."""
    kind: Any = None
    """What the parts behind the release count (builds, letters): two kinds are comparable by the release alone."""
    line: Any = None
    """Versions of two lines (editions, hardware) are never comparable."""


def by_place(place: Callable[[str], Place | None]) -> Callable[[str, str], Order | None]:
    """The comparison of a scheme in which a text can hide a part of the version. A place has as many parts as any."""
    kept = lru_cache(_KEPT)(place)

    def compare(left: str, right: str) -> Order | None:
        first, second = kept(left.strip()), kept(right.strip())
        if first is None or second is None or first.line != second.line:
            return None
        same_kind = first.kind == second.kind
        for position, (part, other) in enumerate(zip(first.parts, second.parts, strict=True)):
            if part is None or other is None or (position and not same_kind):
                return None
            if part != other:
                return order(part, other)
        return 0

    return compare


def integers(found: re.Match[str], *names: str) -> tuple[int, ...]:
    """The named groups of a match as numbers; 0 for a group that took no part."""
    return tuple(int(found[name] or 0) for name in names)


def numbers(text: str) -> tuple[int, ...]:
    """The numbers in a text that a pattern has already checked, without trailing zeros, so that 11.0 equals 11."""
    found = [int(each) for each in _NUMBERS.findall(text)]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)
