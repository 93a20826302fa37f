"""Screen 1: the verdict, what it rests on, how the zones connect, and what to mend first."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from scanner.exporters.verdict import conclude
from scanner.model.report import FindingRow, Report, is_open
from tui import overview, patched
from tui.doc import Doc
from tui.facts import worst_of, zone_names
from tui.keymap import bind
from tui.reader import Picked
from tui.screens.mapped import MappedScreen
from tui.spots import spot_in
from tui.status import TONES

WIDE = 110
"""Columns from which panels stand beside each other and the zones are drawn."""


class Panel(Static):
    """A titled box whose text is drawn for the width that it has."""

    def __init__(self, title: str, draw: overview.Draw, *, id: str) -> None:
        super().__init__(id=id, classes="panel", markup=False)
        self.border_title = title
        self._draw = draw
        self._done: dict[int, Content] = {}
        """By width: a layout asks for the height again and again."""

    def on_click(self, event: events.Click) -> None:
        spot = spot_in(event.style.meta)
        if spot is not None:
            self.post_message(Picked(spot))

    def render(self) -> Content:
        return self._drawn(self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The text is cut and drawn for its width, so that another width may need another height."""
        return self._drawn(width).plain.count("\n") + 1

    def _drawn(self, width: int) -> Content:
        width = max(20, width)
        if width not in self._done:
            self._done[width] = self._draw(width).content(width)
        return self._done[width]

    def renew(self) -> None:
        """Draw it anew: the report has changed."""
        self._done.clear()
        self.refresh(layout=True)


class Page(VerticalScroll, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "scroll_up"),
        bind("down", "scroll_down"),
        bind("first", "scroll_home"),
        bind("last", "scroll_end"),
    ]


class OverviewScreen(MappedScreen):
    TAB = "overview"
    KEYS = (("↑↓", "scroll"), ("map", "zone map"), ("gaps", "findings"), ("matrix", "matrix"))

    def body(self) -> ComposeResult:
        with Page(id="page"):
            yield self._panel("", overview.verdict, "verdict")
            with Container(id="figures"):
                with Vertical(classes="column"):
                    yield self._wide("Open findings", overview.severities, "severities")
                    yield self._wide("Versions", overview.versions, "versions")
                yield self._wide("Zones", overview.zones, "zones")
            yield self._panel("How the zones connect", overview.plan, "map")
            with Container(id="columns"):
                with Vertical(classes="column"):
                    yield self._panel("What to fix first", overview.first, "first")
                    yield self._panel("Worst open findings", overview.worst, "worst")
                with Vertical(classes="column"):
                    yield self._panel("Software in short", patched.short, "software")
                    yield self._panel("Register of exceptions", patched.register, "register")
                    yield self._panel("Coverage and limits", overview.limits, "limits")

    def _panel(self, title: str, document: Callable[[Report], Doc], id: str) -> Panel:
        return Panel(title, lambda width: document(self.report), id=id)

    def _wide(self, title: str, document: Callable[[Report, int], Doc], id: str) -> Panel:
        return Panel(title, lambda width: document(self.report, width), id=id)

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        self.renew()

    def renew(self) -> None:
        """Every panel anew, the page where it was read."""
        tone = TONES[conclude(self.report).tone]
        self.query_one("#verdict").update_classes({f"-{colour}": colour == tone for colour in TONES.values()})
        self.query_one("#register").display = bool(self.report.accepted)
        self._fit(self.app.size)
        for panel in self.query(Panel):
            panel.renew()

    def finding(self) -> FindingRow | None:
        """The worst that is open: what the page puts first."""
        return worst_of(filter(is_open, self.report.findings))

    def fitting(self, width: int, height: int) -> dict[str, bool]:
        return super().fitting(width, height) | {"-beside": width >= WIDE, "-mapped": len(zone_names(self.report)) > 1}
