"""The graph for BloodHound, in its OpenGraph format: beside Active Directory's paths those through the network.

Kinds are our own, so that nothing is mistaken for what BloodHound's collectors say: zones `FWZone` and hosts `FWHost`;
`FWVerdict`, `FWContains`, `FWReaches`, `FWBreaches`, and `FWStep` for the steps of attack paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from scanner.exporters import Exporter
from scanner.exporters.fence_graph import Edge, Node, graph
from scanner.model.report import Report
from scanner.model.text import visible

SOURCE = "Fencewalk"
_NODES = {"zone": "FWZone", "host": "FWHost"}
_EDGES = {"verdict": "FWVerdict", "contains": "FWContains", "crosses": "FWReaches", "step": "FWStep"}
_FORBIDDEN = {"crosses": "FWBreaches"}
"""Kinds of edges that stand beside allowed ones between the same two nodes."""


def render(report: Report) -> bytes:
    """UTF-8, to be uploaded in BloodHound CE 8 or later."""
    found = graph(report)
    value = {
        "metadata": {"source_kind": SOURCE},
        "graph": {
            "nodes": [_node(each, report) for each in found.nodes],
            "edges": [_edge(each, report) for each in _together(found.edges)],
        },
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _node(node: Node, report: Report) -> dict[str, Any]:
    """Properties are text, numbers, booleans, or lists of one of them: what BloodHound takes."""
    properties: dict[str, Any] = {
        "name": visible(node.label),
        "displayname": visible(node.label),
        "client": visible(report.client),
        "site": visible(report.site),
        "assessed": report.generated,
        "zone": visible(node.zone),
        "whatif": bool(report.what_if),
    }
    if node.kind == "zone":
        properties |= {"trust": node.trust, "stoodin": node.stood_in}
    else:
        properties |= {
            "device": visible(node.device),
            "operatingsystem": visible(node.os),
            "addresses": [visible(each) for each in node.addresses],
            "critical": bool(node.critical),
            "criticalsystem": visible(node.critical),
            "worstfinding": node.worst,
        }
    return {"id": _id(node.id, report), "kinds": [_NODES[node.kind], SOURCE], "properties": properties}


def _together(edges: Iterable[Edge]) -> Iterator[Edge]:
    """One edge of a kind between two nodes: BloodHound keeps no more, the last one's properties."""
    found: dict[tuple[str, str, str], list[Edge]] = {}
    for edge in edges:
        found.setdefault((edge.from_, edge.to, _kind(edge)), []).append(edge)
    for same in found.values():
        yield msgspec.structs.replace(
            same[0],
            label="; ".join(dict.fromkeys(each.label for each in same)),
            forbidden=any(each.forbidden for each in same),
            observed=all(each.observed for each in same),
        )


def _kind(edge: Edge) -> str:
    return (_FORBIDDEN.get(edge.kind) if edge.forbidden else None) or _EDGES[edge.kind]


def _edge(edge: Edge, report: Report) -> dict[str, Any]:
    properties: dict[str, Any] = {"label": visible(edge.label), "forbidden": edge.forbidden, "observed": edge.observed}
    if edge.verdict:
        properties |= {"verdict": edge.verdict, "tested": edge.tested, "crossed": edge.crossed}
    return {
        "kind": _kind(edge),
        "start": {"value": _id(edge.from_, report), "match_by": "id"},
        "end": {"value": _id(edge.to, report), "match_by": "id"},
        "properties": properties,
    }


def _id(id_: str, report: Report) -> str:
    """The same host of another client is another one."""
    return visible(f"fencewalk:{report.client}/{report.site}/{id_}")


EXPORTER = Exporter(title="Graph for BloodHound (OpenGraph)", suffix=".json", render=render)
