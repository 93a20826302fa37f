"""Boxes and lines: every line that is drawn leads where it should, over no other line; none is lost without a word."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.draw.canvas import _DASHES, _GLYPHS, Stroke
from tui.draw.graph import Drawing, Edge, Node, draw
from tui.draw.lanes import End, Net, lanes
from tui.draw.links import Link, Shape

_ARMS = {glyph: arms for arms, glyph in _GLYPHS.items()}
_ARMS |= {glyph: ((0, 1, 0, 1), (1, 0, 1, 0))[at] for glyphs in _DASHES.values() for at, glyph in enumerate(glyphs)}
_MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_two_lines_of_a_channel_lie_on_each_other(data: st.DataObject) -> None:
    rows = {"L": data.draw(st.permutations(range(8))), "R": data.draw(st.permutations(range(8)))}
    nets = []
    for _ in range(data.draw(st.integers(1, 6))):
        sides = data.draw(st.sampled_from(["LR", "RL", "LL", "RR"]))
        if all(len(rows[side]) >= sides.count(side) for side in sides):
            one, two = (End(side, rows[side].pop()) for side in sides)  # type: ignore[arg-type]
            nets.append(Net(one, two))
    found = lanes(nets)
    if found is None:
        return
    used: set[tuple[str, int, int]] = set()
    width = max(found) + 1
    for net, lane in zip(nets, found, strict=True):
        runs = {("down", lane, y) for y in range(*net.span)}
        for end in (net.start, net.end):
            start, stop = (-1, lane) if end.side == "L" else (lane, width)
            runs |= {("along", x, end.row) for x in range(start, stop)}
        assert not runs & used
        used |= runs


def test_lines_that_wait_for_each_other_find_no_lane() -> None:
    one, other = Net(End("L", 5), End("R", 8)), Net(End("L", 8), End("R", 5))
    assert lanes([one]) == [0]
    assert lanes([one, other]) is None


def shape(at: int) -> Shape:
    return ("arrow", "open", "arrow", "fence")[at % 4]


def edge(at: int, from_: int, to: int) -> Edge:
    stroke = Stroke("red", heavy=at % 2 == 0, dash=("", "dashed", "dotted")[at % 3])
    return Edge(f"z{from_}", f"z{to}", Link("✕", shape(at), stroke, f"e{at}"))


@settings(max_examples=120, deadline=None)
@given(
    columns=st.lists(st.integers(0, 3), min_size=2, max_size=9),
    pairs=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=16, unique=True),
    width=st.integers(60, 150),
)
def test_every_line_leads_from_its_box_to_its_box(columns: list[int], pairs: list[tuple[int, int]], width: int) -> None:
    ranks = sorted(set(columns))
    nodes = [
        Node(f"z{at}", f"z{at}", (("text", "text"),) * (at % 3), ranks.index(column), Stroke("muted"))
        for at, column in enumerate(columns)
    ]
    kept = [(a, b) for a, b in pairs if a != b and max(a, b) < len(nodes)]
    edges = [edge(at, *pair) for at, pair in enumerate(kept)]
    drawing = draw(nodes, edges, width)
    rows = lines(drawing, width)
    assert all(cell_len(row) <= width for row in rows)
    for node in nodes:
        assert sum(f"╭ {node.title} " in row for row in rows) == 1
    for each in edges:
        if each not in drawing.left_out:
            assert trace(rows, each) == each.to


def lines(drawing: Drawing, width: int) -> list[str]:
    return [row.ljust(width) for row in drawing.canvas.doc().content(width).plain.split("\n")]


def trace(rows: list[str], each: Edge) -> str:
    """Follow a line from its label to a box; the box's title."""
    y, start = next((y, at) for y, row in enumerate(rows) if (at := row.find(each.label)) >= 0)
    if rows[y][start - 2] in "├┝":
        x, way = start + len(each.label), 1
    else:
        assert rows[y][start + len(each.label) + 1] in "┤┥"
        x, way = start - 1, 3
    for _ in range(5000):
        char = rows[y][x]
        if char in "►◄":
            assert each.link.shape == "arrow"
            x += 1 if char == "►" else -1
            return title(rows, x, y)
        arms = _ARMS[char]
        count = sum(map(bool, arms))
        assert arms[(way + 2) % 4], f"{char} does not go on at {x}, {y}"
        if count == 3:
            assert each.link.shape != "arrow"
            return title(rows, x, y)
        if count == 2:
            way = next(at for at in range(4) if arms[at] and at != (way + 2) % 4)
        x, y = x + _MOVES[way][0], y + _MOVES[way][1]
    raise AssertionError("it leads nowhere")


def title(rows: list[str], x: int, y: int) -> str:
    while rows[y][x] not in "╭╮":
        y -= 1
    if rows[y][x] == "╮":
        x = rows[y].rindex("╭", 0, x)
    return rows[y][x + 1 :].split()[0]


def test_of_lines_that_find_no_way_the_last_are_left_out_and_named() -> None:
    nodes = [Node(f"z{at}", f"z{at}", (), at % 2, Stroke("muted")) for at in range(8)]
    edges = [edge(at, a, b) for at, (a, b) in enumerate((a, b) for a in range(8) for b in range(8) if a != b)]
    drawing = draw(nodes, edges, 60)
    assert drawing.left_out
    assert edges[0] not in drawing.left_out
    rows = lines(drawing, 60)
    assert all(trace(rows, each) == each.to for each in edges if each not in drawing.left_out)
