"""One thing in the middle, what leads to it at its left, and where it leads at its right."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.cells import cell_len

from scanner.model.text import visible
from tui.doc import Doc
from tui.draw.canvas import Canvas, Stroke, wrapped
from tui.draw.links import LEAST_RUN, Link, run
from tui.spots import Spot
from tui.status import Colour

_BOX, _HEART = Stroke("muted"), Stroke("accent")
_NAME = 34
_RUN = 40


class Ray(msgspec.Struct, frozen=True):
    """Another thing, and the line between."""

    name: str
    link: Link
    colour: Colour = "text"
    spot: Spot | None = None


class Heart(msgspec.Struct, frozen=True):
    """What stands in the middle: a title in the border of its box, and lines in it."""

    title: str
    lines: tuple[tuple[str, Colour], ...] = ()
    spot: Spot | None = None


def draw(heart: Heart, into: Sequence[Ray], out: Sequence[Ray], width: int) -> Doc:
    """In one picture where that fits, else what comes and what goes one below the other."""
    sides = [side for side in (into, out) if side]
    if len(sides) == 2 and not _fits(heart, into, out, width):
        return draw(heart, into, (), width).join(draw(heart, (), out, width))
    canvas = Canvas(width)
    left, middle, right, gap = _widths(heart, into, out, width)
    rows = max(len(into), len(out), 1)
    lines = [(line, colour) for text, colour in heart.lines for line in wrapped(text, middle - 4)]
    height = max(2 * rows + 1, len(lines) + 2)
    x = left + gap if into else 0
    canvas.box(x, 0, middle, height, _HEART, heart.spot)
    canvas.text(x + 2, 0, f" {heart.title} ", "accent", bold=True, room=middle - 4)
    for y, (line, colour) in enumerate(lines, 1):
        canvas.text(x + 2, y, line, colour, room=middle - 4)
    _stack(canvas, 0, left, into)
    for at, ray in enumerate(into):
        run(canvas, 2 * at + 1, left - 1, x, ray.link)
    start = x + middle - 1
    _stack(canvas, start + gap + 1, right, out)
    for at, ray in enumerate(out):
        run(canvas, 2 * at + 1, start, start + gap + 1, ray.link)
    return canvas.doc()


def _stack(canvas: Canvas, x: int, width: int, rays: Sequence[Ray]) -> None:
    """Boxes that share their borders."""
    for at, ray in enumerate(rays):
        canvas.box(x, 2 * at, width, 3, _BOX, ray.spot)
        canvas.text(x + 2, 2 * at + 1, ray.name, ray.colour, room=width - 4)


def _side(rays: Sequence[Ray]) -> int:
    return min(_NAME, max(cell_len(visible(ray.name)) for ray in rays)) + 4 if rays else 0


def _widths(heart: Heart, into: Sequence[Ray], out: Sequence[Ray], width: int) -> tuple[int, int, int, int]:
    """Of the left boxes, the middle, the right boxes, and of the gaps; names give way before lines do."""
    left, right = _side(into), _side(out)
    gaps = bool(into) + bool(out) or 1
    middle = max([cell_len(visible(heart.title)) + 2, *(cell_len(visible(line)) for line, _ in heart.lines)]) + 4
    middle = min(middle, 34)
    need = max([cell_len(ray.link.label) for ray in (*into, *out)], default=0) + 8
    least = max(LEAST_RUN, min(need, _RUN))
    # What gives way, and down to what: the label of a line, names, the label again, names.
    for line, box in ((22, _NAME), (22, 18), (14, 18), (14, 8), (LEAST_RUN, 8)):
        while width < left + middle + right + gaps * least and (least > line or max(left, middle, right) > box):
            if least > line:
                least -= 1
            elif max(left, right) > box:
                left, right = (left - 1, right) if left > right else (left, right - 1)
            else:
                middle -= 1
    gap = min(_RUN, max(least, (width - left - middle - right) // gaps))
    return left, middle, right, gap


def _fits(heart: Heart, into: Sequence[Ray], out: Sequence[Ray], width: int) -> bool:
    return width >= _side(into) + _side(out) + 2 * LEAST_RUN + 8 + min(24, cell_len(visible(heart.title)) + 6)
