"""A screen as text: what stands where, and the part of the palette that each cell is drawn in.

The colours of a theme are told by the names of its palette, so that the same screen is the same text in every theme.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from coloraide import Color
from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.screen import ModalScreen

from tui.theme import Palette

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Run(NamedTuple):
    """Characters that are drawn alike: the colours as `#rrggbb`, and how."""

    chars: str
    text: str
    ground: str
    how: str


def lines(app: App[None]) -> list[list[Run]]:
    """The screen line by line, as it goes to the terminal; of what lies behind a window nothing."""
    width, height = app.size
    window = app.screen.children[0].region if isinstance(app.screen, ModalScreen) else None
    found = []
    for y, strip in enumerate(app.screen._compositor.render_strips()[:height]):
        left, right = (
            (0, width) if window is None else (window.x, window.right) if window.contains(window.x, y) else (0, 0)
        )
        row = [Run(" " * left, "-", "-", "")] if left else []
        row.extend(_run(segment) for segment in strip.crop(left, right) if segment.text)
        found.append(row)
    return found


def words(app: App[None]) -> str:
    """All that can be read."""
    return "\n".join("".join(run.chars for run in line) for line in lines(app))


def _run(segment: Segment) -> Run:
    style = segment.style or Style()
    text, ground = _hex(style.color), _hex(style.bgcolor)
    if style.reverse:
        text, ground = ground, text
    return Run(segment.text, text, ground, _how(style))


@functools.cache
def _how(style: Style) -> str:
    return " ".join(word for word in ("bold", "dim", "italic", "underline", "strike") if getattr(style, word))


@functools.cache
def _hex(colour: RichColor | None) -> str:
    return "-" if colour is None or colour.triplet is None else colour.triplet.hex


def roles(palette: Palette) -> dict[str, str]:
    """What each colour of the theme stands for."""
    names = [name for name in palette.__struct_fields__ if name not in ("name", "dark")]
    return {getattr(palette, name): name.replace("_", "-") for name in names}


def picture(rows: list[list[Run]], palette: Palette) -> str:
    """The whole of it: lines of text, lines of runs (a letter for how it is drawn, and for how many cells), letters."""
    known = roles(palette)
    drawn: dict[str, str] = {}

    def letter(run: Run) -> str:
        # A blank has no colour of its own.
        seen = not run.chars.isspace()
        words = (known.get(run.text, "?") if seen else "", run.how if seen else "", "on", known.get(run.ground, "?"))
        return drawn.setdefault(" ".join(filter(None, words)), LETTERS[len(drawn)])

    runs = [
        " ".join(
            f"{each}{sum(cell_len(run.chars) for run in group)}"
            for each, group in groupby((run for run in row if run.ground != "-"), letter)
        )
        for row in rows
    ]
    text = ["".join(run.chars for run in row).rstrip() for row in rows]
    legend = [f"{each} {look}" for look, each in drawn.items()]
    return "\n".join((*text, "=" * 20, *runs, "=" * 20, *legend)) + "\n"


def illegible(rows: list[list[Run]]) -> Iterator[tuple[str, str, str, float]]:
    """Words drawn at less than 4.5:1: they, the two colours, and their contrast. Rules and boxes are no words."""
    for row in rows:
        for words, text, ground, _ in row:
            if "-" not in (text, ground) and any(map(str.isalnum, words)) and contrast(text, ground) < 4.5:
                yield words, text, ground, contrast(text, ground)


@functools.cache
def contrast(text: str, ground: str) -> float:
    return Color(text).contrast(ground, method="wcag21")
