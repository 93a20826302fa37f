"""The map of the zones, as large as the window: all of them, or one with every boundary that it has."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from scanner.model.report import Report
from tui.doc import Doc
from tui.draw import around, zones
from tui.keymap import bind
from tui.reader import Picked, Reader
from tui.spots import Spot, hosts_of, place_of
from tui.state import Place


class ZonesModal(ModalScreen[Place | None]):
    """Dismisses with the place to go to: a boundary on the Matrix, or the hosts of a zone; or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("back", "out"),
        bind("map", "close"),
        bind("quit", "close"),
        bind("open", "into"),
        bind("matrix", "leave('matrix')"),
        bind("hosts", "leave('hosts')"),
        bind("left", "step(-1)", priority=True),
        bind("right", "step(1)", priority=True),
        bind("swap", "step(1)", priority=True),
    ]

    def __init__(self, report: Report, zone: str | None = None) -> None:
        super().__init__()
        self.report = report
        chosen = zones.chosen(report)
        self.names, self.pairs = [each.name for each in chosen.zones], chosen.pairs
        self.at = self.names.index(zone) if zone in self.names else 0
        self.near = False
        """Whether one zone is shown with its boundaries."""

    def compose(self) -> ComposeResult:
        with Container(classes="reading") as window:
            window.border_title = "The zones and what gets from one to another"
            yield Reader(id="reading-text")

    def on_mount(self) -> None:
        self.query_one(Reader).focus()
        self._show()

    def _show(self) -> None:
        doc = Doc()
        if not self.names:
            doc.line("The report names no zones.", "muted")
        elif self.near:
            name = self.names[self.at]
            around.zone(doc, name, self.report)
            around.legend(doc.end(), around.boundaries(name, self.report), self.report)
        else:
            zones.picture(doc, self.report, self.names[self.at])
            around.legend(doc.end(), self.pairs, self.report)
        self.query_one(".reading").border_subtitle = (
            "← → another zone   Enter 4 worst boundary   2 hosts   Esc all zones"
            if self.near
            else "← → another zone   Enter boundaries   4 matrix   2 hosts   Esc close"
        )
        self.query_one(Reader).show(doc)

    def action_step(self, by: int) -> None:
        if self.names:
            self.at = (self.at + by) % len(self.names)
            self._show()

    def action_into(self) -> None:
        if self.near or not self.names:
            self.action_leave("matrix")
            return
        self.near = True
        self._show()

    def action_leave(self, tab: str) -> None:
        """To the zone's worst boundary, or to its hosts."""
        if not self.names:
            self.dismiss(None)
            return
        name = self.names[self.at]
        self.dismiss(hosts_of(name) if tab == "hosts" else place_of(Spot("zone", name), self.report))

    @on(Picked)
    def _picked(self, event: Picked) -> None:
        """A click is what Enter is: a zone shows its boundaries, a boundary is looked at on the Matrix."""
        spot = event.spot
        if self.near or spot.name not in self.names:
            self.dismiss(place_of(spot, self.report))
            return
        self.at, self.near = self.names.index(spot.name), True
        self._show()

    def action_out(self) -> None:
        if not self.near:
            self.dismiss(None)
            return
        self.near = False
        self._show()

    def action_close(self) -> None:
        self.dismiss(None)
