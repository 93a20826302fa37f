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
_BOX = (150.0, 76.0)
_MOST_ZONES = 10
_TRUST = {"untrusted": 0, "device": 1, "user": 2, "management": 3, "critical": 4}

Point = tuple[float, float]


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
        )
        for zone in zones
    )
    arrows = tuple(
        _arrow(from_, to, crossed, centres[from_], centres[to])
        for (from_, to), crossed in breaches.items()
        if from_ in centres and to in centres and from_ != to
    )
    return Picture(WIDTH, round(height, 1), boxes, arrows)


def _by_kind(kinds: Counter[str]) -> str:
    """`3 hosts: 2 printer, 1 unknown`; the kinds that are known first."""
    total = kinds.total()
    if not total or set(kinds) == {"unknown"}:
        return plural(total, "host") if total else "no host found"
    ranked = sorted(kinds.items(), key=lambda each: (each[0] == "unknown", -each[1], each[0]))
    return f"{plural(total, 'host')}: {', '.join(f'{count:,} {kind}' for kind, count in ranked)}"


def _angles(count: int) -> list[float]:
    return [2 * math.pi * index / count for index in range(count)]


def _arrow(from_: str, to: str, crossed: int, start: Point, end: Point) -> Arrow:
    """A curve that bends to its own right, so that the two directions between two zones lie apart."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    bend = ((start[0] + end[0]) / 2 - dy * 0.13, (start[1] + end[1]) / 2 + dx * 0.13)
    tail, tip = _edge(start, bend, 3), _edge(end, bend, 7)
    length = math.dist(bend, tip) or 1.0
    ux, uy = (tip[0] - bend[0]) / length, (tip[1] - bend[1]) / length
    neck = (tip[0] - ux * 12, tip[1] - uy * 12)
    head = (tip, (neck[0] - uy * 5.5, neck[1] + ux * 5.5), (neck[0] + uy * 5.5, neck[1] - ux * 5.5))
    at = tuple(round(0.36 * tail[i] + 0.48 * bend[i] + 0.16 * neck[i], 1) for i in (0, 1))
    return Arrow(
        from_,
        to,
        crossed,
        f"M{_xy(tail)} Q{_xy(bend)} {_xy(neck)}",
        " ".join(_xy(point) for point in head),
        (at[0], at[1]),
    )


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
