"""What every screen shares: title bar, tabs, key bar, the pane to read in, and the word when it is too small."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from scanner.exporters.fence_words import FIREWALLS
from scanner.exporters.verdict import conclude
from scanner.exporters.words import NOT_MEASURED
from scanner.model.report import Report
from tui.doc import Doc, safe
from tui.facts import gap_count, patch_count
from tui.fixes import DIALECTS
from tui.status import TONES

LEAST = (60, 15)
"""Columns and rows below which nothing readable fits."""

TABS = ("overview", "hosts", "matrix", "gaps", "patches", "fixes")
"""The screens, in the order of their keys 1 to 6."""


class TitleBar(Static):
    """The product, the client and the verdict."""

    def __init__(self, report: Report) -> None:
        super().__init__(id="title", markup=False)
        self.report = report

    def render(self) -> Content:
        report, head = self.report, conclude(self.report)
        left = Doc().add(" fencewalk ", "accent", bold=True).add(f" {report.client}", bold=True)
        left.add(f" / {report.site}", "muted")
        right = Doc().add(f"{head.glyph} {head.word}", TONES[head.tone], bold=True)
        right.add(f"   {report.generated} ", "muted")
        start, end = left.text(), right.text()
        room = self.size.width - end.cell_length
        return Content.assemble(start.truncate(max(0, room - 1), ellipsis=True, pad=True), " ", end)


class Ribbon(Static):
    """Heads every screen of a what-if, so that nobody takes a plan for a proof."""

    def __init__(self, report: Report) -> None:
        super().__init__(id="ribbon", markup=False)
        self.rules = report.what_if

    def render(self) -> Content:
        rules = "; ".join(f"deny {rule}" for rule in self.rules)
        doc = Doc().on_cursor(f" {NOT_MEASURED} ", "amber").add(f" as if the fence had: {rules}", "amber")
        return doc.text().truncate(self.size.width, ellipsis=True)


class TabBar(Static):
    """The screens with their keys; a click posts Picked."""

    class Picked(Message):
        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, active: str, counts: dict[str, int]) -> None:
        super().__init__(id="tabs", markup=False)
        self.labels = [
            (tab, f" {key} {tab.capitalize()}" + (f" {counts[tab]} " if tab in counts else " "))
            for key, tab in enumerate(TABS, 1)
        ]
        self.active = active

    def render(self) -> Content:
        doc = Doc()
        for tab, label in self.labels:
            (doc.on_cursor(label) if tab == self.active else doc.add(label, "muted")).add(" ")
        return doc.text()

    def on_click(self, event: events.Click) -> None:
        start = 0
        for tab, label in self.labels:
            if start <= event.x < start + len(label):
                self.post_message(self.Picked(tab))
            start += len(label) + 1


class KeyBar(Static):
    """The keys that matter here, as many as fit; the way out and the list of all keys always do."""

    ALWAYS: ClassVar[tuple[tuple[str, str], ...]] = (("?", "keys"), ("q", "quit"))

    def __init__(self, keys: Iterable[tuple[str, str]], more: Iterable[tuple[str, str]]) -> None:
        """`more` comes behind those that are always there, where there is still room."""
        super().__init__(id="keys", markup=False)
        self.keys, self.more = tuple(keys), tuple(more)

    def render(self) -> Content:
        doc = Doc().add(" ")
        room = self.size.width - 1 - sum(map(_width, self.ALWAYS))
        for group in (self.keys, self.ALWAYS, self.more):
            for key, what in group:
                if group is not self.ALWAYS:
                    room -= _width((key, what))
                    if room < 0:
                        break
                doc.add(key, "accent", bold=True).add(f" {what}  ", "muted")
        return doc.text()


def _width(key: tuple[str, str]) -> int:
    return len(key[0]) + len(key[1]) + 3


class Reader(VerticalScroll, can_focus=True):
    """A pane of text to read and scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "Bottom", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._doc = Doc()
        self._drawn_for = 0

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, doc: Doc, *, top: bool = True) -> None:
        """Replace the text and go to its top, or stay where it was read."""
        self._doc = doc
        self._draw()
        if top:
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._drawn_for:
            self._draw()

    def _draw(self) -> None:
        self._drawn_for = self.scrollable_content_region.width
        self.query_one(Static).update(self._doc.content(self._drawn_for or 80))


class ReportScreen(Screen[None]):
    """Base of the screens. Subclasses say which tab they are, their keys and their body."""

    TAB: ClassVar[str]
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False),
        Binding("y", "copy_replay", "Copy the replay command", show=False),
        Binding("c", "copy_rules", "Copy the firewall rules", show=False),
        Binding("d", "next_dialect", "Rules for another firewall", show=False),
    ]

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report

    def compose(self) -> ComposeResult:
        counts = {"hosts": len(self.report.hosts), "gaps": gap_count(self.report), "patches": patch_count(self.report)}
        yield TitleBar(self.report)
        if self.report.what_if:
            yield Ribbon(self.report)
        yield TabBar(self.TAB, counts)
        with Widget(id="body"):
            yield from self.body()
        yield KeyBar(self.KEYS, (("1-6", "screens"), ("^p", "palette")))
        width, height = LEAST
        yield Static(f"Terminal too small: fencewalk needs {width} x {height}.\nq quits.", id="small", markup=False)

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def replay(self) -> str | None:
        """The command that reproduces what the cursor is on."""
        return None

    def rules(self) -> str | None:
        """The firewall rules that the cursor's document shows."""
        return None

    @property
    def dialect(self) -> str:
        """The firewall whose rules are shown, on every screen the same."""
        return getattr(self.app, "dialect", DIALECTS[0])

    def redraw(self) -> None:
        """Show the rules of another firewall, if any are shown."""

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
        self.app.copy_to_clipboard("\n".join(map(safe, text.split("\n"))) + "\n")
        self.notify(f"Rules for {FIREWALLS[self.dialect]} copied.", markup=False)

    def action_copy_replay(self) -> None:
        command = self.replay()
        if command is None:
            self.notify("Nothing to replay here: go to a finding.", severity="warning", markup=False)
            return
        self.app.copy_to_clipboard(safe(command))
        self.notify("Replay command copied.", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < LEAST[0] or event.size.height < LEAST[1], "-small")
        self.set_class(event.size.height >= 30, "-airy")
