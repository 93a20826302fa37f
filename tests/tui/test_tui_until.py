from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.until import LONG, read_until

TODAY = datetime.date(2026, 1, 31)
READ = {
    "2026-03-31": ("2026-03-31", "in 59 days"),
    " 2026-01-31 ": ("2026-01-31", "today, the last day"),
    "2026-02-01": ("2026-02-01", "in 1 day"),
    "30d": ("2026-03-02", "2026-03-02, in 30 days"),
    "6w": ("2026-03-14", "2026-03-14, in 42 days"),
    "1m": ("2026-02-28", "2026-02-28, in 28 days"),
    "3M": ("2026-04-30", "2026-04-30, in 89 days"),
    "1 y": ("2027-01-31", "2027-01-31, in 365 days"),
    "11m": ("2026-12-31", "2026-12-31, in 334 days"),
    "12m": ("2027-01-31", "2027-01-31, in 365 days"),
    "0d": ("2026-01-31", "2026-01-31, today, the last day"),
}


@pytest.mark.parametrize("text", READ)
def test_a_day_or_a_time_from_today(text: str) -> None:
    found = read_until(text, TODAY)
    assert (str(found.day), found.words) == READ[text]
    assert not found.doubtful


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the last day"),
        ("soon", "is no day"),
        ("2026-02-30", "is no day"),
        ("20260331", "is no day"),
        ("2026-W13-3", "is no day"),
        ("2026-01-30", "2026-01-30 is past"),
        ("-3d", "is no day"),
        ("9999y", "is no day"),
        ("2026-03-31\x1b[2J", "is no day"),
        ("٣d", "is no day"),
    ],
)
def test_what_names_no_day_says_what_to_write(text: str, words: str) -> None:
    found = read_until(text, TODAY)
    assert found.day is None
    assert words in found.words


def test_more_than_a_year_is_doubtful_and_taken() -> None:
    assert not read_until(f"{LONG}d", TODAY).doubtful
    found = read_until(f"{LONG + 1}d", TODAY)
    assert found.doubtful
    assert found.day == TODAY + datetime.timedelta(days=LONG + 1)
    assert "an auditor will ask why" in found.words


@settings(max_examples=80, deadline=None)
@given(text=st.text(max_size=12), today=st.dates())
def test_no_text_is_an_error_and_no_day_is_past(text: str, today: datetime.date) -> None:
    found = read_until(text, today)
    assert found.words
    assert found.day is None or found.day >= today


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 400), unit=st.sampled_from("dwmy"), today=st.dates(max_value=datetime.date(2400, 1, 1)))
def test_a_longer_time_is_never_an_earlier_day(count: int, unit: str, today: datetime.date) -> None:
    first, second = (read_until(f"{each}{unit}", today).day for each in (count, count + 1))
    assert first is not None
    assert second is not None
    assert first <= second
    if unit in "my":
        assert first.day == today.day or (
            first.day < today.day and first.month != (first + datetime.timedelta(1)).month
        )
