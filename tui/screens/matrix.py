"""Screen 3: every zone against every zone."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from scanner.model.report import Report
from tui import details
from tui.doc import Doc
from tui.facts import cells_by_pair, pair_verdicts, zone_names
from tui.grid import Matrix
from tui.screens.base import Reader, ReportScreen
from tui.status import cell_looks


class Legend(Static):
    """How many pairs have each verdict, and what the figures of a tile are where there is room to say so."""

    def __init__(self, report: Report, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self.counts, self.looks = pair_verdicts(report), cell_looks(report)

    def render(self) -> Content:
        doc = Doc().add(" ")
        for word, look in self.looks.items():
            doc.mark(look).add(f" {self.counts[word]}   ")
        figures = "figures: forbidden flows that crossed / flows tested"
        if doc.text().cell_length + len(figures) <= self.size.width:
            doc.add(figures, "muted")
        return doc.text()


class MatrixScreen(ReportScreen):
    """The matrix with the pair under the cursor explained. Enter posts Drill: show me that pair's findings."""

    TAB = "matrix"
    KEYS = (("↑↓←→", "move"), ("Enter", "findings of the pair"), ("Tab", "read"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "swap", "Read the detail", show=False, priority=True)]

    class Drill(Message):
        def __init__(self, from_: str, to: str) -> None:
            super().__init__()
            self.from_, self.to = from_, to

    def body(self) -> ComposeResult:
        with Container(id="split"):
            with Vertical(id="list"):
                yield Legend(self.report, id="caption")
                yield Matrix(zone_names(self.report), cells_by_pair(self.report), id="matrix")
            yield Reader(id="reader")

    def on_mount(self) -> None:
        matrix = self.query_one(Matrix)
        matrix.focus()
        if matrix.pair is not None:
            self._read(*matrix.pair)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        tall = event.size.height >= 34
        self.set_class(tall, "-below")
        self.set_class(not tall and event.size.width >= 116, "-beside")

    def action_swap(self) -> None:
        reader = self.query_one(Reader)
        (self.query_one(Matrix) if reader.has_focus else reader).focus()

    def action_back(self) -> None:
        self.query_one(Matrix).focus()

    @on(Matrix.Moved)
    def _moved(self, event: Matrix.Moved) -> None:
        self._read(event.from_, event.to)

    @on(Matrix.Entered)
    def _entered(self, event: Matrix.Entered) -> None:
        self.post_message(self.Drill(event.from_, event.to))

    def _read(self, from_: str, to: str) -> None:
        self.query_one(Reader).show(details.cell(self.report, from_, to))
