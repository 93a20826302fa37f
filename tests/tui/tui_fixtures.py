"""For the tests of the screens: they may be coroutines, as Textual's pilot wants, and see no settings of a user."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual._compositor import Compositor
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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A hook, as fixtures would be set up for the ten thousand tests of other rooms too."""
    if item.path.parent != _HERE:
        return (yield)
    with pytest.MonkeyPatch.context() as changed:
        # The screens are the same whoever runs the tests; those about NO_COLOR set it themselves.
        for name in ("NO_COLOR", "TEXTUAL_THEME"):
            changed.delenv(name, raising=False)
        # The pilot looks twice as often whether the application has come to rest; it still waits longer than a frame.
        changed.setattr("textual._wait.SLEEP_GRANULARITY", 1 / 100, raising=False)
        # Without a terminal nobody sees a frame: a screen is drawn when a test looks at it, by `render_strips`, and
        # not each time that it could be. That is two fifths of what the screens cost.
        changed.setattr("textual._compositor.Compositor.render_update", _when_looked_at())
        return (yield)


@functools.cache
def _when_looked_at() -> Callable[..., RenderableType | None]:
    from textual._compositor import Compositor
    from textual._context import visible_screen_stack

    now = Compositor.render_update

    def not_now(
        self: Compositor, full: bool = False, screen_stack: list[Screen[Any]] | None = None, simplify: bool = False
    ) -> RenderableType | None:
        """In place of `render_update`: what it leaves behind, without the picture unless it is for a screenshot."""
        if full:
            return now(self, full, screen_stack, simplify)
        visible_screen_stack.set(screen_stack or [])
        self._dirty_regions.clear()
        return None

    return not_now
