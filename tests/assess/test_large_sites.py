"""A large client's network is judged in time that grows as the network does, and every host of it is a row."""

from __future__ import annotations

import datetime
import time

from benchmarks.large_site import large_site, sessions

from scanner.assess import assess
from scanner.assess.facts.memory import uncollected
from scanner.feeds import bundled_knowledge
from scanner.identify.vendor import vendor
from scanner.model.report import Report

_DAY = datetime.date(2025, 12, 1)


def _judged(hosts: int) -> tuple[Report, float]:
    """The report, and the processor time that it took."""
    seen = tuple(sessions(hosts, 1.75e9))
    with uncollected():
        before = time.process_time()
        report = assess(large_site(), seen, bundled_knowledge(), _DAY, (), vendor)
        return report, time.process_time() - before


def test_twice_the_hosts_take_little_more_than_twice_the_time() -> None:
    _judged(128)  # what is read and compiled once
    _, half = _judged(1024)
    report, whole = _judged(2048)
    assert whole < 3 * half
    assert len(report.hosts) >= 2048
    assert report.summary is not None
    assert report.summary.services > 3 * 2048
