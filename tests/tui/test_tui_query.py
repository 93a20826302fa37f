from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.base import SEVERITIES
from tui.query import Column, QueryError, haystacks, parse, select, sort_key

COLUMNS = (
    Column(key="sev", title="SEVERITY", match="label", ranks=SEVERITIES),
    Column(key="host", title="HOST"),
    Column(key="zone", title="ZONE"),
    Column(key="port", title="", shown=False, match="words"),
)
ROWS = [
    ("◆ critical", "10.20.20.10", "servers", "22 5432"),
    ("▲ high", "10.20.20.101", "servers-lab", "443"),
    ("", "fd20::10", "Guest Lab", "8443 22"),
    ("· info", "10.20.50.7", "guest", ""),
]


def kept(text: str) -> list[int]:
    return select(range(len(ROWS)), parse(text, COLUMNS), ROWS, COLUMNS, lambda: haystacks(ROWS))


@pytest.mark.parametrize(
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
