"""One thing out of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.doc import Doc
from tui.keymap import bind
from tui.query import Column, Row
from tui.table import WideTable


class ChooseModal(ModalScreen[int | None]):
    """Dismisses with the number of the row that was chosen, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("back", "close")]

    def __init__(self, title: str, columns: Sequence[Column], rows: Sequence[Row], at: int = 0) -> None:
        """`at`: the row that the cursor starts on."""
        super().__init__()
        self._title, self._columns, self._rows, self._at = title, columns, rows, at

    def compose(self) -> ComposeResult:
        with Vertical(id="choose", classes="window") as window:
            window.border_title = self._title
            yield WideTable(self._columns, self._rows, empty="There is nothing to choose from.", id="choices")
            keys = Doc()
            for key, what in (("↑↓", "move"), ("Enter", "choose"), ("Esc", "leave it as it is")):
                keys.add(key, "accent", bold=True).add(f" {what}  ", "muted")
            yield Static(keys.text(), markup=False)

    def on_mount(self) -> None:
        table = self.query_one(WideTable)
        # Its lines, its heading, and one to spare, so that no bar is needed to scroll a short list.
        table.styles.height = max(4, len(self._rows) + 2)
        table.point(self._at)
        table.focus()

    @on(WideTable.Chosen)
    def _chosen(self, event: WideTable.Chosen) -> None:
        self.dismiss(event.row)

    def action_close(self) -> None:
        self.dismiss(None)
