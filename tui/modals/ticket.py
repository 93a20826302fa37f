"""The ticket of a finding, as it would be sent: previewed, never sent from here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from scanner.exporters.ticket_text import Ticket, no_ticket, tickets_for
from scanner.model.report import FindingRow, Report
from tui.doc import Doc
from tui.keymap import bind
from tui.reader import Reader
from tui.status import SEVERITY, mark


class TicketModal(ModalScreen[str | None]):
    """Dismisses with the text to copy, or with None. One finding may wait for several changes: ← → go through them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("back", "close"),
        bind("ticket", "close"),
        bind("copy", "take"),
        bind("copy-text", "take"),
        bind("left", "turn(-1)"),
        bind("right", "turn(1)"),
    ]

    def __init__(self, report: Report, findings: FindingRow | Sequence[FindingRow], dialect: str | None = None) -> None:
        """`dialect`: the firewall whose rules the ticket tells."""
        super().__init__()
        self.findings = (findings,) if isinstance(findings, FindingRow) else tuple(findings)
        self.tickets = tickets_for(report, {each.id for each in self.findings}, dialect)
        self.at = 0

    @property
    def ticket(self) -> Ticket | None:
        return self.tickets[self.at] if self.tickets else None

    def compose(self) -> ComposeResult:
        with Vertical(id="ticket", classes="window") as window:
            window.border_title = "Ticket, as it would be sent"
            yield Static(id="ticket-head", markup=False)
            yield Reader(id="ticket-text")
            yield Static(id="ticket-keys", markup=False)

    def on_mount(self) -> None:
        self._draw()
        self.query_one(Reader).focus()

    def _draw(self) -> None:
        head, body, found = Doc(), Doc(), self.ticket
        if found is None:
            head.line("No ticket", "amber", bold=True)
            words = next(filter(None, map(no_ticket, self.findings)), "No step of the plan closes it.")
            body.line(words)
        else:
            head.line(found.title, bold=True).mark(mark(SEVERITY, found.severity))
            head.add(f"  {found.fingerprint}", "muted")
            if len(self.tickets) > 1:
                head.add(f"  {self.at + 1} of {len(self.tickets)}", "accent", bold=True)
            for line in found.body.removesuffix("\n").split("\n"):
                body.line(line, hang=len(line) - len(line.lstrip()))
        keys = (("y", "copy"), ("← →", "other tickets"), ("Esc", "close"))
        bar = Doc()
        for key, what in keys:
            if key == "Esc" or (found is not None and (key != "← →" or len(self.tickets) > 1)):
                bar.add(key, "accent", bold=True).add(f" {what}  ", "muted")
        self.query_one("#ticket-head", Static).update(head.content(200))
        self.query_one(Reader).show(body)
        self.query_one("#ticket-keys", Static).update(bar.text())

    def action_turn(self, step: int) -> None:
        if self.tickets:
            self.at = (self.at + step) % len(self.tickets)
            self._draw()

    def action_take(self) -> None:
        if (found := self.ticket) is not None:
            self.dismiss(f"{found.title}\n\n{found.body}")

    def action_close(self) -> None:
        self.dismiss(None)
