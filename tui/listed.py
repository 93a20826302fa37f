"""The wide table without its keys: rows as they are listed, and those on the screen drawn.

`tui.listing` sorts and filters, `tui.sheet` draws, `tui.table` has the keys. A filter over very many rows and any
longer sort work in a thread, and a newer one takes their place; rows may come all the while.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec
from rich.segment import Segment
from rich.style import Style
from textual import on
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.worker import get_current_worker

from scanner.model.text import visible
from tui.doc import breaks
from tui.index import Steps, finish
from tui.listing import Listed, Listing, Numbers, TableView, Wish
from tui.query import Column, Row, parse
from tui.scrolled import Scrolled
from tui.sheet import GAP, GUTTER, cells_width, edged, fit, header_strip, row_strip, title_width
from tui.theme import DARK, PALETTES, Palette

_CACHE = 512
"""Drawn rows that are kept: several windows of them."""
FILTERED_AT_ONCE = 300_000
SORTED_AT_ONCE = 30_000
"""Rows; more are done in a thread."""
_WARMED = 20_000
"""From so many rows on, what filters look in is made before the first one is typed."""


class ListedRows(Scrolled):
    """Rows, a cursor, marks; what the keys do comes with `WideTable`."""

    class _About(Message):
        def __init__(self, table: ListedRows) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> ListedRows:
            return self.table

    class Highlighted(_About, namespace="wide_table"):
        """The cursor stands on another row, or on none (`row` None), or the row has changed."""

        def __init__(self, table: ListedRows, row: int | None, *, moved: bool = False) -> None:
            super().__init__(table)
            self.row = row
            self.moved = moved
            """By the user: maybe one step of many."""

    class Chosen(_About, namespace="wide_table"):
        """A row was entered."""

        def __init__(self, table: ListedRows, row: int) -> None:
            super().__init__(table)
            self.row = row

    class Changed(_About, namespace="wide_table"):
        """Other rows are shown, or marked, or in other columns."""

    class _Ready(Message):
        def __init__(self, listed: Listed, number: int) -> None:
            super().__init__()
            self.listed, self.number = listed, number

    def __init__(self, columns: Sequence[Column], rows: Iterable[Row], *, empty: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self._listing = Listing(columns, rows)
        self.empty = empty
        """What to say in place of rows when there are none at all."""
        self.cursor = 0
        self._wanted = self._listing.wish
        self._job = 0
        self._begun: int | None = None
        """The row at which a range was begun."""
        self._drawn = [at for at, column in enumerate(self.columns) if column.shown]
        self._needs: dict[int, int] = {}
        """Column -> what its title and cells need."""
        self._widths = [self.columns[at].least for at in self._drawn]
        self._strips: dict[tuple[int, bool, bool], Strip] = {}

    # What the table holds

    @property
    def columns(self) -> tuple[Column, ...]:
        return self._listing.columns

    @property
    def rows(self) -> Sequence[Row]:
        return self._listing.rows

    @property
    def view(self) -> Numbers:
        """The rows that are listed, as indices into `rows`."""
        return self._listing.view

    @property
    def row(self) -> int | None:
        """Index into `rows` of the row under the cursor."""
        return self.view[self.cursor] if self.cursor < len(self.view) else None

    @property
    def query_text(self) -> str:
        return self._wanted.text

    @property
    def sorted_by(self) -> int | None:
        return self._wanted.column

    @property
    def sorted_down(self) -> bool:
        return self._wanted.down

    @property
    def busy(self) -> bool:
        """Rows are still being filtered or sorted: those of before are shown."""
        return self._wanted is not self._listing.wish

    def filter(self, text: str) -> None:
        """Show the rows that the filter text keeps. QueryError leaves everything as it was."""
        terms = parse(text, self.columns)
        self._want(Wish(text.strip(), terms, self._wanted.column, self._wanted.down))

    def sort(self, column: int | None, down: bool = False) -> None:
        """Order rows by a column (an index into `columns`), or as the report has them (None). Equal rows keep order."""
        self._want(msgspec.structs.replace(self._wanted, column=column, down=down))
        self.refresh()

    def _want(self, wish: Wish, changed: bool = False) -> None:
        self._wanted = wish
        self._job += 1
        now = self._listing.wish
        sorting = (wish.column, wish.down) != (now.column, now.down)
        limit = SORTED_AT_ONCE if sorting else FILTERED_AT_ONCE if wish.terms else len(self.rows)
        if self.is_attached:
            self.workers.cancel_group(self, "listing")
        steps = self._listing.listed(wish)
        if len(self.rows) <= limit or not self.is_attached:
            self._adopt(finish(steps), changed)
        else:
            self.run_worker(partial(self._work, steps, self._job), thread=True, group="listing")
            self.post_message(self.Changed(self))

    def _work(self, steps: Steps[Listed], number: int) -> None:
        worker = get_current_worker()
        while not worker.is_cancelled:
            try:
                next(steps)
            except StopIteration as done:
                self.post_message(self._Ready(done.value, number))
                return

    @on(_Ready)
    def _when_ready(self, event: _Ready) -> None:
        event.stop()
        if event.number == self._job:
            self._adopt(event.listed)

    def _adopt(self, listed: Listed, changed: bool = False) -> None:
        before = self.row
        self._listing.adopt(listed)
        self._wanted = listed.wish
        self.cursor = self._listing.place(before) or 0
        self._shown()
        if changed or self.row != before:
            self.post_message(self.Highlighted(self, self.row))

    def _shown(self) -> None:
        self._measure()
        self._follow()
        self.refresh()
        self.post_message(self.Changed(self))

    # Rows come and go

    def extend(self, rows: Sequence[Row]) -> None:
        """Add rows, each where filter and order have it. The cursor stays on its row, and the row where it stands."""
        before, top = self.row, self.scroll_offset.y
        place = self._listing.extend(rows)
        for at, need in self._needs.items():
            self._needs[at] = max(need, cells_width(rows, at))
        held = self.cursor if top <= self.cursor < top + self._height else top
        shift = place(held) - held
        if before is not None:
            self.cursor = place(self.cursor)
        self._measure()
        if shift:
            self.scroll_to(y=top + shift, animate=False, force=True)
        self.refresh()
        self.post_message(self.Changed(self))
        if self.row != before:
            self.post_message(self.Highlighted(self, self.row))

    def replace(self, columns: Sequence[Column], rows: Iterable[Row], cursor: int | None = None) -> None:
        """Show these rows instead, filtered and sorted as before. Marks and the cursor stay on the same things.

        `cursor`: the new row for the cursor, where what it was on is no more. The columns have the keys of before.
        """
        before = self.row
        number = self._listing.replace(columns, rows)
        found, self._begun = number(before), number(self._begun)
        self.cursor = found if found is not None else cursor or 0
        self._strips.clear()
        self._needs.clear()
        self._want(self._wanted, changed=True)
        self._settle()

    def point(self, row: int) -> bool:
        """Put the cursor on a row (an index into `rows`); False where the filter hides it."""
        place = self._listing.place(row)
        if place is not None:
            self._go(place)
        return place is not None

    # How it is looked at

    @property
    def shown(self) -> tuple[str, ...]:
        """The keys of the columns that are drawn, in their order."""
        return tuple(self.columns[at].key for at in self._drawn)

    def show_columns(self, keys: Iterable[str]) -> None:
        """Draw these columns in this order; keys that the table does not have are left out, none means the usual."""
        index = {column.key: at for at, column in enumerate(self.columns)}
        chosen = [index[key] for key in dict.fromkeys(keys) if key in index]
        self._drawn = chosen or [at for at, column in enumerate(self.columns) if column.shown]
        self._strips.clear()
        self.scroll_to(x=0, animate=False)
        self._shown()

    def looked_at(self) -> TableView:
        """Filter, order and columns, as a view keeps them."""
        at = self.sorted_by
        usual = tuple(column.key for column in self.columns if column.shown)
        columns = () if self.shown == usual else self.shown
        return TableView(self.query_text, None if at is None else self.columns[at].key, self.sorted_down, columns)

    def look(self, view: TableView) -> None:
        """As a view has it. QueryError, before anything changes, where its filter is none for this table."""
        terms = parse(view.filter, self.columns)
        at = next((at for at, column in enumerate(self.columns) if column.key == view.sort), None)
        self.show_columns(view.columns)
        self._want(Wish(view.filter.strip(), terms, at, view.down and at is not None))
        self.refresh()

    # Drawing

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget())
        self._settle()

    def _settle(self) -> None:
        """Make ready for what comes, where rows are many."""
        if len(self.rows) > _WARMED:
            _keep()
            # After the screen is drawn.
            self.set_timer(0.5, self._warm)

    def _warm(self) -> None:
        index = self._listing.index

        def work() -> None:
            worker = get_current_worker()
            for _ in index.warm():
                if worker.is_cancelled:
                    return
                time.sleep(0.001)
            _keep()

        self.run_worker(work, thread=True, group="warm")

    def on_resize(self) -> None:
        self._measure()
        self._follow()
        self.refresh()

    def _forget(self) -> None:
        self._strips.clear()
        self.refresh()

    @property
    def _height(self) -> int:
        """Rows that the window holds."""
        return max(1, self.scrollable_content_region.height - 1)

    def _follow(self) -> None:
        """Scroll so that the cursor is in sight."""
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + self._height:
            self.scroll_to(y=self.cursor - self._height + 1, animate=False, force=True)

    def _measure(self) -> None:
        for at in self._drawn:
            if at not in self._needs:
                self._needs[at] = max(title_width(self.columns[at]), cells_width(self.rows, at))
        room = self.size.width - GUTTER - 1
        widths = fit([self.columns[at] for at in self._drawn], [self._needs[at] for at in self._drawn], room)
        if widths != self._widths:
            self._widths = widths
            self._strips.clear()
        width = GUTTER + sum(widths) + GAP * len(widths)
        self._resize_to(Size(width if width > self.size.width else 0, len(self.view) + 1))

    @property
    def palette(self) -> Palette:
        return PALETTES.get(self.app.theme, DARK)

    @property
    def _sheet(self) -> list[tuple[Column, int, int]]:
        return [(self.columns[at], at, width) for at, width in zip(self._drawn, self._widths, strict=True)]

    def render_line(self, y: int) -> Strip:
        """The header is line 0 whatever is scrolled; below it the view."""
        palette, (left, top) = self.palette, self.scroll_offset
        width = self.size.width
        base = Style(color=palette.text, bgcolor=palette.surface)
        if y == 0:
            header = header_strip(self._sheet, palette, self.sorted_by, self.sorted_down)
            header = header.crop_extend(left, left + width, Style(bgcolor=palette.panel))
            return edged(header, palette, left > 0, left + width < self.virtual_size.width)
        line = top + y - 1
        if not self.view and y >= 2:
            words = visible(self.empty) if not self.rows else "No row matches the filter. Esc clears it."
            starts = [0, *breaks(words, max(1, width - 4), 0), len(words)]
            text = words[starts[y - 2] : starts[y - 1]] if y - 1 < len(starts) else ""
            return Strip([Segment("  " + text, base + Style(color=palette.muted))]).crop_extend(0, width, base)
        if line >= len(self.view):
            return Strip.blank(width, base)
        on = line == self.cursor
        strip = self._strip(self.view[line], on, self._is_marked(line), palette)
        return strip.crop_extend(left, left + width, Style(bgcolor=palette.cursor if on else palette.surface))

    def _is_marked(self, line: int) -> bool:
        return self.view[line] in self._listing.marked

    def _strip(self, row: int, on: bool, marked: bool, palette: Palette) -> Strip:
        key = (row, on, marked)
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) > _CACHE:
                self._strips.clear()
            strip = self._strips[key] = row_strip(self.rows[row], self._sheet, palette, on=on, marked=marked)
        return strip

    def _go(self, line: int) -> None:
        line = max(0, min(len(self.view) - 1, line))
        if line != self.cursor and self.view:
            before, self.cursor = self.cursor, line
            self._follow()
            if self._begun is None:
                # A scroll draws all of the window anyway.
                self._refresh_rows(before, line)
            else:
                self.refresh()
            self.post_message(self.Highlighted(self, self.row, moved=True))

    def _refresh_rows(self, *lines: int) -> None:
        top, width = self.scroll_offset.y, self.size.width
        self.refresh(*(Region(0, line - top + 1, width, 1) for line in lines if top <= line < top + self._height))


def _keep() -> None:
    """What is there now lives on: a report and its rows, a million objects and more.

    Python's collector of garbage would look through all of them again and again, a tenth of a second each time. It is
    left to look at what came since, and not for every thousand cells that are drawn.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
