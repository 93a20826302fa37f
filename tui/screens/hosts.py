"""Screen 2: the hosts, and what is known of each."""

from __future__ import annotations

from scanner.model.report import FindingRow
from tui import details, rows
from tui.doc import Doc
from tui.facts import worst_of
from tui.lookup import findings_by_host
from tui.screens.browse import BrowseScreen


class HostsScreen(BrowseScreen):
    TAB = "hosts"
    NOUN = "hosts"
    EMPTY = "No host was seen. Scan from a zone, then assess."

    def table(self) -> rows.Table:
        return rows.hosts(self.report)

    def key(self, row: int) -> str:
        return self.report.hosts[row].id

    def finding_at(self, row: int) -> FindingRow | None:
        """The worst open finding about the host."""
        return worst_of(findings_by_host(self.report)[self.report.hosts[row].id])

    def detail(self, row: int) -> Doc:
        return details.host(self.report.hosts[row], self.report)
