"""For the tests of the screens: they may be coroutines, as Textual's pilot wants, and see no settings of a user."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(autouse=True)
def _colours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The screens are the same whoever runs the tests; those about NO_COLOR set it themselves."""
    if request.path.parent != _HERE:
        return
    for name in ("NO_COLOR", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _brisk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot looks twice as often whether the application has come to rest; it still waits longer than a frame."""
    if request.path.parent != _HERE:
        return
    monkeypatch.setattr("textual._wait.SLEEP_GRANULARITY", 1 / 100, raising=False)
