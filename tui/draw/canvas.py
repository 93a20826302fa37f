"""A sheet of terminal cells to draw boxes, lines and words on.

Lines are kept as arms (up, right, down, left) and become glyphs only at the end, so that they meet and cross properly.
All text goes through `visible` before it is measured: what a host calls itself moves no line of a drawing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import msgspec
from rich.cells import cell_len

from scanner.model.text import visible
from tui.doc import Doc, breaks
from tui.spots import Spot
from tui.status import Colour

Way = Literal["up", "right", "down", "left"]
_WAYS: tuple[Way, ...] = ("up", "right", "down", "left")
_AXES = {"VERTICAL": ("up", "down"), "HORIZONTAL": ("left", "right")}


class Stroke(msgspec.Struct, frozen=True):
    """How a line is drawn. What a line says is in its weight and dashes too, never in its colour alone."""

    colour: Colour
    heavy: bool = False
    dash: Literal["", "dashed", "dotted"] = ""


_DASHES = {
    ("dashed", False): "╌╎", ("dashed", True): "╍╏", ("dotted", False): "┈┊", ("dotted", True): "┉┋",
}  # fmt: skip
"""Along and down, by dash and weight."""
_ROUND = {"┌": "╭", "┐": "╮", "└": "╰", "┘": "╯"}


def _glyphs() -> dict[tuple[int, ...], str]:
    """Arms (0 none, 1 light, 2 heavy; up, right, down, left) to the glyph, as Unicode names them."""
    found = {}
    for code in range(0x2500, 0x2580):
        words = unicodedata.name(chr(code)).removeprefix("BOX DRAWINGS ").split()
        if {"DASH", "DOUBLE", "SINGLE", "ARC", "DIAGONAL"} & set(words):
            continue
        arms: dict[str, int] = {}
        waiting: list[str] = []
        weight = 0
        # `LIGHT DOWN AND RIGHT`, `DOWN LIGHT AND RIGHT HEAVY`: the weight comes before all ways, or behind each.
        leading = words[0] in ("LIGHT", "HEAVY")
        for word in words:
            if word in ("LIGHT", "HEAVY"):
                weight = 1 + (word == "HEAVY")
                arms |= dict.fromkeys(waiting, weight)
                waiting = []
            elif word != "AND":
                ways = _AXES.get(word, (word.lower(),))
                if leading:
                    arms |= dict.fromkeys(ways, weight)
                else:
                    waiting.extend(ways)
        found[tuple(arms.get(way, 0) for way in _WAYS)] = _ROUND.get(chr(code), chr(code))
    return found


_GLYPHS = _glyphs()


class _Joint:
    """What lines do in one cell."""

    def __init__(self) -> None:
        self.arms: dict[Way, Stroke] = {}

    def glyph(self) -> tuple[str, Colour]:
        strokes = [self.arms.get(way) for way in _WAYS]
        up, right, down, left = strokes
        last = list(self.arms.values())[-1]
        straight = (left, right) if not (up or down) else (up, down) if not (left or right) else None
        if straight and straight[0] == straight[1] and last.dash:
            return _DASHES[last.dash, last.heavy][left is None], last.colour
        return _GLYPHS[tuple(0 if each is None else 1 + each.heavy for each in strokes)], last.colour


class Canvas:
    """Grows downwards as it is drawn on; what would stick out at the right is a mistake of the caller and cut off."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._texts: dict[int, dict[int, tuple[str, str]]] = {}
        self._joints: dict[int, dict[int, _Joint]] = {}
        self._spots: list[tuple[range, range, Spot]] = []

    @property
    def height(self) -> int:
        return max((*self._texts, *self._joints), default=-1) + 1

    def text(self, x: int, y: int, text: str, colour: Colour = "text", *, bold: bool = False, room: int = 0) -> int:
        """Words from a cell on, over whatever line is there; cut to `room` cells. Returns where they end."""
        row = self._texts.setdefault(y, {})
        shown = visible(text)
        room = min(room or self.width, self.width - x)
        if cell_len(shown) > room:
            shown = fit(shown, room)
        style = f"bold $fw-{colour}" if bold else f"$fw-{colour}"
        for char in shown:
            size = cell_len(char)
            if not size and x - 1 in row:
                # An accent joins the letter that it stands on.
                row[x - 1] = (row[x - 1][0] + char, row[x - 1][1])
                continue
            for extra in range(size):
                row[x + extra] = (char if not extra else "", style)
            x += size
        return x

    def arm(self, x: int, y: int, way: Way, stroke: Stroke) -> None:
        if 0 <= x < self.width:
            joint = self._joints.setdefault(y, {}).setdefault(x, _Joint())
            joint.arms.pop(way, None)
            joint.arms[way] = stroke

    def along(self, y: int, start: int, end: int, stroke: Stroke) -> None:
        """A line from the middle of one cell to the middle of another, in a row."""
        for x in range(min(start, end), max(start, end)):
            self.arm(x, y, "right", stroke)
            self.arm(x + 1, y, "left", stroke)

    def down(self, x: int, start: int, end: int, stroke: Stroke) -> None:
        """The same in a column."""
        for y in range(min(start, end), max(start, end)):
            self.arm(x, y, "down", stroke)
            self.arm(x, y + 1, "up", stroke)

    def box(self, x: int, y: int, width: int, height: int, stroke: Stroke, spot: Spot | None = None) -> None:
        """`spot`: what the box stands for, borders and all."""
        if spot is not None:
            self.spot(x, y, width, height, spot)
        self.along(y, x, x + width - 1, stroke)
        self.along(y + height - 1, x, x + width - 1, stroke)
        self.down(x, y, y + height - 1, stroke)
        self.down(x + width - 1, y, y + height - 1, stroke)

    def spot(self, x: int, y: int, width: int, height: int, spot: Spot) -> None:
        """What these cells stand for; of two that hold a cell the one that was named first counts."""
        self._spots.append((range(x, x + width), range(y, y + height), spot))

    def doc(self) -> Doc:
        """The drawing as a document; none of its lines is wider than the canvas."""
        doc = Doc()
        for y in range(self.height):
            for text, style, spot in self._runs(y):
                doc.styled(text, style, spot.style if spot is not None else None)
            doc.end()
        return doc

    def _runs(self, y: int) -> Iterator[tuple[str, str, Spot | None]]:
        """The cells of a row, those of one style and spot together; blanks at its end are left out."""
        here = {x: spot for columns, rows, spot in reversed(self._spots) if y in rows for x in columns}
        row = dict(self._texts.get(y, {}))
        for x, joint in self._joints.get(y, {}).items():
            if x not in row:
                glyph, colour = joint.glyph()
                row[x] = (glyph, f"$fw-{colour}")
        run, style, spot = "", "", here.get(0)
        for x in range(max(row, default=-1) + 1):
            char, wanted = row.get(x, (" ", style or "$fw-text"))
            if run and (wanted != style or here.get(x) != spot):
                yield run, style, spot
                run = ""
            run, style, spot = run + char, wanted, here.get(x)
        if run:
            yield run, style, spot


def fit(text: str, room: int) -> str:
    """`text` in at most that many cells, its end cut off where it is longer. Takes visible text."""
    if cell_len(text) <= room:
        return text
    kept, used = "", 1
    for char in text:
        used += cell_len(char)
        if used > room:
            break
        kept += char
    return kept + "…" if room > 0 else ""


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, none wider than `width`; none for no text."""
    shown = visible(text)
    if not shown:
        return []
    at = [0, *breaks(shown, width, 0), len(shown)]
    return [shown[start:end].rstrip() for start, end in pairwise(at)]
