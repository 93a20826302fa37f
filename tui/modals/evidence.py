"""All that a finding rests on, in one window."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui import proof
from tui.doc import Doc
from tui.keymap import bind
from tui.modals.reading import ReadingModal


class EvidenceModal(ReadingModal):
    HEADING = "Evidence"
    BINDINGS: ClassVar[list[BindingType]] = [bind("evidence", "close")]

    def document(self) -> Doc:
        return proof.document(self.row, self.report)
