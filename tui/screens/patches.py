"""Screen 5: versions against their baselines, the riskiest first."""

from __future__ import annotations

from scanner.exporters.patch_words import findings_by_row, risk_of, urgency
from scanner.model.report import Report
from tui import patched, rows
from tui.doc import Doc
from tui.screens.browse import BrowseScreen


class PatchesScreen(BrowseScreen):
    TAB = "patches"
    NOUN = "products judged"
    EMPTY = "No version was judged: no product was identified, or none is reported."
    HINT = "words, or overdue:yes  kev:yes  exposed:guest  risk>=60  late>=30  verdict:unknown"
    KEYS = (*BrowseScreen.KEYS, ("y", "copy replay"))

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        of = findings_by_row(report)
        judged = [(row, risk_of(of(row))) for row in report.patches]
        judged.sort(key=lambda each: urgency(*each))
        self.patches = [row for row, _ in judged]
        self.risks = [risk for _, risk in judged]

    def table(self) -> rows.Table:
        return rows.patches(self.patches, self.risks)

    def detail(self, row: int) -> Doc:
        return patched.patch(self.patches[row], self.report)

    def replay(self) -> str | None:
        row = self._table.row
        found = findings_by_row(self.report)(self.patches[row]) if row is not None else ()
        return found[0].replay if found else None
