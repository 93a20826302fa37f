"""Geometry of the network picture: zones on an ellipse, the least trusted at the left, and an arrow for every breach.

Numbers only; the SVG itself is written by a template, so that remote text passes the same escaping as everywhere.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from scanner.model.report import HostRow, ZoneRow
from scanner.model.text import plural

WIDTH = 760.0
_BOX = (158.0, 76.0)
_MOST_ZONES = 10
_LETTERS = 23
"""What a line of a box has room for."""
_MARGIN = 11.0
"""How far a line keeps from a box that is none of its ends, and from the picture's edge: half a figure on it."""
_TURNS = (0.13, -0.13, 0.22, -0.22, 0.32, -0.32, 0.45, -0.45)
_MANY = {"switch": "switches", "ups": "ups", "ot": "ot", "media": "media", "unknown": "unknown", "mobile": "mobile"}
"""Kinds of device that are no nouns to put an s to."""
_TRUST = {"untrusted": 0, "device": 1, "user": 2, "management": 3, "critical": 4}

_PLACES = (0.4, 0.3, 0.5, 0.2, 0.6)
"""Where on its line a count may stand, the better ones first."""

Point = tuple[float, float]
Curve = tuple[Point, Point, Point]
"""Start, bend and end of a quadratic curve."""


class Box(msgspec.Struct, frozen=True):
    """One zone: its corner and size in the picture's units."""

    zone: ZoneRow
    x: float
    y: float
    width: float
    height: float
    stood_in: bool
    """Whether a vantage stood here; if not, nothing is known of what it can reach."""
    hosts: str
    """Its hosts by what kind of machine they are, the most frequent first."""
    kinds: str
    """As many of these kinds as the box has room for: `2 cameras, 2 phones, +2`."""


class Arrow(msgspec.Struct, frozen=True):
    """One breached boundary."""

    from_: str
    to: str
    crossed: int
    line: str
    """SVG path data."""
    head: str
    """SVG polygon points."""
    at: Point
    """Where the count stands."""


class Picture(msgspec.Struct, frozen=True):
    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(
    zones: Sequence[ZoneRow],
    stood_in: frozenset[str],
    breaches: Mapping[tuple[str, str], int],
    hosts: Iterable[HostRow] = (),
) -> Picture | None:
    """The picture of these zones; None without a breach, and where it could not be read (over ten zones)."""
    count = len(zones)
    kinds: dict[str, Counter[str]] = {}
    for host in hosts:
        kinds.setdefault(host.zone, Counter())[host.device.replace("-", " ")] += 1
    if not breaches or not 2 <= count <= _MOST_ZONES:
        return None
    across, up = WIDTH / 2 - _BOX[0] / 2 - 6, 52.0 + 20.0 * count
    height = 2 * up + _BOX[1] + 12
    places = sorted(
        ((WIDTH / 2 - across * math.cos(t), height / 2 - up * math.sin(t)) for t in _angles(count)),
        key=lambda place: (round(place[0]), round(place[1])),
    )
    by_trust = sorted(zones, key=lambda zone: _TRUST.get(zone.trust, 2))
    centres = {zone.name: place for zone, place in zip(by_trust, places, strict=True)}
    boxes = tuple(
        Box(
            zone,
            round(centres[zone.name][0] - _BOX[0] / 2, 1),
            round(centres[zone.name][1] - _BOX[1] / 2, 1),
            *_BOX,
            zone.name in stood_in,
            _by_kind(kinds.get(zone.name, Counter())),
            _in_short(kinds.get(zone.name, Counter())),
        )
        for zone in zones
    )
    arrows = [
        _arrow(
            from_,
            to,
            crossed,
            _way(
                (centres[from_], centres[to]),
                [place for name, place in centres.items() if name not in (from_, to)],
                height,
                alone=(to, from_) not in breaches,
            ),
        )
        for (from_, to), crossed in breaches.items()
        if from_ in centres and to in centres and from_ != to
    ]
    return Picture(WIDTH, round(height, 1), boxes, _counted(arrows))


def _by_kind(kinds: Counter[str]) -> str:
    """`3 hosts: 2 printers, 1 unknown`; the kinds that are known first."""
    total = kinds.total()
    if not total or set(kinds) == {"unknown"}:
        return plural(total, "host") if total else "no host found"
    return f"{plural(total, 'host')}: {', '.join(_named(kinds))}"


