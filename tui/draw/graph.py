"""Boxes in columns with lines between them, none over another: a layered drawing for a dozen boxes.

Each column is a layer; between two columns lies a channel in which every line has a lane of its own, as on a circuit
board. A line that finds no lane is not drawn, and who asked is told: a drawing with lines over one another says what is
not so.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.cells import cell_len

from scanner.model.text import visible
from tui.draw.canvas import Canvas, Stroke
from tui.draw.lanes import End, Net, lanes
from tui.draw.links import Link
from tui.spots import Spot
from tui.status import Colour

_CHANNEL = 12
"""Cells between two columns, at least."""
_WIDEST = 24
_SHIFTS = 4
"""Rows by which a column may be moved so that its lines find lanes."""


class Node(msgspec.Struct, frozen=True):
    """A box. `column`: the layer it is drawn in."""

    key: str
    title: str
    lines: tuple[tuple[str, Colour], ...]
    column: int
    stroke: Stroke
    here: bool = False
    """The cursor is on it."""
    spot: Spot | None = None


class Edge(msgspec.Struct, frozen=True):
    """A line from one box to another; of two that are in each other's way, the one that comes first is drawn."""

    from_: str
    to: str
    link: Link

    @property
    def label(self) -> str:
        # A line that nothing passes goes through a fence.
        sign = f"┤{self.link.sign}├" if self.link.shape == "fence" else f" {self.link.sign} "
        return f"{sign}{self.link.label} " if self.link.label else sign


class _Item:
    """A box in its column, or the place where a line passes through it (`node` is None)."""

    def __init__(self, node: Node | None) -> None:
        self.node = node
        self.order = 0.0
        self.y = 0
        self.left: list[_Wire] = []
        self.right: list[_Wire] = []

    @property
    def height(self) -> int:
        if self.node is None:
            return 1
        return max(len(self.node.lines), len(self.left), len(self.right), 1) + 2

    def rows(self, wires: Sequence[_Wire]) -> dict[_Wire, int]:
        """The row of each line on one side of the box, in the middle of it."""
        if self.node is None:
            return dict.fromkeys(wires, self.y)
        first = self.y + 1 + (self.height - 2 - len(wires)) // 2
        return {wire: first + at for at, wire in enumerate(wires)}


class _Wire:
    """The part of an edge in one channel."""

    def __init__(self, edge: Edge, channel: int, start: tuple[_Item, str], end: tuple[_Item, str]) -> None:
        self.edge, self.channel, self.start, self.end = edge, channel, start, end
        self.first = self.last = False
        """Whether it leaves the edge's first box, whether it enters its last."""

    def ends(self) -> tuple[End, End]:
        found = []
        for item, side in (self.start, self.end):
            wires = item.right if side == "right" else item.left
            # What is right of a column is left of the channel behind it.
            found.append(End("L" if side == "right" else "R", item.rows(wires)[self]))
        return found[0], found[1]


class Drawing(msgspec.Struct, frozen=True):
    canvas: Canvas
    left_out: tuple[Edge, ...]


