"""A table that one test goes through says as much as a test for each row would."""

from __future__ import annotations

import inspect

import pytest
from tables import for_every


def test_every_row_is_tried_and_each_that_fails_is_named() -> None:
    tried = []

    @for_every("left, right", [(1, 1), pytest.param(1, 2, id="apart"), (3, 3), ("", 4)])
    def same(right: object, left: object, all_of: object) -> None:
        tried.append((left, right, all_of))
        assert left, "nothing there"
        if left != right:
            pytest.fail("they differ")

    assert list(inspect.signature(same).parameters) == ["all_of"]
    with pytest.raises(ExceptionGroup, match="2 of 4 rows") as failed:
        same(all_of="rows")
    assert tried == [(1, 1, "rows"), (1, 2, "rows"), (3, 3, "rows"), ("", 4, "rows")]
    said = [(str(each).splitlines()[0], each.__notes__) for each in failed.value.exceptions]
    assert said == [("they differ", ["row 1: apart"]), ("nothing there", ["row 3: ''-4"])]


def test_tables_of_tables_are_gone_through_too() -> None:
    @for_every("one", "ab", ids=str.upper)
    @for_every("two", "cd", ids=["C", "D"])
    def differs(one: str, two: str) -> None:
        assert (one, two) != ("b", "c")

    with pytest.raises(AssertionError) as failed:
        differs()
    assert failed.value.__notes__ == ["row 0: C", "row 1: B"]


def test_a_table_that_could_not_fail_is_refused() -> None:
    with pytest.raises(ValueError, match="could not fail"):
        for_every("one", [])
    with pytest.raises(ValueError, match="does not take"):
        for_every("one, two", [(1, 2)])(lambda one: None)
    with pytest.raises(ValueError, match="marked"):
        for_every("one", [pytest.param(1, marks=pytest.mark.skip)])
