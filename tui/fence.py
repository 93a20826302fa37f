"""What proves or breaks a fence, as parts of documents: paths, cuts, what falls, what a canary measured. Pure."""

from __future__ import annotations

from functools import partial

from scanner.exporters.fence_page import fall, measurements
from scanner.exporters.fence_words import cut_words, past_fences, path_of
from scanner.exporters.verdict import stood_in
from scanner.model.report import FindingRow, HostRow, PathRow, Report
from scanner.model.text import plural
from tui.doc import Doc
from tui.draw import around, chain
from tui.draw.scene import scene
from tui.lookup import denials_by_finding
from tui.status import TONES

ROWS = 30
"""Rows of a canary that the detail of a pair lists."""
DENIALS = 5


def path(doc: Doc, finding: FindingRow, report: Report) -> bool:
    """Draw the way that a finding tells; False where it tells none, or the report does not hold it."""
    way = scene(finding, report)
    if way is None:
        return False
    doc.title("Path", "p has it in a window of its own")
    doc.drawing(partial(chain.draw, way), chain.words(way))
    found = path_of(finding, report.paths)
    if found is not None:
        steps(doc, found)
    return True


def reached(doc: Doc, host: HostRow, finding: FindingRow, report: Report) -> None:
    """Who reaches what a finding about a host is about."""
    doc.title("Reached from")
    around.host(doc, host, finding.transport, finding.port, report)


def steps(doc: Doc, row: PathRow) -> None:
    """What was seen of each step of a path."""
    doc.field("critical", row.critical)
    for number, hop in enumerate(row.hops, 1):
        doc.add(f"{number}. ", "muted").line(hop.evidence or "nothing recorded", "muted", hang=3)


def closed_by(doc: Doc, finding: FindingRow, report: Report) -> None:
    """Which denials of the least cut close a finding."""
    found = denials_by_finding(report)[finding.id]
    if found:
        doc.title("The least cut", "closes it by")
        doc.bullets(f"deny {each.from_} → {each.to}, except what policy allows" for each in found)


def cut(doc: Doc, report: Report) -> None:
    """The least cut in a few lines; nothing where the report has none."""
    row = report.cut
    if row is None:
        return
    doc.line(cut_words(row, past_fences(report.findings)), bold=True)
    for number, each in enumerate(row.denials[:DENIALS], 1):
        doc.add(f"{number}  ", "accent", bold=True).add(f"deny {each.from_} → {each.to}")
        doc.line(f"   closes {plural(len(each.closes), 'finding')}" if each.closes else "", "muted", hang=3)
    if len(row.denials) > DENIALS:
        doc.line(f"   and {len(row.denials) - DENIALS} more in the report", "muted")
    for left in row.left[:DENIALS]:
        doc.add("! ", "amber", bold=True).add("no rule cuts ", "amber").line(left, "amber", hang=2)
    if len(row.left) > DENIALS:
        doc.line(f"  and {len(row.left) - DENIALS} more in the report", "amber")
    if row.denials:
        doc.line("Fixes (f) has the rules for each firewall.", "muted")
    doc.end()


def falls_from(doc: Doc, start: str, zone: str, report: Report) -> None:
    """What falls to whoever has a foothold in a zone or on a host of it; nothing where the report does not say."""
    row = next((each for each in report.blast if each.start == start), None)
    if row is None:
        return
    each = fall(row, zone in stood_in(report))
    doc.title("What falls with a foothold there")
    where = f" in {', '.join(row.zones)}" if row.zones else ""
    doc.field("taken over", f"{plural(row.hosts, 'host')}{where}").field("reached", plural(row.reached, "host"))
    doc.field("by design", ", ".join(each.by_design)).field("by a breach", ", ".join(row.forbidden), "red")
    if not row.critical:
        doc.field("critical", "none is reached, by what was seen")
    if each.blind:
        doc.line("Nobody scanned from there: what it reaches in other zones is not known.", "amber")


def measured(doc: Doc, from_: str, to: str, report: Report) -> None:
    """What a canary measured from one zone to another."""
    rows = [row for row in report.measured if (row.from_, row.to) == (from_, to)]
    for group in measurements(rows):
        doc.title("Measured by a canary")
        for each in group.ranges[:ROWS]:
            doc.add(f"{each.ports}  ", "accent").add(f"{each.row.address}  ")
            doc.add(f"{each.mark.glyph} {each.mark.word}", "red" if each.breach else TONES[each.mark.tone], bold=True)
            doc.add(f"  {each.asked}" if each.asked else "", "amber")
            doc.line("  allowed" if each.row.allowed else "  forbidden", "muted", hang=2)
            doc.add("  ").line(each.row.reason, "muted", hang=2)
        if len(rows) > ROWS:
            doc.line(f"and {plural(len(rows) - ROWS, 'more row')} in the report", "muted")
