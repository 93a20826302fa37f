"""The filter language: words that must occur, and fields. `guest sev>=high port:443,445 !excepted "front desk"`.

    word            anywhere in the row, whatever its case
    field:value     the field contains it (a port: is that port)
    field=value     the field is exactly that
    sev>=high       at least that severe; also <=, > and <
    risk>=70        a column of numbers, likewise
    excepted, late  whatever words a table's yes-or-no columns answer to
    !term           not that
    a,b             in a field: one of them
    "a b"           blanks, commas and the signs above as they are; "" in it is a quotation mark

Terms are all required. A field that the table does not have is a plain word, so that `fd20::10` finds an address.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

Row = tuple[str, ...]
Match = Literal["part", "words", "label"]
Operator = Literal[":", "=", ">=", "<=", ">", "<"]
Test = Callable[[str], bool]
"""Whether a cell in lower case will do."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a table: how it is drawn, sorted and filtered. Cells are text."""

    key: str
    """What a filter calls it."""
    title: str
    least: int = 4
    """Narrowest width in cells before the table scrolls sideways instead."""
    most: int = 40
    """Widest width in cells, unless there is room to spare."""
    shown: bool = True
    """False: can be filtered by, and is drawn only where the user chose it."""
    match: Match = "part"
    """part: `:` is a substring. words: `:` is one of the blank-separated words. label: a glyph, a blank, a word."""
    ranks: tuple[str, ...] = ()
    """Words in rising order: allows >= and <=, and sorts by rank."""
    order: Callable[[str], Any] | None = None
    """Sort key of a cell; text order without."""
    right: bool = False
    number: bool = False
    """The first word of a cell is a whole number: allows >= and <=, and sorts by it; cells without one come last."""
    names: bool = False
    """Its cell says which thing the row is about, whatever else of the row changes."""
    flags: tuple[str, ...] = ()
    """Plain words that mean: this cell says yes. `late` for a column of yes and no about deadlines."""


class QueryError(ValueError):
    """A filter that says nothing sensible; the message is for the person typing it."""


class Term(msgspec.Struct, frozen=True):
    """One requirement. `column` is None for a plain word. `values`, in lower case: one of them will do."""

    column: int | None
    operator: Operator
    values: tuple[str, ...]
    negated: bool = False


_TOKEN = re.compile(r'(?:"(?:[^"]|"")*"?|[^\s"])+')
_PIECE = re.compile(r'"((?:[^"]|"")*)"?|(,)|([^",]+)')
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_FIELD = re.compile(r"([a-z-]+)(>=|<=|[:=<>])(.*)", re.DOTALL | re.IGNORECASE)


def parse(text: str, columns: Sequence[Column]) -> tuple[Term, ...]:
    """The terms of a filter text; QueryError where a rank is not one, or a comparison has no order."""
    index = {column.key: at for at, column in enumerate(columns)}
    flags = {word: at for at, column in enumerate(columns) for word in column.flags}
    terms = (_term(token, index, flags, columns) for token in _TOKEN.findall(text))
    return tuple(term for term in terms if any(term.values))


def _term(token: str, index: dict[str, int], flags: dict[str, int], columns: Sequence[Column]) -> Term:
    negated = token.startswith("!")
    bare = token[negated:]
    field = _FIELD.fullmatch(bare)
    at = index.get(field[1].lower()) if field else None
    if field is None or at is None:
        flag = flags.get(bare.lower())
        if flag is not None:
            return Term(flag, ":", ("yes",), negated)
        return Term(None, ":", (",".join(_values(bare)),), negated)
    operator: Any = field[2]
    values = tuple(filter(None, _values(field[3])))
    if operator not in (":", "="):
        _comparable(columns[at], operator, ",".join(values))
    return Term(at, operator, values, negated)


def _comparable(column: Column, operator: str, value: str) -> None:
    if column.number:
        if number_in(value) is None:
            raise QueryError(f"{column.key}{operator} takes a whole number")
    elif not column.ranks:
        raise QueryError(f"{column.key} has no order: write {column.key}:{value}")
    elif value not in column.ranks:
        raise QueryError(f"{column.key}{operator} takes {', '.join(column.ranks)}")


def _values(raw: str) -> list[str]:
    """What is between the commas, without quotation marks; a comma inside them is a comma."""
    values = [""]
    for inside, comma, plain in _PIECE.findall(raw.lower()):
        if comma:
            values.append("")
        else:
            values[-1] += plain or inside.replace('""', '"')
    return values


def quoted(value: str) -> str:
    """A value as a filter takes it, whatever is in it: `zone=` and this is that zone."""
    return '"' + value.replace('"', '""') + '"'


def matcher(term: Term, column: Column | None) -> Test:
    """The test of a cell of the term's column (None: of any cell), the negation left out."""
    tests = [_test(term.operator, value, column) for value in term.values]
    if len(tests) == 1:
        return tests[0]
    return lambda cell: any(test(cell) for test in tests)


def needle(term: Term) -> str | None:
    """A text that is in every cell that the term finds; None where no one text is."""
    return term.values[0] if term.operator in (":", "=") and len(term.values) == 1 else None


def meets(row: Row, terms: Sequence[Term], columns: Sequence[Column]) -> bool:
    """Whether one row is kept."""
    for term in terms:
        if term.column is None:
            test = matcher(term, None)
            found = any(test(cell.lower()) for cell in row)
        else:
            found = matcher(term, columns[term.column])(row[term.column].lower())
        if found == term.negated:
            return False
    return True


def _test(operator: Operator, value: str, column: Column | None) -> Test:
    if column is None:
        return lambda cell: value in cell
    if operator not in (":", "="):
        return _comparison(operator, value, column)
    if column.match == "words":
        return lambda cell: value in cell.split()
    if operator == "=":
        return (lambda cell: _word(cell) == value) if column.match == "label" else (lambda cell: cell == value)
    return lambda cell: value in cell


def _comparison(operator: Operator, value: str, column: Column) -> Test:
    limit = number_in(value)
    if column.number and limit is not None:
        least, most = _bounds(operator, limit)
        return lambda cell: (found := number_in(cell)) is not None and least <= found <= most
    least, most = _bounds(operator, column.ranks.index(value))
    wanted = frozenset(word for rank, word in enumerate(column.ranks) if least <= rank <= most)
    return lambda cell: _word(cell) in wanted


def _bounds(operator: Operator, limit: int) -> tuple[float, float]:
    least = limit + (operator == ">") if operator[0] == ">" else float("-inf")
    most = limit - (operator == "<") if operator[0] == "<" else float("inf")
    return least, most


def _word(label: str) -> str:
    return label[2:]


def sort_key(column: Column) -> Callable[[str], Any]:
    """How the cells of a column compare."""
    if column.ranks:
        ranks = {word: position for position, word in enumerate(column.ranks)}
        return lambda cell: ranks.get(_word(cell).lower(), -1)
    if column.number:
        return _number_key
    return column.order or str.casefold


def number_in(text: str) -> int | None:
    """The whole number that a text starts with."""
    first = text.partition(" ")[0]
    return int(first) if _NUMBER.fullmatch(first) else None


def _number_key(cell: str) -> tuple[bool, int]:
    found = number_in(cell)
    return found is not None, found or 0
