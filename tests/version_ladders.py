"""Tables of versions as a person writes them down: `versions/ladders/SCHEME.txt`, one statement a line.

`a < b = c < d` is a ladder, each rung above all before it; in `a ? b ? c` no two can be compared. A line states every
pair of its versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scanner.versions import Order

FOLDER = Path(__file__).parent / "versions" / "ladders"


def _rungs(line: str) -> Iterator[tuple[int, str]]:
    rung = 0
    for step, part in enumerate(line.split(" < ")):
        rung = step
        for text in part.split(" = "):
            yield rung, text


def stated(line: str) -> Iterator[tuple[str, str, Order | None]]:
    """Every pair that a line states, left before right."""
    if " ? " in line:
        texts = line.split(" ? ")
        pairs = ((left, right) for position, left in enumerate(texts) for right in texts[position + 1 :])
        yield from ((left, right, None) for left, right in pairs)
        return
    rungs = list(_rungs(line))
    for position, (rung, left) in enumerate(rungs):
        yield from ((left, right, 0 if rung == other else -1) for other, right in rungs[position + 1 :])


@cache
def lines(scheme: str) -> tuple[str, ...]:
    text = (FOLDER / f"{scheme}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def versions(scheme: str) -> tuple[str, ...]:
    """All that the ladders of a scheme name, in order of appearance."""
    named = (text for line in lines(scheme) for text in line.replace(" ? ", " < ").replace(" = ", " < ").split(" < "))
    return tuple(dict.fromkeys(named))
