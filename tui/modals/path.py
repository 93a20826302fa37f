"""The way of an attack as large as the window: each zone a box, each step an arrow, the fence between."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from scanner.model.report import FindingRow, Report
from tui import ways
from tui.doc import Doc
from tui.draw.chain import spots
from tui.draw.scene import scene
from tui.keymap import bind
from tui.modals.reading import ReadingModal
from tui.reader import Reader
from tui.spots import place_of


class PathModal(ReadingModal):
    """The cursor goes from box to box; Enter goes where its box leads, as a click does."""

    HEADING = "Path"
    KEYS = "← → another box  Enter goes there  y copies the command  Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("path", "close"),
        bind("open", "into"),
        bind("left", "step(-1)", priority=True),
        bind("right", "step(1)", priority=True),
        bind("swap", "step(1)", priority=True),
    ]

    def __init__(self, report: Report, finding: FindingRow) -> None:
        super().__init__(report, finding)
        drawn = scene(finding, report)
        self.spots = spots(drawn) if drawn is not None else ()
        self.at = 0

    def document(self) -> Doc:
        return ways.way(self.row, self.report, self.at)

    def action_step(self, by: int) -> None:
        if self.spots:
            self.at = (self.at + by) % len(self.spots)
            self.query_one(Reader).show(self.document(), top=False)

    def action_into(self) -> None:
        self.dismiss(place_of(self.spots[self.at], self.report) if self.spots else None)
