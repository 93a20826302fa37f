"""Screen 5: versions against their baselines, the riskiest first."""

from __future__ import annotations

from scanner.exporters.patch_words import findings_by_row, risk_of, urgency
from scanner.model.report import FindingRow, PatchRow, Report
from tui import patched, rows
from tui.doc import Doc
from tui.screens.browse import BrowseScreen


class PatchesScreen(BrowseScreen):
    TAB = "patches"
    NOUN = "products judged"
    EMPTY = "No version was judged: no product was identified, or none is reported."
    HINT = "words, or late  !excepted  kev:yes  exposed:guest  risk>=60  late>=30  verdict:unknown"
    KEYS = (*BrowseScreen.KEYS, ("y", "copy replay"))

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.patches: list[PatchRow] = []

    def table(self) -> rows.Table:
        self._of = findings_by_row(self.report)
        judged = [(row, self._of(row)) for row in self.report.patches]
        judged.sort(key=lambda each: urgency(each[0], risk_of(each[1])))
        self.patches = [row for row, _ in judged]
        return rows.patches(judged)

    def key(self, row: int) -> str:
        return rows.patch_id(self.patches[row])

    def finding_at(self, row: int) -> FindingRow | None:
        return next(iter(self._of(self.patches[row])), None)

    def detail(self, row: int) -> Doc:
        return patched.patch(self.patches[row], self.report)
