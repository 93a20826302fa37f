"""Advisories whose days have yet to come, or that have none: they make no feed fresh, and replace nothing."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from feeds.editions import advisory, osv

from scanner.errors import BadInput
from scanner.feeds.cache import pinned
from scanner.feeds.feed import feeds
from scanner.feeds.update import take
from scanner.importers.osv import read_osv

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
FUTURE, BEFORE = "2099-01-01T00:00:00Z", "2026-11-01T00:00:00Z"


def edition(*modified: str, published: str = BEFORE) -> bytes:
    return osv(
        *(
            advisory(f"ALSA-2026:{at}", "AlmaLinux:8", {"a": f"1-{at}.el8"}, ("CVE-2026-1000",), modified=day,
                     published=published)
            for at, day in enumerate(modified, 1)
        )
    )  # fmt: skip


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("modified", "told"),
    [
        ((FUTURE,), "2099-01-01, which is yet to come; look at this computer's clock"),
        ((BEFORE, FUTURE), "2099-01-01, which is yet to come"),
        (("some day",), "none of its advisories says of which day it is"),
    ],
)
def test_it_replaces_nothing(tmp_path: Path, modified: tuple[str, ...], told: str, whole: bool) -> None:
    feed = feeds()["osv-almalinux"]
    take(tmp_path, "osv-almalinux", feed, edition(BEFORE), NOW, origin="a.zip", published=None)
    before = pinned(tmp_path, "osv-almalinux")
    with pytest.raises(BadInput, match=told):
        take(tmp_path, "osv-almalinux", feed, edition(*modified), NOW, origin="b.zip", published=None, whole=whole)
    assert pinned(tmp_path, "osv-almalinux") == before


def test_tomorrow_by_another_calendar_is_today() -> None:
    assert read_osv(edition("2026-11-23T02:00:00Z"), "a.zip", NOW.date()).dated == NOW.date()


def test_a_release_day_that_has_yet_to_come_is_not_believed() -> None:
    found = read_osv(edition(BEFORE, published=FUTURE), "a.zip", NOW.date()).facts
    assert isinstance(found, dict)
    (fix,) = found["el:8"]["a"]
    assert (fix.fixed_at, fix.source.retrieved) == (datetime.date(2026, 11, 1), datetime.date(2026, 11, 1))
