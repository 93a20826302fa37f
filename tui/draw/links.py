"""How a line between two things looks: what a verdict says, in weight, dashes, a sign and a colour."""

from __future__ import annotations

from typing import Literal

import msgspec
from rich.cells import cell_len

from scanner.exporters.words import cell_code
from scanner.model.report import CROSSED, HELD, CellRow, FlowVerdict
from scanner.model.text import visible
from tui.draw.canvas import Canvas, Stroke, fit
from tui.status import FLOWS, Colour, cell_look, mark

Shape = Literal["arrow", "fence", "open"]
"""`arrow`: something gets through. `fence`: it ends at a fence in the middle. `open`: nobody knows."""


class Link(msgspec.Struct, frozen=True):
    """A line with its sign. `label` stands at its start: services, or figures."""

    sign: str
    shape: Shape
    stroke: Stroke
    label: str = ""
    short: str = ""
    """The label where it has no room."""

    @property
    def colour(self) -> Colour:
        return self.stroke.colour


def of_cell(row: CellRow | None, *, figures: bool = True) -> Link:
    """The line between two zones."""
    look, code = cell_look(row), cell_code(row)
    if code == "BREACHED" and row is not None:
        label = f"{row.forbidden_reached:,} of {row.tested:,}" if figures else f"{row.forbidden_reached:,}"
        return Link(look.glyph, "arrow", Stroke(look.colour, heavy=True), label, f"{row.forbidden_reached:,}")
    if code == "AS_POLICY" and row is not None:
        # What policy allows gets through there: a fence with a gate is not drawn as a wall.
        if row.reached:
            return Link(
                look.glyph,
                "arrow",
                Stroke(look.colour),
                f"{row.reached:,} allowed" if figures else "",
                f"{row.reached:,}",
            )
        return Link(look.glyph, "fence", Stroke(look.colour))
    if code == "UNTESTED":
        return Link(look.glyph, "open", Stroke(look.colour, dash="dotted"))
    return Link(look.glyph, "open", Stroke(look.colour, dash="dashed"))


def of_flow(verdict: FlowVerdict, allowed: bool, label: str = "", short: str = "") -> Link:
    """The line of a flow, judged by policy: what crossed and is forbidden is the one that is heavy and red."""
    look = mark(FLOWS, verdict)
    if verdict in CROSSED:
        if allowed:
            return Link("→", "arrow", Stroke("accent"), label, short)
        return Link("✕", "arrow", Stroke("red", heavy=True), label, short)
    if verdict in HELD:
        # A flow that policy allows, or wants, and that did not get through.
        return Link("│", "fence", Stroke("amber" if allowed else "text"), label, short)
    dash: Literal["dashed", "dotted"] = "dotted" if verdict == "UNTESTED" else "dashed"
    return Link(look.glyph, "open", Stroke(look.colour, dash=dash), label, short)


LEAST_RUN = 10


def run(canvas: Canvas, y: int, start: int, end: int, link: Link) -> None:
    """Draw a link from the border at `start` to the border at `end`, with an arrow's head before `end`."""
    stroke = link.stroke
    inner = end - start - 1
    label = next((each for each in (visible(link.label), visible(link.short)) if cell_len(each) <= inner - 6), None)
    if label is None:
        label = fit(visible(link.short or link.label), inner - 6) if inner > 8 else ""
    # The sign stands in the middle of what the label leaves.
    after = start + 2 + (cell_len(label) + 2 if label else 0)
    middle = (after + end) // 2
    if link.shape == "fence":
        canvas.along(y, start, middle, stroke)
        canvas.text(middle, y, "┤", stroke.colour, bold=True)
        if link.sign not in "│|":
            canvas.text(middle - 1, y, link.sign, stroke.colour, bold=True)
    else:
        canvas.along(y, start, end, stroke)
        canvas.text(middle, y, link.sign, stroke.colour, bold=True)
    if link.shape == "arrow":
        canvas.text(end - 1, y, "►", stroke.colour, bold=True)
    if label:
        canvas.text(start + 2, y, f" {label} ", stroke.colour, bold=stroke.heavy)
