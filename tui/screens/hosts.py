"""Screen 2: the hosts, and what is known of each."""

from __future__ import annotations

from tui import details, rows
from tui.doc import Doc
from tui.screens.browse import BrowseScreen


class HostsScreen(BrowseScreen):
    TAB = "hosts"
    NOUN = "hosts"
    EMPTY = "No host was seen. Scan from a zone, then assess."

    def table(self) -> rows.Table:
        return rows.hosts(self.report)

    def detail(self, row: int) -> Doc:
        return details.host(self.report.hosts[row], self.report)
