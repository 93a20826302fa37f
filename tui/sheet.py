"""How the wide table is drawn: the widths of columns, rows as strips. Every cell passes `visible` on its way."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from scanner.model.text import visible
from tui.query import Column, Row
from tui.status import Colour, label_colour
from tui.theme import Palette

GUTTER = 2
"""Cells left of the first column: the cursor's mark and that of a marked row, so that both show without colour."""
GAP = 2
CURSOR, MARKED = "▌", "■"
_CELL = 512
"""Characters of a cell that are looked at: more than a window is wide."""
_MEASURED = 50_000
"""Rows that are measured at most."""


def row_strip(
    cells: Row, columns: Sequence[tuple[Column, int, int]], palette: Palette, *, on: bool, marked: bool
) -> Strip:
    """A row. `columns`: each with its place among the cells and its width. `on`: the cursor stands there."""
    back = palette.cursor if on else palette.surface
    gutter = (CURSOR if on else " ") + (MARKED if marked else " ")
    segments = [Segment(gutter, Style(color=palette.accent, bgcolor=back))]
    for order, (column, at, width) in enumerate(columns):
        colour = label_colour(cells[at])
        if colour == "text" and not on and not marked:
            colour = "muted" if order > 3 else "text"
        segments.append(Segment(_cell(cells[at], width, column.right), _style(palette, colour, back, on or marked)))
    return Strip(segments).simplify()


def header_strip(
    columns: Sequence[tuple[Column, int, int]], palette: Palette, sorted_by: int | None, down: bool
) -> Strip:
    """The titles; an arrow at that of the column that rows are sorted by."""
    back = palette.panel
    segments = [Segment(" " * GUTTER, Style(bgcolor=back))]
    for column, at, width in columns:
        title, chosen = column.title, at == sorted_by
        if chosen:
            title = set_cell_size(title, min(cell_len(title), max(0, width - 2))) + (" ▼" if down else " ▲")
        if column.right:
            title = title.rjust(width)
        style = Style(color=palette.accent if chosen else palette.muted, bgcolor=back, bold=True)
        segments.append(Segment(set_cell_size(title, width) + " " * GAP, style))
    return Strip(segments)


def edged(header: Strip, palette: Palette, before: bool, after: bool) -> Strip:
    """The header with arrows where columns are hidden sideways."""
    style = Style(color=palette.accent, bgcolor=palette.panel, bold=True)
    start, end = Segment("‹ " if before else "  ", style), Segment(" ›" if after else "  ", style)
    return Strip.join([Strip([start]), header.crop(2, header.cell_length - 2), Strip([end])])


def _cell(text: str, width: int, right: bool) -> str:
    text = visible(text, _CELL)
    if cell_len(text) > width:
        text = set_cell_size(text, max(0, width - 1)).rstrip() + "…"
    if right:
        text = " " * (width - cell_len(text)) + text
    return set_cell_size(text, width) + " " * GAP


def _style(palette: Palette, colour: Colour, back: str, bold: bool) -> Style:
    return Style(color=getattr(palette, colour), bgcolor=back, bold=bold or None)


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


def title_width(column: Column) -> int:
    """With the arrow that says that rows are sorted by it."""
    return cell_len(column.title) + 2


def cells_width(rows: Sequence[Row], at: int) -> int:
    """The widest cell of a column as it will be drawn. Plain ASCII, which nearly all is, is measured in bulk.

    Of a great many rows it is that of some of them: a cell that is wider yet is cut with an ellipsis, like any that its
    column has no room for.
    """
    different = {row[at] for row in rows[:: len(rows) // _MEASURED + 1]}
    text = "".join(different)
    if text.isascii() and text.isprintable():
        return max(map(len, different), default=0)
    return max((cell_len(visible(cell, _CELL)) for cell in different), default=0)
