from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.model.base import SEVERITIES
from tui.index import RowIndex, finish
from tui.query import Column, QueryError, meets, parse, quoted, sort_key

COLUMNS = (
    Column(key="sev", title="SEVERITY", match="label", ranks=SEVERITIES),
    Column(key="host", title="HOST"),
    Column(key="zone", title="ZONE"),
    Column(key="port", title="", shown=False, match="words"),
    Column(key="days", title="DAYS", number=True),
    Column(key="overdue", title="", shown=False, flags=("late",)),
)
ROWS = [
    ("◆ critical", "10.20.20.10", "servers", "22 5432", "3 left", "no"),
    ("▲ high", "10.20.20.101", "servers-lab", "443", "7 over", "yes"),
    ("", "fd20::10", "Guest Lab", "8443 22", "", "no"),
    ("· info", "10.20.50.7", "guest", "", "", "no"),
]


def kept(text: str) -> list[int]:
    terms = parse(text, COLUMNS)
    rows = finish(RowIndex(ROWS, COLUMNS).select(range(len(ROWS)), terms))
    assert rows == [at for at, row in enumerate(ROWS) if meets(row, terms, COLUMNS)], "one row at a time says the same"
    return rows


@for_every(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("   ", [0, 1, 2, 3]),
        ("GUEST", [2, 3]),
        ("10.20.20.10", [0, 1]),
        ("host=10.20.20.10", [0]),
        ("sev>=high", [0, 1]),
        ("SEV>=High", [0, 1]),
        ("sev<=high", [1, 3]),
        ("sev=high", [1]),
        ("sev:h", [1]),
        ("zone:servers", [0, 1]),
        ("zone=servers", [0]),
        ("port:443", [1]),
        ("port:22", [0, 2]),
        ("port:22 zone:guest", [2]),
        ('zone="guest lab"', [2]),
        ('"guest lab"', [2]),
        ("zone:", [0, 1, 2, 3]),
        ("fd20::10", [2]),
        ("http://nothing", []),
        ("servers22", []),
        ("10 servers", [0, 1]),
        ('"sev>=high"', []),
        ("!guest", [0, 1]),
        ("!sev=high !zone:guest", [0]),
        ("sev>high", [0]),
        ("sev<high", [3]),
        ("!sev>=high", [2, 3]),
        ("port:443,5432", [0, 1]),
        ("!port:22,443", [3]),
        ("zone=servers,guest", [0, 3]),
        ('zone="guest lab",servers', [0, 2]),
        ('zone:"servers,guest"', []),
        ("!", [0, 1, 2, 3]),
        ("!zone:", [0, 1, 2, 3]),
        ("late", [1]),
        ("!LATE", [0, 2, 3]),
        ('"late"', []),
        ("overdue:yes", [1]),
        ("days>=7", [1]),
        ("days<7", [0]),
        ("days>7", []),
    ],
)
def test_a_filter_keeps_the_rows_that_meet_every_term(text: str, rows: list[int]) -> None:
    assert kept(text) == rows


@pytest.mark.parametrize(
    ("text", "says"),
    [("sev>=awful", "info, low, medium, high, critical"), ("sev>=", "takes info"), ("host>=10", "write host:10")],
)
def test_a_comparison_that_makes_no_sense_is_said(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        parse(text, COLUMNS)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_query_error(text: str) -> None:
    try:
        rows = kept(text)
    except QueryError:
        return
    assert rows == sorted(rows)
    assert set(rows) <= set(range(len(ROWS)))


def test_ranked_columns_sort_by_rank_and_rows_without_one_come_first() -> None:
    key = sort_key(COLUMNS[0])
    assert sorted((row[0] for row in ROWS), key=key) == ["", "· info", "▲ high", "◆ critical"]


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=20))
def test_a_quoted_value_is_that_value_whatever_is_in_it(value: str) -> None:
    terms = parse(f"zone={quoted(value)} {quoted(value)}", COLUMNS)
    assert [term.values for term in terms] == ([(value.lower(),)] * 2 if value else [])
