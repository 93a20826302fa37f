"""Geometry of the picture of attack paths: a row each, from its zone by way of the hosts to the critical system.

Numbers and words only; the SVG itself is written by a template, so that remote text passes the same escaping as
everywhere. Paths to one critical system stand under each other and end in one box. No row shares its height with
another, so that nothing can lie over anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from scanner.model.base import SEVERITIES
from scanner.model.hops import hop_proof, hop_service, hop_words
from scanner.model.report import FindingRow, HopRow, PathRow, is_open
from scanner.model.text import plural, visible

PATHS_DRAWN = 12
HOPS_DRAWN = 4
"""Steps of a path; what is between the first of a longer one and its last is one box that says how many."""
_BOX = (136.0, 44.0)
_GAP, _ROW, _EDGE, _TOP = 138.0, 86.0, 2.0, 12.0
_BETWEEN = 14.0
"""Between the rows of one critical system and those of the next."""
_WIDTHS = (
    ("ijl.,:;|'/ !()[]-", 5.0), ("rtfI", 6.0),
    ("abcdeghknopqsuvxyz0123456789_", 8.4), ("ABCDEFGHJKLNOPQRSTUVXYZ", 10.1),
)  # fmt: skip
"""Letters, and how wide they are at most in the bold of the common fonts; any other is as wide as a W."""
_WIDEST = 13.4
_HOW = {"credential": "logs in", "bridge": "same machine", "forwards": "forwards packets", "data": "reaches it"}


class Node(msgspec.Struct, frozen=True):
    """A box. `role`: `start`, `step` or `critical`."""

    role: str
    x: float
    y: float
    width: float
    height: float
    label: str
    under: str
    title: str


class Step(msgspec.Struct, frozen=True):
    """An arrow between two boxes of a row, with what it says above and below its line."""

    x: float
    y: float
    width: float
    above: tuple[str, str]
    below: tuple[str, str]
    forbidden: bool
    inferred: bool


class PathPicture(msgspec.Struct, frozen=True):
    width: float
    height: float
    nodes: tuple[Node, ...]
    steps: tuple[Step, ...]
    told: tuple[str, ...]
    """Every drawn path in a sentence."""
    more: int
    """Open paths that are not drawn, less severe than these."""
    accepted: int
    """Paths that are not drawn, as all their findings are accepted."""


def draw_paths(
    paths: Sequence[PathRow], findings: Iterable[FindingRow], told: Mapping[str, PathRow], names: Mapping[str, str]
) -> PathPicture | None:
    """The worst of the open paths; None without one. `told`: finding -> the path that it tells."""
    of = _findings_of(paths, findings, told)
    opened = [at for at in range(len(paths)) if not of[at] or any(map(is_open, of[at]))]
    if not opened:
        return None
    worst = sorted(opened, key=lambda at: _urgency(paths[at], of[at]))[:PATHS_DRAWN]
    first = {paths[at].critical: place for place, at in reversed(list(enumerate(worst)))}
    rows = sorted((paths[at] for at in worst), key=lambda path: first[path.critical])
    columns = max(min(len(path.hops), HOPS_DRAWN) for path in rows)
    nodes: list[Node] = []
    steps: list[Step] = []
    goal, y = _x(columns), _TOP
    for critical, group in groupby(rows, key=lambda path: path.critical):
        members = list(group)
        hosts = tuple(dict.fromkeys(path.host for path in members))
        title = f"{critical}: {', '.join(hosts)}"
        under = _fit(hosts[0].rpartition("/")[2]) if len(hosts) == 1 else plural(len(hosts), "host")
        height = _ROW * (len(members) - 1) + _BOX[1]
        nodes.append(Node("critical", goal, y, _BOX[0], height, _fit(critical), under, title))
        for row, path in enumerate(members):
            _lay(path, y + row * _ROW, goal, names, nodes, steps)
        y += _ROW * len(members) + _BETWEEN
    return PathPicture(
        width=goal + _BOX[0] + _EDGE,
        height=y - _BETWEEN - _ROW + _BOX[1] + 24.0,
        nodes=tuple(nodes),
        steps=tuple(steps),
        told=tuple(map(_sentence, rows)),
        more=len(opened) - len(rows),
        accepted=len(paths) - len(opened),
    )


def _lay(path: PathRow, y: float, goal: float, names: Mapping[str, str], nodes: list[Node], steps: list[Step]) -> None:
    """One row: the zone, every host on the way, and an arrow to each."""
    nodes.append(Node("start", _x(0), y, *_BOX, _fit(path.from_), "starts here", path.from_))
    hops = path.hops
    shown = hops if len(hops) <= HOPS_DRAWN else (*hops[: HOPS_DRAWN - 2], hops[-2], hops[-1])
    middle = y + _BOX[1] / 2
    for place, hop in enumerate(shown, 1):
        last = place == len(shown)
        left = _x(place - 1) + _BOX[0]
        folded = len(hops) - len(shown) if len(hops) > HOPS_DRAWN and place == HOPS_DRAWN - 1 else 0
        between = hops[HOPS_DRAWN - 2 : -1]
        steps.append(_folded(between, left, middle) if folded else _step(hop, left, middle, last, goal))
        if not last:
            zone, _, address = hop.to.rpartition("/")
            name = names.get(hop.to, "")
            under = f"after {plural(folded, 'other')}" if folded else _fit(name or zone)
            nodes.append(Node("step", _x(place), y, *_BOX, _fit(address), under, f"{hop.to} {name}".strip()))


def _step(hop: HopRow, left: float, y: float, last: bool, goal: float) -> Step:
    how = "exploits a flaw" if hop.how.startswith("exploit: ") else _HOW.get(hop.how, hop.how)
    width = (goal if last else left + _GAP) - left
    policy = "allowed" if hop.allowed else "✕ against policy"
    return Step(left, y, width, (_fit(hop_service(hop)), _fit(how)), (policy, hop_proof(hop)), not hop.allowed,
                not hop.observed)  # fmt: skip


def _folded(hops: Sequence[HopRow], left: float, y: float) -> Step:
    """Several steps as one arrow, which says the worst of them and the least that was seen."""
    forbidden, inferred = any(not hop.allowed for hop in hops), any(not hop.observed for hop in hops)
    policy = "✕ against policy" if forbidden else "allowed"
    return Step(left, y, _GAP, (plural(len(hops), "step"), "listed below"),
                (policy, "partly inferred" if inferred else "ports observed"), forbidden, inferred)  # fmt: skip


def _x(column: int) -> float:
    return _EDGE + column * (_BOX[0] + _GAP)


def _fit(text: str) -> str:
    """What a box or an arrow has room for; all of it is in its title, or in the sentence."""
    shown, left = visible(text), _BOX[0] - 6
    for at, each in enumerate(shown):
        left -= next((width for letters, width in _WIDTHS if each in letters), _WIDEST)
        if left < 0:
            return f"{shown[: max(at - 1, 0)]}…"
    return shown


def _sentence(path: PathRow) -> str:
    """`From guest to Backups: tcp/21 of management/10.20.60.6, logs in over FTP (port observed, against policy); …`"""
    last = len(path.hops) - 1
    parts = []
    for at, hop in enumerate(path.hops):
        service = hop_service(hop)
        where = f"{service} of {hop.to}" if service else hop.to
        policy = "allowed by policy" if hop.allowed else "against policy"
        words = hop_words(hop, path.critical if at == last else "")
        parts.append(f"{where}, {words} ({hop_proof(hop)}, {policy})")
    return f"From {path.from_} to {path.critical}: {'; then '.join(parts)}."


def _findings_of(
    paths: Sequence[PathRow], findings: Iterable[FindingRow], told: Mapping[str, PathRow]
) -> list[list[FindingRow]]:
    """The findings that tell each path: its own, or, of one step, the gap that it is."""
    found: list[list[FindingRow]] = [[] for _ in paths]
    number = {id(path): at for at, path in enumerate(paths)}
    gaps: dict[tuple[str, str, str | None, int | None], list[int]] = {}
    for at, path in enumerate(paths):
        if len(path.hops) == 1:
            only = path.hops[0]
            gaps.setdefault((path.from_, path.host, only.transport, only.port), []).append(at)
    for row in findings:
        if row.id in told:
            found[number[id(told[row.id])]].append(row)
        elif row.kind == "segmentation-gap":
            for at in gaps.get((row.from_ or "", row.host or "", row.transport, row.port), ()):
                found[at].append(row)
    return found


def _urgency(path: PathRow, findings: Iterable[FindingRow]) -> tuple[int, int, int]:
    """Sorts paths: by their open findings, the worst first, then the shortest."""
    held = [row for row in findings if is_open(row)]
    severity = max((SEVERITIES.index(row.severity) for row in held), default=-1)
    return -severity, -max((row.risk for row in held), default=0), len(path.hops)
