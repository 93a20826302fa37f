"""The wide table: rows that are walked, entered, sorted and marked, by keys and by mouse."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType

from tui.keymap import bind
from tui.listed import ListedRows
from tui.modals.columns import ColumnsModal
from tui.sheet import GAP, GUTTER


class WideTable(ListedRows):
    """Posts Highlighted when the cursor is on another row, Chosen when a row is entered, Changed when others are shown.

    Marks: a key marks the row, another begins a range that the cursor stretches and the same key ends. What acts on
    marked rows acts on `targets`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1)"),
        bind("down", "move(1)"),
        bind("page-up", "page(-1)"),
        bind("page-down", "page(1)"),
        bind("first", "to_end(-1)"),
        bind("last", "to_end(1)"),
        bind("left", "sideways(-1)"),
        bind("right", "sideways(1)"),
        bind("open", "choose"),
        bind("sort", "sort_next"),
        bind("reverse", "sort_reverse"),
        bind("mark"),
        bind("range"),
        bind("mark-all"),
        bind("unmark"),
        bind("columns"),
        bind("back", "leave_range"),
    ]

    # Walking

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

    # Order and columns

    def action_sort_next(self) -> None:
        at = self._drawn.index(self.sorted_by) if self.sorted_by in self._drawn else -1
        following = self._drawn[at + 1] if at + 1 < len(self._drawn) else None
        # A column of ranks or numbers starts with its worst: that is what one sorts by severity for.
        chosen = None if following is None else self.columns[following]
        self.sort(following, down=chosen is not None and bool(chosen.ranks or chosen.number))

    def action_sort_reverse(self) -> None:
        if self.sorted_by is None:
            self.action_sort_next()
        else:
            self.sort(self.sorted_by, not self.sorted_down)

    def action_columns(self) -> None:
        self.app.push_screen(ColumnsModal(self), self._columns_chosen)

    def _columns_chosen(self, keys: tuple[str, ...] | None) -> None:
        if keys is not None:
            self.show_columns(keys)

    # Marks

    @property
    def marked(self) -> tuple[int, ...]:
        """The marked rows, as indices into `rows`; those too that the filter hides."""
        return self._listing.marked_rows()

    @property
    def hidden(self) -> int:
        """How many marked rows the filter hides."""
        listing = self._listing
        if len(self.view) == len(self.rows) or not listing.marked:
            return 0
        if isinstance(listing.order, range):
            return sum(listing.place(row) is None for row in listing.marked)
        return len(listing.marked) - sum(row in listing.marked for row in self.view)

    @property
    def targets(self) -> tuple[int, ...]:
        """The rows to act on: those that are marked or in the range and in the view, else the one under the cursor.

        What the filter hides is left alone: nobody acts on what he does not see.
        """
        marked = self._listing.marked
        rows = tuple(row for row in self.view if row in marked) if marked else ()
        begun = set(self._range()) - marked if self._begun is not None else set()
        if rows or begun:
            return tuple(row for row in self.view if row in marked or row in begun) if begun else rows
        return () if self.row is None else (self.row,)

    @property
    def ranging(self) -> bool:
        """A range has been begun and not ended."""
        return self._begun is not None

    def _lines(self) -> tuple[int, int]:
        """The first and last line of the range; the cursor's own where none was begun, or where its start is hidden."""
        start = self._listing.place(self._begun)
        if start is None:
            return self.cursor, self.cursor
        return min(start, self.cursor), max(start, self.cursor)

    def _range(self) -> list[int]:
        first, last = self._lines()
        return list(self.view[first : last + 1])

    def _is_marked(self, line: int) -> bool:
        if self._begun is None:
            return super()._is_marked(line)
        first, last = self._lines()
        return first <= line <= last or super()._is_marked(line)

    def action_mark(self) -> None:
        ranged = self._begun is not None
        self._mark(self._range())
        if not ranged:
            self._go(self.cursor + 1)

    def action_range(self) -> None:
        if self._begun is not None:
            self._mark(self._range())
        elif self.row is not None:
            self._begun = self.row
            self._marks_changed()

    def action_mark_all(self) -> None:
        self._mark(list(self.view))

    def action_unmark(self) -> None:
        self._begun = None
        self._listing.marked.clear()
        self._marks_changed()

    def action_leave_range(self) -> None:
        self._begun = None
        self._marks_changed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Without a range Esc is the screen's.
        return self._begun is not None if action == "leave_range" else True

    def _mark(self, rows: list[int]) -> None:
        self._begun = None
        self._listing.mark(rows)
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.refresh()
        self.post_message(self.Changed(self))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A row: go there, again: enter it; with Ctrl or in the margin: mark it; with Shift: mark all up to it."""
        if event.y == 0:
            column = self._column_at(event.x + self.scroll_offset.x)
            if column is not None:
                self.sort(column, down=self.sorted_by == column and not self.sorted_down)
            return
        line = self.scroll_offset.y + event.y - 1
        if line >= len(self.view):
            return
        again = line == self.cursor
        if event.shift and self.row is not None:
            self._begun = self.row
            self._go(line)
            self.action_range()
            return
        self._go(line)
        if event.ctrl or event.x < GUTTER:
            self._mark([self.view[line]])
        elif again:
            self.action_choose()

    def _column_at(self, x: int) -> int | None:
        start = GUTTER
        for at, width in zip(self._drawn, self._widths, strict=True):
            if start <= x < start + width + GAP:
                return at
            start += width + GAP
        return None
