"""The zone matrix: a tile for each ordered pair of zones, drawn line by line, with a cursor.

Rows are where a flow starts, columns where it goes. Where the window cannot hold all zones it shows whole tiles around
the cursor, and arrows in the margins point to what is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from scanner.model.report import CellRow
from scanner.model.text import visible
from tui.keymap import bind
from tui.status import cell_look
from tui.theme import DARK, PALETTES, Palette

_TILE = {"red": "red_tile", "green": "green_tile", "amber": "amber_tile", "grey": "grey_tile", "blue": "blue_tile"}
_CORNER = " from↓ to→"


class Layout(msgspec.Struct, frozen=True):
    """How tiles fill a window: sizes in cells, gaps included."""

    margin: int
    tile: int
    line: int
    columns: int
    rows: int


def layout(names: Sequence[str], width: int, height: int) -> Layout:
    """Tiles as wide and high as the window allows; never so narrow that a verdict's word is cut."""
    longest = max([cell_len(name) for name in names], default=0)
    count = max(1, len(names))
    margin = min(max(longest + 3, 6), 20)
    if margin + 11 * count > width:
        margin = max(10, min(margin, width - 11 * count))
    tile = max(11, min(20, (width - margin) // count))
    line = next((each for each in (4, 3) if 2 + each * count <= height), 2)
    return Layout(margin, tile, line, max(1, (width - margin) // tile), max(1, (height - 2) // line))


class Matrix(Widget, can_focus=True):
    """Posts Moved when the cursor stands on another pair, Entered when a pair is chosen."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1, 0)"),
        bind("down", "move(1, 0)"),
        bind("left", "move(0, -1)"),
        bind("right", "move(0, 1)"),
        bind("first", "to_end(-1)"),
        bind("last", "to_end(1)"),
        bind("open", "enter"),
    ]

    class Moved(Message):
        def __init__(self, from_: str, to: str) -> None:
            super().__init__()
            self.from_, self.to = from_, to

    class Entered(Message):
        def __init__(self, from_: str, to: str) -> None:
            super().__init__()
            self.from_, self.to = from_, to

    def __init__(
        self, names: Sequence[str], cells: Mapping[tuple[str, str], CellRow], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.names, self.cells = tuple(names), cells
        self.at = self._first()
        """(row, column) of the cursor."""
        self._origin = (0, 0)
        self._layout = layout(self.names, 80, 24)

    def _first(self) -> tuple[int, int]:
        """Start on the first breach, so that the worst is read first."""
        for row, left in enumerate(self.names):
            for column, right in enumerate(self.names):
                cell = self.cells.get((left, right))
                if cell is not None and cell.verdict == "BREACHED":
                    return row, column
        return (0, 1) if len(self.names) > 1 else (0, 0)

    @property
    def pair(self) -> tuple[str, str] | None:
        return (self.names[self.at[0]], self.names[self.at[1]]) if self.names else None

    def take(self, names: Sequence[str], cells: Mapping[tuple[str, str], CellRow]) -> None:
        """Another report's zones and cells; the cursor stays on the same pair, if that is still there."""
        pair = self.pair
        self.names, self.cells = tuple(names), cells
        self.at = self._first()
        if pair is not None and not set(pair) - set(self.names):
            self.at = self.names.index(pair[0]), self.names.index(pair[1])
        self.on_resize()

    def point(self, from_: str, to: str) -> bool:
        """Put the cursor on a pair; False where there is no such pair."""
        if from_ not in self.names or to not in self.names:
            return False
        self._go(self.names.index(from_), self.names.index(to))
        return True

    def action_move(self, down: int, right: int) -> None:
        self._go(self.at[0] + down, self.at[1] + right)

    def action_to_end(self, direction: int) -> None:
        end = 0 if direction < 0 else len(self.names) - 1
        self._go(end, end)

    def action_enter(self) -> None:
        if self.pair is not None:
            self.post_message(self.Entered(*self.pair))

    def on_click(self, event: events.Click) -> None:
        shape = self._layout
        row, column = (event.y - 2) // shape.line, (event.x - shape.margin) // shape.tile
        if 0 <= row < shape.rows and 0 <= column < shape.columns:
            target = (self._origin[0] + row, self._origin[1] + column)
            if target == self.at:
                self.action_enter()
            else:
                self._go(*target)

    def _go(self, row: int, column: int) -> None:
        last = len(self.names) - 1
        at = max(0, min(last, row)), max(0, min(last, column))
        if self.names and at != self.at:
            self.at = at
            self._follow()
            self.refresh()
            self.post_message(self.Moved(*self._pair()))

    def _pair(self) -> tuple[str, str]:
        return self.names[self.at[0]], self.names[self.at[1]]

    def _follow(self) -> None:
        shape, count = self._layout, len(self.names)
        origin = []
        for at, start, room in zip(self.at, self._origin, (shape.rows, shape.columns), strict=True):
            start = min(max(start, at - room + 1), at)
            origin.append(max(0, min(start, count - room)))
        self._origin = origin[0], origin[1]

    def on_resize(self) -> None:
        self._layout = layout(self.names, self.size.width, self.size.height)
        self._follow()
        self.refresh()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    @property
    def palette(self) -> Palette:
        return PALETTES.get(self.app.theme, DARK)

    def render_line(self, y: int) -> Strip:
        palette, width, shape = self.palette, self.size.width, self._layout
        base = Style(color=palette.text, bgcolor=palette.background)
        if not self.names:
            words = "  The report names no zones." if y == 1 else ""
            return Strip([Segment(words, base)]).crop_extend(0, width, base)
        shown = range(self._origin[1], min(self._origin[1] + shape.columns, len(self.names)))
        if y == 0:
            return self._head(shown, palette, base).crop_extend(0, width, base)
        row, line = divmod(y - 2, shape.line)
        row += self._origin[0]
        if y == 1 or row >= len(self.names) or (y - 2) // shape.line >= shape.rows:
            return Strip.blank(width, base)
        body = shape.line - (shape.line > 2)
        segments = [Segment(self._side(row, line, body), self._heading(palette, row == self.at[0]))]
        for column in shown:
            segments.extend(self._tile(row, column, line, body, palette, base))
        return Strip(segments).crop_extend(0, width, base)

    def _heading(self, palette: Palette, here: bool) -> Style:
        return Style(color=palette.accent if here else palette.muted, bgcolor=palette.background, bold=True)

    def _head(self, shown: range, palette: Palette, base: Style) -> Strip:
        shape = self._layout
        before = "‹" if shown.start else " "
        segments = [Segment(_fit(_CORNER, shape.margin - 1) + before, base + Style(color=palette.muted))]
        for column in shown:
            more = column == shown.stop - 1 and shown.stop < len(self.names)
            name = visible(self.names[column])
            # Its blank goes before a letter of it does.
            title = _fit(name if cell_len(name) >= shape.tile - 1 else f" {name}", shape.tile - 1)
            title += "›" if more else " "
            segments.append(Segment(title, self._heading(palette, column == self.at[1])))
        return Strip(segments)

    def _side(self, row: int, line: int, body: int) -> str:
        margin, start = self._layout.margin, self._origin[0]
        if line == (body - 1) // 2:
            return _fit(" " + visible(self.names[row]), margin - 1) + " "
        if line == 0 and row == start and start:
            return " ⌃".ljust(margin)
        last = min(start + self._layout.rows, len(self.names)) - 1
        return (" ⌄" if line == body - 1 and row == last < len(self.names) - 1 else "").ljust(margin)

    def _tile(self, row: int, column: int, line: int, body: int, palette: Palette, base: Style) -> list[Segment]:
        width = self._layout.tile
        if line >= body:
            return [Segment(" " * width, base)]
        cell = self.cells.get((self.names[row], self.names[column]))
        here = (row, column) == self.at
        if cell is None and row == column:
            words, colour, back = ("same zone", ""), palette.muted, palette.background
        else:
            look = cell_look(cell)
            colour, back = getattr(palette, look.colour), getattr(palette, _TILE[look.colour])
            count = f"{_short(cell.forbidden_reached)}/{_short(cell.tested)}" if cell and cell.tested else ""
            words = (look.label, f"  {count}") if width >= 13 else (f"{look.glyph} {count}", look.word)
        if here:
            back = palette.cursor
        line -= (body - 2 + 1) // 2 if body > 2 else 0
        text = words[line] if 0 <= line < 2 else ""
        style = Style(color=colour, bgcolor=back, bold=here or (bool(words[1]) and line == (width < 13)) or None)
        edge = Style(color=palette.accent, bgcolor=back)
        return [
            Segment("▌" if here else " ", edge),
            Segment(_fit(text, width - 2), style),
            Segment(" ", base),
        ]


def _fit(text: str, width: int) -> str:
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1) + "…"
    return set_cell_size(text, width)


def _short(count: int) -> str:
    """A count in at most four cells: 999, 12k, 3M."""
    for size, unit in ((1_000_000, "M"), (10_000, "k")):
        if count >= size:
            return f"{count // (1000 if unit == 'k' else size)}{unit}"
    return str(count)
