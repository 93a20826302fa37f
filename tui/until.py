"""The last day of an exception, as a person types it: a day, or a time from today. Pure."""

from __future__ import annotations

import calendar
import datetime
import re

import msgspec

from scanner.model.text import plural

LONG = 366
"""Days after which an auditor asks why."""
HINT = "the last day, as 2027-03-31, or how long: 30d, 6w, 3m, 1y"
_SPAN = re.compile(r"([0-9]{1,4})\s*([dwmy])", re.ASCII | re.IGNORECASE)


class Until(msgspec.Struct, frozen=True):
    """What was typed, read. `day` is None where it names no day that can be accepted until."""

    day: datetime.date | None
    words: str
    """What it comes to, or what is wrong with it."""
    doubtful: bool = False
    """It can be accepted, and should be thought over."""


def read_until(text: str, today: datetime.date) -> Until:
    text = text.strip()
    if not text:
        return Until(None, HINT)
    span = _SPAN.fullmatch(text)
    try:
        day = _after(today, int(span[1]), span[2].lower()) if span else datetime.date.fromisoformat(text)
    except (ValueError, OverflowError):
        return Until(None, f"is no day: write {HINT}")
    if not span and text != day.isoformat():  # fromisoformat takes 20270331 and 2027-W13-3 as well
        return Until(None, f"is no day: write {HINT}")
    left = (day - today).days
    if left < 0:
        return Until(None, f"{day} is past: name the last day on which it is accepted")
    when = "today, the last day" if not left else f"in {plural(left, 'day')}"
    words = f"{day}, {when}" if span else when
    if left > LONG:
        return Until(day, f"{words}: more than a year away, and an auditor will ask why", doubtful=True)
    return Until(day, words)


def _after(today: datetime.date, count: int, unit: str) -> datetime.date:
    if unit in "dw":
        return today + datetime.timedelta(days=count * (7 if unit == "w" else 1))
    months = today.month - 1 + count * (12 if unit == "y" else 1)
    year, month = today.year + months // 12, months % 12 + 1
    if year > datetime.MAXYEAR:
        raise OverflowError
    return today.replace(year=year, month=month, day=min(today.day, calendar.monthrange(year, month)[1]))
