"""A table to browse and a document about the row under the cursor: what Hosts, Gaps and Patches share."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Input, Static

from tui.doc import Doc
from tui.query import QueryError
from tui.rows import Table
from tui.screens.base import Reader, ReportScreen
from tui.table import WideTable

_HINT = "words, or sev>=high  zone:guest  host:10.20.  port:443  kind:exposure"


class BrowseScreen(ReportScreen):
    """Where there is room the document stands beside or below the table; elsewhere Enter opens it in its place."""

    NOUN: ClassVar[str]
    EMPTY: ClassVar[str]
    HINT: ClassVar[str] = _HINT
    """What the filter's line says while it is empty."""
    SPLIT: ClassVar[Literal["beside", "below"]] = "below"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("↑↓", "move"), ("Enter", "open"), ("/", "filter"), ("s", "sort"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "filter", "Filter", show=False)]

    @abstractmethod
    def table(self) -> Table:
        """Columns and rows, computed once."""

    @abstractmethod
    def detail(self, row: int) -> Doc:
        """The document about a row."""

    def body(self) -> ComposeResult:
        columns, rows = self.table()
        with Container(id="split"):
            with Vertical(id="list"):
                yield Static(id="caption", markup=False)
                yield WideTable(columns, rows, empty=self.EMPTY, id="table")
                yield Input(id="filter", placeholder=self.HINT, select_on_focus=False)
            yield Reader(id="reader")

    def on_mount(self) -> None:
        self._caption()
        self._read(self._table.row)
        self._table.focus()

    @property
    def _table(self) -> WideTable:
        return self.query_one(WideTable)

    @property
    def _input(self) -> Input:
        return self.query_one("#filter", Input)

    def show_filter(self, text: str) -> None:
        """Show the rows that a filter keeps, with the filter in sight, and the table in focus."""
        self._input.value = text
        self._input.remove_class("-open")
        self._apply(text)
        self.remove_class("-reading")
        self._table.focus()

    def _apply(self, text: str) -> None:
        try:
            self._table.filter(text)
        except QueryError as error:
            self._caption(str(error))
        else:
            self._caption()

    def _caption(self, problem: str = "") -> None:
        table = self._table
        total = len(table.rows)
        doc = Doc().add(" ")
        if problem:
            doc.add(f"! {problem}", "amber", bold=True)
        elif table.query_text:
            doc.add(f"{len(table.view)} of {total} {self.NOUN}", bold=True).add("  filter: ", "muted")
            doc.add(table.query_text, "accent")
        else:
            doc.add(f"{total} {self.NOUN}", bold=True)
        if table.sorted_by is not None:
            doc.add("  sorted by ", "muted").add(table.columns[table.sorted_by].title.lower(), "accent")
        self.query_one("#caption", Static).update(doc.text())

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        room = event.size.width >= 116 if self.SPLIT == "beside" else event.size.height >= 34
        self.set_class(room, f"-{self.SPLIT}")
        self.set_class(not room, "-single")
        if room:
            self.remove_class("-reading")

    def action_filter(self) -> None:
        self.remove_class("-reading")
        self._input.add_class("-open")
        self._input.focus()

    def action_back(self) -> None:
        """Out of the document, then out of the filter."""
        if self.has_class("-reading") or self.query_one(Reader).has_focus:
            self.remove_class("-reading")
            self._table.focus()
        elif self._table.query_text or self._input.has_class("-open"):
            self.show_filter("")

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        self._apply(event.value)

    @on(Input.Submitted, "#filter")
    def _submitted(self, event: Input.Submitted) -> None:
        self._input.remove_class("-open")
        self._table.focus()

    @on(WideTable.Highlighted)
    def _highlighted(self, event: WideTable.Highlighted) -> None:
        self._read(event.row)

    @on(WideTable.Chosen)
    def _chosen(self, event: WideTable.Chosen) -> None:
        self._read(event.row)
        self.set_class(self.has_class("-single"), "-reading")
        self.query_one(Reader).focus()

    def redraw(self) -> None:
        if self._table.row is not None:
            self.query_one(Reader).show(self.detail(self._table.row), top=False)

    def on_screen_resume(self) -> None:
        # Another screen may have chosen another firewall.
        self.redraw()

    def _read(self, row: int | None) -> None:
        nothing = Doc().line("Nothing is selected.", "muted")
        self.query_one(Reader).show(nothing if row is None else self.detail(row))
