"""What every screen shares: its bars, what its keys act on, and the word when the window is too small."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from scanner.exporters.fence_words import FIREWALLS
from scanner.model.report import FindingRow, Report
from tui.desk import Desk
from tui.doc import safe
from tui.facts import gap_count, patch_count
from tui.fixes import DIALECTS
from tui.keymap import TABS as TABS
from tui.keymap import bind
from tui.reader import Picked, Reader
from tui.screens.bars import KeyBar as KeyBar
from tui.screens.bars import Ribbon as Ribbon
from tui.screens.bars import TabBar as TabBar
from tui.screens.bars import TitleBar as TitleBar
from tui.spots import place_of
from tui.state import Place, View

LEAST = (60, 15)
"""Columns and rows below which nothing readable fits."""


class Body(Widget):
    """What stands between the bars; drawn anew when the report changes."""

    def __init__(self, body: Callable[[], ComposeResult]) -> None:
        super().__init__(id="body")
        self._body = body

    def compose(self) -> ComposeResult:
        yield from self._body()


class ReportScreen(Screen[None]):
    """Base of the screens. Subclasses say which tab they are, their keys and their body.

    `self.report` is the report as it is to be shown: masked while the user masks. `self.desk` does what goes beyond
    reading; None where the report was saved. When the report changes, `take` calls `renew`, which a screen overrides
    to keep its cursor, its filter and its order; without that the body is composed anew.
    """

    class Goto(Message):
        """Show this place: another screen, what is filtered there, the row that the cursor is on."""

        def __init__(self, place: Place) -> None:
            super().__init__()
            self.place = place

    class Copy(Message):
        """Put a text into the clipboard. `what` it is begins the sentence that says so."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text, self.what = text, what

    class Changed(Message):
        """What the store or the site's files hold has changed: judge anew."""

    TAB: ClassVar[str]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("back"),
        bind("evidence", "app.evidence"),
        bind("path", "app.path"),
        bind("verify", "app.verify"),
        bind("except", "app.except"),
        bind("ticket", "app.ticket"),
        bind("fixes", "app.fixes"),
        bind("copy", "copy_replay"),
        bind("copy-text", "copy_read"),
        bind("copy-rules"),
        bind("dialect", "next_dialect"),
    ]

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report

    def compose(self) -> ComposeResult:
        # Before there is anything whose styles would have to be found again.
        self._fit(self.app.size)
        yield TitleBar(self.report)
        yield Ribbon(self.report)
        yield TabBar(self.TAB, self._counts())
        yield Body(self.body)
        yield KeyBar(self.KEYS, (("jump", "jump"), ("palette", "palette"), ("1-0", "screens")))
        width, height = LEAST
        yield Static(f"Terminal too small: fencewalk needs {width} x {height}.\nq quits.", id="small", markup=False)

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    @property
    def desk(self) -> Desk | None:
        """What can be done beyond reading; None for a saved report."""
        return getattr(self.app, "desk", None)

    # The report changes

    def take(self, report: Report) -> None:
        """Show this report from now on: after a scan, an exception, a verification, or while masked."""
        self.report = report
        if not self.is_mounted or not self.query(TitleBar):
            return  # it is still being put together, with this report, or taken down
        self.query_one(TitleBar).take(report)
        self.query_one(Ribbon).take(report)
        self.query_one(TabBar).take(self._counts())
        self.renew()

    def renew(self) -> None:
        """Show `self.report` anew, the cursor on the same thing as before."""
        self.query_one(Body).refresh(recompose=True)

    def _counts(self) -> dict[str, int]:
        report = self.report
        return {"hosts": len(report.hosts), "gaps": gap_count(report), "patches": patch_count(report)}

    # What the cursor is on

    def finding(self) -> FindingRow | None:
        """The finding that the cursor is on, or the worst open one of what it is on. e p r x t y act on it."""
        return None

    def chosen(self) -> tuple[FindingRow, ...]:
        """What x and t act on: the findings of the marked rows, or the one that the cursor is on."""
        found = self.finding()
        return () if found is None else (found,)

    def place(self) -> Place:
        """Where the user is, for `[` and `]`."""
        return Place(self.TAB)

    def go(self, place: Place) -> None:
        """Back to a place of this screen: its filter and the row that the cursor was on."""

    def point_at(self, finding: str) -> bool:
        """Put the cursor on a finding, by its id; False where it is not to be found here."""
        return False

    def view(self) -> View | None:
        """How the screen's table is looked at, to be kept; None where there is no table."""
        return None

    async def pause(self) -> bool:
        """Pause what is under way here, for the key that interrupts; False where nothing is."""
        return False

    async def may_quit(self) -> bool:
        """Whether the program may end, for what is under way here. A screen may ask the user first."""
        return True

    def focus_text(self) -> str | None:
        """The text that is read here, as `Y` copies it."""
        readers = [each for each in self.query(Reader) if each.display]
        return readers[0].plain if readers else None

    def replay(self) -> str | None:
        """The command that reproduces what the cursor is on."""
        found = self.finding()
        return None if found is None else found.replay

    def rules(self) -> str | None:
        """The firewall rules that the cursor's document shows."""
        return None

    @property
    def dialect(self) -> str:
        """The firewall whose rules are shown, on every screen the same."""
        return getattr(self.app, "dialect", DIALECTS[0])

    def redraw(self) -> None:
        """Show the rules of another firewall, if any are shown."""

    @on(Picked)
    def _picked(self, event: Picked) -> None:
        """A box of a drawing leads to what it stands for."""
        place = place_of(event.spot, self.report)
        if place is not None:
            self.post_message(self.Goto(place))

    # Keys

    def keys_now(self) -> tuple[tuple[str, str], ...]:
        """The keys that matter, for the bar at the bottom."""
        return self.KEYS

    @on(events.DescendantFocus)
    def _keys_of_the_focus(self) -> None:
        for bar in self.query(KeyBar):
            bar.tell(self.keys_now(), self.focused)

    def action_back(self) -> None:
        """Esc: one step out; nothing on a screen that has no inside."""

    def action_next_dialect(self) -> None:
        self.app.dialect = DIALECTS[(DIALECTS.index(self.dialect) + 1) % len(DIALECTS)]  # type: ignore[attr-defined]
        self.redraw()

    def action_copy_rules(self) -> None:
        text = self.rules()
        if text is None:
            self.notify(
                "No rules here: go to a gap or a change that a firewall makes.", severity="warning", markup=False
            )
            return
        self.copy(text.rstrip("\n") + "\n", f"Rules for {FIREWALLS[self.dialect]}")

    def action_copy_replay(self) -> None:
        command = self.replay()
        if command is None:
            self.notify("Nothing to replay here: go to a finding.", severity="warning", markup=False)
            return
        self.copy(command, "Replay command")

    def action_copy_read(self) -> None:
        text = self.focus_text()
        if not text:
            self.notify("No text to copy here: open something to read.", severity="warning", markup=False)
            return
        self.copy(text.rstrip("\n") + "\n", "Text")

    def copy(self, text: str, what: str) -> None:
        """To the clipboard, each line made visible; `what` it is begins the sentence that says so."""
        self.post_message(self.Copy("\n".join(map(safe, text.split("\n"))), what))

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        self.update_classes(self.fitting(size.width, size.height), animate=False)

    def fitting(self, width: int, height: int) -> dict[str, bool]:
        """The screen's classes that depend on its size, and which of them it has at this one."""
        return {"-small": width < LEAST[0] or height < LEAST[1], "-airy": height >= 30}
