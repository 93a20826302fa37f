"""The network as a graph, for the formats of graph tools: zones, hosts, what crosses between them, steps of attacks.

A zone points at a host where a flow from it crossed to the host; a host lies in its zone; a step of an attack path
points at the host that it takes over. Zone against zone stands what the matrix says of the pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from scanner.exporters.verdict import stood_in
from scanner.exporters.words import cell_code
from scanner.model.base import SEVERITIES, Frozen, Severity
from scanner.model.hops import hop_words
from scanner.model.report import CROSSED, CellRow, HostRow, PathRow, Report, is_open

NodeKind = Literal["zone", "host"]
EdgeKind = Literal["verdict", "contains", "crosses", "step"]
"""`verdict`: zone to zone, what the matrix says. `contains`: zone to host. `crosses`: zone to host, by a flow that was
seen to cross. `step`: of an attack path."""


class Node(Frozen, frozen=True):
    id: str
    kind: NodeKind
    label: str
    zone: str
    trust: str = ""
    device: str = ""
    os: str = ""
    addresses: tuple[str, ...] = ()
    critical: str = ""
    """The name of the critical system that it is."""
    worst: str = ""
    """The severity of its worst open finding."""
    stood_in: bool = False
    """Of a zone: whether a laptop stood there; if not, nothing is known of what it can reach."""


class Edge(Frozen, frozen=True):
    from_: str
    to: str
    kind: EdgeKind
    label: str
    verdict: str = ""
    """Of a cell; of a crossing `FORBIDDEN` or `ALLOWED`."""
    forbidden: bool = False
    observed: bool = True
    """False: a step that is inferred."""
    tested: int = 0
    crossed: int = 0
    """Forbidden flows that crossed."""


class Graph(Frozen, frozen=True):
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph(report: Report, *, every_host: bool = True) -> Graph:
    """`every_host`: or only those that something crosses to by breaking policy, and critical systems: what fits on a
    page. The same report gives the same graph, in the same order."""
    by_address = {(host.zone, address): host for host in report.hosts for address in host.addresses}
    flows = tuple(_crossings(report, by_address))
    steps = tuple(each for path in report.paths for each in _steps(path))
    shown = {each.to for each in flows if each.forbidden} | {end for each in steps for end in (each.from_, each.to)}
    hosts = [each for each in report.hosts if every_host or each.critical or each.id in shown]
    zones = [f"zone:{zone.name}" for zone in report.zones]
    here = {*zones, *(host.id for host in hosts)}
    edges = [
        *_cells(report),
        *(Edge(f"zone:{host.zone}", host.id, "contains", "contains") for host in hosts),
        *flows,
        *dict.fromkeys(steps),
    ]
    return Graph(
        (*_zones(report), *_hosts(report, hosts)),
        tuple(each for each in edges if each.from_ in here and each.to in here),
    )


def _zones(report: Report) -> Iterator[Node]:
    vantages = stood_in(report)
    for zone in report.zones:
        yield Node(f"zone:{zone.name}", "zone", zone.name, zone.name, zone.trust, stood_in=zone.name in vantages)


def _hosts(report: Report, hosts: Iterable[HostRow]) -> Iterator[Node]:
    worst: dict[str, Severity] = {}
    for finding in filter(is_open, report.findings):
        if finding.host is not None:
            worst[finding.host] = max(worst.get(finding.host, SEVERITIES[0]), finding.severity, key=SEVERITIES.index)
    for host in hosts:
        yield Node(
            host.id,
            "host",
            host.names[0] if host.names else host.addresses[0] if host.addresses else host.id,
            host.zone,
            device=host.device,
            os=host.os or "",
            addresses=host.addresses,
            critical=host.critical or "",
            worst=worst.get(host.id, ""),
        )


def _cells(report: Report) -> Iterator[Edge]:
    for cell in report.cells:
        if cell.from_ != cell.to:
            yield Edge(
                f"zone:{cell.from_}",
                f"zone:{cell.to}",
                "verdict",
                _words(cell),
                cell.verdict,
                cell.verdict == "BREACHED",
                tested=cell.tested,
                crossed=cell.forbidden_reached,
            )


def _words(cell: CellRow) -> str:
    figures = f"{cell.forbidden_reached:,} of {cell.tested:,} crossed" if cell.forbidden_reached else ""
    tested = f"{cell.tested:,} tested" if cell.tested else "nobody probed it"
    return f"{cell_code(cell)}: {figures or tested}"


def _crossings(report: Report, hosts: dict[tuple[str, str], HostRow]) -> Iterator[Edge]:
    """A zone and a host that flows from it reached, the forbidden ones and the allowed ones apart."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for flow in report.reachability:
        host = hosts.get((flow.to, flow.address))
        if host is not None and flow.verdict in CROSSED and flow.from_ != flow.to:
            what = f"{flow.transport}/{flow.port}" + (f" ({flow.verdict})" if flow.verdict != "REACHED" else "")
            found.setdefault((flow.from_, host.id, not flow.allowed), []).append(what)
    for (from_, to, forbidden), services in found.items():
        label = ", ".join(dict.fromkeys(services))
        yield Edge(
            f"zone:{from_}",
            to,
            "crosses",
            label,
            "FORBIDDEN" if forbidden else "ALLOWED",
            forbidden,
            crossed=len(services) if forbidden else 0,
        )


def _steps(path: PathRow) -> Iterator[Edge]:
    at = f"zone:{path.from_}"
    for number, hop in enumerate(path.hops, 1):
        words = hop_words(hop, path.critical if number == len(path.hops) else "")
        service = f"{hop.transport}/{hop.port} " if hop.transport and hop.port is not None else ""
        yield Edge(at, hop.to, "step", f"{service}{words}", "", not hop.allowed, hop.observed)
        at = hop.to
