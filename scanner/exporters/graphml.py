"""The graph for yEd, Gephi, Cytoscape and networkx: GraphML, with every attribute typed."""

from __future__ import annotations

from xml.etree import ElementTree

from scanner.exporters import Exporter
from scanner.exporters.fence_graph import Edge, Node, graph
from scanner.model.report import Report
from scanner.model.text import visible

_SPACE = "http://graphml.graphdrawing.org/xmlns"
_SCHEMA = f"{_SPACE} {_SPACE}/1.0/graphml.xsd"
_TYPES = {bool: "boolean", int: "int"}
_HEAD = ("client", "site", "assessed", "what_if")


def render(report: Report) -> bytes:
    """UTF-8. Nodes are zones (`zone:NAME`) and hosts; edges have a `kind` (see `fence_graph.EdgeKind`)."""
    found = graph(report)
    root = ElementTree.Element(
        "graphml",
        {
            "xmlns": _SPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": _SCHEMA,
        },
    )
    for name in _HEAD:
        _key(root, "graph", name, str)
    nodes, edges = _fields(Node), _fields(Edge)
    for name, kind in nodes.items():
        _key(root, "node", name, kind)
    for name, kind in edges.items():
        _key(root, "edge", name, kind)
    drawn = ElementTree.SubElement(root, "graph", {"id": "fence", "edgedefault": "directed"})
    what_if = "; ".join(f"deny {rule}" for rule in report.what_if)
    for name, value in zip(_HEAD, (report.client, report.site, report.generated, what_if), strict=True):
        _data(drawn, "graph", name, value)
    for node in found.nodes:
        element = ElementTree.SubElement(drawn, "node", {"id": visible(node.id)})
        for name in nodes:
            _data(element, "node", name, getattr(node, name))
    for number, edge in enumerate(found.edges):
        ends = {"id": f"e{number}", "source": visible(edge.from_), "target": visible(edge.to)}
        element = ElementTree.SubElement(drawn, "edge", ends)
        for name in edges:
            _data(element, "edge", name, getattr(edge, name))
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _fields(of: type[Node] | type[Edge]) -> dict[str, type]:
    """The attributes that are written, with their types; ends and ids are GraphML's own."""
    kinds = {"bool": bool, "int": int}
    own = {"id", "from_", "to"}
    return {name: kinds.get(str(hint), str) for name, hint in of.__annotations__.items() if name not in own}


def _key(root: ElementTree.Element, of: str, name: str, kind: type) -> None:
    attributes = {"id": f"{of}-{name}", "for": of, "attr.name": name, "attr.type": _TYPES.get(kind, "string")}
    ElementTree.SubElement(root, "key", attributes)


def _data(element: ElementTree.Element, of: str, name: str, value: object) -> None:
    if value is True or value is False:
        text = str(value).lower()
    else:
        text = " ".join(value) if isinstance(value, tuple) else str(value)
    ElementTree.SubElement(element, "data", {"key": f"{of}-{name}"}).text = visible(text)


EXPORTER = Exporter(title="Graph of zones, hosts and crossings (GraphML)", suffix=".graphml", render=render)
