"""Screen 4: the holes in the fence, the paths through them, and what else stands open."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from scanner.model.report import FindingRow, Report
from tui import details, fixes, rows
from tui.doc import Doc, safe
from tui.keymap import bind
from tui.query import quoted
from tui.screens.browse import BrowseScreen
from tui.screens.mapped import MappedScreen


class GapsScreen(BrowseScreen, MappedScreen):
    TAB = "gaps"
    NOUN = "findings"
    EMPTY = "No finding. The Matrix says what was proved; the absence of a finding proves nothing."
    SPLIT = "beside"
    # In the table Enter opens the text; in the text it leads on to what mends the gap.
    BINDINGS: ClassVar[list[BindingType]] = [bind("open", "app.fixes")]
    KEYS = (
        ("↑↓", "move"), ("open", "open"), ("filter", "filter"), ("path", "path"), ("evidence", "evidence"),
        ("verify", "verify"), ("except", "accept"), ("ticket", "ticket"), ("fixes", "fixes"), ("map", "zone map"),
        ("mark", "mark"), ("sort", "sort"), ("copy", "copy replay"), ("dialect", "firewall"),
    )  # fmt: skip

    class Returned(Message):
        """Back out of a pair of zones that the matrix had opened."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self._drilled = False
        self.findings: list[FindingRow] = []

    def table(self) -> rows.Table:
        self.findings = rows.gap_findings(self.report)
        return rows.gaps(self.findings)

    def detail(self, row: int) -> Doc:
        return details.finding(self.findings[row], self.report, self.dialect)

    def show_pair(self, from_: str, to: str) -> None:
        """Only the findings from one zone to another, until Esc goes back to where they were asked for."""
        self.show_filter(safe(f"from={quoted(from_)} to={quoted(to)}"))
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

    def zone(self) -> str | None:
        found = self.finding()
        return None if found is None else found.from_

    def key(self, row: int) -> str:
        return self.findings[row].id

    def finding_at(self, row: int) -> FindingRow:
        return self.findings[row]
