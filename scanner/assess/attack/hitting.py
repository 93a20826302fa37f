"""The smallest set that meets every one of some sets: branch and bound, exact while its budget lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

Element = tuple[str, str]
Worth = Mapping[Element, tuple[int, ...]]
"""Of each element that is in any set, as tuples of one length; the first number weighs most."""
_BUDGET = 20_000
"""Branches of the search tree."""


def smallest(sets: Collection[frozenset[Element]], worth: Worth) -> tuple[frozenset[Element], bool]:
    """A set with an element of each of `sets` (none of them empty) that has the fewest elements, and whether that is
    proven. Of several the one whose elements are worth most together, then the first by name.

    Some set has to be met, and each of its elements is one branch; what an earlier branch took is banned in the later
    ones, so that nothing is looked at twice. Sets that share no element take one element each: so many more are needed
    at least, and a branch that cannot come down to the best known is left.
    """
    fewest = _minimal(sets)
    search = _Search(fewest, worth)
    search.branch(frozenset(), frozenset())
    return search.best, search.left > 0 or len(search.best) == _disjoint(fewest)


class _Search:
    def __init__(self, sets: list[frozenset[Element]], worth: Worth) -> None:
        self._sets = sets
        self._worth = worth
        self.left = _BUDGET
        self.best: frozenset[Element] = greedy(sets, worth)

    def branch(self, chosen: frozenset[Element], banned: frozenset[Element]) -> None:
        self.left -= 1
        if self.left <= 0:
            return
        open_ = [each - banned for each in self._sets if each.isdisjoint(chosen)]
        if not open_:
            if self._rank(chosen) < self._rank(self.best):
                self.best = chosen
            return
        if not all(open_) or len(chosen) + _disjoint(open_) > len(self.best):
            return
        fewest = min(open_, key=_short)
        for element in sorted(fewest, key=self._first):
            self.branch(chosen | {element}, banned)
            banned |= {element}

    def _first(self, element: Element) -> tuple[tuple[int, ...], Element]:
        return tuple(-each for each in self._worth[element]), element

    def _rank(self, chosen: frozenset[Element]) -> tuple[int, tuple[int, ...], list[Element]]:
        worth = zip(*(self._worth[each] for each in chosen), strict=True)
        return len(chosen), tuple(-sum(each) for each in worth), sorted(chosen)


def greedy(sets: Collection[frozenset[Element]], worth: Worth) -> frozenset[Element]:
    """A set that meets all, not always the smallest: what meets most of the rest is taken, the needless dropped."""
    chosen: list[Element] = []
    open_ = list(sets)
    while open_:
        counts = Counter(element for each in open_ for element in each)
        found = min(counts, key=lambda e: (-counts[e], tuple(-each for each in worth[e]), e))
        chosen.append(found)
        open_ = [each for each in open_ if found not in each]
    for element in list(chosen):
        rest = {each for each in chosen if each != element}
        if all(not each.isdisjoint(rest) for each in sets):
            chosen.remove(element)
    return frozenset(chosen)


def _minimal(sets: Collection[frozenset[Element]]) -> list[frozenset[Element]]:
    """Without the sets that hold another one: who meets that one meets them."""
    found: list[frozenset[Element]] = []
    for each in sorted(set(sets), key=_short):
        if not any(other <= each for other in found):
            found.append(each)
    return found


def _short(each: frozenset[Element]) -> tuple[int, list[Element]]:
    return len(each), sorted(each)


def _disjoint(sets: Collection[frozenset[Element]]) -> int:
    """How many of the sets share no element with each other, counted the greedy way: a lower bound."""
    used: set[Element] = set()
    count = 0
    for each in sorted(sets, key=len):
        if each.isdisjoint(used):
            used |= each
            count += 1
    return count
