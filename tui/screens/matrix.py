"""Screen 4: every zone against every zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from scanner.model.report import FindingRow, Report
from tui import details
from tui.doc import Doc
from tui.facts import cells_by_pair, pair_verdicts, worst_of, zone_names
from tui.grid import Matrix
from tui.keymap import bind
from tui.lookup import findings_by_pair
from tui.pairs import pair_key
from tui.reader import Reader
from tui.screens.mapped import MappedScreen
from tui.state import Place
from tui.status import cell_looks


class Legend(Static):
    """How many pairs have each verdict, and what the figures of a tile are where there is room to say so."""

    def __init__(self, report: Report, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self.take(report)

    def take(self, report: Report) -> None:
        self.counts, self.looks = pair_verdicts(report), cell_looks(report)
        self.refresh()

    def render(self) -> Content:
        doc = Doc().add(" ")
        for word, look in self.looks.items():
            doc.mark(look).add(f" {self.counts[word]}   ")
        figures = "figures: forbidden flows that crossed / flows tested"
        if doc.text().cell_length + len(figures) <= self.size.width:
            doc.add(figures, "muted")
        return doc.text()


class MatrixScreen(MappedScreen):
    """The matrix with the pair under the cursor explained. Enter goes into the pair: to its findings, by Drill, or
    where it has none to its flows."""

    TAB = "matrix"
    KEYS = (("↑↓←→", "move"), ("open", "into the pair"), ("swap", "read"), ("map", "zone map"))
    BINDINGS: ClassVar[list[BindingType]] = [bind("swap", priority=True)]

    class Drill(Message):
        """Show the findings from one zone to another."""

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
        self._matrix.focus()
        self._read()

    @property
    def _matrix(self) -> Matrix:
        return self.query_one(Matrix)

    def renew(self) -> None:
        """The new report's cells, the cursor on the same pair."""
        self.query_one(Legend).take(self.report)
        self._matrix.take(zone_names(self.report), cells_by_pair(self.report))
        self._read(top=False)

    def zone(self) -> str | None:
        return self._matrix.pair[0] if self._matrix.pair else None

    def finding(self) -> FindingRow | None:
        """The worst from the one zone to the other."""
        return worst_of(self._findings())

    def _findings(self) -> Sequence[FindingRow]:
        return findings_by_pair(self.report)[self._matrix.pair] if self._matrix.pair else ()

    def place(self) -> Place:
        pair = self._matrix.pair
        return Place(self.TAB, key=pair_key(*pair) if pair else None)

    def go(self, place: Place) -> None:
        names = zone_names(self.report)
        pair = next(((a, b) for a in names for b in names if pair_key(a, b) == place.key), None)
        if pair is not None:
            self._matrix.point(*pair)
            self._matrix.focus()

    def point_at(self, finding: str) -> bool:
        found = next((each for each in self.report.findings if each.id == finding), None)
        if found is None or found.from_ is None or found.to is None:
            return False
        return self._matrix.point(found.from_, found.to)

    def fitting(self, width: int, height: int) -> dict[str, bool]:
        tall = height >= 34
        return super().fitting(width, height) | {"-below": tall, "-beside": not tall and width >= 116}

    def action_swap(self) -> None:
        reader = self.query_one(Reader)
        (self._matrix if reader.has_focus else reader).focus()

    def action_back(self) -> None:
        self._matrix.focus()

    @on(Matrix.Moved)
    def _moved(self) -> None:
        self._read()

    @on(Matrix.Entered)
    def _entered(self, event: Matrix.Entered) -> None:
        if self._findings():
            self.post_message(self.Drill(event.from_, event.to))
        else:
            # Nothing is open between them: what was measured is all that there is to go into.
            self.query_one(Reader).focus()

    def _read(self, *, top: bool = True) -> None:
        pair = self._matrix.pair
        if pair is not None:
            self.query_one(Reader).show(details.cell(self.report, *pair), top=top)
