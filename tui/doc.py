"""Documents for panels and detail panes: headings, labelled lines, text from outside, wrapped with hanging indents.

Everything that a method takes goes through `visible`, and nothing is ever parsed as markup. Colours are theme
variables, so a document outlives a change of theme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.style import Style

from scanner.model.text import visible
from tui.status import Colour, Mark

LABEL = 14
"""Width of the labels of `field`."""


LEAST_DRAWN = 36
"""Cells below which a picture is told in words."""


_Part = tuple[str, str] | Content


class _Drawing(NamedTuple):
    draw: Callable[[int], Doc]
    words: Doc


class Doc:
    """A document under construction; `content` is what a widget shows."""

    def __init__(self) -> None:
        self._lines: list[tuple[list[_Part], int] | _Drawing] = []
        self._parts: list[_Part] = []

    def add(self, text: str, colour: Colour = "text", *, bold: bool = False) -> Doc:
        """Text on the current line."""
        return self.styled(text, f"bold $fw-{colour}" if bold else f"$fw-{colour}")

    def styled(self, text: str, style: str, also: Style | None = None) -> Doc:
        """Text in any style, and what it carries besides; `add` is for text in a colour."""
        part = (visible(text), style)
        self._parts.append(part if also is None else Content.styled(*part).stylize(also))
        return self

    def end(self, *, hang: int = 0) -> Doc:
        """End the line; where it is too long its further lines start `hang` cells to the right."""
        self._lines.append((self._parts, hang))
        self._parts = []
        return self

    def line(self, text: str = "", colour: Colour = "text", *, bold: bool = False, hang: int = 0) -> Doc:
        return self.add(text, colour, bold=bold).end(hang=hang)

    def mark(self, mark: Mark, *, bold: bool = True) -> Doc:
        """A verdict: glyph and word in its colour."""
        return self.add(mark.label, mark.colour, bold=bold)

    def tile(self, mark: Mark, width: int) -> Doc:
        """A verdict's glyph alone on a ground of its colour. For small maps with a legend of words beside them."""
        return self.styled(mark.glyph.center(width), f"bold $fw-{mark.colour} on $fw-{mark.colour}-tile")

    def on_cursor(self, text: str, colour: Colour = "accent") -> Doc:
        """Text on the ground that says: here you are."""
        return self.styled(text, f"bold $fw-{colour} on $fw-cursor")

    def title(self, text: str, hint: str = "") -> Doc:
        """A heading inside the document, with a blank line before it unless it is the first thing."""
        if self._lines:
            self.end()
        self.add(text.upper(), "accent", bold=True)
        return self.line(f"  {hint}" if hint else "", "muted")

    def field(self, label: str, value: str | None, colour: Colour = "text") -> Doc:
        """`label  value`; left out when there is no value."""
        return self.label(label).line(value, colour, hang=LABEL) if value else self

    def lines(self, text: str, colour: Colour = "text", *, hang: int = 0) -> Doc:
        """Text of ours that may hold several lines, such as a remedy with its command below it."""
        for each in text.split("\n"):
            self.line(each, colour, hang=hang)
        return self

    def label(self, label: str) -> Doc:
        return self.add(label.ljust(LABEL), "muted")

    def bullets(self, items: Iterable[str], colour: Colour = "text") -> Doc:
        for item in items:
            self.add("• ", "muted").line(item, colour, hang=2)
        return self

    def drawing(self, draw: Callable[[int], Doc], words: Doc) -> Doc:
        """A picture that is drawn for the width that there is, and the same in words for whoever cannot see it, or has
        fewer than `LEAST_DRAWN` cells."""
        self._lines.append(_Drawing(draw, words))
        return self

    def join(self, other: Doc) -> Doc:
        """Another document's lines."""
        self._lines.extend(other._lines)
        self._parts.extend(other._parts)
        return self

    def content(self, width: int, *, drawn: bool = True) -> Content:
        """The document wrapped to `width` cells, without blank lines at its end; `drawn=False`: pictures in words."""
        lines = self._content(max(1, width), drawn)
        while lines and not lines[-1].plain:
            lines.pop()
        return Content("\n").join(lines)

    def _content(self, width: int, drawn: bool) -> list[Content]:
        found: list[Content] = []
        for line in (*self._lines, (self._parts, 0)):
            if isinstance(line, _Drawing):
                inner = line.draw(width) if drawn and width >= LEAST_DRAWN else line.words
                # The last line of a document is the one that was not ended.
                found.extend(inner._content(width, drawn)[:-1])
            else:
                found.extend(_wrapped(Content.assemble(*line[0]), width, line[1]))
        return found

    def text(self) -> Content:
        """The document as one line for a bar, not wrapped."""
        return Content.assemble(*self._parts)


def safe(text: str) -> str:
    """Text for a sink that is not a document, such as the clipboard."""
    return visible(text, 65536)


def breaks(text: str, width: int, hang: int) -> list[int]:
    """Offsets at which a line breaks: after the last blank that fits, or amid a word that is wider than a line."""
    offsets: list[int] = []
    start, room = 0, width
    while True:
        at, used, blank = start, 0, 0
        while at < len(text) and (at == start or used + cell_len(text[at]) <= room):
            used += cell_len(text[at])
            at += 1
            if text[at - 1] == " ":
                blank = at
        start = blank if blank > start and at < len(text) and text[at] != " " else at
        # Blanks that do not fit hang over the edge rather than start a line.
        while text[start : start + 1] == " ":
            start += 1
        if start >= len(text):
            return offsets
        offsets.append(start)
        room = max(1, width - hang)


def _wrapped(line: Content, width: int, hang: int) -> list[Content]:
    if line.cell_length <= width:
        return [line]
    hang = hang if hang < width // 2 else 0
    first, *rest = line.divide(breaks(line.plain, width, hang))
    indent = Content(" " * hang)
    return [first.rstrip(), *(Content.assemble(indent, each.rstrip()) for each in rest)]