def _in_short(kinds: Counter[str]) -> str:
    """Whole kinds only, and how many hosts are of the others."""
    if set(kinds) <= {"unknown"}:
        return ""
    named, counts = _named(kinds), [count for _, count in _ranked(kinds)]
    for some in range(len(named), 0, -1):
        left = sum(counts[some:])
        short = ", ".join([*named[:some], f"+{left}"] if left else named)
        if len(short) <= _LETTERS:
            break
    return short


def _ranked(kinds: Counter[str]) -> list[tuple[str, int]]:
    return sorted(kinds.items(), key=lambda each: (each[0] == "unknown", -each[1], each[0]))


def _named(kinds: Counter[str]) -> list[str]:
    return [plural(count, kind, _MANY.get(kind)) for kind, count in _ranked(kinds)]


def _angles(count: int) -> list[float]:
    return [2 * math.pi * index / count for index in range(count)]


def _way(ends: tuple[Point, Point], others: Sequence[Point], height: float, alone: bool) -> Curve:
    """A curve that bends to its own right, so that the two directions between two zones lie apart: as little as keeps
    it out of the boxes of `others`, since a line that goes under a box seems to end there. To the left where nothing
    comes back (`alone`) and it is better."""
    (x0, y0), (x1, y1) = ends
    dx, dy = x1 - x0, y1 - y0
    best, least = ends[0], math.inf
    for turn in _TURNS:
        if turn < 0 and not alone:
            continue
        bend = ((x0 + x1) / 2 - dy * turn, (y0 + y1) / 2 + dx * turn)
        line = [_on((ends[0], bend, ends[1]), step / 40) for step in range(1, 40)]
        inside = all(_MARGIN < x < WIDTH - _MARGIN and _MARGIN < y < height - _MARGIN for x, y in line)
        under = sum(
            abs(x - at[0]) < _BOX[0] / 2 + _MARGIN and abs(y - at[1]) < _BOX[1] / 2 + _MARGIN
            for x, y in line
            for at in others
        )
        if inside and under < least:
            best, least = bend, under
    return ends[0], best if least < math.inf else ((x0 + x1) / 2, (y0 + y1) / 2), ends[1]


def _on(curve: Curve, t: float) -> Point:
    """The point of a quadratic curve at `t` from 0 to 1."""
    start, bend, end = curve
    x, y = ((1 - t) ** 2 * start[i] + 2 * t * (1 - t) * bend[i] + t**2 * end[i] for i in (0, 1))
    return x, y


def _arrow(from_: str, to: str, crossed: int, way: Curve) -> tuple[Arrow, Curve]:
    """With the curve that is drawn, from edge to edge."""
    start, bend, end = way
    tail, tip = _edge(start, bend, 3), _edge(end, bend, 7)
    length = math.dist(bend, tip) or 1.0
    ux, uy = (tip[0] - bend[0]) / length, (tip[1] - bend[1]) / length
    neck = (tip[0] - ux * 12, tip[1] - uy * 12)
    head = (tip, (neck[0] - uy * 5.5, neck[1] + ux * 5.5), (neck[0] + uy * 5.5, neck[1] - ux * 5.5))
    line, points = f"M{_xy(tail)} Q{_xy(bend)} {_xy(neck)}", " ".join(_xy(point) for point in head)
    return Arrow(from_, to, crossed, line, points, (0.0, 0.0)), (tail, bend, neck)


def _counted(arrows: Sequence[tuple[Arrow, Curve]]) -> tuple[Arrow, ...]:
    """With the counts where it is plain whose they are: on each line as far as can be from all the others."""
    lines = [[_on(curve, step / 20) for step in range(21)] for _, curve in arrows]
    placed = []
    for own, (arrow, curve) in enumerate(arrows):
        others = [point for line in (*lines[:own], *lines[own + 1 :]) for point in line]
        x, y = max(
            (_on(curve, t) for t in _PLACES),
            key=lambda at: min((round(math.dist(at, each)) for each in others), default=0),
        )
        placed.append(msgspec.structs.replace(arrow, at=(round(x, 1), round(y, 1))))
    return tuple(placed)


def _edge(centre: Point, towards: Point, gap: float) -> Point:
    """Where the ray from a box's centre leaves the box, `gap` further out."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    reach = min(
        (_BOX[0] / 2 + gap) / abs(dx) if dx else math.inf,
        (_BOX[1] / 2 + gap) / abs(dy) if dy else math.inf,
    )
    return (centre[0] + dx * reach, centre[1] + dy * reach) if math.isfinite(reach) else centre


def _xy(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
