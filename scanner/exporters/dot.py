"""The graph for Graphviz: zones as boxes, the hosts that matter in them, breaches red, what nobody tested dotted."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.exporters import Exporter
from scanner.exporters.fence_graph import Edge, Graph, Node, graph
from scanner.model.report import Report
from scanner.model.text import visible

_EDGES = {
    "BREACHED": 'color="#a81c2a", fontcolor="#a81c2a", penwidth=2',
    "AS_POLICY": 'color="#125f33", fontcolor="#125f33"',
    "UNPROVEN": 'color="#7a4a00", fontcolor="#7a4a00", style=dashed',
    "UNTESTED": 'color="#515e6b", fontcolor="#515e6b", style=dotted',
    "FORBIDDEN": 'color="#a81c2a", fontcolor="#a81c2a", penwidth=2',
    "ALLOWED": 'color="#1f4fa8", fontcolor="#1f4fa8"',
}
_STEP = 'color="#943a06", fontcolor="#943a06", arrowhead=vee'


def render(report: Report) -> bytes:
    """UTF-8, for `dot -Tsvg`. The colours are never alone: each edge says its verdict."""
    return "\n".join(_lines(report, graph(report, every_host=False))).encode() + b"\n"


def _lines(report: Report, found: Graph) -> Iterator[str]:
    what_if = f" (what if: {'; '.join(f'deny {rule}' for rule in report.what_if)})" if report.what_if else ""
    yield "digraph fence {"
    yield f"  label={_text(f'{report.client}, {report.site}, {report.generated}{what_if}')};"
    yield '  graph [rankdir=LR, fontname="sans-serif", compound=true, nodesep=0.5, ranksep=1.2];'
    yield '  node [fontname="sans-serif", shape=box, style=rounded];'
    yield '  edge [fontname="sans-serif", fontsize=10];'
    for number, zone in enumerate(each for each in found.nodes if each.kind == "zone"):
        yield f"  subgraph cluster_{number} {{"
        yield f"    label={_text(f'{zone.label} ({zone.trust})')}; style=rounded;"
        dotted = "" if zone.stood_in else ", style=dotted"
        yield f"    {_text(zone.id)} [label={_text(zone.label)}, shape=oval{dotted}];"
        for host in found.nodes:
            if host.kind == "host" and host.zone == zone.label:
                yield f"    {_text(host.id)} [label={_text(_words(host))}{_look(host)}];"
        yield "  }"
    for edge in found.edges:
        if edge.kind != "contains":
            yield f"  {_text(edge.from_)} -> {_text(edge.to)} [label={_text(edge.label)}, {_drawn(edge)}];"
    yield "}"


def _drawn(edge: Edge) -> str:
    if edge.kind == "step":
        return _STEP + ("" if edge.observed else ", style=dashed")
    return _EDGES.get(edge.verdict, _EDGES["UNTESTED"])


def _words(host: Node) -> str:
    parts = (host.label, *(each for each in host.addresses[:1] if each != host.label), host.critical, host.worst)
    return "\n".join(filter(None, parts))


def _look(host: Node) -> str:
    return ", peripheries=2, penwidth=2" if host.critical else ""


def _text(text: str) -> str:
    """A quoted string, in which nothing is an escape but the line breaks that we set."""
    lines = (visible(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\n".join(lines) + '"'


EXPORTER = Exporter(title="Graph of zones and breaches (Graphviz)", suffix=".dot", render=render)
