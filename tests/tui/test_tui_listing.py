"""Sorting, filtering, marking and growing, against the plain way of doing each."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.base import SEVERITIES
from tui import index as index_module
from tui.index import RowIndex, finish
from tui.listing import Listing, Wish
from tui.order import merged, ordered, place
from tui.query import Column, Row, meets, parse, sort_key

COLUMNS = (
    Column(key="id", title="ID", names=True),
    Column(key="sev", title="SEVERITY", match="label", ranks=SEVERITIES),
    Column(key="risk", title="RISK", number=True),
    Column(key="port", title="PORTS", match="words"),
    Column(key="excepted", title="EXCEPTED", flags=("excepted",)),
)
CELLS = st.sampled_from(["a", "B", "ab", "é", "İ", "x\0y", "\ud800", "10.0.0.1", "Σας", "", "a b"])
ROWS = st.lists(
    st.tuples(
        CELLS,
        st.sampled_from(["◆ critical", "▲ high", "· info", ""]),
        st.sampled_from(["", "7", "70", "700 late"]),
        st.sampled_from(["443", "443 8443", ""]),
        st.sampled_from(["yes", "no"]),
    ),
    max_size=30,
)
QUERIES = st.lists(
    st.sampled_from([
        "a", "!b", "10.0", "é", "sev>=high", "!sev:crit", "sev<critical", "risk>=70", "risk<70", "!risk>7", "port:443",
        "!port:8443", "excepted", "!excepted", "id=ab,a", "id:a", '"a b"', '!"excepted"', "sev=high,info", "zz", "Σας",
    ]),
    max_size=3,
).map(" ".join)  # fmt: skip
SORTS = st.tuples(st.sampled_from([None, 0, 1, 2]), st.booleans())


@pytest.fixture(autouse=True, params=[3, 8192], ids=["many blocks", "one block"])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of three rows, with a form of their own for two different cells, find what one block finds."""
    monkeypatch.setattr(index_module, "BLOCK", request.param)
    if request.param == 3:
        monkeypatch.setattr(index_module, "_FEW", 2)


def named(rows: list[Row]) -> list[Row]:
    return [(f"{number} {row[0]}", *row[1:]) for number, row in enumerate(rows)]


def shown(rows: list[Row], query: str, column: int | None, down: bool) -> list[int]:
    """What a table shows, worked out the plain way."""
    numbers = list(range(len(rows)))
    if column is not None:
        key = sort_key(COLUMNS[column])
        numbers.sort(key=lambda number: key(rows[number][column]), reverse=down)
    terms = parse(query, COLUMNS)
    return [number for number in numbers if meets(rows[number], terms, COLUMNS)]


def wish(query: str, column: int | None, down: bool) -> Wish:
    return Wish(query, parse(query, COLUMNS), column, down and column is not None)


@settings(max_examples=60, deadline=None)
@given(ROWS, QUERIES)
def test_the_index_finds_what_looking_at_each_row_finds(rows: list[Row], query: str) -> None:
    terms = parse(query, COLUMNS)
    kept = finish(RowIndex(rows, COLUMNS).select(range(len(rows)), terms))
    assert kept == [at for at, row in enumerate(rows) if meets(row, terms, COLUMNS)]


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS, QUERIES, SORTS, st.data())
def test_rows_that_come_are_where_order_and_filter_have_them(
    rows: list[Row], more: list[Row], query: str, sort: tuple[int | None, bool], data: st.DataObject
) -> None:
    listing = Listing(COLUMNS, rows)
    listing.adopt(finish(listing.listed(wish(query, *sort))))
    assert list(listing.view) == shown(rows, query, *sort)
    for cut in range(0, len(more), 7):
        before = list(listing.view)
        places = listing.extend(more[cut : cut + 7])
        after = list(listing.view)
        assert [after[places(at)] for at in range(len(before))] == before, "each row is followed to its new place"
    assert list(listing.view) == shown(rows + more, query, *sort)
    other = data.draw(QUERIES)
    listing.adopt(finish(listing.listed(wish(other, *sort))))
    assert list(listing.view) == shown(rows + more, other, *sort), "the index knows the rows that came"


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS, QUERIES, SORTS, st.integers(0, 20))
def test_rows_that_come_while_a_thread_still_looks_are_not_lost(
    rows: list[Row], more: list[Row], query: str, sort: tuple[int | None, bool], steps: int
) -> None:
    listing = Listing(COLUMNS, rows)
    work = listing.listed(wish(query, *sort))
    listed = None
    try:
        for _ in range(steps):
            next(work)
    except StopIteration as done:
        listed = done.value
    listing.extend(more)
    listing.adopt(finish(work) if listed is None else listed)
    assert list(listing.view) == shown(rows + more, query, *sort)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)), st.booleans())
def test_merging_keeps_the_order_that_sorting_would_make(old: list[int], new: list[int], down: bool) -> None:
    keys = old + new
    order = finish(ordered(len(old), keys.__getitem__, down))
    both, places = merged(order, range(len(old), len(keys)), keys.__getitem__, down)
    assert both == sorted(range(len(keys)), key=keys.__getitem__, reverse=down)
    assert places == sorted(places)
    assert all(0 <= place(order, number, keys.__getitem__, down) <= len(old) for number in range(len(keys)))


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("spread", [1, 3, 1_000_000])
def test_many_rows_are_sorted_in_parts_as_if_at_once(down: bool, spread: int) -> None:
    keys = [number * 7_919 % 40_009 % spread for number in range(40_000)]
    assert finish(ordered(len(keys), keys.__getitem__, down)) == sorted(
        range(len(keys)), key=keys.__getitem__, reverse=down
    )


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sets(st.integers(0, 29)), st.randoms(use_true_random=False))
def test_marks_follow_the_names_of_rows(rows: list[Row], marks: set[int], shuffled: object) -> None:
    old = named(rows)
    listing = Listing(COLUMNS, old)
    marks = {each for each in marks if each < len(rows)}
    listing.mark(marks)
    new = old[len(old) // 3 :]
    shuffled.shuffle(new)  # type: ignore[attr-defined]
    number = listing.replace(COLUMNS, new)
    kept = {old[each][0] for each in marks} & {row[0] for row in new}
    assert {new[each][0] for each in listing.marked} == kept
    for each, row in enumerate(old):
        found = number(each)
        assert (new[found] if found is not None else None) == (row if row in new else None)


def test_where_no_row_keeps_its_name_rows_keep_their_places() -> None:
    listing = Listing(COLUMNS, [("servers/10.0.0.1", "", "", "", ""), ("servers/10.0.0.2", "", "", "", "")])
    listing.mark([1])
    assert listing.replace(COLUMNS, [("servers/h-1", "", "", "", ""), ("servers/h-2", "", "", "", "")])(1) == 1
    assert listing.marked == {1}, "masked rows are the same rows"
    assert listing.replace(COLUMNS, [("other", "", "", "", "")])(1) is None
    assert listing.marked == set()


def test_marking_what_is_all_marked_unmarks_it() -> None:
    listing = Listing(COLUMNS, [("", "", "", "", "")] * 5)
    listing.mark([1, 2])
    listing.mark([2, 3])
    assert listing.marked == {1, 2, 3}
    listing.mark([2, 3])
    assert listing.marked_rows() == (1,)
