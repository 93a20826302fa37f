"""The zones of a site and what gets from one to another, as a picture: what is drawn of it, and what only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from scanner.exporters.verdict import all_zones, stood_in
from scanner.exporters.words import cell_code
from scanner.model.report import CellRow, Report, ZoneRow
from scanner.model.text import plural
from tui.doc import Doc
from tui.draw import graph
from tui.draw.canvas import Stroke
from tui.draw.graph import Edge, Node
from tui.draw.links import of_cell
from tui.facts import cells_by_pair, zone_names
from tui.spots import Spot
from tui.status import CELLS, SUPPOSED, Colour, cell_looks

MOST_ZONES = 12
MOST_LINES = 16
_TRUST = {"untrusted": 0, "device": 1, "user": 2, "management": 3, "critical": 4}
"""Who comes from the left, and what is to be protected at the right."""
_CLASSES = ("BREACHED", "SUPPOSED", "UNPROVEN", "UNTESTED", "AS_POLICY")
"""Lines are drawn a verdict at a time, all of it or none but for breaches: a few of many would look like all."""


class Map(msgspec.Struct, frozen=True):
    """What of a site is drawn."""

    zones: tuple[ZoneRow, ...]
    hidden: int
    """Zones that are not drawn."""
    pairs: tuple[tuple[str, str], ...]
    """Lines to draw, the weightiest first."""
    told: Counter[str]
    """Boundaries by `words.cell_code` that are counted and not drawn."""
    blind: frozenset[str]
    """Zones from which nobody probed: their boxes say so, instead of a line to each of the others."""


def chosen(report: Report) -> Map:
    """The zones that matter most, and as many of the lines between them as can be told apart."""
    every, cells = all_zones(report), cells_by_pair(report)
    zones = _weightiest(every, cells, report)
    names = [zone.name for zone in zones]
    stood = stood_in(report)
    blind = frozenset(name for name in names if name not in stood)
    by_code: dict[str, list[tuple[str, str]]] = {code: [] for code in _CLASSES}
    for left in names:
        for right in names:
            if left != right:
                by_code[cell_code(cells.get((left, right)))].append((left, right))
    trust = {zone.name: _TRUST.get(zone.trust, 2) for zone in zones}
    # Of as many flows, those count most that lead from the least trusted to what is to be protected.
    by_code["BREACHED"].sort(key=lambda pair: (-cells[pair].forbidden_reached, trust[pair[0]] - trust[pair[1]]))
    pairs = by_code["BREACHED"][:MOST_LINES]
    for code in _CLASSES[1:]:
        more = [pair for pair in by_code[code] if code != "UNTESTED" or pair[0] not in blind]
        more = [pair for pair in more if not _twin(pair, more, cells)]
        if len(pairs) + len(more) <= MOST_LINES:
            pairs += more
    drawn = set(pairs)
    told: Counter[str] = Counter()
    drawn |= {pair[::-1] for pair in pairs if _same(pair, cells)}
    everyone = [zone.name for zone in every]
    for left in everyone:
        for right in everyone:
            code = cell_code(cells.get((left, right)))
            if left != right and (left, right) not in drawn and not (code == "UNTESTED" and left in blind):
                told[code] += 1
    return Map(zones, len(every) - len(zones), tuple(pairs), told, blind)


def _same(pair: tuple[str, str], cells: Mapping[tuple[str, str], CellRow]) -> bool:
    """Whether one line without a head is true of both directions."""
    one, other = of_cell(cells.get(pair), figures=False), of_cell(cells.get(pair[::-1]), figures=False)
    return one == other and one.shape != "arrow"


def _twin(pair: tuple[str, str], pairs: Sequence[tuple[str, str]], cells: Mapping[tuple[str, str], CellRow]) -> bool:
    """Whether the line of the other direction, which comes earlier, stands for this one too."""
    return pair[::-1] in pairs[: pairs.index(pair)] and _same(pair, cells)


def _weightiest(
    every: tuple[ZoneRow, ...], cells: dict[tuple[str, str], CellRow], report: Report
) -> tuple[ZoneRow, ...]:
    """In the site's order, those with most breaches, then the critical ones, then those with most hosts."""
    if len(every) <= MOST_ZONES:
        return every
    breached: Counter[str] = Counter()
    for cell in cells.values():
        if cell.verdict == "BREACHED":
            breached[cell.from_] += cell.forbidden_reached
            breached[cell.to] += cell.forbidden_reached
    critical = {host.zone for host in report.hosts if host.critical}
    best = sorted(every, key=lambda zone: (-breached[zone.name], zone.name not in critical, -zone.hosts))[:MOST_ZONES]
    return tuple(zone for zone in every if zone in best)


