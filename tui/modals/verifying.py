"""One finding's probes again, and what they show now."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from scanner.model.report import FindingRow
from tui.desk import Desk, Ended, Outcome, Run, Said
from tui.doc import Doc
from tui.status import Mark

WORDS = {
    "confirmed": Mark("✕", "CONFIRMED", "red"),
    "gone": Mark("✓", "GONE", "green"),
    "cannot tell here": Mark("?", "CANNOT TELL HERE", "amber"),
}
_LINES = 12
"""Lines of what it says on the way, the newest ones."""


class VerifyingModal(ModalScreen[Outcome | None]):
    """Dismisses with what came out, or None where nothing was asked to the end. Esc stops a verification under way."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,ctrl+c", "close", "Stop, or close", show=False, priority=True)
    ]

    def __init__(self, desk: Desk, finding: FindingRow, shown: FindingRow | None = None) -> None:
        """`shown`: the finding as the screens show it, where they mask."""
        super().__init__()
        self._desk, self._finding, self._shown = desk, finding, shown or finding
        self._hidden = shown is not None and shown != finding
        self._run: Run | None = None
        self._said: list[str] = []
        self._outcome: Outcome | None = None
        self._ended: Ended | None = None
        self._stopping = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="verifying", classes="window") as window:
            window.border_title = "Verify again"
            yield Static(markup=False, id="verifying-text")

    def on_mount(self) -> None:
        self._draw()
        self._ask()

    @work
    async def _ask(self) -> None:
        self._run = run = self._desk.verify(self._finding.id)
        try:
            async for item in run:
                if isinstance(item, Said):
                    if item.text not in self._said[-1:]:
                        self._said.append(item.text)
                elif isinstance(item, Outcome):
                    self._outcome = item
                elif isinstance(item, Ended):
                    self._ended = item
                self._draw()
        finally:
            await run.aclose()
        if self._stopping:
            self.dismiss(self._outcome)

    @property
    def over(self) -> bool:
        return self._outcome is not None or self._ended is not None

    def _draw(self) -> None:
        doc = Doc().line(self._shown.title, bold=True, hang=2).line(self._finding.id, "muted").end()
        if self._hidden:
            doc.line(f"{len(self._said)} lines; what it says is masked", "muted")
        else:
            for each in self._said[-_LINES:]:
                doc.line(each, "muted", hang=2)
        doc.end()
        if self._outcome is not None:
            doc.mark(WORDS[self._outcome.word]).end()
            doc.line("(masked)" if self._hidden else self._outcome.reason, hang=2)
        elif self._ended is not None:
            doc.line(f"! It could not be carried out: {self._ended.reason}", "amber", hang=2)
        elif self._stopping:
            doc.line("‖ stopping", "amber", bold=True)
        else:
            doc.line("▶ its probes are being sent again", "accent", bold=True)
        doc.end().add("Esc", "accent", bold=True).line(" close" if self.over else " stop", "muted")
        self.query_one("#verifying-text", Static).update(doc.content(max(20, min(86, self.app.size.width - 8))))

    async def action_close(self) -> None:
        if self.over:
            self.dismiss(self._outcome)
        elif self._run is not None and not self._stopping:
            self._stopping = True
            self._draw()
            await self._run.pause()