def columns_for(nodes: Sequence[Node], width: int) -> int:
    """How many columns fit."""
    size = _size(nodes, width)
    return max(1, (width + _CHANNEL) // (size + _CHANNEL))


def _size(nodes: Sequence[Node], width: int) -> int:
    words = [
        cell_len(visible(text)) for node in nodes for text in (f" {node.title} ", *(line for line, _ in node.lines))
    ]
    return min(_WIDEST, max([*words, 8]) + 4, max(10, (width - _CHANNEL) // 2))


def draw(nodes: Sequence[Node], edges: Sequence[Edge], width: int) -> Drawing:
    """Draw as many of the edges as find their way, the first ones first."""
    kept = list(edges)
    left_out: list[Edge] = []
    while True:
        plan = _Plan(nodes, kept, width)
        victim = plan.stuck()
        if victim is None:
            return Drawing(plan.paint(), tuple(left_out))
        kept.remove(victim)
        left_out.append(victim)


class _Plan:
    """One attempt at a drawing."""

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], width: int) -> None:
        self.width, self.size = width, _size(nodes, width)
        count = max(node.column for node in nodes) + 1
        self.columns: list[list[_Item]] = [[] for _ in range(count)]
        self.items: dict[str, _Item] = {}
        for node in nodes:
            item = self.items[node.key] = _Item(node)
            self.columns[node.column].append(item)
        self.wires: list[_Wire] = []
        self.rank = {id(edge): at for at, edge in enumerate(edges)}
        for edge in edges:
            self._lay(edge)
        self._order()
        self.x = self._across(count)
        self.lanes: dict[_Wire, int] = {}

    def _across(self, count: int) -> list[int]:
        """Where each column begins; the channels share what is left."""
        room = self.width - self.size * count
        loops = count == 1 and bool(self.wires)
        channel = min(30, room // max(1, count - 1 + loops))
        return [at * (self.size + channel) for at in range(count)] + [count * (self.size + channel)]

    def _lay(self, edge: Edge) -> None:
        """The parts of an edge: one a channel, through a place of its own in each column between."""
        start, end = self.items[edge.from_], self.items[edge.to]
        here, there = self._column(start), self._column(end)
        if here == there:
            beyond = here == len(self.columns) - 1 and here > 0
            side = "left" if beyond else "right"
            self._wire(edge, here - beyond, (start, side), (end, side))
            self.wires[-1].first = self.wires[-1].last = True
            return
        step = 1 if there > here else -1
        out, into = ("right", "left") if step > 0 else ("left", "right")
        at, item = here, start
        while at != there:
            last = at + step == there
            target = end if last else _Item(None)
            if not last:
                self.columns[at + step].append(target)
            self._wire(edge, at if step > 0 else at - 1, (item, out), (target, into))
            self.wires[-1].first, self.wires[-1].last = at == here, last
            at, item = at + step, target

    def _wire(self, edge: Edge, channel: int, start: tuple[_Item, str], end: tuple[_Item, str]) -> None:
        wire = _Wire(edge, channel, start, end)
        self.wires.append(wire)
        for item, side in (start, end):
            (item.right if side == "right" else item.left).append(wire)

    def _column(self, item: _Item) -> int:
        return next(at for at, column in enumerate(self.columns) if item in column)

    def _order(self) -> None:
        """Boxes near what they are joined to, so that few lines cross; then the lines on each side of a box."""
        for column in self.columns:
            for at, item in enumerate(column):
                item.order = at / max(1, len(column))
        for sweep in range(6):
            for column in self.columns if sweep % 2 == 0 else reversed(self.columns):
                places = {item: self._centre(item) for item in column}
                column.sort(key=lambda item: places[item])
                for at, item in enumerate(column):
                    item.order = at / max(1, len(column))
        for column in self.columns:
            for item in column:
                for wires in (item.left, item.right):
                    wires.sort(key=lambda wire, item=item: self._other(wire, item).order)  # type: ignore[misc]

    def _centre(self, item: _Item) -> float:
        wires = [*item.left, *item.right]
        return sum(self._other(wire, item).order for wire in wires) / len(wires) if wires else item.order

    def _other(self, wire: _Wire, item: _Item) -> _Item:
        return wire.end[0] if wire.start[0] is item else wire.start[0]

    def stuck(self) -> Edge | None:
        """Find rows for the boxes and lanes for the lines; the edge to leave out where that cannot be done."""
        tall = max(sum(item.height + 1 for item in column) for column in self.columns)
        for at, column in enumerate(self.columns):
            spare = (tall - sum(item.height + 1 for item in column)) // 2
            for shift in range(_SHIFTS):
                self._stack(column, spare + shift)
                if at == 0 or self._route(at - 1):
                    break
            else:
                return self._least(at - 1)
        last = len(self.columns) - 1
        # Only lines between boxes of the one column there is run behind the last one.
        return None if self._route(last) else self._least(last)

    def _stack(self, column: list[_Item], y: int) -> None:
        for item in column:
            item.y = y
            y += item.height + (item.node is not None)

    def _least(self, channel: int) -> Edge:
        return max((wire.edge for wire in self.wires if wire.channel == channel), key=lambda edge: self.rank[id(edge)])

    def _route(self, channel: int) -> bool:
        wires = [wire for wire in self.wires if wire.channel == channel]
        if not wires:
            return True
        found = lanes([Net(*wire.ends()) for wire in wires])
        if found is None:
            return False
        start, end = self._room(channel)
        if start + max(found) > end:
            return False
        # Lanes two cells apart read better than one.
        step = 2 if start + 2 * max(found) <= end else 1
        self.lanes |= {wire: start + step * lane for wire, lane in zip(wires, found, strict=True)}
        return True

    def _room(self, channel: int) -> tuple[int, int]:
        """The first and the last cell of a channel for lanes: beside its borders stand labels and arrows."""
        wires = [wire for wire in self.wires if wire.channel == channel]
        beside = {"right": 2, "left": 2}
        for wire in wires:
            side = wire.start[1]
            if wire.first:
                beside[side] = max(beside[side], cell_len(wire.edge.label) + 2)
        start = self.x[channel] + self.size - 1
        last = channel == len(self.columns) - 1
        return start + beside["right"], (self.width - 1 if last else self.x[channel + 1] - beside["left"])

    def paint(self) -> Canvas:
        canvas = Canvas(self.width)
        for column, x in zip(self.columns, self.x, strict=False):
            for item in column:
                self._box(canvas, item, x)
        # The weightiest last, so that its colour is that of a crossing.
        for wire in sorted(self.wires, key=lambda wire: -self.rank[id(wire.edge)]):
            self._line(canvas, wire)
        return canvas

    def _box(self, canvas: Canvas, item: _Item, x: int) -> None:
        node = item.node
        if node is None:
            (wire,) = item.left
            canvas.along(item.y, x, x + self.size - 1, wire.edge.link.stroke)
            return
        canvas.box(x, item.y, self.size, item.height, node.stroke, node.spot)
        room = self.size - 4
        sign = "▸" if node.here else " "
        canvas.text(x + 1, item.y, f"{sign}{node.title} ", "accent" if node.here else "text", bold=True, room=room + 1)
        for y, (text, colour) in enumerate(node.lines, item.y + 1):
            canvas.text(x + 2, y, text, colour, room=room)

    def _line(self, canvas: Canvas, wire: _Wire) -> None:
        stroke, lane = wire.edge.link.stroke, self.lanes[wire]
        borders = {"L": self.x[wire.channel] + self.size - 1}
        if wire.channel + 1 < len(self.columns):
            borders["R"] = self.x[wire.channel + 1]
        one, two = wire.ends()
        canvas.along(one.row, borders[one.side], lane, stroke)
        canvas.down(lane, one.row, two.row, stroke)
        canvas.along(two.row, lane, borders[two.side], stroke)
        if wire.last and wire.edge.link.shape == "arrow":
            x = borders[two.side]
            canvas.text(x + (1 if two.side == "L" else -1), two.row, "◄" if two.side == "L" else "►",
                        stroke.colour, bold=True)  # fmt: skip
        if wire.first:
            label = wire.edge.label
            x = borders[one.side]
            start = x + 2 if one.side == "L" else x - 1 - cell_len(label)
            canvas.text(start, one.row, label, stroke.colour, bold=True)
