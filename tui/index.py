"""What a filter looks rows up in: blocks of rows, each column of a block in the form that is quickest to search.

A column with few different cells in a block (severities, zones, ports) is a list of those cells and a byte a row: a
test then looks at the few. The others are one text a row, in lower case. Blocks are made when they are first looked
in; a million rows are searched in parts of a few milliseconds, so that whoever runs the search can stop it or do
something else meanwhile.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import compress
from operator import itemgetter
from typing import TypeVar

import msgspec

from tui.query import Column, Row, Term, Test, matcher, needle

BLOCK = 8192
"""Rows of a block."""
_FEW = 256
"""Different cells in a block: as many as a byte counts, at most."""
_BETWEEN = "\0"
"""Between the cells of a row's text, so that no word spans two of them."""

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work in parts: each `next` does some milliseconds of it."""


def finish(steps: Steps[T]) -> T:
    """Do all of the work at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]


class _Few(msgspec.Struct, frozen=True):
    """A column of a block: the different cells, and for each row which of them it has."""

    cells: tuple[str, ...]
    codes: bytes


class _Words(msgspec.Struct, frozen=True):
    """All that a plain word is looked for in: the columns of few different cells, and the others as a text a row."""

    few: tuple[_Few, ...]
    texts: Sequence[str]
    """Empty where there are no others."""


class RowIndex:
    """Over rows that may become more, and never others. Rows that were there stay as they are."""

    def __init__(self, rows: Sequence[Row], columns: Sequence[Column]) -> None:
        self.rows, self.columns = rows, columns
        # By the block's first row. Written by whichever thread needs one first; made twice it is the same.
        self._words: dict[int, tuple[int, _Words]] = {}
        self._few: dict[tuple[int, int], tuple[int, _Few | None]] = {}
        self._many: set[int] = set()

    def warm(self) -> Steps[None]:
        """Make what a plain word is looked for in."""
        for start, stop in self._blocks(len(self.rows)):
            self._words_of(start, stop)
            yield

    def select(self, order: Sequence[int], terms: Sequence[Term]) -> Steps[list[int]]:
        """The rows of `order`, in that order, that meet every term. `order` holds each row up to some number once."""
        count = len(order)
        # Fields first: most of the rows that they drop need no search for words.
        terms = sorted(terms, key=lambda term: term.column is None)
        straight = isinstance(order, range)
        kept: list[int] = []
        masks = bytearray()
        for start, stop in self._blocks(count):
            mask = self._mask(start, stop, terms).to_bytes(stop - start, "little")
            if straight:
                kept.extend(compress(range(start, stop), mask))
            else:
                masks += mask
            yield
        if not straight:
            for start, stop in self._blocks(count):
                some = order[start:stop]
                kept.extend(compress(some, map(masks.__getitem__, some)))
                yield
        return kept

    @staticmethod
    def _blocks(count: int) -> Iterator[tuple[int, int]]:
        return ((start, min(start + BLOCK, count)) for start in range(0, count, BLOCK))

    def _mask(self, start: int, stop: int, terms: Sequence[Term]) -> int:
        """A byte a row, 1 where the row meets all terms, as a number: numbers are combined at once."""
        every = int.from_bytes(bytes([1]) * (stop - start), "little")
        kept = every
        for term in terms:
            found = self._found(start, stop, term, kept, every)
            kept &= every ^ found if term.negated else found
            if not kept:
                break
        return kept

    def _found(self, start: int, stop: int, term: Term, wanted: int, every: int) -> int:
        """Rows with a cell that the term finds; of rows that are not wanted it may say nothing."""
        if term.column is not None:
            return self._in_column(start, stop, term, term.column, wanted, every)
        words, test, found = self._words_of(start, stop), matcher(term, None), 0
        for few in words.few:
            found |= _among_few(few, test, every)
        missing = _worth(wanted & ~found, every)
        if words.texts and missing:
            value = term.values[0]
            found |= _those(missing, every, [value in text for text in _wanted(words.texts, missing, every)])
        return found

    def _in_column(self, start: int, stop: int, term: Term, at: int, wanted: int, every: int) -> int:
        column, few = self.columns[at], self._few_of(start, stop, at)
        test = matcher(term, column)
        if few is not None:
            return _among_few(few, test, every)
        value, wanted = needle(term), _worth(wanted, every)
        if value is not None:
            # What is nowhere in the row is not in the cell.
            texts = _wanted(self._words_of(start, stop).texts, wanted, every)
            wanted = _worth(_those(wanted, every, [value in text for text in texts]), every)
            if not wanted:
                return 0
        rows = _wanted(self.rows[start:stop], wanted, every)
        return _those(wanted, every, [test(row[at].lower()) for row in rows])

    def _words_of(self, start: int, stop: int) -> _Words:
        made = self._words.get(start)
        # The last block grows.
        if made is None or made[0] != stop:
            made = self._words[start] = stop, self._make_words(start, stop)
        return made[1]

    def _make_words(self, start: int, stop: int) -> _Words:
        parts = {at: self._few_of(start, stop, at) for at in range(len(self.columns))}
        few = tuple(part for part in parts.values() if part is not None)
        others = [at for at, part in parts.items() if part is None]
        texts: Sequence[str] = ()
        if len(others) == 1:
            texts = [row[others[0]].lower() for row in self.rows[start:stop]]
        elif others:
            cells = itemgetter(*others)
            texts = [_BETWEEN.join(cells(row)).lower() for row in self.rows[start:stop]]
        return _Words(few, texts)

    def _few_of(self, start: int, stop: int, at: int) -> _Few | None:
        """None where the block has many different cells."""
        made = self._few.get((start, at))
        if made is None or made[0] != stop:
            made = self._few[start, at] = stop, None if at in self._many else self._make_few(start, stop, at)
        return made[1]

    def _make_few(self, start: int, stop: int, at: int) -> _Few | None:
        cells = [row[at] for row in self.rows[start:stop]]
        different = dict.fromkeys(cells)
        if len(different) > _FEW:
            # So will the other blocks, nearly always: those that were made before keep what they have.
            self._many.add(at)
            return None
        number = {cell: code for code, cell in enumerate(different)}
        return _Few(tuple(map(str.lower, different)), bytes(map(number.__getitem__, cells)))


def _among_few(part: _Few, test: Test, every: int) -> int:
    passed = [test(cell) for cell in part.cells]
    if not any(passed):
        return 0
    if all(passed):
        return every
    return int.from_bytes(part.codes.translate(bytes(passed).ljust(256, b"\0")), "little")


def _bytes(mask: int, every: int) -> bytes:
    return mask.to_bytes((every.bit_length() + 7) // 8, "little")


def _worth(mask: int, every: int) -> int:
    """Where many are wanted it is quicker to look at all than to pick them out."""
    return every if mask.bit_count() * 4 > every.bit_count() else mask


def _wanted(items: Sequence[T], mask: int, every: int) -> Iterable[T]:
    """The items that the mask has."""
    return items if mask == every else compress(items, _bytes(mask, every))


def _those(mask: int, every: int, found: list[bool]) -> int:
    """The mask of those of a mask that were found, `found` saying so of each of them."""
    if mask == every:
        return int.from_bytes(bytes(found), "little")
    if not any(found):
        return 0
    spread = bytearray(_bytes(mask, every))
    at, where = -1, spread.find
    for each in found:
        at = where(1, at + 1)
        if not each:
            spread[at] = 0
    return int.from_bytes(spread, "little")
