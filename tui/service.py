"""The document about one service. Pure; `tui.doc` makes it safe."""

from __future__ import annotations

from scanner.exporters.patch_words import first_of
from scanner.model.hops import asked
from scanner.model.report import CROSSED
from tui.details import finding_line
from tui.doc import Doc
from tui.served import Served
from tui.status import FLOWS, PATCHES, mark


def document(each: Served) -> Doc:
    """All that is known of one service."""
    host, row = each.host, each.service
    doc = Doc().add(f"{row.transport}/{row.port}", "accent", bold=True)
    doc.add(f"  {row.service or 'not identified'}{' over TLS' if row.tls else ''}", bold=True)
    doc.line("" if row.state == "open" else f"  {row.state}", "amber")
    if host.critical:
        doc.add("◆ critical system: ", "red", bold=True).line(host.critical, "red", bold=True)
    doc.field("host", f"{host.id}{f'  {host.names[0]}' if host.names else ''}")
    doc.field("product", " ".join(filter(None, (row.title or row.product, row.version, row.revision, row.distro))))
    doc.field("cpe", row.cpe, "muted")
    doc.title("Said").lines(row.evidence or "Nothing was recorded.")
    doc.title("Reached from")
    if not each.flows:
        doc.line("The report holds no answer to a probe of it from another zone.", "muted")
    for flow in sorted(each.flows, key=lambda flow: (flow.verdict not in CROSSED, flow.allowed)):
        breach = flow.verdict in CROSSED and not flow.allowed
        look = mark(FLOWS, flow.verdict)
        doc.add(look.label, "red" if breach else look.colour, bold=True).add(f"  from {flow.from_}")
        doc.add(f" to {flow.address}", "muted").add(f"  {asked(flow.via)}" if flow.via else "", "amber")
        doc.line("  allowed" if flow.allowed else "  forbidden", "red" if breach else "muted", hang=2)
        doc.add("  ").line(flow.reason, "muted", hang=2)
    if each.patches:
        doc.title("Version")
    for patch in each.patches:
        doc.mark(mark(PATCHES, patch.verdict)).add(f"  {patch.title or patch.product} {patch.version or ''}")
        doc.line(f"  {patch.reason}", "muted", hang=2)
    if each.findings:
        doc.title("Findings")
    for finding in sorted(each.findings, key=first_of):
        finding_line(doc, finding)
    return doc
