"""A table's rows as they are listed: sorted, filtered, marked. No widget, so that it can be tried without a terminal.

Rows are tuples of text. An order is a list of row numbers, a view the part of it that the filter keeps; sorting and
filtering move no row. Both come as work in parts (`Steps`), so that a great many rows can be done beside the screen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

import msgspec

from tui.index import RowIndex, Steps
from tui.order import Key, merged, ordered
from tui.query import Column, Row, Term, meets, sort_key

Numbers = Sequence[int]
"""Row numbers: a list, or a range while nothing is sorted or filtered."""


class Wish(msgspec.Struct, frozen=True):
    """What is to be seen: a filter's terms, and the order. `column` None: as the report has them."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    column: int | None = None
    down: bool = False


class Listed(msgspec.Struct, frozen=True):
    """A wish come true, for the first `count` rows."""

    wish: Wish
    order: Numbers
    view: Numbers
    count: int


class TableView(msgspec.Struct, frozen=True):
    """How a table is looked at, as it can be kept: columns by their keys."""

    filter: str = ""
    sort: str | None = None
    down: bool = False
    columns: tuple[str, ...] = ()
    """Those that are drawn, in their order; none: those that are drawn where nobody chose."""


class Listing:
    """Rows in order. A column that `names` tells rows apart when others replace them; without one their place does."""

    def __init__(self, columns: Sequence[Column], rows: Iterable[Row]) -> None:
        self.columns = tuple(columns)
        self.rows = list(rows)
        self.wish = Wish()
        self.order: Numbers = range(len(self.rows))
        self.view: Numbers = self.order
        self.index = RowIndex(self.rows, self.columns)
        self.marked: set[int] = set()
        self._name = next((at for at, column in enumerate(self.columns) if column.names), None)

    def listed(self, wish: Wish) -> Steps[Listed]:
        """What the wish shows. Changes nothing; rows that come meanwhile are not in it."""
        count = len(self.rows)
        order: Numbers = self.order
        if (wish.column, wish.down) != (self.wish.column, self.wish.down):
            order = range(count)
            if wish.column is not None:
                order = yield from ordered(count, self._sorted_by(wish.column), wish.down)
        view = (yield from self.index.select(order, wish.terms)) if wish.terms else order
        return Listed(wish, order, view, count)

    def adopt(self, listed: Listed) -> None:
        """Show it, and what came since."""
        self.wish, self.order, self.view = listed.wish, listed.order, listed.view
        if listed.count < len(self.rows):
            self._put(range(listed.count, len(self.rows)))

    def place(self, row: int | None) -> int | None:
        """Where in the view a row is; None where the filter hides it."""
        if row is None:
            return None
        if isinstance(self.order, range):
            # A view in the report's own order rises.
            at = bisect_left(self.view, row)
            return at if at < len(self.view) and self.view[at] == row else None
        return self.view.index(row) if row in self.view else None

    def extend(self, rows: Iterable[Row]) -> Callable[[int], int]:
        """Add rows, each where the order has it. Returns where in the view a row now is, given where it was."""
        count = len(self.rows)
        self.rows.extend(rows)
        places = self._put(range(count, len(self.rows)))
        return lambda place: place + sum(each <= place for each in places)

    def _put(self, new: range) -> list[int]:
        """Put rows into order and view; where in the view, in its old places."""
        kept: Numbers = [row for row in new if meets(self.rows[row], self.wish.terms, self.columns)]
        shown, whole = self.view, self.view is self.order
        if self.wish.column is None:
            places = [len(shown)] * len(kept)
            self.order = range(new.stop)
            if whole:
                self.view = self.order
            elif isinstance(shown, list):
                # In place: of a million a copy takes its time, ten times a second.
                shown += kept
            else:
                self.view = [*shown, *kept]
            return places
        key = self._sorted_by(self.wish.column)
        self.order, places = merged(self.order, new, key, self.wish.down)
        if whole:
            self.view = self.order
        else:
            self.view, places = merged(shown, kept, key, self.wish.down)
        return places

    def replace(self, columns: Sequence[Column], rows: Iterable[Row]) -> Callable[[int | None], int | None]:
        """Other rows in place of all, in columns with the same keys. What keeps its name keeps its mark.

        Returns the new number of a row, given its old one. The order and the view are the report's own until a wish
        comes true again.
        """
        self.columns = tuple(columns)
        old, self.rows = self.rows, list(rows)
        self.index = RowIndex(self.rows, self.columns)
        self.wish = Wish()
        self.order = self.view = range(len(self.rows))
        number = self._numbers(old)
        self.marked = {row for each in self.marked if (row := number(each)) is not None}
        return lambda row: None if row is None else number(row)

    def _numbers(self, old: Sequence[Row]) -> Callable[[int], int | None]:
        name, count = self._name, len(self.rows)
        if name is not None:
            places = {row[name]: number for number, row in reversed([*enumerate(self.rows)])}
            # Where nothing has kept its name (the client's data was masked), the same number of rows are the same rows.
            if len(old) != count or any(row[name] in places for row in old):
                return lambda row: places.get(old[row][name])
        return lambda row: row if row < count else None

    def _sorted_by(self, column: int) -> Key:
        of, rows = sort_key(self.columns[column]), self.rows
        return lambda row: of(rows[row][column])

    # Marks

    def mark(self, rows: Iterable[int]) -> None:
        """Mark rows; where all of them are marked already, none of them."""
        some = set(rows)
        self.marked = self.marked - some if some <= self.marked else self.marked | some

    def marked_rows(self) -> tuple[int, ...]:
        """The marked rows, hidden ones too, as the order has them."""
        if not self.marked:
            return ()
        if isinstance(self.order, range):
            return tuple(sorted(self.marked))
        return tuple(row for row in self.order if row in self.marked)
