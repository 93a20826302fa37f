"""The smallest set that meets every one of some sets, against trying them all."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess.attack.hitting import Element, greedy, smallest

ELEMENTS: list[Element] = [(f"z{i}", f"z{j}") for i in range(3) for j in range(3)]
SETS = st.sets(st.frozensets(st.sampled_from(ELEMENTS), min_size=1, max_size=4), max_size=10)
WORTH = st.fixed_dictionaries({each: st.tuples(st.integers(0, 2), st.integers(0, 2)) for each in ELEMENTS})


def worth_of(chosen: object, worth: dict[Element, tuple[int, int]]) -> tuple[int, ...]:
    return tuple(map(sum, zip((0, 0), *(worth[each] for each in chosen), strict=True)))  # type: ignore[attr-defined]


@settings(max_examples=150, deadline=None)
@given(SETS, WORTH)
def test_no_other_set_is_smaller_or_as_small_and_worth_more(
    sets: set[frozenset[Element]], worth: dict[Element, tuple[int, int]]
) -> None:
    found, proven = smallest(sets, worth)
    hitting = [
        set(each)
        for size in range(len(ELEMENTS) + 1)
        for each in itertools.combinations(ELEMENTS, size)
        if all(not one.isdisjoint(each) for one in sets)
    ]
    least = min(map(len, hitting))
    best = max(worth_of(each, worth) for each in hitting if len(each) == least)
    assert proven
    assert found in hitting
    assert (len(found), worth_of(found, worth)) == (least, best)


@settings(max_examples=100, deadline=None)
@given(SETS, WORTH)
def test_the_greedy_set_meets_all_and_has_nothing_needless(
    sets: set[frozenset[Element]], worth: dict[Element, tuple[int, int]]
) -> None:
    found = greedy(sets, worth)
    assert all(not each.isdisjoint(found) for each in sets)
    for needless in found:
        assert any(each.isdisjoint(found - {needless}) for each in sets)


def test_what_takes_too_long_is_given_up_and_said_so() -> None:
    """Triples of a projective plane's kind: no bound is near, and no two are alike."""
    names = [(f"z{i}", "x") for i in range(61)]
    sets = {
        frozenset({names[i], names[(i + d) % 61], names[(i * i + 3 * d) % 61]}) for i in range(61) for d in (1, 9, 20)
    }
    found, proven = smallest(sets, dict.fromkeys(names, (0,)))
    assert not proven
    assert all(not each.isdisjoint(found) for each in sets)
