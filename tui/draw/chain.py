"""A way drawn: each zone a box, each step an arrow, and between two zones the fence that it breaks or passes."""

from __future__ import annotations

from itertools import groupby

from rich.cells import cell_len

from scanner.model.text import visible
from tui.doc import Doc
from tui.draw.canvas import Canvas, Stroke, fit, wrapped
from tui.draw.scene import Scene, Step, Stop, Tone
from tui.spots import Spot
from tui.status import Colour

_BOX = Stroke("muted")
_GOAL = Stroke("text")
_NOBODY = Stroke("muted", dash="dashed")
_FENCE = Stroke("muted", dash="dotted")
_COLOURS: dict[Tone, Colour] = {
    "forbidden": "red", "allowed": "accent", "plain": "text", "blocked": "amber", "bridge": "amber",
}  # fmt: skip
_ACROSS = 24
"""Cells that the arrow between two boxes beside each other needs, or its words would be a column of syllables."""
_WIDEST = 46


def spots(scene: Scene) -> tuple[Spot, ...]:
    """Where each stop of the way leads: a host to itself, a zone to the boundary that is crossed behind it."""
    found = []
    for at, stop in enumerate(scene.stops):
        after = scene.stops[at + 1].zone if at + 1 < len(scene.stops) else stop.zone
        if stop.host:
            found.append(Spot("host", f"{stop.zone}/{stop.host}"))
        else:
            found.append(Spot("zone", stop.zone) if after == stop.zone else Spot("pair", stop.zone, after))
    return tuple(found)


def draw(scene: Scene, width: int, here: int | None = None) -> Doc:
    """Side by side where that fits, else one below the other. `here`: the stop that the cursor is on."""
    boxes = [_box_width(stop, 30) for stop in scene.stops]
    if sum(boxes) + _ACROSS * len(scene.steps) <= width:
        return _beside(scene, boxes, width, here)
    return _below(scene, width, here)


def words(scene: Scene) -> Doc:
    """The same without a picture."""
    doc = Doc()
    first, *rest = scene.stops
    doc.add("From ").line(" ".join(filter(None, (first.zone, first.host, first.name))), bold=True)
    for number, (step, stop) in enumerate(zip(scene.steps, rest, strict=True), 1):
        doc.add(f"{number}. ", "muted").add(f"to {stop.zone} {stop.host}".rstrip(), bold=True)
        doc.add("".join(f" {each}" for each in (stop.name, f"({stop.critical})" if stop.critical else "") if each))
        said = "; ".join(filter(None, (step.label, step.words, step.proof, step.policy)))
        doc.line(f": {said}", "red" if step.tone == "forbidden" else "text", hang=3)
        if step.cut:
            doc.line(f"   the least cut stops it here: deny {step.cut}", hang=3)
    return doc


def _stroke(step: Step) -> Stroke:
    return Stroke(
        _COLOURS[step.tone], heavy=step.tone in ("forbidden", "bridge"), dash="dashed" if step.inferred else ""
    )


def _lines(stop: Stop) -> list[tuple[str, Colour, bool]]:
    """What stands in a stop's box, after its sign."""
    if not stop.host:
        return [(stop.who or "the zone", "muted", False)]
    found: list[tuple[str, Colour, bool]] = [(stop.host, "red" if stop.goal else "text", True)]
    if stop.name:
        found.append((stop.name, "muted", False))
    if stop.critical:
        found.append((f"◆ {stop.critical}", "red", True))
    if stop.nobody:
        found.append(("nobody answered", "muted", False))
    return found


def _box_width(stop: Stop, most: int) -> int:
    inside = [cell_len(visible(text)) + 2 for text, _, _ in _lines(stop)]
    head = cell_len(visible(stop.zone)) + (cell_len(visible(stop.note)) + 2 if stop.note else 0)
    return min(most, max([head + 1, *inside, 10]) + 4)


def _head(canvas: Canvas, x: int, y: int, width: int, stop: Stop) -> None:
    """The zone's name in the border of its box."""
    room = width - 4
    end = canvas.text(x + 1, y, f" {fit(visible(stop.zone), room - 1)} ", "accent", bold=True)
    left = x + width - 2 - end
    if stop.note and left > 3:
        canvas.text(end, y, f"{fit(visible(stop.note), left - 1)} ", "muted")


def _inside(canvas: Canvas, x: int, y: int, width: int, stop: Stop, here: bool) -> int:
    """A stop's lines in its box; the next free row."""
    sign: tuple[str, Colour] = ("◉", "red") if stop.goal else ("●", "accent")
    if stop.nobody:
        sign = ("◌", "red")
    for at, (text, colour, bold) in enumerate(_lines(stop)):
        if not at:
            if here:
                canvas.text(x + 1, y, "▸", "accent", bold=True)
            canvas.text(x + 2, y, sign[0], sign[1], bold=True)
        canvas.text(x + 4, y, text, colour, bold=bold, room=width - 6)
        y += 1
    return y


def _edge(stop: Stop) -> Stroke:
    return _NOBODY if stop.nobody else _GOAL if stop.goal else _BOX


