"""For the tests of the screens: they may be coroutines, as Textual's pilot wants, and see no settings of a user."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.screen import Screen

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


@pytest.fixture(autouse=True)
def _painted_when_looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nobody sees a frame: a screen is drawn when a test looks at it, by `render_strips`, and not
    each time that it could be. That is two fifths of what the screens cost."""
    if request.path.parent == _HERE:
        monkeypatch.setattr(Compositor, "render_update", _not_now)


_now = Compositor.render_update


def _not_now(
    self: Compositor, full: bool = False, screen_stack: list[Screen[Any]] | None = None, simplify: bool = False
) -> RenderableType | None:
    """In place of `render_update`: what it leaves behind, without the picture unless it is for a screenshot."""
    if full:
        return _now(self, full, screen_stack, simplify)
    visible_screen_stack.set(screen_stack or [])
    self._dirty_regions.clear()
    return None
