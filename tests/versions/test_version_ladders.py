"""Every scheme against tables of real versions."""

from __future__ import annotations

import pytest
from tables import for_every
from version_ladders import FOLDER, lines, stated

from scanner.versions import Order, compare, schemes

MIRRORED: dict[Order | None, Order | None] = {-1: 1, 0: 0, 1: -1, None: None}


def test_every_scheme_has_a_table_and_every_table_a_scheme() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(schemes())


@for_every("name", schemes())
def test_table_is_worth_its_name(name: str) -> None:
    pairs = [pair for line in lines(name) for pair in stated(line)]
    assert len(pairs) >= 40
    assert {order for _, _, order in pairs} >= {-1, None}


@for_every(
    ("name", "line"),
    [pytest.param(name, line, id=f"{name}: {line[:60]}") for name in schemes() for line in lines(name)],
)
def test_versions_stand_as_the_table_says(name: str, line: str) -> None:
    wrong = [
        f"{left} against {right}: {compare(name, left, right)} and {compare(name, right, left)}, not {order}"
        for left, right, order in stated(line)
        if compare(name, left, right) != order or compare(name, right, left) != MIRRORED[order]
    ]
    assert not wrong
