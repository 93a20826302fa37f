"""The way of an attack as large as the window: each zone a box, each step an arrow, the fence between."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui import ways
from tui.doc import Doc
from tui.keymap import bind
from tui.modals.reading import ReadingModal


class PathModal(ReadingModal):
    HEADING = "Path"
    BINDINGS: ClassVar[list[BindingType]] = [bind("path", "close")]

    def document(self) -> Doc:
        return ways.way(self.row, self.report)
