"""The figures of each day's assessment, kept beside the scan data."""

from __future__ import annotations

import datetime
import sqlite3
from pathlib import Path

import pytest

from scanner.errors import BadInput
from scanner.model.recorded import TrendRow
from scanner.store import Store
from scanner.store.diary import figures, keep_figures

TODAY = datetime.date(2026, 11, 22)


def row(day: str, risk: int = 1) -> TrendRow:
    return TrendRow(day, {"high": 2, "low": 1}, risk, {"BREACHED": 1}, {"COMPLIANT": 3}, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Store(tmp_path / "scans.sqlite"):
        return tmp_path / "scans.sqlite"


def kept(path: Path, before: datetime.date = TODAY, site: str = "s") -> tuple[TrendRow, ...]:
    with Store(path, create=False) as store:
        return figures(store, "c", site, before)


def keep(path: Path, *rows: TrendRow) -> None:
    with Store(path) as store:
        for each in rows:
            keep_figures(store, "c", "s", each)


def test_a_store_that_nothing_was_kept_in_has_none(path: Path) -> None:
    assert kept(path) == ()


def test_the_last_one_of_a_day_counts_and_only_earlier_days_are_shown(path: Path) -> None:
    keep(path, row("2026-11-21", 7), row("2026-11-01"), row("2026-11-21", 9), row("2026-11-22"), row("2026-12-01"))
    assert kept(path) == (row("2026-11-01"), row("2026-11-21", 9))
    assert kept(path, site="other") == ()


def test_only_the_newest_days_are_looked_back_on(path: Path) -> None:
    days = [datetime.date(2025, 1, 1) + datetime.timedelta(number) for number in range(130)]
    keep(path, *(row(each.isoformat()) for each in days))
    assert [each.date for each in kept(path)] == [each.isoformat() for each in days[-120:]]


def test_scan_data_stays_as_it_was(path: Path) -> None:
    def tables() -> list[tuple[str, ...]]:
        with sqlite3.connect(path) as db:
            return [each for name in ("scans", "observations", "units") for each in db.execute(f"SELECT * FROM {name}")]

    before = tables()
    keep(path, row("2026-11-01"))
    assert tables() == before


def test_damaged_figures_are_one_sentence(path: Path) -> None:
    keep(path, row("2026-11-01"))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE assessments SET body = ?", (b'{"date": 7}',))
    db.close()
    with pytest.raises(BadInput, match="damaged"):
        kept(path)
