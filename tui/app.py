"""The application: eleven screens over one report, and the commands that are everywhere."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

from textual import on, work
from textual._context import active_message_pump
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.filter import LineFilter, Monochrome, NoColor
from textual.markup import escape
from textual.screen import ModalScreen, Screen
from textual.theme import BUILTIN_THEMES
from textual.worker import WorkerFailed

from scanner.model.report import Report
from tui import commands
from tui.acting import ActingApp
from tui.desk import Desk
from tui.doc import safe
from tui.fixes import DIALECTS
from tui.hangup import end_with_the_terminal
from tui.jumping import Index, Target
from tui.keymap import TABS, bind, bound, default_keys, read_keys
from tui.mask import Mask, masked
from tui.modals.jump import JumpModal
from tui.modals.keys import KeysModal
from tui.modals.name import NameModal
from tui.palette_screen import PaletteScreen
from tui.query import QueryError
from tui.screens.base import ReportScreen, TabBar
from tui.screens.browse import BrowseScreen
from tui.screens.diff import DiffScreen
from tui.screens.exceptions import ExceptionsScreen
from tui.screens.export import ExportScreen
from tui.screens.fixes import FixesScreen
from tui.screens.gaps import GapsScreen
from tui.screens.hosts import HostsScreen
from tui.screens.matrix import MatrixScreen
from tui.screens.overview import OverviewScreen
from tui.screens.patches import PatchesScreen
from tui.screens.scan import ScanScreen
from tui.screens.services import ServicesScreen
from tui.state import Place, State, config_folder, keys_text
from tui.styles import LazyStylesheet
from tui.theme import DARK, PALETTES, textual_theme

SCREENS: Mapping[str, type[ReportScreen]] = MappingProxyType(
    {
        each.TAB: each
        for each in (
            OverviewScreen, HostsScreen, ServicesScreen, MatrixScreen, GapsScreen, PatchesScreen, ScanScreen,
            ExceptionsScreen, DiffScreen, ExportScreen, FixesScreen,
        )
    }
)  # fmt: skip


class FencewalkApp(ActingApp):
    """Shows a report; what goes beyond reading, the desk does. Without a desk nothing but reading can be done."""

    TITLE = "fencewalk"
    CSS_PATH = "fencewalk.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *(bind(tab, f"show('{tab}')") for tab in TABS),
        bind("keys"),
        bind("palette", "command_palette"),
        bind("jump"),
        bind("mask"),
        bind("earlier"),
        bind("later"),
        bind("save-view"),
        bind("pause", priority=True),
        bind("quit"),
    ]

    def __init__(
        self,
        report: Report,
        desk: Desk | None = None,
        *,
        state: State | None = None,
        keys: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """`state`: what the user has kept; without it nothing is. `keys`: by the name of the action, where unusual."""
        super().__init__()
        self.stylesheet = LazyStylesheet(variables=self.get_css_variables())
        self.report = self.shown = report
        self.desk = desk
        self.masking, self._masking = Mask(), False
        self.state = state or State()
        self.own_keys = dict(keys or {})
        self.screens: dict[str, ReportScreen] = {}
        """Those that have been shown; the others are made when they first are."""
        self._behind: set[str] = set()
        """Screens that still show an earlier report."""
        self._index: Index | None = None
        # Only our own themes: no other promises the contrast that status text needs.
        for palette in PALETTES.values():
            self.register_theme(textual_theme(palette))
        chosen = self.state.settings.theme
        self.theme = chosen if chosen in PALETTES else DARK.name
        for name in BUILTIN_THEMES:
            self.unregister_theme(name)
        for tab in SCREENS:
            self.add_mode(tab, partial(self._make, tab))
        self.set_keymap({bound(name): ",".join(each) for name, each in self.own_keys.items()})

    def _make(self, tab: str) -> ReportScreen:
        made = self.screens[tab] = SCREENS[tab](self.shown)
        # Its widgets get the styles of now as they are mounted: Textual would find them two times more.
        made._css_update_count = self._css_update_count
        return made

    def on_mount(self) -> None:
        self.switch_mode(TABS[0])
        self.theme_changed_signal.subscribe(self, lambda theme: self._kept(self.state.choose(theme=theme.name)))
        for problem in self.state.problems:
            self.say(problem, wrong=True)
        if not self.is_headless and not self.is_web and os.isatty(0):
            self.set_interval(1.0, end_with_the_terminal)

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The keys of an action, as the user has them."""
        return self.own_keys.get(name) or default_keys(name)

    @property
    def dialect(self) -> str:
        """The firewall whose rules the screens show."""
        chosen = self.state.settings.dialect
        return chosen if chosen in DIALECTS else DIALECTS[0]

    @dialect.setter
    def dialect(self, dialect: str) -> None:
        self._kept(self.state.choose(dialect=dialect))

    def _kept(self, problem: str | None) -> None:
        if problem:
            self.say(problem, wrong=True)

    # The report

    async def take(self, report: Report) -> None:
        shown = await asyncio.to_thread(masked, report, self.masking) if self._masking else report
        self.report, self.shown, self._index = report, shown, None
        # A screen that nobody looks at takes it when somebody does.
        self._behind = set(self.screens)
        self._catch_up()

    def _catch_up(self) -> None:
        if self.current_mode in self._behind:
            self._behind.discard(self.current_mode)
            self.screens[self.current_mode].take(self.shown)

    @work(group="mask", exclusive=True)
    async def action_mask(self) -> None:
        self._masking = not self._masking
        await self.take(self.report)
        self.say("Client data is masked, and so is what you copy." if self._masking else "Client data is shown.")

    # Where the user is

    def place(self) -> Place:
        """The screen that is shown, its filter and its row."""
        return self.screens[self.current_mode].place()

    async def action_show(self, tab: str) -> None:
        if tab != self.current_mode:
            await self.visit(Place(tab), whole=False)

    async def visit(self, place: Place, *, whole: bool = True) -> ReportScreen:
        """Show a place, from which `[` leads back here. `whole`: its filter and row as well, not just the screen."""
        if self.current_mode in self.screens:
            self.state.history.leave(self.place())
        await self._go(place, whole)
        return self.screens[place.tab]

    async def _go(self, place: Place, whole: bool = True) -> None:
        await self.switch_mode(place.tab)
        self._catch_up()
        if whole:
            self.screens[place.tab].go(place)

    async def action_earlier(self) -> None:
        await self._step(self.state.history.earlier(self.place()), "Nowhere to go back to.")

    async def action_later(self) -> None:
        await self._step(self.state.history.later(self.place()), "Nowhere to go forward to.")

    async def _step(self, place: Place | None, none: str) -> None:
        if place is None:
            self.say(none)
        else:
            await self._go(place)

    async def action_fixes(self) -> None:
        screen = self.screens[self.current_mode]
        found = None if isinstance(screen, FixesScreen) else screen.finding()
        fixes = await self.visit(Place(FixesScreen.TAB), whole=False)
        if found is not None and not fixes.point_at(found.id):
            self.say("No change in the plan closes this finding: its remedy says what to do.")

    @work(group="jump", exclusive=True)
    async def action_jump(self) -> None:
        if self._index is None:
            self._index = Index(self.shown)
        target = await self.push_screen_wait(JumpModal(self._index))
        if target is not None:
            await self._jumped(target)

    async def _jumped(self, target: Target) -> None:
        screen = await self.visit(target.place, whole=target.kind != "screen")
        if target.finding is not None:
            screen.point_at(target.finding)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, PaletteScreen):
            self.push_screen(PaletteScreen(id="--command-palette"))

    # Views

    @work(group="view", exclusive=True)
    async def action_save_view(self) -> None:
        screen = self.screens[self.current_mode]
        view = screen.view()
        if view is None:
            self.say("There is no table here whose view could be kept.", wrong=True)
            return
        name = await self.push_screen_wait(NameModal("Keep this view as", tuple(self.state.views)))
        if name:
            self._kept(self.state.keep_view(name, view))
            self.say(f"Kept as {name}: it is in the palette.")

    async def open_view(self, name: str) -> None:
        """Show a view that was kept."""
        view = self.state.views[name]
        if view.tab not in SCREENS:
            self.say(f"The view {name} is of {view.tab}: there is no such screen.", wrong=True)
            return
        screen = await self.visit(Place(view.tab), whole=False)
        if isinstance(screen, BrowseScreen):
            try:
                screen.look(view)
            except QueryError as error:
                self.say(f"The view {name} cannot be shown: {error}.", wrong=True)

    def drop_view(self, name: str) -> None:
        """Forget a view that was kept."""
        self._kept(self.state.drop_view(name))
        self.say(f"The view {name} is forgotten.")

    # Commands

    def get_line_filters(self) -> Sequence[LineFilter]:
        """NO_COLOR means none, greys included."""
        return [NoColor() if isinstance(each, Monochrome) else each for each in super().get_line_filters()]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        for node, binding in commands.actions(screen):
            title, words = commands.named(binding, self.keys_of)
            yield SystemCommand(title, escape(words), partial(self.run_action, binding.action, node))
        for name, view in self.state.views.items():
            # The palette reads titles and explanations as markup.
            title, tab = escape(name), escape(safe(view.tab))
            yield SystemCommand(f"View {title}", f"On {tab}, as you kept it", partial(self.open_view, name))
            yield SystemCommand(f"Forget view {title}", f"Of {tab}", partial(self.drop_view, name))
        yield SystemCommand("Theme", "Other colours", self.action_change_theme)
        yield SystemCommand("Screenshot", "This screen as a picture (SVG)", partial(self.set_timer, 0.1, self.picture))

    def picture(self) -> None:
        """The screen as a picture, among the user's downloads."""
        self.deliver_screenshot()

    def _fatal_error(self) -> None:
        """Stop. Textual would print the traceback, with what the variables hold; `run_app` raises the error instead."""
        self._close_messages_no_wait()

    def action_keys(self) -> None:
        folder = self.state.folder
        groups = commands.groups(self.screen, self.keys_of)
        self.push_screen(KeysModal(groups, where=str(folder / "keys.yaml") if folder else ""))

    async def action_pause(self) -> None:
        for screen in self.screens.values():
            if await screen.pause():
                return
        self.say(f"Nothing is under way. {commands.shown(self.keys_of('quit'))} quits.")

    @work(group="quit", exclusive=True)
    async def action_quit_when_done(self) -> None:
        """Quit, once every screen says that it may be left."""
        for screen in list(self.screens.values()):
            if not await screen.may_quit():
                return
        self.exit()

    async def action_quit(self) -> None:
        self.action_quit_when_done()

    # What screens ask for

    @on(TabBar.Picked)
    async def _picked(self, event: TabBar.Picked) -> None:
        await self.action_show(event.tab)

    @on(ReportScreen.Goto)
    async def _goto(self, event: ReportScreen.Goto) -> None:
        await self.visit(event.place)

    @on(ReportScreen.Copy)
    def _copy(self, event: ReportScreen.Copy) -> None:
        self.copy_text(event.text, event.what)

    @on(ReportScreen.Changed)
    def _changed(self) -> None:
        self.run_worker(self.reassess(), group="reassess", exclusive=True)

    def _handle_exception(self, error: Exception) -> None:
        # A window that is closed before it stood finds none of its widgets any more: that ends nothing but the window.
        with contextlib.suppress(LookupError):
            node = active_message_pump.get()
            line = node.ancestors_with_self if isinstance(node, DOMNode) else []
            window = next((each for each in line if isinstance(each, ModalScreen)), None)
            if isinstance(error, NoMatches) and window is not None and window not in self.screen_stack:
                return
        super()._handle_exception(error)

    @on(MatrixScreen.Drill)
    async def _drill(self, event: MatrixScreen.Drill) -> None:
        screen = await self.visit(Place(GapsScreen.TAB), whole=False)
        if isinstance(screen, GapsScreen):
            screen.show_pair(event.from_, event.to)

    @on(GapsScreen.Returned)
    async def _returned(self) -> None:
        await self.visit(Place(MatrixScreen.TAB), whole=False)


