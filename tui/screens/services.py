"""The services that answer: what each is, who reaches it, and what is wrong with it."""

from __future__ import annotations

from scanner.model.report import FindingRow, Report
from tui import rows, service
from tui.doc import Doc
from tui.facts import worst_of
from tui.screens.browse import BrowseScreen
from tui.served import Served


class ServicesScreen(BrowseScreen):
    TAB = "services"
    NOUN = "services"
    EMPTY = "No service answered. Silence proves nothing: the Matrix says what was tested."
    HINT = "words, or port:443,8443  exposed:guest  forbidden  tls  product:openssh  verdict:unknown  !excepted"

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.services: list[Served] = []

    def table(self) -> rows.Table:
        table, self.services = rows.services(self.report)
        return table

    def key(self, row: int) -> str:
        return self.services[row].id

    def finding_at(self, row: int) -> FindingRow | None:
        """The worst finding about the service."""
        return worst_of(self.services[row].findings)

    def detail(self, row: int) -> Doc:
        return service.document(self.services[row])
