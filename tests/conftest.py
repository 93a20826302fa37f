"""Fixtures that every room's tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

# Hypothesis' own deadline is the clock's, which other work on the machine stretches.
settings.register_profile("fencewalk", deadline=None)
settings.load_profile("fencewalk")

pytest_plugins = ["cli_fixtures", "lab_fixtures", "tui_fixtures", "turns"]

# A program that a test starts, of hundreds, would else compile all of our modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


# Nothing of what is loaded and collected is garbage, and it stays: to look through it again and again is a fifth of
# what the collecting costs, and of what the screens cost.
gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is there that a test could need (CI says so), a test that skips has failed."""
    report = yield
    # The feeds are no part of the project; and a checkout may lie where the user nobody may not read.
    elsewhere = any(word in str(report.longrepr) for word in ("feeds", "user nobody"))
    if report.skipped and not elsewhere and os.environ.get("FENCEWALK_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, which FENCEWALK_NO_SKIPS forbids: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Generator[None, None, None]:
    """Whoever runs the tests may have feeds of his own; no test is to see them, or to write there."""
    with pytest.MonkeyPatch.context() as changed:
        changed.delenv("FENCEWALK_DATA", raising=False)
        changed.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