def _beside(scene: Scene, boxes: list[int], width: int, here: int | None) -> Doc:
    canvas, leads = Canvas(width), spots(scene)
    between = min(44, (width - sum(boxes)) // len(scene.steps))
    said = [_said(step, between - 2) for step in scene.steps]
    above = max(len(lines) for lines, _ in said)
    # The arrow runs through the first line of each box, its label above it and its words below.
    middle = max(1, above)
    bottom = middle + max(max(len(_lines(stop)) for stop in scene.stops), max(len(lines) for _, lines in said))
    x = 0
    for at, (stop, size) in enumerate(zip(scene.stops, boxes, strict=True)):
        top = middle - 1
        canvas.box(x, top, size, bottom - top + 1, _edge(stop), leads[at])
        _head(canvas, x, top, size, stop)
        _inside(canvas, x, middle, size, stop, at == here)
        x += size
        if at < len(scene.steps):
            step = scene.steps[at]
            lines, below = said[at]
            for y, (text, colour, bold) in enumerate(lines, middle - len(lines)):
                canvas.text(x + 1, y, text, colour, bold=bold)
            _arrow(canvas, x, middle, between, step, scene.stops[at].zone != scene.stops[at + 1].zone)
            for y, (text, colour, bold) in enumerate(below, middle + 1):
                canvas.text(x + 1, y, text, colour, bold=bold)
            x += between
    return canvas.doc()


def _arrow(canvas: Canvas, x: int, y: int, length: int, step: Step, fenced: bool) -> None:
    stroke = _stroke(step)
    half = x + length // 2
    canvas.along(y, x - 1, x, stroke)
    if step.tone == "blocked":
        canvas.along(y, x, half, stroke)
        canvas.text(half, y, "┤", "amber", bold=True)
        return
    canvas.along(y, x, x + length - 1, stroke)
    canvas.text(x + length - 1, y, "►", stroke.colour, bold=True)
    if fenced and step.tone != "bridge":
        canvas.text(half, y, "✕" if step.tone == "forbidden" else "┼", stroke.colour, bold=True)
    if step.tone == "bridge":
        canvas.text(half, y, "═", stroke.colour, bold=True)


_Said = list[tuple[str, Colour, bool]]


def _said(step: Step, width: int) -> tuple[_Said, _Said]:
    """The lines above an arrow, and those below it."""
    colour = _COLOURS[step.tone]
    label: _Said = [(line, colour, True) for line in wrapped(step.label, width)]
    below: _Said = [(line, "text", False) for line in wrapped(step.words, width)]
    if step.policy:
        policy = f"✕ {step.policy}" if step.tone == "forbidden" else step.policy
        below.extend((line, colour if step.tone != "allowed" else "muted", True) for line in wrapped(policy, width))
    below.extend((line, "muted", False) for line in wrapped(step.proof, width))
    if step.cut:
        below.extend((line, "accent", True) for line in wrapped(_cut_words(step), width))
    return label, below


def _cut_words(step: Step) -> str:
    return f"least cut: deny {step.cut}"


def _below(scene: Scene, width: int, here: int | None) -> Doc:
    canvas, leads = Canvas(width), spots(scene)
    size = min(width, _WIDEST, max(_box_width(stop, width) for stop in scene.stops) + 2)
    y = 0
    groups = [list(group) for _, group in groupby(range(len(scene.stops)), key=lambda at: scene.stops[at].zone)]
    for number, members in enumerate(groups):
        stops = [scene.stops[at] for at in members]
        top, y = y, y + 1
        for at in members:
            if at != members[0]:
                # Within a zone there is no fence.
                y = _leg(canvas, 2, y, size - 6, scene.steps[at - 1], fence=0)
            start, y = y, _inside(canvas, 0, y, size, scene.stops[at], at == here)
            canvas.spot(0, start, size, y - start, leads[at])
        canvas.box(0, top, size, y - top + 1, _edge(stops[-1] if len(stops) == 1 else stops[0]), leads[members[0]])
        _head(canvas, 0, top, size, stops[0])
        if number + 1 < len(groups):
            step = scene.steps[members[-1]]
            y = _leg(canvas, 2, y + 1, width - 4, step, fence=min(width, max(size, 30)))
    return canvas.doc()


def _leg(canvas: Canvas, x: int, y: int, room: int, step: Step, *, fence: int) -> int:
    """An arrow downwards with its words beside it; the next free row. `fence`: how wide a fence it meets, if any."""
    stroke, start, met = _stroke(step), y, y
    colour = stroke.colour
    for line in wrapped(step.label, room):
        canvas.text(x + 2, y, line, colour, bold=True)
        y += 1
    if fence and step.tone != "bridge":
        y += y == start
        _fence_row(canvas, x, y, step, fence)
        met = y
        y += 1
    elif step.tone == "bridge":
        canvas.text(x + 2, y, "no fence between", colour, bold=True)
        y += 1
    elif step.tone == "forbidden":
        canvas.text(x + 2, y, f"✕ {step.policy}", colour, bold=True)
        y += 1
    for text, tone in ((step.words, "text"), (step.proof, "muted")):
        for line in wrapped(text, room):
            canvas.text(x + 2, y, line, "text" if tone == "text" else "muted")
            y += 1
    if step.cut:
        for line in wrapped(_cut_words(step), room):
            canvas.text(x + 2, y, line, "accent", bold=True)
            y += 1
    y = max(y, start + 1)
    canvas.down(x, start - 1 if fence else start, met if step.tone == "blocked" else y - 1, stroke)
    if step.tone == "blocked":
        return y
    canvas.arm(x, start, "up", stroke)
    canvas.text(x, y - 1, "▼", colour, bold=True)
    return y


def _fence_row(canvas: Canvas, x: int, y: int, step: Step, width: int) -> None:
    canvas.along(y, 0, width - 1, _FENCE)
    canvas.arm(0, y, "left", _FENCE)
    canvas.arm(width - 1, y, "right", _FENCE)
    sign = {"forbidden": "✕", "blocked": "┴"}.get(step.tone, "┼")
    canvas.text(x, y, sign, _COLOURS[step.tone], bold=True)
    if step.policy:
        colour = _COLOURS[step.tone] if step.tone != "allowed" else "muted"
        canvas.text(x + 2, y, f" {step.policy} ", colour, bold=step.tone == "forbidden")
