from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from tables import for_every

from tui.draw.canvas import _GLYPHS, Canvas, Stroke, fit, wrapped

LIGHT, HEAVY = Stroke("text"), Stroke("red", heavy=True)


def test_every_joint_of_light_and_heavy_arms_has_a_glyph() -> None:
    joints = set(itertools.product((0, 1, 2), repeat=4)) - {(0, 0, 0, 0)}
    assert joints == set(_GLYPHS)
    assert len(set(_GLYPHS.values())) == len(joints)


@for_every(
    ("arms", "glyph"),
    [
        ("0101", "─"), ("1010", "│"), ("0202", "━"), ("2020", "┃"), ("0110", "╭"), ("1001", "╯"), ("0220", "┏"),
        ("1111", "┼"), ("2222", "╋"), ("1212", "┿"), ("2121", "╂"), ("1110", "├"), ("1210", "┝"), ("1012", "┥"),
        ("0121", "┰"), ("0100", "╶"), ("0001", "╴"),
    ],
)  # fmt: skip
def test_arms_up_right_down_left_make_the_glyph(arms: str, glyph: str) -> None:
    assert _GLYPHS[tuple(map(int, arms))] == glyph


def test_lines_meet_boxes_and_cross() -> None:
    canvas = Canvas(12)
    canvas.box(0, 0, 4, 3, LIGHT)
    canvas.along(1, 3, 9, HEAVY)
    canvas.down(6, 0, 2, LIGHT)
    canvas.text(9, 1, "►", "red")
    assert canvas.doc().content(12).plain.split("\n") == ["╭──╮  ╷", "│  ┝━━┿━━►", "╰──╯  ╵"]


def test_dashes_are_of_straight_runs_and_their_corners_are_whole() -> None:
    canvas = Canvas(6)
    dotted = Stroke("grey", dash="dotted")
    canvas.along(0, 0, 4, dotted)
    canvas.down(4, 0, 2, dotted)
    assert canvas.doc().content(6).plain.split("\n") == ["╶┈┈┈╮", "    ┊", "    ╵"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mr…"),
        ("a\nb", "a\\x0ab"),
        ("[b]x[/b]", "[b]x[/b]"),
        ("日本語日本語", "日本語日…"),
        ("é" * 3, "é" * 3),
    ],
)
def test_text_is_made_visible_and_cut_to_its_room(text: str, shown: str) -> None:
    canvas = Canvas(30)
    end = canvas.text(2, 0, text, room=10)
    assert canvas.doc().content(30).plain == f"  {shown}"
    assert end == 2 + cell_len(shown)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab 日é\u0301\u202e\x1b-[]", max_size=40), st.integers(0, 20), st.integers(1, 30))
def test_nothing_sticks_out(text: str, x: int, width: int) -> None:
    canvas = Canvas(width)
    if x < width:
        canvas.text(x, 0, text)
    assert all(cell_len(line) <= width for line in canvas.doc().content(width).plain.split("\n"))
    assert cell_len(fit(text, width)) <= max(width, cell_len(text) if cell_len(text) <= width else 0)
    lines = wrapped(text, width)
    assert all(cell_len(line) <= max(width, 2) for line in lines)
