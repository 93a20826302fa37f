"""`python hostile_walk.py SEED ROUNDS`, on a terminal: every screen and window, with hostile text wherever text of a
network, a file or a tool may stand; new text each round. Ends with code 0; says in its last line how many it showed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from defusedxml import ElementTree
from scenes import SCENES, WINDOW, Scene, press, until
from still_desk import StillDesk, whole_report
from textual.pilot import Pilot
from textual.screen import ModalScreen

from scanner.model.report import Report
from tui.app import FencewalkApp
from tui.keymap import TABS
from tui.mask import Mask

MARK = "7777"
"""In every command to a terminal that is generated here, and in none of Textual's."""
COMMANDS = (
    f"\x1b[{MARK}m", f"\x1b[2J\x1b[{MARK};{MARK}H", f"\x9b{MARK}m", f"\x1b]0;{MARK}\x07", f"\x1b]52;c;{MARK}\x1b\\",
    f"\x9d2;{MARK}\x9c", f"\x1bP+q{MARK}\x1b\\", f"\x90{MARK}\x9c", f"\x1b_{MARK}\x1b\\", f"\x1b^{MARK}\x1b\\",
    f"\x1bX{MARK}\x1b\\", f"\x1b]8;;http://{MARK}\x1b\\x\x1b]8;;\x1b\\", "\x1bc", "\x1b(0", "\x1b#8", "\x0e", "\x0f",
    f"\x1b[{MARK}$p", f"\x1b[>{MARK}u", f"\x1b]22;{MARK}\x07",
)  # fmt: skip
MARKUP = (
    "[/x]", "[red]", "[/]", "[", "]", "[[", "[@click=app.quit]x[/]", "[link=http://x]x[/link]", "\\[", "$fw-red",
    "[$x on", "{0}", "%s", "</text>", "&amp;", "]]>", "<script>", "'", '"', "`", "\\", "'''", "\\x1b[2J", "\\", "…",
)  # fmt: skip
STRANGE = (
    "\u202e", "\u202d", "\u2066", "\u200b", "\u200d", "\u00ad", "\ufeff", "\u2028", "\u2029", "\U000e0041", "\ud800",
    "\x85", "\u0301" * 40, "日本語", "\U0001f469\u200d\U0001f467", "\u115f", "\u3164", "\uffff", "\u0600", "\ufdfa",
    "\t", "\r", "\n", "\r\n", "\0", "\x7f", " " * 9, "", "x" * 300, "\x08" * 9,
)  # fmt: skip
CLOSED = {"purpose", "verdict", "severity", "kind", "state", "transport", "confidence", "summary", "trust", "until",
          "generated", "due", "device_confidence", "os_confidence"}  # fmt: skip
"""Keys whose values are words of ours, or days, that a report cannot be read without."""


class Hostile:
    """Makes text that tries to do something."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._given: dict[str, str] = {}

    def payload(self) -> str:
        pick = self.random
        parts = []
        for _ in range(pick.randint(1, 4)):
            kind = pick.random()
            if kind < 0.45:
                parts.append(pick.choice(COMMANDS))
            elif kind < 0.65:
                parts.append(pick.choice(MARKUP))
            elif kind < 0.85:
                parts.append(pick.choice(STRANGE))
            elif kind < 0.93:
                parts.append(chr(pick.choice((*range(0x20), *range(0x7F, 0xA0)))))
            else:
                parts.append("".join(chr(pick.randrange(0x3000)) for _ in range(pick.randint(1, 8))))
        return "".join(parts)

    def say(self, text: str) -> str:
        """The text with something added; equal texts get the same, so that zones stay the zones they were."""
        if text not in self._given:
            extra = self.payload()
            self._given[text] = self.random.choice((text + extra, extra + text, text[:3] + extra + text[3:]))
        return self._given[text]

    def report(self, report: Report) -> Report:
        return msgspec.convert(self._poisoned(msgspec.to_builtins(report)), Report)

    def _poisoned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.say(value)
        if isinstance(value, list | tuple):
            return [self._poisoned(each) for each in value]
        if isinstance(value, dict):
            return {key: each if key in CLOSED else self._poisoned(each) for key, each in value.items()}
        return value


MORE = (
    Scene("copied", ("5", "g", "y", "Y"), ()),
    Scene("copied-rules", ("5", "g", "c"), ()),
    Scene("verified", ("5", "g", "r"), ("escape",)),
    Scene("accepted", ("5", "g", "x", WINDOW, *"me", "tab", *"why", "tab", *"30d", "ctrl+s"), ("escape",)),
    Scene("retracted", ("8", "g", "u"), ("escape",)),
    Scene("jumped", ("5", "ctrl+o", WINDOW, "a", "enter"), ("escape",)),
    Scene("masked", ("z", "2"), ()),
    Scene("unmasked", ("z", "5"), ()),
    Scene("palette", ("ctrl+p", WINDOW, *"ga"), ("escape",)),
)


def _there(app: FencewalkApp, scene: Scene) -> bool:
    if scene.name in (*TABS, "fixes"):
        return app.current_mode == scene.name and len(app.screen_stack) == 1
    return not scene.name.startswith("window-") or isinstance(app.screen, ModalScreen)


async def show(pilot: Pilot[None], app: FencewalkApp, scenes: Sequence[Scene], first: int) -> int:
    for at, scene in enumerate(scenes, first):
        await press(pilot, scene.into)
        assert await until(pilot, partial(_there, app, scene)), (scene.name, app.current_mode, app.screen)
        if at % 3 == 0:
            svg = app.export_screenshot(title=app.title)
            assert ElementTree.fromstring(svg) is not None
            bad = [char for char in svg if not char.isprintable() and char not in "\n\t"]
            assert not bad, (scene.name, bad)
        # Whatever has a tooltip under the pointer shows it.
        await pilot.hover(offset=(20, 5))
        await press(pilot, scene.out)
        for _ in range(3):
            if len(app.screen_stack) > 1:
                await press(pilot, ["escape"])
        app.clear_notifications()
    return len(scenes)


def walking(seed: int, rounds: int, shown: list[int]) -> Callable[[Pilot[Any]], Any]:
    async def walk(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, FencewalkApp)
        # Its bell would look like one of theirs.
        app.bell = lambda: None  # type: ignore[method-assign]
        for number in range(rounds):
            hostile = Hostile(seed + number)
            report = hostile.report(whole_report())
            app.desk = StillDesk(report, hostile.say)
            # Of another site each time: it would remember every name of all of them.
            app.masking = Mask()
            await app.take(report)
            shown[0] += await show(pilot, app, (*SCENES, *MORE), number)
        app.exit()

    return walk


def main(seed: int, rounds: int) -> None:
    shown = [0]
    hostile = Hostile(seed - 1)
    report = hostile.report(whole_report())
    app = FencewalkApp(report, StillDesk(report, hostile.say))
    # As run_app has it.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    app.run(auto_pilot=walking(seed, rounds, shown))
    with contextlib.suppress(asyncio.CancelledError):
        print(f"shown {shown[0]} times, code {app.return_code}")
    sys.exit(app.return_code or 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
