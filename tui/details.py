"""Documents about one thing: a host, a finding, a pair of zones. Pure; `tui.doc` makes it safe."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scanner.exporters.patch_words import first_of
from scanner.exporters.words import SUPPOSED, cell_code
from scanner.model.hops import asked, service_of
from scanner.model.report import CROSSED, HELD, FindingRow, FlowRow, HostRow, Report
from tui import fence, fixes, lookup
from tui.doc import Doc
from tui.draw import around
from tui.facts import cells_by_pair, state_of
from tui.status import COVERAGE, FLOWS, PATCHES, SEVERITY, STATES, cell_look, mark

_ARROW = re.compile(" (?:->|→) ")

FLOWS_SHOWN = 200
"""Flows of one cell that the detail lists; it says how many more there are."""
FINDINGS_SHOWN = 100


def host(row: HostRow, report: Report) -> Doc:
    doc = Doc().line(" ".join(row.names) or row.addresses[0] if row.addresses else row.id, bold=True)
    if row.critical:
        doc.add("◆ critical system: ", "red", bold=True).line(row.critical, "red", bold=True)
    doc.field("zone", row.zone).field("addresses", ", ".join(row.addresses))
    if row.device != "unknown":
        doc.field("device", f"{row.device}, {row.device_confidence} confidence")
    doc.field("os", row.os).field("vendor", row.vendor).field("mac", row.mac).field("id", row.id, "muted")
    doc.title("Services")
    if not row.services:
        doc.line("No service was found open from any vantage.", "muted")
    for service in row.services:
        doc.add(f"{service.transport}/{service.port}".ljust(10), "accent", bold=True)
        doc.add(service.state.ljust(8), "text" if service.state == "open" else "muted")
        doc.add((service.service or "not identified") + (" over TLS" if service.tls else ""), "text")
        product = " ".join(filter(None, (service.title or service.product, service.version)))
        if product:
            doc.add("  ").add(product, "text", bold=True)
        for extra in filter(None, (service.revision, service.distro)):
            doc.add("  ").add(extra, "muted")
        doc.end()
        if service.evidence:
            doc.add("          ").line(service.evidence, "muted", hang=10)
    if row.device_evidence or row.device_doubts:
        doc.title("Device and system", "what decided").bullets(row.device_evidence)
        for doubt in row.device_doubts:
            doc.add("✗ ", "amber").add("against it: ", "muted").line(doubt, hang=2)
    if row.software:
        doc.title("Software from inventories")
        for each in row.software:
            doc.add("• ", "muted").add(f"{each.product} {each.version}").add("  ").line(each.source, "muted")
    doc.title("Reached from")
    around.host(doc, row, None, None, report)
    judged = lookup.patches_by_host(report)[row.id]
    if judged:
        doc.title("Versions")
        for patch in judged:
            doc.mark(mark(PATCHES, patch.verdict)).add("  ").add(
                " ".join(filter(None, (patch.title or patch.product, patch.version)))
            )
            doc.add("  ").line(patch.reason, "muted", hang=2)
    found = lookup.findings_by_host(report)[row.id]
    if found:
        doc.title("Findings")
        _findings(doc, found)
    fence.falls_from(doc, row.id, row.zone, report)
    return doc


def _findings(doc: Doc, found: Sequence[FindingRow]) -> None:
    """The worst of them."""
    for row in sorted(found, key=first_of)[:FINDINGS_SHOWN]:
        finding_line(doc, row)
    if len(found) > FINDINGS_SHOWN:
        doc.line(f"and {len(found) - FINDINGS_SHOWN:,} more on Gaps and Patches", "muted")


def finding_line(doc: Doc, finding: FindingRow) -> None:
    state = state_of(finding.exception)
    look = mark(SEVERITY, finding.severity)
    doc.add(look.label.ljust(12), look.colour, bold=True).add(finding.title)
    if state != "open":
        doc.add("  ").mark(STATES[state], bold=False)
    doc.end(hang=12)


def finding(row: FindingRow, report: Report | None = None, dialect: str = fixes.DIALECTS[0]) -> Doc:
    """`report`: where its path can be looked up, and what cuts it; `dialect`: the firewall whose rules are shown."""
    doc = Doc().mark(mark(SEVERITY, row.severity)).add("  ").line(row.kind, "muted")
    doc.line(row.title, bold=True).end()
    if row.from_ or row.to:
        doc.field("flow", " → ".join(filter(None, (row.from_, row.to))))
    doc.field("host", row.host)
    if row.port is not None:
        doc.field("service", f"{row.transport}/{row.port}")
    _exception(doc, row)
    if (report is None or not fence.path(doc, row, report)) and row.path:
        doc.title("Path")
        _path(doc, row.path)
    elif report is not None and row.from_ is None:
        for about in lookup.hosts_of(row, report):
            fence.reached(doc, about, row, report)
    if report is not None:
        fence.closed_by(doc, row, report)
    if row.risk or row.risk_why:
        doc.title("Risk", f"{row.risk} of 100").bullets(row.risk_why)
    doc.title("Evidence").lines(row.evidence or "none recorded")
    doc.title("Remedy").lines(row.remedy)
    for each in fixes.closing(report, (row.id,)) if report is not None else ():
        fixes.rules(doc, each, dialect)
    doc.title("Replay", "y copies it").lines(row.replay, "accent")
    if row.controls:
        doc.title("Controls").bullets(row.controls)
    doc.title("Finding").line(row.id, "muted")
    return doc


def _exception(doc: Doc, row: FindingRow) -> None:
    if row.exception is None:
        return
    state = STATES[state_of(row.exception)]
    words = "the exception expired: open again" if row.exception.expired else "accepted"
    doc.title("Exception").add(f"{state.glyph} {words}", state.colour, bold=True).end()
    doc.field("until", row.exception.until).field("owner", row.exception.owner)
    doc.field("approved by", row.exception.approved_by).field("reason", row.exception.reason)


def _path(doc: Doc, hops: tuple[str, ...]) -> None:
    """Hop by hop: where one starts, what one goes by (solid: observed, dotted: inferred), where one is then."""
    at: str | None = None
    for hop in hops:
        left, *rest = _ARROW.split(hop, maxsplit=1)
        if not rest:
            doc.line(hop)
            continue
        if at is None or (left != at and not at.startswith(f"{left}/")):
            doc.add("● ", "accent").line(left, bold=True)
        target, _, by = rest[0].partition(" ")
        target = target.removesuffix(":")
        inferred = "inferred" in by or "observed" not in by
        doc.add("┊ " if inferred else "│ ", "amber" if inferred else "accent").line(
            by, "amber" if inferred else "muted", hang=2
        )
        last = hop is hops[-1]
        doc.add("◉ " if last else "● ", "red" if last else "accent").line(target, "red" if last else "text", bold=True)
        at = target


def cell(report: Report, from_: str, to: str) -> Doc:
    row = cells_by_pair(report).get((from_, to))
    doc = Doc().add(from_, bold=True).add("  →  ", "muted").line(to, bold=True)
    if row is None and from_ == to:
        doc.line("The same zone: policy allows all of it.", "muted")
        around.zone(doc, from_, report)
        fence.falls_from(doc, from_, from_, report)
        return doc
    doc.mark(cell_look(row)).end()
    around.boundary(doc, from_, to, report)
    if cell_code(row) == SUPPOSED:
        doc.line("Not measured: forbidden traffic gets through today; a supposed rule would stop it.", "blue")
    doc.line(row.reason if row else "The report says nothing about this pair: nobody tested it.")
    if row:
        doc.add("tested ", "muted").add(str(row.tested)).add("   reached ", "muted").add(str(row.reached))
        doc.add("   forbidden and reached ", "muted")
        doc.line(
            str(row.forbidden_reached), "red" if row.forbidden_reached else "text", bold=bool(row.forbidden_reached)
        )
    for each in report.coverage:
        if (each.from_, each.to) == (from_, to):
            doc.end().label("coverage").mark(mark(COVERAGE, each.state), bold=False).end()
            doc.line(each.reason, "muted")
    found = lookup.findings_by_pair(report)[from_, to]
    if found:
        doc.title("Findings", "Enter goes there")
        _findings(doc, found)
    fence.measured(doc, from_, to, report)
    flows = lookup.flows_by_pair(report)[from_, to]
    if flows:
        doc.title("Flows")
        for flow in sorted(flows, key=_flow_order)[:FLOWS_SHOWN]:
            _flow(doc, flow)
        if len(flows) > FLOWS_SHOWN:
            doc.line(f"and {len(flows) - FLOWS_SHOWN} more in the report", "muted")
    return doc


def _flow_order(flow: FlowRow) -> tuple[bool, bool]:
    return flow.allowed or flow.verdict not in CROSSED, flow.verdict in HELD


def _flow(doc: Doc, flow: FlowRow) -> None:
    look = mark(FLOWS, flow.verdict)
    forbidden = flow.verdict in CROSSED and not flow.allowed
    doc.add(service_of(flow.transport, flow.port).ljust(10), "accent").add(f"{flow.address}  ")
    if flow.via:
        doc.add(f"{asked(flow.via)}  ", "amber")
    doc.add(look.label, "red" if forbidden else look.colour, bold=True)
    doc.line("  allowed" if flow.allowed else "  forbidden", "muted")
    doc.add("          ").line(flow.reason, "muted", hang=10)
