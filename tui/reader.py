"""The pane to read in: a document beside a table, or in a window."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.visual import Visual

from tui.doc import Doc
from tui.keymap import bind
from tui.scrolled import Scrolled
from tui.spots import Spot, spot_in


class Picked(Message):
    """A box of a drawing was clicked."""

    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot


class Reader(Scrolled):
    """A pane of text to read and scroll. A click on a box of a drawing posts Picked.

    It draws its lines itself: another document with every key must not lay out the whole screen anew.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "scroll_up"),
        bind("down", "scroll_down"),
        bind("first", "scroll_home"),
        bind("last", "scroll_end"),
        bind("page-up", "page_up"),
        bind("page-down", "page_down"),
        bind("left", "scroll_left"),
        bind("right", "scroll_right"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._doc = Doc()
        self._content = Content()
        self._strips: list[Strip] | None = None
        self._drawn_for = 0

    @property
    def plain(self) -> str:
        """The text, each line as it was written, and pictures in words."""
        return self._doc.content(10_000, drawn=False).plain

    def show(self, doc: Doc, *, top: bool = True) -> None:
        """Replace the text and go to its top, or stay where it was read."""
        self._doc = doc
        self._draw()
        if top:
            self.scroll_home(animate=False)

    def on_click(self, event: events.Click) -> None:
        spot = spot_in(event.style.meta)
        if spot is not None:
            self.post_message(Picked(spot))

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._drawn_for:
            self._draw()

    def notify_style_update(self) -> None:
        """Another theme has other colours."""
        super().notify_style_update()
        self._strips = None

    def selection_updated(self, selection: Selection | None) -> None:
        self._forget()

    def render(self) -> Content:
        return self._content

    def render_line(self, y: int) -> Strip:
        if self._strips is None:
            self._strips = Visual.to_strips(self, self._content, self._drawn_for, None, self.visual_style)
        at, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        line = self._strips[at] if at < len(self._strips) else Strip.blank(0)
        return line.crop_extend(0, width, self.visual_style.rich_style)

    def _forget(self) -> None:
        self._strips = None
        self.refresh()

    def _draw(self) -> None:
        self._drawn_for = self.scrollable_content_region.width
        self._content = self._doc.content(self._drawn_for or 80)
        self._resize_to(Size(0, self._content.plain.count("\n") + 1 if self._content else 0))
        self._forget()
