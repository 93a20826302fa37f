"""Screen 6: what to change, and the rules for the firewall at hand."""

from __future__ import annotations

from scanner.model.report import Report
from tui import fixes
from tui.doc import Doc
from tui.rows import Table
from tui.screens.browse import BrowseScreen


class FixesScreen(BrowseScreen):
    TAB = "fixes"
    NOUN = "changes"
    EMPTY = "The report proposes no change."
    SPLIT = "beside"
    KEYS = (*BrowseScreen.KEYS, ("d", "firewall"), ("c", "copy rules"))

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.fixes = fixes.fixes(report)

    def table(self) -> Table:
        return fixes.table(self.fixes, self.report)

    def detail(self, row: int) -> Doc:
        return fixes.document(self.fixes[row], self.report, self.dialect)

    def rules(self) -> str | None:
        row = self._table.row
        return None if row is None else fixes.rules_text(self.fixes[row], self.dialect)
