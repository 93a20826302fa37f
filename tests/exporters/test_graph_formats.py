"""The graph formats, each read back by a reader of its own world: networkx, Graphviz's grammar, OpenGraph's library."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import msgspec
import networkx
import pydot
import pytest
from bhopengraph import OpenGraph
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from sample import sample_report

from scanner.exporters import exporters
from scanner.exporters.fence_graph import Graph, graph
from scanner.exporters.mermaid import MOST_EDGES
from scanner.exporters.words import SUPPOSED
from scanner.model.report import CellRow, FlowRow, Report, ZoneRow
from scanner.model.text import visible

HOSTILE = (
    '"];',
    "]]>",
    "<script>",
    "\\",
    "#quot;",
    "%%{init}%%",
    "\x1b[31m",
    "\u202eabc",
    "-->|x|",
    "a\nb",
    "'",
    "é漢",
)


def renamed(report: Report, name: str) -> Report:
    """The same with a name in every place that a network fills."""
    hosts = tuple(msgspec.structs.replace(each, names=(name,), os=name) for each in report.hosts)
    return msgspec.structs.replace(report, client=name, site=name, hosts=hosts)


def rendered(name: str, report: Report) -> str:
    return exporters()[name].render(report).decode()


def edges_of(report: Report, *, every_host: bool) -> list[tuple[str, str]]:
    return [(visible(each.from_), visible(each.to)) for each in graph(report, every_host=every_host).edges]


@pytest.mark.parametrize("report", [sample_report(), fence_report()], ids=["sample", "fence"])
def test_networkx_reads_the_whole_graph(report: Report) -> None:
    read = networkx.parse_graphml(rendered("graphml", report), force_multigraph=True)
    drawn = graph(report)
    assert set(read.nodes) == {visible(each.id) for each in drawn.nodes}
    assert sorted((a, b) for a, b, _ in read.edges) == sorted(edges_of(report, every_host=True))
    assert read.graph["client"] == report.client
    critical = {id_ for id_, data in read.nodes(data=True) if data.get("critical")}
    assert critical == {each.id for each in report.hosts if each.critical}
    breached = [(a, b) for a, b, data in read.edges(data=True) if data["kind"] == "verdict" and data["forbidden"]]
    cells = [(f"zone:{each.from_}", f"zone:{each.to}") for each in report.cells if each.verdict == "BREACHED"]
    assert sorted(breached) == sorted(each for each in cells if each[0] != each[1])


@pytest.mark.parametrize("report", [sample_report(), fence_report()], ids=["sample", "fence"])
def test_graphviz_reads_the_picture(report: Report) -> None:
    (read,) = pydot.graph_from_dot_data(rendered("dot", report)) or []
    found = [
        tuple(str(end).strip('"') for end in (each.get_source(), each.get_destination())) for each in read.get_edges()
    ]
    drawn = graph(report, every_host=False)
    assert sorted(found) == sorted((each.from_, each.to) for each in drawn.edges if each.kind != "contains")


@pytest.mark.parametrize("report", [sample_report(), fence_report()], ids=["sample", "fence"])
def test_bloodhounds_library_takes_the_graph(report: Report) -> None:
    value = json.loads(rendered("bloodhound", report))
    read = OpenGraph()
    assert read.import_from_dict(value)
    assert read.validate_graph() == (True, [])
    # None is lost as another edge of its kind between the same nodes.
    assert read.get_edge_count() == len(value["graph"]["edges"])
    assert read.get_node_count() == len(graph(report).nodes)
    for each in graph(report).edges:
        ends = tuple(f"fencewalk:{report.client}/{report.site}/{end}" for end in (each.from_, each.to))
        assert any(
            (edge["start"]["value"], edge["end"]["value"]) == ends
            and visible(each.label) in edge["properties"]["label"]
            for edge in value["graph"]["edges"]
        )
    for node in value["graph"]["nodes"]:
        assert 1 <= len(node["kinds"]) <= 3
        assert all(_takes(each) for each in node["properties"].values()), node
    here = {node["id"] for node in value["graph"]["nodes"]}
    assert all(edge[end]["value"] in here for edge in value["graph"]["edges"] for end in ("start", "end"))


def _takes(value: Any) -> bool:
    """Properties are primitive, or lists of primitives of one type, and have lower-case names."""
    if isinstance(value, list):
        return len({type(each) for each in value}) <= 1 and all(isinstance(each, str) for each in value)
    return isinstance(value, str | int | float | bool)


def test_the_steps_of_an_attack_path_are_walked_in_order() -> None:
    report = fence_report()
    model, known = report.hosts[0], {each.id for each in report.hosts}
    on_the_way = {hop.to for path in report.paths for hop in path.hops} - known
    more = tuple(msgspec.structs.replace(model, id=each, zone=each.partition("/")[0]) for each in sorted(on_the_way))
    report = msgspec.structs.replace(report, hosts=(*report.hosts, *more))
    assert report.paths
    steps = [each for each in graph(report).edges if each.kind == "step"]
    for path in report.paths:
        at = f"zone:{path.from_}"
        for hop in path.hops:
            assert any((each.from_, each.to, each.forbidden) == (at, hop.to, not hop.allowed) for each in steps)
            at = hop.to
        assert at == path.hops[-1].to


def few() -> Report:
    """Where names stand is what counts here, and pydot takes as long as there are edges."""
    whole = sample_report()
    return msgspec.structs.replace(whole, cells=whole.cells[:6], reachability=whole.reachability[:6])


def sizes(report: Report) -> tuple[int, int, int, list[int], int]:
    """Nodes and edges that networkx finds, edges and each subgraph's nodes that pydot finds, lines of Mermaid."""
    read = networkx.parse_graphml(rendered("graphml", report), force_multigraph=True)
    (dot,) = pydot.graph_from_dot_data(rendered("dot", report)) or []
    inside = [len(each.get_nodes()) for each in dot.get_subgraphs()]
    return len(read.nodes), len(read.edges), len(dot.get_edges()), inside, rendered("mermaid", report).count("\n")


