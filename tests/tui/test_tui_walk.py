"""Every key of every screen is pressed, with and without anything to act on: nothing falls over, and Esc leads back."""

from __future__ import annotations

import msgspec
import pytest
from sample import sample_report
from test_tui_screens import EMPTY, shown
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from scanner.model.report import Report
from tui.app import SCREENS, FencewalkApp
from tui.commands import name_of
from tui.keymap import TABS
from tui.screens.base import ReportScreen

SAMPLE = sample_report()


async def home(pilot: Pilot[None], tab: str) -> None:
    """Back on a screen, whatever is open."""
    app = pilot.app
    assert isinstance(app, FencewalkApp)
    for _ in range(6):
        if isinstance(app.screen, ReportScreen) and not isinstance(app.focused, Input):
            break
        await pilot.press("escape")
    assert isinstance(app.screen, ReportScreen), f"Esc does not leave {app.screen}"
    assert not isinstance(app.focused, Input)
    if app.current_mode != tab:
        await app.action_show(tab)


EVERYWHERE = {*TABS, "keys", "jump", "mask", "earlier", "later", "save-view", "pause"}
OF_SCREENS = {"fixes", "back", "evidence", "path", "verify", "except", "ticket", "copy", "copy-text", "dialect"}


async def walked(pilot: Pilot[None], tab: str, of_app: set[str]) -> set[str]:
    """Press every key of a screen and of its panes, each from where the screen begins, and of those that are the
    application's some; the names of the actions."""
    app = pilot.app
    pressed: set[str] = set()
    # Each pane that can be in focus has keys of its own.
    for _ in range(2):
        for key, active in list(app.screen.active_bindings.items()):
            name = name_of(active.binding)
            if name is None or name in pressed or name == "quit" or (active.node is app and name not in of_app):
                continue
            pressed.add(name)
            before = app.screen.focused
            await pilot.press(key)
            if isinstance(app.screen, ModalScreen):
                await pilot.press("down", "tab")
            app.screen._compositor.render_strips()  # whatever the key has opened
            await home(pilot, tab)
            if before is not None and before.is_attached and before.display:
                app.screen.set_focus(before)
        await pilot.press("tab")
    return pressed


@pytest.mark.parametrize("report", [SAMPLE, EMPTY], ids=["sample", "empty"])
async def test_every_key_of_every_screen(report: Report) -> None:
    app = FencewalkApp(report)
    async with app.run_test(size=(80, 24)) as pilot:
        for at, tab in enumerate(SCREENS):
            await app.action_show(tab)
            await pilot.pause()
            there = {name_of(each.binding) for each in app.screen.active_bindings.values() if each.node is app}
            assert there >= EVERYWHERE, tab
            # What is everywhere the same needs no second walk without findings; and from each screen two others do.
            others = {TABS[(at + 3) % len(TABS)], TABS[(at + 7) % len(TABS)]}
            of_app = (EVERYWHERE - set(TABS)) | others if report is SAMPLE else set()
            pressed = await walked(pilot, tab, of_app)
            assert pressed >= OF_SCREENS | of_app, tab
            assert shown(app).strip(), tab
        await app.workers.wait_for_complete()
        await pilot.press("q")
        await pilot.pause()
        assert app._exit


async def test_a_report_with_one_of_everything_missing_is_walked_too() -> None:
    findings = (
        msgspec.structs.replace(each, host=None, from_=None, to=None, path=(), controls=()) for each in SAMPLE.findings
    )
    hosts = (msgspec.structs.replace(each, addresses=(), names=(), services=()) for each in SAMPLE.hosts)
    odd = msgspec.structs.replace(SAMPLE, zones=(), findings=tuple(findings), hosts=tuple(hosts))
    app = FencewalkApp(odd)
    async with app.run_test(size=(140, 45)) as pilot:
        for tab in SCREENS:
            await app.action_show(tab)
            for key in ("j", "e", "escape", "p", "escape", "t", "escape", "y", "Y", "enter", "escape", "G", "f"):
                await pilot.press(key)
                app.screen._compositor.render_strips()
            await home(pilot, tab)
        await pilot.pause()
        assert shown(app).strip()
