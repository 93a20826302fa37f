"""Which columns a table draws, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from tui.doc import Doc
from tui.keymap import bind

if TYPE_CHECKING:
    from tui.listed import ListedRows


class ColumnList(Widget, can_focus=True):
    """The columns, those that are drawn first and in their order."""

    def __init__(self, titles: dict[str, str], drawn: Sequence[str]) -> None:
        super().__init__(id="column-list")
        self.titles = titles
        self.drawn = set(drawn)
        self.keys = [*drawn, *(key for key in titles if key not in self.drawn)]
        self.at = 0

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(self.keys)

    def render(self) -> Content:
        lines = []
        for at, key in enumerate(self.keys):
            sign = "■" if key in self.drawn else "□"
            text = f"{'▌' if at == self.at else ' '} {sign} {self.titles[key].lower():20} {key}"
            doc = Doc()
            lines.append((doc.on_cursor(text) if at == self.at else doc.add(text)).text())
        return Content("\n").join(lines)

    def go(self, at: int) -> None:
        self.at = max(0, min(len(self.keys) - 1, at))
        if isinstance(self.parent, VerticalScroll):
            height = max(1, self.parent.size.height)
            top = round(self.parent.scroll_offset.y)
            if not top <= self.at < top + height:
                self.parent.scroll_to(y=self.at if self.at < top else self.at - height + 1, animate=False)
        self.refresh()

    def toggle(self) -> None:
        """Draw the column, or do not; the last one stays."""
        key = self.keys[self.at]
        if key not in self.drawn:
            self.drawn.add(key)
        elif len(self.drawn) > 1:
            self.drawn.discard(key)
        self.refresh()

    def shift(self, step: int) -> None:
        """Move the column one place."""
        to = self.at + step
        if 0 <= to < len(self.keys):
            self.keys[self.at], self.keys[to] = self.keys[to], self.keys[self.at]
            self.go(to)

    def on_click(self, event: events.Click) -> None:
        self.go(event.y)
        self.toggle()


class ColumnsModal(ModalScreen["tuple[str, ...] | None"]):
    """Dismisses with the keys of the columns to draw, in their order: () for the usual ones, None for no change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1)"),
        bind("down", "move(1)"),
        bind("first", "move(-1000)"),
        bind("last", "move(1000)"),
        bind("mark", "draw"),
        bind("left", "shift(-1)"),
        bind("right", "shift(1)"),
        bind("unmark", "usual"),
        bind("open", "take"),
        bind("columns", "take"),
        bind("back", "leave"),
    ]

    def __init__(self, table: ListedRows) -> None:
        super().__init__()
        self._list = ColumnList({column.key: column.title or column.key for column in table.columns}, table.shown)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="columns-box", can_focus=False) as box:
            box.border_title = "Columns"
            yield self._list
        words = Doc().add("Space", "accent", bold=True).add(" draw or not  ", "muted")
        words.add("← →", "accent", bold=True).add(" move up, down  ", "muted")
        words.add("u", "accent", bold=True).add(" the usual ones  ", "muted")
        words.add("Enter", "accent", bold=True).add(" done  ", "muted").add("Esc", "accent", bold=True)
        yield Static(words.add(" leave", "muted").text(), id="columns-keys", markup=False)

    def on_mount(self) -> None:
        self._list.focus()

    def action_move(self, step: int) -> None:
        self._list.go(self._list.at + step)

    def action_draw(self) -> None:
        self._list.toggle()

    def action_shift(self, step: int) -> None:
        self._list.shift(step)

    def action_usual(self) -> None:
        self.dismiss(())

    def action_take(self) -> None:
        self.dismiss(tuple(key for key in self._list.keys if key in self._list.drawn))

    def action_leave(self) -> None:
        self.dismiss(None)
