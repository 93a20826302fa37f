"""A window to read in: a document about a finding, as wide as the terminal allows. Evidence and path are such."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from scanner.model.report import FindingRow, Report
from tui.doc import Doc, safe
from tui.keymap import bind
from tui.reader import Picked, Reader
from tui.screens.base import ReportScreen
from tui.spots import place_of
from tui.state import Place


class ReadingModal(ModalScreen[Place | None]):
    """Subclasses say what there is to read. Dismisses with a place to go to where a box of a drawing leads to one."""

    HEADING: ClassVar[str]
    """Words of ours, never what a network said."""
    KEYS: ClassVar[str] = "y copies the command, Y this text, Esc closes"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("back", "close"),
        bind("open", "close"),
        bind("quit", "close"),
        bind("copy"),
        bind("copy-text"),
    ]

    def __init__(self, report: Report, finding: FindingRow) -> None:
        super().__init__()
        self.report, self.row = report, finding

    def compose(self) -> ComposeResult:
        with Container(classes="reading") as window:
            window.border_title = self.HEADING
            window.border_subtitle = self.KEYS
            yield Reader(id="reading-text")

    def on_mount(self) -> None:
        reader = self.query_one(Reader)
        reader.show(self.document())
        reader.focus()

    @abstractmethod
    def document(self) -> Doc:
        """What there is to read."""

    @on(Picked)
    def _picked(self, event: Picked) -> None:
        place = place_of(event.spot, self.report)
        if place is not None:
            self.dismiss(place)

    def action_close(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        self.post_message(ReportScreen.Copy(safe(self.row.replay), "Replay command"))

    def action_copy_text(self) -> None:
        text = self.query_one(Reader).plain.rstrip("\n") + "\n"
        self.post_message(ReportScreen.Copy("\n".join(map(safe, text.split("\n"))), "Text"))
