"""A zone-by-zone matrix out of a spreadsheet (CSV) as rules: rows are where a flow starts, columns where it goes.

An empty cell says nothing: what no rule allows is forbidden. A cell that says no in words becomes a denial only where
something else would allow the flow.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

import msgspec

from scanner.errors import BadInput
from scanner.importers.service_words import Words, read_words
from scanner.model.groups import did_you_mean
from scanner.model.site import EVERY_ZONE, Site
from scanner.model.text import visible

_MOST_BYTES = 4 << 20
_MOST_LINES = 2_000
_MOST_COLUMNS = 500
_MOST_CELL = 2_000
_DIAGONAL = frozenset({"-", "–", "—", "x", "n/a", "na", "/", "\\", "=", "self"})
"""What people fill the cells of a zone and itself with."""
_TO_FROM = re.compile(r"\W*(to|dest\w*|target)\b.*\b(from|src|source)\b", re.IGNORECASE)


class Cell(msgspec.Struct, frozen=True):
    """What the matrix says of one pair, and where."""

    from_: str
    to: str
    """Each a zone, a group of zones, or `*`."""
    words: Words
    line: int

    @property
    def place(self) -> str:
        return f"line {self.line}, {self.from_} → {self.to}"


class Matrix(msgspec.Struct, frozen=True):
    """Every cell, empty ones too, in the order of the file."""

    cells: tuple[Cell, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]


def looks_like_matrix(head: bytes) -> bool:
    """Whether the beginning of a file may be a table of text: several columns in its first line that has any."""
    text = _decoded(head[:4096], "", lenient=True)
    line = next((each for each in text.splitlines() if each.strip()), "")
    return "\0" not in text and not line.lstrip().startswith(("<", "{", "[")) and _delimiter(line) in line


def read_matrix(raw: bytes, site: Site, name: str) -> Matrix:
    """The matrix of a site. BadInput, with `name`, line and zone, for the first thing that cannot be understood."""
    if len(raw) > _MOST_BYTES:
        raise BadInput(f"{name}: larger than {_MOST_BYTES >> 20} MiB; a matrix of zones is not")
    rows = list(_rows(_decoded(raw, name), name))
    if not rows:
        raise BadInput(f"{name}: the file is empty; its first line has to name the zones, as every line after it does")
    (first, header), *rest = rows
    if _TO_FROM.match(header[0]):
        said = visible(header[0].strip(), 40)
        raise BadInput(
            f"{name}:{first}: the first cell says {said!r}; rows have to be the sources: transpose the table"
        )
    known = _names(site)
    while header and not header[-1].strip():
        header.pop()
    targets = [_end(each, known, f"{name}:{first}: column {n}") for n, each in enumerate(header[1:], 2)]
    if not targets:
        raise BadInput(f"{name}:{first}: the first line names no zones; write them into its second cell and on")
    _no_repeats(targets, f"{name}:{first}", "column")
    cells: list[Cell] = []
    sources: list[str] = []
    for line, row in rest:
        source = _end(row[0], known, f"{name}:{line}")
        sources.append(source)
        _no_repeats(sources, f"{name}:{line}", "row")
        if any(each.strip() for each in row[len(targets) + 1 :]):
            raise BadInput(f"{name}:{line}: more cells than the first line has; every column needs a zone's name")
        for target, text in zip(targets, row[1:], strict=False):
            if source == target and text.strip().casefold() in _DIAGONAL:
                continue
            try:
                words = read_words(text, site.groups.services)
            except ValueError as error:
                raise BadInput(f"{name}:{line}: {source} → {target}: {visible(str(error), 300)}") from None
            cells.append(Cell(source, target, words, line))
    if not sources:
        raise BadInput(f"{name}: has a first line only; every line after it is one zone and what may leave it")
    return Matrix(tuple(cells), tuple(sources), tuple(targets))


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that holds anything."""
    lines = text.splitlines(keepends=True)
    first = next((each for each in lines if each.strip()), "")
    reader = csv.reader(lines, delimiter=_delimiter(first), strict=True)
    at = 1
    try:
        for row in reader:
            if reader.line_num > _MOST_LINES:
                raise BadInput(f"{name}: more than {_MOST_LINES} lines; a matrix of zones has one a zone")
            if len(row) > _MOST_COLUMNS:
                raise BadInput(f"{name}:{at}: more than {_MOST_COLUMNS} columns; a matrix of zones has one a zone")
            if any(len(each) > _MOST_CELL for each in row):
                raise BadInput(f"{name}:{at}: a cell of more than {_MOST_CELL} characters; this is no matrix of zones")
            if any(each.strip() for each in row):
                yield at, row
            at = reader.line_num + 1
    except csv.Error:
        what = "a quotation mark is not closed, or something stands behind a closed one"
        raise BadInput(f"{name}:{at}: no table that can be read: {what}") from None


def _decoded(raw: bytes, name: str, lenient: bool = False) -> str:
    """Text as spreadsheets save it: UTF-8, UTF-16 with its mark, or else the code page of Windows."""
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw[: len(raw) & ~1].decode("utf-16", "replace" if lenient else "strict")
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace" if lenient else "strict")
    except UnicodeDecodeError:
        raise BadInput(f"{name}: not text; save the table as CSV (UTF-8)") from None
    if "\0" in text and not lenient:
        raise BadInput(f"{name}: not text; save the table as CSV (UTF-8)")
    return text


def _delimiter(line: str) -> str:
    bare = re.sub(r'"[^"]*"', "", line)
    return max((",", ";", "\t"), key=bare.count)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", text.strip().casefold())


def _names(site: Site) -> dict[str, str]:
    """What may stand for each zone or group, however it is spelled: `Front Desk` for front-desk."""
    names = [*(zone.name for zone in site.zones), *site.groups.zones]
    known: dict[str, str] = {EVERY_ZONE: EVERY_ZONE}
    twice = set()
    for each in names:
        twice.update({_plain(each)} & known.keys())
        known[_plain(each)] = each
    return {spelled: each for spelled, each in known.items() if spelled not in twice} | {each: each for each in names}


def _end(text: str, known: dict[str, str], place: str) -> str:
    found = known.get(text.strip()) or known.get(_plain(text))
    if found is not None:
        return found
    if not text.strip():
        raise BadInput(f"{place}: a zone's name is missing here")
    near = did_you_mean(_plain(text), known)
    mend = near or f"the site file has {', '.join(dict.fromkeys(known.values()))}"
    raise BadInput(f"{place}: '{visible(text.strip(), 60)}' is no zone of the site file; {mend}")


def _no_repeats(names: Iterable[str], place: str, what: str) -> None:
    seen: set[str] = set()
    for each in names:
        if each in seen:
            raise BadInput(f"{place}: {each} has a {what} already; a matrix says everything of a zone once")
        seen.add(each)
