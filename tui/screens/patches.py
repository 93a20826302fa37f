"""Screen 5: versions against their baselines, worst first."""

from __future__ import annotations

from scanner.model.report import Report
from tui import details, rows
from tui.doc import Doc
from tui.screens.browse import BrowseScreen


class PatchesScreen(BrowseScreen):
    TAB = "patches"
    NOUN = "products judged"
    EMPTY = "No version was judged: no product was identified, or none is reported."
    KEYS = (*BrowseScreen.KEYS, ("y", "copy replay"))

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.patches = sorted(report.patches, key=lambda row: -rows.VERDICTS.index(row.verdict.lower()))

    def table(self) -> rows.Table:
        return rows.patches(self.patches)

    def detail(self, row: int) -> Doc:
        return details.patch(self.patches[row], self.report)

    def replay(self) -> str | None:
        row = self._table.row
        found = details.patch_findings(self.patches[row], self.report) if row is not None else []
        return found[0].replay if found else None
