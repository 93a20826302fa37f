"""The application: six screens over one report, and the commands that are everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES

from scanner.model.report import Report
from tui.fixes import DIALECTS
from tui.screens.base import TABS, ReportScreen, TabBar
from tui.screens.browse import BrowseScreen
from tui.screens.fixes import FixesScreen
from tui.screens.gaps import GapsScreen
from tui.screens.help import HelpScreen
from tui.screens.hosts import HostsScreen
from tui.screens.matrix import MatrixScreen
from tui.screens.overview import OverviewScreen
from tui.screens.patches import PatchesScreen
from tui.theme import DARK, PALETTES, textual_theme

SCREENS: dict[str, type[ReportScreen]] = {
    each.TAB: each for each in (OverviewScreen, HostsScreen, MatrixScreen, GapsScreen, PatchesScreen, FixesScreen)
}


class FencewalkApp(App[None]):
    """Shows a report. Reads it, changes nothing."""

    TITLE = "fencewalk"
    CSS_PATH = "fencewalk.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(key), f"show('{tab}')", tab.capitalize(), show=False) for key, tab in enumerate(TABS, 1)),
        Binding("question_mark", "keys", "Keys", show=False),
        Binding("q", "quit", "Quit", show=False),
    ]

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
        self.dialect = DIALECTS[0]
        """The firewall whose rules the screens show."""
        # Only our own themes: no other promises the contrast that status text needs.
        for palette in PALETTES.values():
            self.register_theme(textual_theme(palette))
        self.theme = DARK.name
        for name in BUILTIN_THEMES:
            self.unregister_theme(name)
        for tab, screen in SCREENS.items():
            self.add_mode(tab, partial(screen, report))

    def on_mount(self) -> None:
        self.switch_mode(TABS[0])

    def get_line_filters(self) -> Sequence[LineFilter]:
        """NO_COLOR means none, greys included."""
        return [NoColor() if isinstance(each, Monochrome) else each for each in super().get_line_filters()]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for key, tab in enumerate(TABS, 1):
            yield SystemCommand(tab.capitalize(), f"Show this screen (key {key})", partial(self.action_show, tab))
        if isinstance(screen, BrowseScreen):
            yield SystemCommand("Filter", "Narrow the table (key /)", screen.action_filter)
        yield SystemCommand("Fencewalk keys", "What each key does (key ?)", self.action_keys)
        yield from super().get_system_commands(screen)

    async def action_show(self, tab: str) -> None:
        await self.switch_mode(tab)

    def action_keys(self) -> None:
        self.push_screen(HelpScreen())

    @on(TabBar.Picked)
    async def _picked(self, event: TabBar.Picked) -> None:
        await self.switch_mode(event.tab)

    @on(MatrixScreen.Drill)
    async def _drill(self, event: MatrixScreen.Drill) -> None:
        await self.switch_mode(GapsScreen.TAB)
        screen = self.screen
        if isinstance(screen, GapsScreen):
            screen.show_pair(event.from_, event.to)

    @on(GapsScreen.Returned)
    async def _returned(self) -> None:
        await self.switch_mode(MatrixScreen.TAB)


def run_app(report: Report) -> None:
    """Show the report until the user quits. Needs a terminal."""
    FencewalkApp(report).run()


def screenshot_svg(report: Report, screen: str, size: tuple[int, int] = (140, 45)) -> str:
    """One screen as SVG text, drawn without a terminal: the same report, screen and size give the same text.

    `screen` is one of TABS, `size` columns and rows. Not to be called from inside a running event loop.
    """

    async def draw() -> str:
        app = FencewalkApp(report)
        async with app.run_test(size=size) as pilot:
            await pilot.press(str(TABS.index(screen) + 1))
            await pilot.pause()
            return app.export_screenshot(title=f"fencewalk: {screen}")

    return asyncio.run(draw())
