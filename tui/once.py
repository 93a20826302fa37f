"""What is worked out once for a report and asked for at every step of a cursor."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from scanner.model.report import Report

T = TypeVar("T")

_KEPT = 2
"""The report as it was assessed and the same one masked."""


def per_report(work_out: Callable[[Report], T]) -> Callable[[Report], T]:
    """The same answer for the same report, without working it out again. It goes by identity: equality takes long."""
    kept: list[tuple[Report, T]] = []

    @wraps(work_out)
    def answer(report: Report) -> T:
        for known, found in kept:
            if known is report:
                return found
        found = work_out(report)
        kept.insert(0, (report, found))
        del kept[_KEPT:]
        return found

    return answer
