"""Screen 8: what was accepted, by whom and until when; what has run out, fits nothing, or has nobody behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.binding import BindingType

from scanner.model.report import AcceptedRow, FindingRow, Report
from tui import register
from tui.desk import saved
from tui.doc import Doc
from tui.keymap import bind
from tui.modals.confirm import ConfirmModal
from tui.rows import Table
from tui.screens.browse import BrowseScreen

if TYPE_CHECKING:
    from tui.acting import ActingApp


class ExceptionsScreen(BrowseScreen):
    TAB = "exceptions"
    NOUN = "exceptions"
    EMPTY = "Nothing is accepted. x on a finding accepts it for a while."
    HINT = "words, or state:expired  owner:ortiz  left<=30  fits<=0"
    SPLIT = "below"
    KEYS = (*BrowseScreen.KEYS, ("X", "take out"), ("x", "accept anew"))
    BINDINGS: ClassVar[list[BindingType]] = [bind("retract")]

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.entries: list[AcceptedRow] = []
        self._by_id: dict[str, FindingRow] = {}

    def table(self) -> Table:
        self.entries = register.entries(self.report)
        self._by_id = {each.id: each for each in self.report.findings}
        return register.table(self.entries, self.report, self._by_id)

    def detail(self, row: int) -> Doc:
        return register.entry(self.entries[row], self.report, self._by_id)

    def key(self, row: int) -> str:
        return self.entries[row].about

    def finding_at(self, row: int) -> FindingRow | None:
        return next(iter(register.fitting(self.entries[row], self._by_id)), None)

    @work(group="act", exclusive=True)
    async def action_retract(self) -> None:
        """Take the entry under the cursor out again, once that was confirmed."""
        app, row = cast("ActingApp", self.app), self._table.row
        if self.desk is None:
            app.say(saved("taking an exception out"), wrong=True)
            return
        if row is None:
            app.say("No exception is selected.", wrong=True)
            return
        entry, desk = self.entries[row], self.desk
        # While client data is masked, what the file says is what the report says unmasked.
        about = app.report.accepted[self.report.accepted.index(entry)].about
        question = Doc().line(f"Take {entry.about} out of exceptions.yaml?", bold=True).end()
        words = "What it fits counts again." if entry.state == "held" else "It does nothing now."
        question.line(words).line(
            f"Owner and reason are lost with it: {entry.owner or 'nobody'}, {entry.reason}", "muted"
        )
        if not await app.push_screen_wait(ConfirmModal("Take an exception out", question, "Take it out")):
            return
        where = await app.tried(lambda: desk.retract(about))
        if where is not None:
            app.say(where)
            await app.reassess()
