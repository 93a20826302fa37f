"""The wide table: any number of rows, of which only those on the screen are ever drawn.

Rows are tuples of text, a view is a list of indices into them; sorting and filtering make a new view and move no row.
Every cell passes `visible` on its way to the screen and is never read as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from scanner.model.text import visible
from tui.query import Column, Row, haystacks, parse, select, sort_key
from tui.status import Colour, label_colour
from tui.theme import DARK, PALETTES, Palette

GUTTER = 2
"""Cells left of the first column: the cursor's mark, so that it shows without colour."""
GAP = 2
_CACHE = 2048


class WideTable(ScrollView, can_focus=True):
    """A table with a cursor. Posts Highlighted when the cursor is on another row, Chosen when a row is entered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home,g", "to_end(-1)", "First", show=False),
        Binding("end,G", "to_end(1)", "Last", show=False),
        Binding("left,h", "sideways(-1)", "Left", show=False),
        Binding("right,l", "sideways(1)", "Right", show=False),
        Binding("enter", "choose", "Open", show=False),
        Binding("s", "sort_next", "Sort", show=False),
        Binding("S", "sort_reverse", "Reverse", show=False),
    ]

    class Highlighted(Message):
        """The cursor stands on another row, or on none (`row` None)."""

        def __init__(self, table: WideTable, row: int | None) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> WideTable:
            return self.table

    class Chosen(Message):
        """A row was entered."""

        def __init__(self, table: WideTable, row: int) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> WideTable:
            return self.table

    def __init__(self, columns: Sequence[Column], rows: Sequence[Row], *, empty: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.rows = rows
        self.empty = empty
        """What to say in place of rows when there are none at all."""
        self.query_text = ""
        self.sorted_by: int | None = None
        self.sorted_down = False
        self._drawn = [at for at, column in enumerate(self.columns) if column.shown]
        self._natural = [_natural_width(self.columns[at].title, [row[at] for row in rows]) for at in self._drawn]
        self._widths: list[int] = list(self._natural)
        self._order: list[int] = list(range(len(rows)))
        self.view: list[int] = self._order
        self.cursor = 0
        self._texts: list[str] | None = None
        """Made at the first plain word that is looked for."""
        self._strips: dict[tuple[int, bool], Strip] = {}

    # What the table holds

    @property
    def row(self) -> int | None:
        """Index into `rows` of the row under the cursor."""
        return self.view[self.cursor] if self.view else None

    def filter(self, text: str) -> None:
        """Show the rows that the filter text keeps. QueryError leaves everything as it was."""
        terms = parse(text, self.columns)
        self.query_text = text.strip()
        self._show(select(self._order, terms, self.rows, self.columns, self._haystacks) if terms else self._order)

    def _haystacks(self) -> list[str]:
        if self._texts is None:
            self._texts = haystacks(self.rows)
        return self._texts

    def sort(self, column: int | None, down: bool = False) -> None:
        """Order rows by a column (an index into `columns`), or as the report has them (None). Equal rows keep order."""
        order = list(range(len(self.rows)))
        if column is not None:
            keys = list(map(sort_key(self.columns[column]), [row[column] for row in self.rows]))
            order.sort(key=keys.__getitem__, reverse=down)
        self._order, self.sorted_by, self.sorted_down = order, column, down
        self.filter(self.query_text)
        self.refresh()

    def _show(self, view: list[int]) -> None:
        before = self.row
        self.view = view
        self.cursor = 0
        if before is not None and before in view:
            self.cursor = view.index(before)
        self._measure()
        self._follow()
        self.refresh()
        self.post_message(self.Highlighted(self, self.row))

    # Keys and mouse

    def action_move(self, step: int) -> None:
        self._go(self.cursor + step)

    def action_page(self, step: int) -> None:
        self._go(self.cursor + step * max(1, self.size.height - 2))

    def action_to_end(self, direction: int) -> None:
        self._go(0 if direction < 0 else len(self.view) - 1)

    def action_sideways(self, direction: int) -> None:
        self.scroll_to(x=self.scroll_offset.x + 8 * direction, animate=False)

    def action_choose(self) -> None:
        if self.row is not None:
            self.post_message(self.Chosen(self, self.row))

    def action_sort_next(self) -> None:
        at = -1 if self.sorted_by is None else self._drawn.index(self.sorted_by)
        following = self._drawn[at + 1] if at + 1 < len(self._drawn) else None
        # A column of ranks or numbers starts with its worst: that is what one sorts by severity for.
        chosen = None if following is None else self.columns[following]
        self.sort(following, down=chosen is not None and bool(chosen.ranks or chosen.number))

    def action_sort_reverse(self) -> None:
        if self.sorted_by is None:
            self.action_sort_next()
        else:
            self.sort(self.sorted_by, not self.sorted_down)

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            column = self._column_at(event.x + self.scroll_offset.x)
            if column is not None:
                self.sort(column, down=self.sorted_by == column and not self.sorted_down)
            return
        line = self.scroll_offset.y + event.y - 1
        if line < len(self.view):
            again = line == self.cursor
            self._go(line)
            if again:
                self.action_choose()

    def _go(self, line: int) -> None:
        line = max(0, min(len(self.view) - 1, line))
        if line != self.cursor and self.view:
            self.cursor = line
            self._follow()
            self.refresh()
            self.post_message(self.Highlighted(self, self.row))

    def _follow(self) -> None:
        height = max(1, self.scrollable_content_region.height - 1)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False)

    # Drawing

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget())

    def on_resize(self) -> None:
        self._measure()
        self._follow()
        self.refresh()

    def _forget(self) -> None:
        self._strips.clear()
        self.refresh()

    def _measure(self) -> None:
        room = self.size.width - GUTTER - 1
        widths = fit([self.columns[at] for at in self._drawn], self._natural, room)
        if widths != self._widths:
            self._widths = widths
            self._strips.clear()
        width = GUTTER + sum(widths) + GAP * len(widths)
        self.virtual_size = Size(width if width > self.size.width else 0, len(self.view) + 1)

    @property
    def palette(self) -> Palette:
        return PALETTES.get(self.app.theme, DARK)

    def render_line(self, y: int) -> Strip:
        """The header is line 0 whatever is scrolled; below it the view."""
        palette, (left, top) = self.palette, self.scroll_offset
        width = self.size.width
        base = Style(color=palette.text, bgcolor=palette.surface)
        if y == 0:
            return self._edges(self._header(palette).crop_extend(left, left + width, Style(bgcolor=palette.panel)))
        line = top + y - 1
        if not self.view and y == 2:
            words = self.empty if not self.rows else "No row matches the filter. Esc clears it."
            return Strip([Segment("  " + words, base + Style(color=palette.muted))]).crop_extend(0, width, base)
        if line >= len(self.view):
            return Strip.blank(width, base)
        on = line == self.cursor
        strip = self._strip(self.view[line], on, palette)
        return strip.crop_extend(left, left + width, Style(bgcolor=palette.cursor if on else palette.surface))

    def _strip(self, row: int, on: bool, palette: Palette) -> Strip:
        key = (row, on)
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) > _CACHE:
                self._strips.clear()
            back = palette.cursor if on else palette.surface
            segments = [Segment("▌ " if on else "  ", Style(color=palette.accent, bgcolor=back))]
            cells = self.rows[row]
            for order, (at, width) in enumerate(zip(self._drawn, self._widths, strict=True)):
                colour = label_colour(cells[at])
                if colour == "text" and order and not on:
                    colour = "muted" if order > 3 else "text"
                segments.append(Segment(self._cell(cells[at], at, width), _style(palette, colour, back, on)))
            strip = self._strips[key] = Strip(segments).simplify()
        return strip

    def _cell(self, text: str, at: int, width: int) -> str:
        text = visible(text, 512)
        if cell_len(text) > width:
            text = set_cell_size(text, width - 1).rstrip() + "…"
        if self.columns[at].right:
            text = " " * (width - cell_len(text)) + text
        return set_cell_size(text, width) + " " * GAP

    def _header(self, palette: Palette) -> Strip:
        back = palette.panel
        segments = [Segment(" " * GUTTER, Style(bgcolor=back))]
        for at, width in zip(self._drawn, self._widths, strict=True):
            title = self.columns[at].title
            chosen = at == self.sorted_by
            if chosen:
                title = set_cell_size(title, min(cell_len(title), width - 2)) + (" ▼" if self.sorted_down else " ▲")
            if self.columns[at].right:
                title = title.rjust(width)
            style = Style(color=palette.accent if chosen else palette.muted, bgcolor=back, bold=True)
            segments.append(Segment(set_cell_size(title, width) + " " * GAP, style))
        return Strip(segments)

    def _edges(self, header: Strip) -> Strip:
        """Arrows where columns are hidden sideways."""
        palette, width, left = self.palette, header.cell_length, self.scroll_offset.x
        style = Style(color=palette.accent, bgcolor=palette.panel, bold=True)
        before = Segment("‹ " if left else "  ", style)
        after = Segment(" ›" if left + width < self.virtual_size.width else "  ", style)
        return Strip.join([Strip([before]), header.crop(2, width - 2), Strip([after])])

    def _column_at(self, x: int) -> int | None:
        start = GUTTER
        for at, width in zip(self._drawn, self._widths, strict=True):
            if start <= x < start + width + GAP:
                return at
            start += width + GAP
        return None


def fit(columns: Sequence[Column], natural: Sequence[int], room: int) -> list[int]:
    """Column widths for a window `room` cells wide.

    Each gets what it needs up to its `most`. Too wide together: the roomiest give way, down to their `least`. Where
    even that does not fit, the last columns give way whole: the window holds the first ones, as many as fit, to its
    very edge, and the others are scrolled to. Room to spare goes to those that `most` had cut.
    """
    widths = [max(min(need, column.most), 1) for need, column in zip(natural, columns, strict=True)]
    least = [min(width, column.least) for width, column in zip(widths, columns, strict=True)]
    if sum(least) + GAP * len(widths) > room:
        first = len(least)
        while first > 1 and sum(least[:first]) + GAP * first > room:
            first -= 1
        ahead = fit(columns[:first], natural[:first], room) if first < len(least) else [max(1, room - GAP)]
        ahead[-1] += max(0, room + 1 - sum(ahead) - GAP * first)
        return [*ahead, *widths[first:]]
    excess = sum(widths) + GAP * len(widths) - room
    while excess > 0:
        slack, at = max((widths[at] - least[at], at) for at in range(len(widths)))
        if slack <= 0:
            break
        widths[at] -= 1
        excess -= 1
    for at, need in enumerate(natural):
        if excess < 0 and need > widths[at]:
            extra = min(need - widths[at], -excess)
            widths[at] += extra
            excess += extra
    return widths


def _natural_width(title: str, cells: Sequence[str]) -> int:
    """The widest cell as it will be drawn. Plain ASCII, which nearly all is, is measured in bulk."""
    text = "".join(cells)
    if text.isascii() and text.isprintable():
        widest = max(map(len, cells), default=0)
    else:
        widest = max((cell_len(visible(cell, 512)) for cell in cells), default=0)
    return max(widest, cell_len(title) + 2)


def _style(palette: Palette, colour: Colour, back: str, bold: bool) -> Style:
    return Style(color=getattr(palette, colour), bgcolor=back, bold=bold or None)
