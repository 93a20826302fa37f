"""Screen 4: the holes in the fence, the paths through them, and what else stands open."""

from __future__ import annotations

from textual.message import Message

from scanner.model.report import Report
from tui import details, fixes, rows
from tui.doc import Doc, safe
from tui.screens.browse import BrowseScreen


class GapsScreen(BrowseScreen):
    TAB = "gaps"
    NOUN = "findings"
    EMPTY = "No finding. The Matrix says what was proved; the absence of a finding proves nothing."
    SPLIT = "beside"
    KEYS = (*BrowseScreen.KEYS, ("y", "copy replay"), ("d", "firewall"), ("c", "copy rules"))

    class Returned(Message):
        """Back out of a pair of zones that the matrix had opened."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._drilled = False
        self.findings = rows.gap_findings(report)

    def table(self) -> rows.Table:
        return rows.gaps(self.findings)

    def detail(self, row: int) -> Doc:
        return details.finding(self.findings[row], self.report, self.dialect)

    def show_pair(self, from_: str, to: str) -> None:
        """Only the findings from one zone to another, until Esc goes back to where they were asked for."""
        self.show_filter(safe(f'from="{from_}" to="{to}"'))
        self._drilled = True

    def action_back(self) -> None:
        before = self._table.query_text
        super().action_back()
        if self._drilled and before and not self._table.query_text:
            self._drilled = False
            self.post_message(self.Returned())

    def rules(self) -> str | None:
        row = self._table.row
        found = fixes.closing(self.report, (self.findings[row].id,)) if row is not None else ()
        texts = [text for each in found if (text := fixes.rules_text(each, self.dialect)) is not None]
        return "\n".join(dict.fromkeys(texts)) or None

    def replay(self) -> str | None:
        row = self._table.row
        return None if row is None else self.findings[row].replay
