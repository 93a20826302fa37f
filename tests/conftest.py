"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is there that a test could need (CI says so), a test that skips has failed."""
    report = yield
    feeds_missing = "feeds" in str(report.longrepr)  # they are not part of the project
    if report.skipped and not feeds_missing and os.environ.get("FENCEWALK_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which FENCEWALK_NO_SKIPS forbids: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
