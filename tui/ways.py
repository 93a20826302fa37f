"""Documents about the ways to a thing: how it is reached, which attacks lead through it, what cuts them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from scanner.exporters.fence_words import path_of
from scanner.model.report import FindingRow, HostRow, PathRow, Report
from scanner.model.text import plural
from tui import fence, lookup
from tui.details import finding_line
from tui.doc import Doc
from tui.draw import chain
from tui.draw.scene import of_path, scene

LEADING = 4
"""Attack paths through a thing that are drawn; it says how many more there are."""


def way(finding: FindingRow, report: Report, here: int | None = None) -> Doc:
    """A finding's way drawn, what cuts it, and the attack paths through it. `here`: the stop that the cursor is on."""
    doc = Doc()
    finding_line(doc, finding)
    drawn = scene(finding, report)
    host = next(iter(lookup.hosts_of(finding, report)), None)
    own = path_of(finding, report.paths)
    if drawn is not None:
        doc.end().drawing(partial(chain.draw, drawn, here=here), chain.words(drawn))
        if own is not None:
            doc.end()
            fence.steps(doc, own)
    elif host is not None:
        fence.reached(doc, host, finding, report)
    else:
        doc.end().line("It is about no way through the network: there is nothing to draw.", "muted")
    fence.closed_by(doc, finding, report)
    if own is None:
        _leading(doc, list(_through(finding, host, report)), report)
    return doc


def _through(finding: FindingRow, host: HostRow | None, report: Report) -> Iterable[PathRow]:
    """The attack paths of which the finding is a step: a flow between its zones, or a host that it is about."""
    for path in report.paths:
        for hop in path.hops:
            to = hop.to.rpartition("/")[0]
            if finding.from_ is not None:
                flow = (hop.from_, to, hop.transport, hop.port)
                same = flow == (finding.from_, finding.to, finding.transport, finding.port)
                same = same and (host is None or hop.to == host.id)
            else:
                same = host is not None and hop.to == host.id and hop.port == finding.port
            if same:
                yield path
                break


def _leading(doc: Doc, paths: list[PathRow], report: Report) -> None:
    if not paths:
        return
    doc.title("Attack paths through it", plural(len(paths), "path"))
    for path in paths[:LEADING]:
        doc.add(path.from_, bold=True).add(" to ", "muted").line(path.critical, "red", bold=True)
        way = of_path(path, report)
        doc.drawing(partial(chain.draw, way), chain.words(way)).end()
    if len(paths) > LEADING:
        doc.line(f"and {len(paths) - LEADING} more in the report", "muted")
