"""The graph as a Mermaid flowchart, for a wiki or a ticket: zones, what the matrix says, and the hosts that matter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.exporters import Exporter
from scanner.exporters.fence_graph import Edge, Graph, Node, graph
from scanner.model.report import Report
from scanner.model.text import visible

MOST_EDGES = 400
"""Mermaid draws no more than 500 edges unless it is told to."""
_LINES = {"AS_POLICY": "-->", "ALLOWED": "-->", "BREACHED": "==>", "FORBIDDEN": "==>"}
_STYLES = (
    ("breached", "stroke:#a81c2a,stroke-width:2px"),
    ("policy", "stroke:#125f33"),
    ("unknown", "stroke:#515e6b"),
    ("critical", "stroke:#a81c2a,stroke-width:3px"),
)
_WORDY = re.compile(r"[^\w .,:/()\-]")


def render(report: Report) -> bytes:
    """UTF-8. Of more edges than Mermaid draws the breaches come first, and a note says how many are left out."""
    return "\n".join(_lines(report, graph(report, every_host=False))).encode() + b"\n"


def _lines(report: Report, found: Graph) -> Iterator[str]:
    what_if = f", what if: deny {'; deny '.join(report.what_if)}" if report.what_if else ""
    yield "---"
    # A string of YAML, in which JSON's escapes hold.
    yield f'title: "{_text(f"{report.client}, {report.site}, {report.generated}{what_if}")}"'
    yield "---"
    yield "flowchart LR"
    names = {node.id: f"n{number}" for number, node in enumerate(found.nodes)}
    for zone in (each for each in found.nodes if each.kind == "zone"):
        yield f'  subgraph {names[zone.id]}g["{_text(f"{zone.label} ({zone.trust})")}"]'
        yield f'    {names[zone.id]}(["{_text(zone.label)}"])'
        for host in (each for each in found.nodes if each.kind == "host" and each.zone == zone.label):
            yield f'    {names[host.id]}["{"<br/>".join(map(_text, _words(host)))}"]'
        yield "  end"
    edges = sorted((each for each in found.edges if each.kind != "contains"), key=_weight)
    shown, left = edges[:MOST_EDGES], edges[MOST_EDGES:]
    for edge in shown:
        yield f'  {names[edge.from_]} {_line(edge)}|"{_text(edge.label)}"| {names[edge.to]}'
    if left:
        yield f'  more["{len(left):,} more edges are left out: GraphML and DOT have them all"]'
    yield from (f"  classDef {name} {style}" for name, style in _STYLES)
    yield from (f"  class {names[each.id]} critical" for each in found.nodes if each.critical)
    for kind, style in _STYLES[:3]:
        numbers = [str(number) for number, edge in enumerate(shown) if _kind(edge) == kind]
        if numbers:
            yield f"  linkStyle {','.join(numbers)} {style}"


def _weight(edge: Edge) -> int:
    return ("breached", "policy", "unknown").index(_kind(edge)) * 2 + (edge.kind == "verdict")


def _kind(edge: Edge) -> str:
    if edge.forbidden:
        return "breached"
    return "policy" if edge.kind == "step" or edge.verdict in _LINES else "unknown"


def _line(edge: Edge) -> str:
    if edge.kind == "step":
        return "-.->" if not edge.observed else "==>" if edge.forbidden else "-->"
    return _LINES.get(edge.verdict, "-.->")


def _words(host: Node) -> list[str]:
    parts = (host.label, *(each for each in host.addresses[:1] if each != host.label), host.critical, host.worst)
    return [each for each in parts if each]


def _text(text: str) -> str:
    """Inside quotes Mermaid reads entity codes; whatever is neither a letter nor plain punctuation is one."""
    return _WORDY.sub(lambda found: f"#{ord(found[0])};", visible(text))


EXPORTER = Exporter(title="Graph of zones and breaches (Mermaid)", suffix=".mmd", render=render)