def draw(report: Report, here: str | None, width: int) -> Doc:
    """The map for a width; `here`: the zone that the cursor is on."""
    found, cells = chosen(report), cells_by_pair(report)
    if not found.zones:
        return Doc().line("The report names no zones.", "muted")
    nodes = [_node(zone, found, report, here) for zone in found.zones]
    edges = [Edge(*pair, of_cell(cells.get(pair), figures=False)) for pair in found.pairs]
    drawing = _best(nodes, edges, found, width)
    told = found.told.copy()
    for edge in drawing.left_out:
        pair = (edge.from_, edge.to)
        told[cell_code(cells.get(pair))] += 1 + _same(pair, cells)
    doc = drawing.canvas.doc()
    _told(doc, told, found, report)
    return doc


def _best(nodes: list[Node], edges: list[Edge], found: Map, width: int) -> graph.Drawing:
    """The drawing with the most columns of those that leave out the fewest lines."""
    # Few zones in many columns would only make the lines long.
    most = min(graph.columns_for(nodes, width), 2 + (len(nodes) > 4) + (len(nodes) > 9))
    best: graph.Drawing | None = None
    for columns in range(most, 0, -1):
        layers = _layers(found, columns)
        placed = [msgspec.structs.replace(node, column=layers[node.key]) for node in nodes]
        drawing = graph.draw(placed, edges, width)
        if best is None or len(drawing.left_out) < len(best.left_out):
            best = drawing
        if not best.left_out:
            break
    assert best is not None
    return best


def _node(zone: ZoneRow, found: Map, report: Report, here: str | None) -> Node:
    critical = sum(host.zone == zone.name and host.critical is not None for host in report.hosts)
    lines: list[tuple[str, Colour]] = []
    about = [zone.trust if zone.trust != zone.name else "", plural(zone.hosts, "host")]
    lines.append((", ".join(filter(None, about)), "muted"))
    if critical:
        lines.append((f"◆ {critical} critical", "red"))
    if zone.name in found.blind:
        lines.append(("– not scanned from", "grey"))
    stroke = Stroke("muted", dash="dotted") if zone.name in found.blind else Stroke("muted")
    return Node(zone.name, zone.name, tuple(lines), 0, stroke, zone.name == here, Spot("zone", zone.name))


def _layers(found: Map, most: int) -> dict[str, int]:
    """The column of each zone: by trust, in as many columns as fit."""
    out = Counter(left for left, _ in found.pairs)
    into = Counter(right for _, right in found.pairs)
    groups: dict[int, list[str]] = {}
    for zone in found.zones:
        groups.setdefault(_TRUST.get(zone.trust, 2), []).append(zone.name)
    layers = [groups[rank] for rank in sorted(groups)]
    while len(layers) > most:
        at = min(range(len(layers) - 1), key=lambda at: len(layers[at]) + len(layers[at + 1]))
        layers[at : at + 2] = [layers[at] + layers[at + 1]]
    # One trust for all, or half the site in one column: who is reached stands behind who reaches.
    while len(layers) < most and max(map(len, layers)) > max(1, len(found.zones) // 2):
        at = max(range(len(layers)), key=lambda at: len(layers[at]))
        ordered = sorted(layers[at], key=lambda name: into[name] - out[name])
        layers[at : at + 1] = [ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]]
    return {name: at for at, layer in enumerate(layers) for name in layer}


def _told(doc: Doc, told: Counter[str], found: Map, report: Report) -> None:
    """What is not drawn, by verdict."""
    looks = cell_looks(report)
    parts = [(looks.get(code, SUPPOSED), told[code]) for code in _CLASSES if told[code]]
    if parts:
        doc.add("not drawn: ", "muted")
        for look, count in parts:
            doc.mark(look, bold=False).add(f" {count:,}   ")
        doc.end(hang=2)
    if found.hidden:
        doc.line(f"and {plural(found.hidden, 'more zone')} on the Matrix", "muted")


def words(report: Report) -> Doc:
    """The map told: who breaches what, then how many boundaries have which verdict."""
    found, cells = chosen(report), cells_by_pair(report)
    doc = Doc()
    for pair in found.pairs:
        cell = cells.get(pair)
        if cell is not None and cell.verdict == "BREACHED":
            crossed = plural(cell.forbidden_reached, "forbidden flow")
            doc.add("✕ ", "red", bold=True).line(f"{pair[0]} to {pair[1]}: {crossed} got through", hang=2)
    counts = Counter(cell_code(cells.get((a, b))) for a in zone_names(report) for b in zone_names(report) if a != b)
    for code in CELLS:
        if counts[code] and code != "BREACHED":
            doc.line(f"{CELLS[code].label}: {plural(counts[code], 'boundary', 'boundaries')}")
    for name in sorted(found.blind):
        doc.line(f"Nobody scanned from {name}.", "grey")
    return doc


def picture(doc: Doc, report: Report, here: str | None = None) -> None:
    doc.drawing(partial(draw, report, here), words(report))
