"""The bars of every screen: title, what-if, tabs, keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from scanner.exporters.verdict import conclude
from scanner.exporters.words import NOT_MEASURED
from scanner.model.report import Report
from tui.doc import Doc
from tui.keymap import ACTIONS, TABS, default_keys, shown_key
from tui.reader import Reader
from tui.status import TONES

SHORT = ("Over", "Hosts", "Svcs", "Matrix", "Gaps", "Patch", "Scan", "Exc", "Diff", "Exp")
"""What the tabs are called where there is little room."""


class TitleBar(Static):
    """The product, the client and the verdict."""

    def __init__(self, report: Report) -> None:
        super().__init__(id="title", markup=False)
        self.report = report

    def take(self, report: Report) -> None:
        self.report = report
        self.refresh()

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
        self.take(report)

    def take(self, report: Report) -> None:
        self.rules = report.what_if
        self.display = bool(report.what_if)
        self.refresh()

    def render(self) -> Content:
        rules = "; ".join(f"deny {rule}" for rule in self.rules)
        doc = Doc().on_cursor(f" {NOT_MEASURED} ", "amber").add(f" as if the fence had: {rules}", "amber")
        return doc.text().truncate(self.size.width, ellipsis=True)


class TabBar(Static):
    """The screens with their keys, in as many words as there is room for; a click posts Picked."""

    class Picked(Message):
        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, active: str, counts: Mapping[str, int]) -> None:
        super().__init__(id="tabs", markup=False)
        self.active, self.counts = active, counts

    def take(self, counts: Mapping[str, int]) -> None:
        self.counts = counts
        self.refresh()

    def labels(self, width: int) -> list[tuple[str, str]]:
        """Tab and label, the fullest words that `width` holds; the screen that is shown comes with its whole name."""
        for names, counted in ((TABS, True), (TABS, False), (SHORT, False), ([""] * len(TABS), False)):
            labels = [self._label(at, tab, names[at], counted) for at, tab in enumerate(TABS)]
            if self.active not in TABS:
                labels.append((self.active, f" {self.active.capitalize()}"))
            if sum(len(label) for _, label in labels) < width:
                break
        return labels

    def _label(self, at: int, tab: str, name: str, counted: bool) -> tuple[str, str]:
        words = [str((at + 1) % 10), (tab if tab == self.active else name).capitalize()]
        if counted and tab in self.counts:
            words.append(str(self.counts[tab]))
        return tab, f" {' '.join(filter(None, words))}"

    def render(self) -> Content:
        doc = Doc()
        before = False
        for tab, label in self.labels(self.size.width):
            # The ground of the one that is shown takes in the blank behind it.
            if tab == self.active:
                doc.on_cursor(label + " ")
            else:
                doc.add(label[before:], "muted")
            before = tab == self.active
        return doc.text()

    def on_click(self, event: events.Click) -> None:
        start = 0
        for tab, label in self.labels(self.size.width):
            if start <= event.x < start + len(label):
                self.post_message(self.Picked(tab))
            start += len(label)


class KeyBar(Static):
    """The keys that matter here, as many as fit; the way out and the list of all keys always do. A click is a key."""

    ALWAYS: ClassVar[tuple[tuple[str, str], ...]] = (("keys", "keys"), ("quit", "quit"))
    TYPING: ClassVar[tuple[tuple[str, str], ...]] = (("Enter", "keep the filter"), ("back", "clear it"))
    """While a line is typed letters are letters: nothing else is a key."""
    LIST: ClassVar[frozenset[str]] = frozenset({"↑↓", "↑↓←→", "open", "filter", "sort", "mark", "swap", "columns"})
    """What is no key of a text that is read."""

    def __init__(self, keys: Iterable[tuple[str, str]], more: Iterable[tuple[str, str]]) -> None:
        """Each a key, or the name of an action, and what it does; `more` comes last, where there is still room."""
        super().__init__(id="keys", markup=False)
        self.keys, self.more, self.always = tuple(keys), tuple(more), self.ALWAYS
        self._whole = self.more

    def tell(self, keys: Iterable[tuple[str, str]], focused: Widget | None) -> None:
        """The keys of a screen, as they are where its focus is."""
        typing = isinstance(focused, Input)
        if typing:
            keys = self.TYPING
        elif isinstance(focused, Reader):
            rest = [each for each in keys if each[0] not in self.LIST]
            keys = (("↑↓", "scroll"), ("back", "back"), *rest)
        self.keys, self.always = tuple(keys), () if typing else self.ALWAYS
        self.more = () if typing else self._whole
        self.refresh()

    def _key(self, key: str) -> str | None:
        """The key of a named action, as the user has it."""
        if key not in ACTIONS:
            return None
        own: dict[str, tuple[str, ...]] = getattr(self.app, "own_keys", {})
        return (own.get(key) or default_keys(key))[0]

    def _fitting(self) -> Iterator[tuple[str, str | None, str]]:
        """What is shown for the key, the key itself where there is one, what it does."""
        told = [[(self._key(key), key, what) for key, what in group] for group in (self.keys, self.always, self.more)]
        shown = [[(shown_key(name) if name else key, name, what) for name, key, what in group] for group in told]
        room = self.size.width - 1 - sum(map(_width, shown[1]))
        for at, group in enumerate(shown):
            for each in group:
                if at != 1:
                    room -= _width(each)
                    if room < 0:
                        break
                yield each

    def render(self) -> Content:
        doc = Doc().add(" ")
        for key, _, what in self._fitting():
            doc.add(key, "accent", bold=True).add(f" {what}  ", "muted")
        return doc.text()

    def on_click(self, event: events.Click) -> None:
        start = 1
        for each in self._fitting():
            if start <= event.x < start + _width(each) and each[1] is not None:
                self.app.simulate_key(each[1])
            start += _width(each)


def _width(shown: tuple[str, str | None, str]) -> int:
    return len(shown[0]) + len(shown[2]) + 3
