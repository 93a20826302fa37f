"""The document of all that a finding rests on: what was seen, from where, when, by which rule, and how to see it again.
Pure."""

from __future__ import annotations

from scanner.exporters.fence_words import measured, path_of, ports
from scanner.exporters.patch_words import required_words, rule_words
from scanner.exporters.verdict import is_scan
from scanner.exporters.words import FLOWS as MEANINGS
from scanner.exporters.words import short_time, why_unknown, without_padding
from scanner.model.hops import asked, service_of
from scanner.model.report import CROSSED, FindingRow, FlowRow, HostRow, PatchRow, Report
from scanner.model.text import plural
from tui import fence, lookup
from tui.details import finding_line
from tui.doc import Doc
from tui.draw.scene import flows_of
from tui.facts import PATCH_KINDS, engine_words
from tui.status import FLOWS, PATCHES, mark

FLOWS_SHOWN = 40
MEASURED_SHOWN = 20
SESSIONS = 6


def document(finding: FindingRow, report: Report) -> Doc:
    doc = Doc()
    finding_line(doc, finding)
    doc.line(finding.kind, "muted")
    doc.title("Seen").lines(without_padding(finding.evidence) or "none recorded", hang=2)
    found = path_of(finding, report.paths)
    if found is not None:
        doc.title("Step by step")
        fence.steps(doc, found)
    if finding.from_ is not None and finding.to is not None:
        _flows(doc, flows_of(finding, report))
        _canary(doc, finding, report)
    for host in lookup.hosts_of(finding, report):
        _host(doc, host, finding, report)
    if finding.from_ is not None:
        _sessions(doc, finding.from_, report)
    doc.title("Replay").lines(finding.replay, "accent")
    doc.title("Digests", "what the report was computed from")
    for name in ("site", "baselines", "feeds", "observations"):
        doc.field(name, getattr(report.digests, name), "muted")
    return doc


def _flows(doc: Doc, flows: list[FlowRow]) -> None:
    if not flows:
        return
    doc.title("Flows it rests on", plural(len(flows), "flow"))
    for flow in flows[:FLOWS_SHOWN]:
        forbidden = flow.verdict in CROSSED and not flow.allowed
        look = mark(FLOWS, flow.verdict)
        doc.add(f"{service_of(flow.transport, flow.port)}  ", "accent", bold=True).add(f"{flow.address}  ")
        doc.add(look.label, "red" if forbidden else look.colour, bold=True)
        how = ", ".join(filter(None, (flow.state, asked(flow.via), "allowed" if flow.allowed else "forbidden")))
        doc.line(f"  {how}", "muted", hang=2)
        doc.add("  why       ", "muted").line(flow.reason, hang=12)
        doc.add("  raw       ", "muted").line(without_padding(flow.evidence) or "none recorded", hang=12)
    if len(flows) > FLOWS_SHOWN:
        doc.line(f"and {len(flows) - FLOWS_SHOWN} more in the report", "muted")
    said = {flow.verdict: MEANINGS[flow.verdict].meaning for flow in flows[:FLOWS_SHOWN] if flow.verdict in MEANINGS}
    for verdict, meaning in said.items():
        doc.add(f"{verdict}: ", "muted").line(meaning, "muted", hang=2)


def _canary(doc: Doc, finding: FindingRow, report: Report) -> None:
    rows = [each for each in report.measured if (each.from_, each.to) == (finding.from_, finding.to)]
    if finding.transport is not None:
        rows = [each for each in rows if each.transport == finding.transport]
    if not rows:
        return
    doc.title("What a canary measured between the two zones")
    for row in rows[:MEASURED_SHOWN]:
        sign = measured(row)
        doc.add(f"{row.transport} {ports(row.ports)}  ", "accent").add(f"{row.address}  ")
        doc.add(f"{sign.glyph} {sign.word}", bold=True).line(f"  {row.reason}", "muted", hang=2)
    if len(rows) > MEASURED_SHOWN:
        doc.line(f"and {len(rows) - MEASURED_SHOWN} more in the report", "muted")


def _host(doc: Doc, host: HostRow, finding: FindingRow, report: Report) -> None:
    # A host with several addresses has a row for each of them.
    services = list(dict.fromkeys(each for each in host.services if finding.port in (None, each.port)))
    if services:
        doc.title("What runs there", host.id)
    for service in services:
        product = " ".join(filter(None, (service.title or service.product, service.version)))
        doc.add(f"{service_of(service.transport, service.port)}  ", "accent", bold=True)
        doc.add(f"{service.service or 'not identified'}  ").line(product, bold=True, hang=2)
        if service.evidence:
            doc.add("  ").line(without_padding(service.evidence), "muted", hang=2)
    if finding.kind in PATCH_KINDS:
        for row in report.patches:
            if row.host == host.id and finding.port in (None, row.port):
                _version(doc, row)


def _version(doc: Doc, row: PatchRow) -> None:
    """By which rule and fact a version was judged."""
    doc.title("Judged", f"{row.confidence} confidence")
    doc.mark(mark(PATCHES, row.verdict)).add("  ")
    doc.line(" ".join(filter(None, (row.title or row.product, row.version or "(no version)"))), bold=True, hang=2)
    doc.field("reason", row.reason).field("missing", why_unknown(row)).field("required", required_words(row))
    doc.field("seen", without_padding(row.evidence)).field("fact", row.source)
    if row.rule:
        doc.field("rule", f"{row.rule}: {rule_words(row)}")


def _sessions(doc: Doc, zone: str, report: Report) -> None:
    rows = [each for each in report.vantages if each.zone == zone and is_scan(each)]
    if not rows:
        return
    doc.title("Probed from", zone)
    for row in rows[-SESSIONS:]:
        until = f"until {short_time(row.ended)}" if row.ended else "not ended"
        doc.add("• ", "muted").add(f"{row.address} on {row.interface}, {engine_words(row)}: ")
        doc.line(f"{short_time(row.started)} {until}{'' if row.complete else ', unfinished'}", "muted", hang=2)
    if len(rows) > SESSIONS:
        doc.line(f"and {plural(len(rows) - SESSIONS, 'earlier session')}", "muted")
