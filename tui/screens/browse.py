"""A table to browse and a document about the row under the cursor: what Hosts, Gaps and Patches share."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widgets import Input, Static

from scanner.model.report import FindingRow
from tui.doc import Doc, safe
from tui.keymap import bind
from tui.modals.fields import SafeInput
from tui.query import QueryError
from tui.reader import Reader
from tui.rows import Table
from tui.screens.base import ReportScreen
from tui.state import Place, View
from tui.table import WideTable

_HINT = "words, or sev>=high  zone:guest  host:10.20.  port:443  kind:exposure"


class BrowseScreen(ReportScreen):
    """Where there is room the document stands beside or below the table; elsewhere Enter opens it in its place."""

    NOUN: ClassVar[str]
    EMPTY: ClassVar[str]
    HINT: ClassVar[str] = _HINT
    """What the filter's line says while it is empty."""
    SPLIT: ClassVar[Literal["beside", "below"]] = "below"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑↓", "move"), ("open", "open"), ("filter", "filter"), ("sort", "sort"), ("mark", "mark"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [bind("filter"), bind("swap")]

    _key: str | None = None
    """Of the row under the cursor."""
    _following = False
    """The text is to be that of another row as soon as the row is drawn."""

    @abstractmethod
    def table(self) -> Table:
        """Columns and rows of the report: computed at the start, and again when the report has changed."""

    @abstractmethod
    def detail(self, row: int) -> Doc:
        """The document about a row."""

    def finding_at(self, row: int) -> FindingRow | None:
        """The finding that a row is, or the worst open one of what it is."""
        return None

    @abstractmethod
    def key(self, row: int) -> str:
        """What identifies a row when the report changes: the id of what it is about."""

    def aside(self) -> str:
        """What the caption says besides how many rows there are."""
        return ""

    def finding(self) -> FindingRow | None:
        row = self._table.row
        return None if row is None else self.finding_at(row)

    def chosen(self) -> tuple[FindingRow, ...]:
        found = (self.finding_at(row) for row in self._table.targets)
        return tuple({each.id: each for each in found if each is not None}.values())

    def point_at(self, finding: str) -> bool:
        """Put the cursor on the row of a finding, its filter out of the way where it hides the row."""
        rows = range(len(self._table.rows))
        at = next((row for row in rows if (found := self.finding_at(row)) is not None and found.id == finding), None)
        return at is not None and self._point(at)

    def _point(self, row: int) -> bool:
        if not self._table.point(row):
            self.show_filter("")
            return self._table.point(row)
        return True

    def view(self) -> View:
        return View(self.TAB, self._table.looked_at())

    def look(self, view: View) -> None:
        """Look at the table as a view has it. QueryError where its filter is none for this table."""
        self._table.look(view.table)
        with self.prevent(Input.Changed):
            self._input.value = view.table.filter
        self._caption()

    def place(self) -> Place:
        row = self._table.row
        return Place(self.TAB, self._table.query_text, None if row is None else self.key(row))

    def go(self, place: Place) -> None:
        if place.filter != self._table.query_text:
            self.show_filter(safe(place.filter))
        if place.key is not None:
            at = next((at for at in range(len(self._table.rows)) if self.key(at) == place.key), None)
            if at is not None:
                self._point(at)

    def body(self) -> ComposeResult:
        columns, rows = self.table()
        with Container(id="split"):
            with Vertical(id="list"):
                yield Static(id="caption", markup=False)
                yield WideTable(columns, rows, empty=self.EMPTY, id="table")
                yield SafeInput(id="filter", placeholder=self.HINT, select_on_focus=False)
            yield Reader(id="reader")

    def on_mount(self) -> None:
        self._caption()
        self._read(self._table.row)
        self._table.focus()

    def renew(self) -> None:
        """The rows of the new report: filter and order stay, and the cursor stays on the same thing."""
        at = self._table.row
        before = self._key
        columns, rows = self.table()
        if before is not None:
            at = next((each for each in range(len(rows)) if self.key(each) == before), at)
        self._table.replace(columns, rows, at if at is not None and at < len(rows) else None)
        self._caption()
        now = self._table.row
        if before is not None and (now is None or self.key(now) != before):
            # Whoever was reading about what is gone would go on with another text, and act on it, unawares.
            inside = self.has_class("-reading") or self.query_one(Reader).has_focus
            self.remove_class("-reading")
            if inside and self.is_current:
                self._table.focus()

    @property
    def _table(self) -> WideTable:
        return self.query_one(WideTable)

    @property
    def _input(self) -> Input:
        return self.query_one("#filter", Input)

    def show_filter(self, text: str) -> None:
        """Show the rows that a filter keeps, with the filter in sight, and the table in focus."""
        with self.prevent(Input.Changed):
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
            doc.add(f"{len(table.view)} of {total} {self._noun(total)}", bold=True).add("  filter: ", "muted")
            doc.add(table.query_text, "accent")
        else:
            doc.add(f"{total} {self._noun(total)}", bold=True)
        if table.marked:
            doc.add(f"  {len(table.marked)} marked", "accent", bold=True)
            doc.add(f", {table.hidden} hidden by the filter" if table.hidden else "", "amber")
        if table.busy:
            doc.add("  looking…", "muted")
        if aside := self.aside():
            doc.add(f"  {aside}", "muted")
        if table.sorted_by is not None:
            doc.add("  sorted by ", "muted").add(table.columns[table.sorted_by].title.lower(), "accent")
        self.query_one("#caption", Static).update(doc.text(), layout=False)

    def _noun(self, count: int) -> str:
        first, *rest = self.NOUN.split(" ")
        return self.NOUN if count != 1 else " ".join((first.removesuffix("s"), *rest))

    def fitting(self, width: int, height: int) -> dict[str, bool]:
        room = width >= 116 if self.SPLIT == "beside" else height >= 34
        reading = not room and self.has_class("-reading")
        return super().fitting(width, height) | {f"-{self.SPLIT}": room, "-single": not room, "-reading": reading}

    def action_filter(self) -> None:
        self.remove_class("-reading")
        self._input.add_class("-open")
        self._input.focus()

    def action_swap(self) -> None:
        """Between the table and the text, where both are there."""
        reader = self.query_one(Reader)
        if self._table.has_focus and reader.display:
            reader.focus()
        elif not self.has_class("-reading"):
            self._table.focus()

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

    @on(WideTable.Changed)
    def _changed(self) -> None:
        self._caption()

    @on(WideTable.Highlighted)
    def _highlighted(self, event: WideTable.Highlighted) -> None:
        # The row first, its text when the row is drawn: a key that is held down does not wait for what nobody reads.
        # And not the row that the message names: since it was sent, the report may have changed.
        row = self._table.row
        if not event.moved:
            self._read(row)
        else:
            self._key = None if row is None else self.key(row)
            if not self._following:
                self._following = True
                self.call_after_refresh(self._read_on)

    def _read_on(self) -> None:
        self._following = False
        self._read(self._table.row)

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
        # Kept apart from the table: once the report has changed, nothing says any more what the row was.
        self._key = None if row is None else self.key(row)
        nothing = Doc().line("Nothing is selected.", "muted")
        self.query_one(Reader).show(nothing if row is None else self.detail(row))