def run_app(report: Report, desk: Desk | None = None) -> None:
    """Show the report until the user quits. Needs a terminal. BadInput where the user's keys.yaml is none.

    What went wrong inside it, or in a worker, is raised once the terminal is the user's again.
    """
    folder = config_folder(os.environ)
    found = keys_text(folder)
    keys = read_keys(found[1], found[0]) if found else {}
    app = FencewalkApp(report, desk, state=State(folder), keys=keys)
    # Neither the program nor the report is garbage, and to look through them for it is a fifth of the work.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    app.run()
    error = app._exception
    while isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
        error = error.error
    if error is not None:
        raise error


def screenshot_svg(
    report: Report, screen: str, size: tuple[int, int] = (140, 45), *, keys: Sequence[str] = (), theme: str = DARK.name
) -> str:
    """One screen as SVG text, drawn without a terminal: the same arguments give the same text.

    `screen` is one of TABS or `fixes`, `size` columns and rows, `keys` what is typed there first, as Textual names
    keys. Not to be called from inside a running event loop.
    """

    async def draw() -> str:
        app = FencewalkApp(report)
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            await app.action_show(screen)
            await pilot.press(*keys)
            await pilot.pause()
            return app.export_screenshot(title=f"fencewalk: {screen}")

    return asyncio.run(draw())
