"""Screen 1: the verdict, what it rests on, and what to mend first."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from scanner.exporters.verdict import conclude
from tui import overview, patched
from tui.screens.base import ReportScreen
from tui.status import TONES


class Panel(Static):
    """A titled box whose text is drawn for the width that it has."""

    def __init__(self, title: str, draw: overview.Draw, *, id: str) -> None:
        super().__init__(id=id, classes="panel", markup=False)
        self.border_title = title
        self._draw = draw

    def render(self) -> Content:
        width = max(20, self.content_size.width)
        return self._draw(width).content(width)

    def on_resize(self) -> None:
        # The text is cut for its width, so a new width may need another height.
        self.refresh(layout=True)


class Page(VerticalScroll, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "Bottom", show=False),
    ]


class OverviewScreen(ReportScreen):
    TAB = "overview"
    KEYS = (("↑↓", "scroll"), ("4", "findings"), ("3", "matrix"))

    def body(self) -> ComposeResult:
        report = self.report
        short = patched.short(report)
        with Page(id="page"):
            yield Panel("", lambda width: overview.verdict(report), id="verdict").add_class(
                f"-{TONES[conclude(report).tone]}"
            )
            with Container(id="figures"):
                with Vertical(classes="column"):
                    yield Panel("Open findings", lambda width: overview.severities(report, width), id="severities")
                    yield Panel("Versions", lambda width: overview.versions(report, width), id="versions")
                yield Panel("Zones", lambda width: overview.zones(report, width), id="zones")
            with Container(id="columns"):
                with Vertical(classes="column"):
                    yield Panel("What to fix first", lambda width: overview.first(report), id="first")
                    yield Panel("Worst open findings", lambda width: overview.worst(report), id="worst")
                with Vertical(classes="column"):
                    yield Panel("Software in short", lambda width: short, id="software")
                    if report.accepted:
                        yield Panel("Register of exceptions", lambda width: patched.register(report), id="register")
                    yield Panel("Coverage and limits", lambda width: overview.limits(report), id="limits")

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.set_class(event.size.width >= 110, "-beside")
