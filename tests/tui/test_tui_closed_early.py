"""Windows that are closed before they stand, as quick fingers do where the machine is slow."""

from __future__ import annotations

import asyncio

import pytest
from sample import sample_report
from textual.command import CommandPalette
from textual.css.query import NoMatches

from tui.app import FencewalkApp
from tui.palette_screen import PaletteScreen


async def test_a_palette_that_is_closed_at_once_ends_nothing() -> None:
    app = FencewalkApp(sample_report())
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        palette = app.screen
        assert isinstance(palette, PaletteScreen)
        await pilot.press("escape")
        assert app.screen is not palette
        # Its search comes to its end only now: the widgets are gone, as they are where the machine is slow.
        with pytest.raises(NoMatches):
            CommandPalette._watch__list_visible(palette)
        palette._watch__list_visible()
        await palette._watch__show_busy()


@pytest.mark.parametrize("key", ["?", "x", "t", "e", "w"])
async def test_a_window_that_is_closed_before_it_stands_ends_nothing(key: str) -> None:
    app = FencewalkApp(sample_report())
    async with app.run_test() as pilot:
        await pilot.press("5")
        for turns in range(4):
            app.simulate_key(key)
            for _ in range(turns):
                await asyncio.sleep(0)
            app.simulate_key("escape")
            await pilot.pause(0.05)
            while len(app.screen_stack) > 1:
                app.pop_screen()
                await pilot.pause()
        assert app.is_running
