"""What changed between two states of a site, as rows and documents. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from scanner.assess.later.compare import CellChange, Change, Diff, FlowChange
from scanner.model.base import SEVERITIES
from scanner.model.hops import asked, service_of
from scanner.model.report import CROSSED, FindingRow, Report
from scanner.model.text import plural
from tui import details
from tui.doc import Doc
from tui.query import Column
from tui.rows import Table, address_order, port_order
from tui.status import CELLS, CHANGES, FLOWS, SEVERITY, Mark, mark, severity_rank


class Changed(msgspec.Struct, frozen=True):
    """One thing that changed, or that did not: how it looks, and what it is."""

    code: str
    """A key of `status.CHANGES`."""
    what: Change | CellChange | FlowChange

    @property
    def look(self) -> Mark:
        return CHANGES[self.code]

    @property
    def finding(self) -> FindingRow | None:
        return self.what.finding if isinstance(self.what, Change) else None

    @property
    def key(self) -> str:
        """What it is about, whatever became of it."""
        what = self.what
        if isinstance(what, Change):
            return what.finding.id
        if isinstance(what, CellChange):
            return f"{what.from_} → {what.to}"
        return f"{what.from_} {what.address} {what.transport}/{what.port} {what.via}"


def changed(diff: Diff) -> list[Changed]:
    """What matters most first; within a group of findings the most severe."""
    ranked = list(CHANGES)
    found = [*_findings(diff), *(Changed(_cell(each), each) for each in diff.cells)]
    found += [Changed("let through" if each.allowed else "opened", each) for each in diff.opened]
    found += [Changed("closed", each) for each in diff.closed]
    found += [Changed("uncertain", each) for each in diff.uncertain]

    def order(each: Changed) -> tuple[int, int, int]:
        of = each.finding
        return ranked.index(each.code), -severity_rank(of.severity) if of else 0, -of.risk if of else 0

    return sorted(found, key=order)


def _findings(diff: Diff) -> Iterable[Changed]:
    for code, group in (
        ("new", diff.new),
        ("not retested", diff.not_retested),
        ("persisting", diff.persisting),
        ("fixed", diff.fixed),
    ):
        for each in group:
            yield Changed(code, each)


def _cell(change: CellChange) -> str:
    """A pair of zones is better only where it is proven to be as policy; whatever else is no pass."""
    return {"BREACHED": "breached", "AS_POLICY": "proven"}.get(change.after, "unsure")


def table(rows: Sequence[Changed]) -> Table:
    columns = (
        Column(key="change", title="CHANGE", least=14, match="label"),
        Column(key="sev", title="SEVERITY", least=10, match="label", ranks=SEVERITIES),
        Column(key="title", title="WHAT", least=36, most=80),
        Column(key="flow", title="FLOW", least=20, most=28),
        Column(key="service", title="PORT", least=8, most=9, order=port_order),
        Column(key="host", title="HOST", least=14, most=39, order=address_order),
        Column(key="reason", title="WHY", least=20, most=72),
        Column(key="kind", title="KIND", least=12, most=21, shown=False),
        Column(key="from", title="FROM", shown=False),
        Column(key="to", title="TO", shown=False),
        Column(key="zone", title="ZONES", shown=False, match="words"),
        Column(key="port", title="PORT NUMBER", shown=False, match="words"),
        Column(key="id", title="FINDING", shown=False),
    )
    return columns, [_row(each) for each in rows]


def _row(row: Changed) -> tuple[str, ...]:
    what = row.what
    label = row.look.label
    if isinstance(what, Change):
        of = what.finding
        service = "" if of.port is None else f"{of.transport}/{of.port}"
        title, host, kind, id_ = of.title, of.host or "", of.kind, of.id
        severity, from_, to, port = mark(SEVERITY, of.severity).label, of.from_ or "", of.to or "", of.port
    else:
        severity, from_, to, kind, id_ = "", what.from_, what.to, None, ""
        if isinstance(what, CellChange):
            title, service, host, port = f"{from_} → {to}", "", "", None
            title += f": {_both(CELLS, what.before, what.after)}"
        else:
            host, port, service = what.address, what.port, service_of(what.transport, what.port)
            title = f"{from_} → {host} {service}: {_both(FLOWS, what.before, what.after)}"
    flow = " → ".join(filter(None, (from_, to)))
    zones = " ".join(filter(None, (from_, to)))
    number = "" if port is None else str(port)
    return label, severity, title, flow, service, host, what.reason, kind or "", from_, to, zones, number, id_


def _both(marks: Mapping[str, Mark], before: str, after: str) -> str:
    return f"{mark(marks, before).label}, now {mark(marks, after).label}"


def document(row: Changed, report: Report, dialect: str) -> Doc:
    """What became of it and why, then the finding itself."""
    look, what = row.look, row.what
    doc = Doc().mark(look).add("  ").line(_MEANS[row.code], "muted", hang=2)
    doc.line(what.reason, bold=True, hang=2)
    if isinstance(what, Change):
        return doc.end().join(details.finding(what.finding, report, dialect))
    doc.field("flow", f"{what.from_} → {what.to}")
    table = CELLS if isinstance(what, CellChange) else FLOWS
    if isinstance(what, FlowChange):
        doc.field("address", what.address).field("service", service_of(what.transport, what.port))
        doc.field("asked", asked(what.via) if what.via else "")
        doc.field("policy", "allowed" if what.allowed else "forbidden", "text" if what.allowed else "red")
    for label, verdict in (("before", what.before), ("now", what.after)):
        look = mark(table, verdict)
        crossed = isinstance(what, FlowChange) and verdict in CROSSED and not what.allowed
        doc.label(label).add(look.label, "red" if crossed else look.colour, bold=True).end()
    return doc


_MEANS = {
    "new": "found now, and not before",
    "opened": "crosses now and did not; policy forbids it",
    "let through": "crosses now and did not; policy allows it",
    "breached": "forbidden traffic gets through now",
    "unsure": "what was known of this pair of zones is no longer, or not yet, proven: no pass",
    "proven": "as policy now, with controls",
    "not retested": "was not asked again: silence about it is no fix",
    "uncertain": "crossed, and nothing proves that it no longer does",
    "persisting": "asked again, and still there",
    "fixed": "asked again from the same zone, and the answers show that it is gone",
    "closed": "crossed, was asked again, and held",
}


def counted(rows: Sequence[Changed]) -> Doc:
    """How many there are of each, on one line."""
    counts, doc = Counter(each.look.label for each in rows), Doc().add(" ")
    for look in dict.fromkeys(row.look for row in rows):
        doc.mark(look).add(f" {counts[look.label]:,}   ")
    return doc


def scans_words(diff: Diff) -> str:
    """What was compared with what: `2 scans to 2026-11-05 10:30 against 3 to 2026-11-01 09:42 UTC`."""
    newest, last = (max((each.started for each in scans), default="") for scans in (diff.since, diff.base))
    until, when = (each[:16].replace("T", " ") for each in (newest, last))
    return f"{plural(len(diff.since), 'scan')} to {until} against {len(diff.base):,} to {when} UTC"
