"""What to change, and the rules for the firewall at hand."""

from __future__ import annotations

from scanner.model.report import FindingRow, Report
from tui import fixes
from tui.doc import Doc
from tui.facts import worst_of
from tui.rows import Table
from tui.screens.browse import BrowseScreen


class FixesScreen(BrowseScreen):
    TAB = "fixes"
    NOUN = "changes"
    EMPTY = "The report proposes no change."
    SPLIT = "beside"
    KEYS = (*BrowseScreen.KEYS, ("dialect", "firewall"), ("copy-rules", "copy rules"))

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.fixes: tuple[fixes.Fix, ...] = ()

    def table(self) -> Table:
        self.fixes = fixes.fixes(self.report)
        return fixes.table(self.fixes, self.report)

    def key(self, row: int) -> str:
        return self.fixes[row].title

    def finding_at(self, row: int) -> FindingRow | None:
        """The worst of the findings that the change closes."""
        closes = set(self.fixes[row].closes)
        return worst_of(each for each in self.report.findings if each.id in closes)

    def point_at(self, finding: str) -> bool:
        at = next((at for at, each in enumerate(self.fixes) if finding in each.closes), None)
        return at is not None and self._point(at)

    def detail(self, row: int) -> Doc:
        return fixes.document(self.fixes[row], self.report, self.dialect)

    def rules(self) -> str | None:
        row = self._table.row
        return None if row is None else fixes.rules_text(self.fixes[row], self.dialect)
