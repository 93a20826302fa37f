"""Every screen and window, and the keys that lead there and out again. Of `still_desk` and its report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from textual.pilot import Pilot
from textual.screen import ModalScreen

from tui.keymap import TABS
from tui.theme import PALETTES


class Scene(NamedTuple):
    """A screen or a window: how one gets there from any screen, and how out of it again."""

    name: str
    into: tuple[str, ...]
    out: tuple[str, ...] = ()
    shown: str = ""
    """What is there once the screen is whole, where that takes its time."""

    @property
    def themes(self) -> tuple[str, ...]:
        """The screens in all; the windows, which are made of the same, in the two that differ most."""
        return tuple(PALETTES) if self.name in (*TABS, "fixes") else ("fencewalk-dark", "fencewalk-light")


WINDOW = "<window>"
"""Among the keys: not before a window is open."""


async def press(pilot: Pilot[Any], keys: Sequence[str]) -> None:
    """Each key once what the one before it did is done."""
    for key in keys:
        if key == WINDOW:
            await until(pilot, lambda: isinstance(pilot.app.screen, ModalScreen))
        else:
            await pilot.press(key)
            await pilot.pause()


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> bool:
    """Whether it came to hold within the time that a busy machine may take."""
    for _ in range(200):
        if holds():
            return True
        await pilot.pause(0.05)
    return holds()


SCENES = (
    *(Scene(tab, (str(at % 10),)) for at, tab in enumerate(TABS, 1)),
    Scene("fixes", ("f",)),
    Scene("hosts-read", ("2", "G", "enter"), ("escape", "g")),
    Scene("gaps-filtered", ("5", "slash", *"sev>=high", "enter"), ("escape",)),
    Scene("gaps-wrong-filter", ("5", "slash", *"sev>=hihg", "enter"), ("escape",)),
    Scene("window-keys", ("5", "question_mark"), ("escape",)),
    Scene("window-evidence", ("5", "g", "e"), ("escape",)),
    Scene("window-path", ("5", "g", "p"), ("escape",)),
    Scene("window-ticket", ("5", "g", "t"), ("escape",)),
    Scene("window-accept", ("5", "g", "x"), ("escape",)),
    Scene("window-jump", ("5", "ctrl+o"), ("escape",)),
    Scene("window-columns", ("5", "w"), ("escape",)),
    Scene("window-start", ("7", "g", "enter"), ("escape",)),
    Scene("scan-under-way", ("7", "g", "enter", WINDOW, "ctrl+s"), ("escape",), "what the firewall counts"),
    Scene("window-pause", ("ctrl+c",), ("escape",)),
)