@pytest.fixture(scope="module")
def plain() -> tuple[int, int, int, list[int], int]:
    report = renamed(few(), "plain")
    drawn = graph(report)
    found = sizes(report)
    assert found[:2] == (len(drawn.nodes), len(drawn.edges))
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str, plain: tuple[int, int, int, list[int], int]) -> None:
    """As many nodes and edges as with a plain name, and the name is in them."""
    bad = renamed(few(), name)
    assert sizes(bad) == plain
    read = networkx.parse_graphml(rendered("graphml", bad), force_multigraph=True)
    assert visible(name) in {data["label"] for _, data in read.nodes(data=True)}


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=12))
def test_no_name_ends_a_mermaid_string_or_a_line(name: str) -> None:
    text = rendered("mermaid", renamed(sample_report(), name))
    for line in text.splitlines()[4:]:
        assert line.count('"') % 2 == 0
        for quoted in re.findall(r'"([^"]*)"', line):
            assert re.fullmatch(r"(?:<br/>|#\d+;|[\w .,:/()\-])*", quoted), quoted


def test_more_edges_than_mermaid_draws_are_cut_and_said_so() -> None:
    names = [f"z{number}" for number in range(40)]
    zones = tuple(ZoneRow(name, (), "user", None, 0) for name in names)
    cells = tuple(
        CellRow(a, b, "BREACHED" if b == "z7" else "AS_POLICY", 9, 1, int(b == "z7"), "")
        for a in names
        for b in names
        if a != b
    )
    report = msgspec.structs.replace(sample_report(), zones=zones, cells=cells, hosts=(), paths=(), reachability=())
    text = rendered("mermaid", report)
    arrows = [line for line in text.splitlines() if re.search(r"[=\-.]>\|", line)]
    assert len(arrows) == MOST_EDGES
    assert sum("BREACHED" in line for line in arrows) == 39
    assert f"{40 * 39 - MOST_EDGES:,} more edges" in text


def test_a_supposed_verdict_is_never_shown_as_measured() -> None:
    report = sample_report()
    cells = tuple(msgspec.structs.replace(each, verdict="AS_POLICY", supposed=True) for each in report.cells)
    report = msgspec.structs.replace(report, cells=cells, what_if=("guest -> servers tcp/445",))
    for name in ("graphml", "dot", "mermaid", "bloodhound"):
        text = rendered(name, report)
        assert SUPPOSED in text, name
        assert "guest -" in text or name == "bloodhound", name


def test_only_flows_that_crossed_make_an_edge_to_a_host() -> None:
    report = sample_report()
    flows = tuple(
        FlowRow("guest", "servers", "10.20.20.10", "tcp", port, verdict, "", False, "")  # type: ignore[arg-type]
        for port, verdict in enumerate(("REACHED", "ONE_WAY", "TARGET_DOWN_PATH_OPEN", "DROPPED", "UNPROVEN"), 1)
    )
    drawn: Graph = graph(msgspec.structs.replace(report, reachability=flows))
    (edge,) = [each for each in drawn.edges if each.kind == "crosses"]
    assert edge.label == "tcp/1, tcp/2 (ONE_WAY), tcp/3 (TARGET_DOWN_PATH_OPEN)"
    assert edge.forbidden


def test_graphml_types_its_attributes() -> None:
    root = ElementTree.fromstring(rendered("graphml", sample_report()))
    space = "{http://graphml.graphdrawing.org/xmlns}"
    types = {(each.get("for"), each.get("attr.name")): each.get("attr.type") for each in root.findall(f"{space}key")}
    assert types["edge", "forbidden"] == "boolean"
    assert types["edge", "tested"] == "int"
    assert types["node", "label"] == "string"
