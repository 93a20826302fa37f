"""The panels of the overview as documents. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from rich.cells import cell_len

from scanner.exporters.fence_words import NOTES, change_words
from scanner.exporters.patch_words import first_of
from scanner.exporters.verdict import conclude, is_scan
from scanner.model.report import Report, VantageRow, is_open
from scanner.model.text import plural, visible
from tui import fence, patched
from tui.doc import Doc
from tui.draw import around
from tui.draw import zones as picture
from tui.facts import cells_by_pair, engine_words, pair_verdicts, summary_of, zone_names
from tui.status import PATCHES, SEVERITY, TONES, Mark, cell_look, cell_looks, mark, severity_rank

Draw = Callable[[int], Doc]
"""A document for a width in cells."""

REMEDIES, STEPS, FINDINGS, LIMITS, NOTED = 5, 2, 6, 8, 4
"""How many the first page shows; it says how many more there are."""


def verdict(report: Report) -> Doc:
    fence, figures = conclude(report), summary_of(report)
    doc = Doc().line(f"{fence.glyph} {fence.word}. {fence.sentence}", TONES[fence.tone], bold=True, hang=2)
    doc.line(fence.software)
    sessions = sum(map(is_scan, report.vantages))
    facts = [
        plural(figures.hosts, "host"),
        plural(figures.services, "service"),
        plural(len(zone_names(report)), "zone"),
        plural(sessions, "session"),
    ]
    if figures.excepted:
        facts.append(f"{figures.excepted} accepted")
    return doc.add(" · ".join(facts), "muted")


def severities(report: Report, width: int) -> Doc:
    return _bars(SEVERITY, summary_of(report).findings, width)


def versions(report: Report, width: int) -> Doc:
    return _bars(PATCHES, summary_of(report).patches, width)


def _bars(marks: Mapping[str, Mark], counts: Mapping[str, int], width: int) -> Doc:
    """A bar for each verdict, in proportion to the largest; what was counted is never drawn as nothing."""
    label = max(len(look.label) for look in marks.values()) + 2
    room = max(4, width - label - 6)
    most = max([counts.get(word, 0) for word in marks], default=0)
    doc = Doc()
    for index, (word, look) in enumerate(marks.items()):
        count = counts.get(word, 0)
        if index:
            doc.end()
        doc.add(look.label.ljust(label), look.colour if count else "muted", bold=count > 0)
        doc.add(f"{count:>4}  ", "text" if count else "muted", bold=count > 0)
        doc.add("━" * (max(1, room * count // most) if count else 0), look.colour)
    return doc


def zones(report: Report, width: int) -> Doc:
    """The matrix in small: zones are numbered, a row is where a flow starts."""
    names, cells, counts = zone_names(report), cells_by_pair(report), pair_verdicts(report)
    margin = min(max([len(visible(name)) for name in names], default=0), 18) + 4
    size = 6 if width - margin >= 6 * len(names) else 3
    shown = max(1, min(len(names), (width - margin) // size))
    doc = Doc().add("from ↓  to →"[:margin].ljust(margin), "muted")
    for number in range(1, shown + 1):
        doc.add(str(number).center(size - 1) + " ", "muted")
    doc.end()
    for row, left in enumerate(names[:shown], 1):
        title = visible(left)
        doc.add(f"{row:>2} ", "muted").add((title if len(title) <= 18 else title[:17] + "…").ljust(margin - 3))
        for right in names[:shown]:
            cell = cells.get((left, right))
            look = cell_look(cell)
            if cell is None and left == right:
                doc.add(" " * size)
            else:
                doc.tile(look, size - 1).add(" ")
        doc.end()
    if shown < len(names):
        doc.line(f"and {len(names) - shown} more zones on the Matrix", "muted")
    doc.end()
    room = width
    for word, look in cell_looks(report).items():
        count = f" {counts[word]}   "
        needed = cell_len(look.label + count.rstrip())
        if needed > room:
            doc.end()
            room = width
        doc.mark(look).add(count)
        room -= cell_len(look.label + count)
    return doc


def plan(report: Report) -> Doc:
    """The zones and what gets from one to another, drawn."""
    doc = Doc()
    picture.picture(doc, report)
    around.legend(doc.end(), picture.chosen(report).pairs, report)
    return doc


def first(report: Report) -> Doc:
    """Remedies in the report's own order, and what each would close."""
    doc = Doc()
    fence.cut(doc, report)
    by_id = {finding.id: finding for finding in report.findings}
    for number, remedy in enumerate(report.remediation[:REMEDIES], 1):
        closed = [by_id[each].severity for each in remedy.closes if each in by_id]
        doc.add(f"{number}  ", "accent", bold=True).add(remedy.title, bold=True)
        if closed:
            doc.add(f"   closes {len(closed)}, worst ", "muted")
            doc.mark(mark(SEVERITY, max(closed, key=severity_rank)), bold=False)
        doc.end(hang=3)
        steps = change_words(remedy)
        for step in steps[:STEPS]:
            doc.add("   ").line(step, "muted", hang=3)
        if len(steps) > STEPS:
            doc.line(f"   and {len(steps) - STEPS} more lines in the report", "muted")
    if len(report.remediation) > REMEDIES:
        doc.line(f"   and {len(report.remediation) - REMEDIES} more in the report", "muted")
    if not report.remediation:
        doc.line("The report proposes no change.", "muted")
    return doc


def worst(report: Report) -> Doc:
    """The worst open findings, the riskiest first within a severity."""
    still_open = sorted(filter(is_open, report.findings), key=first_of)
    doc = Doc()
    for finding in still_open[:FINDINGS]:
        look = mark(SEVERITY, finding.severity)
        doc.add(look.label.ljust(12), look.colour, bold=True).line(finding.title, hang=12)
    if len(still_open) > FINDINGS:
        doc.line(f"and {len(still_open) - FINDINGS} more: Gaps and Patches have them all", "muted")
    if not still_open:
        doc.line("No finding is open. What was not tested is under Coverage and limits.", "muted")
    return doc


def limits(report: Report) -> Doc:
    """What the verdict rests on, and what it does not cover."""
    doc = Doc()
    stood: dict[str, list[VantageRow]] = {}
    for vantage in filter(is_scan, report.vantages):
        stood.setdefault(vantage.zone, []).append(vantage)
    for zone, sessions in stood.items():
        unfinished = sum(not session.complete for session in sessions)
        doc.add("! " if unfinished else "● ", "amber" if unfinished else "text", bold=True).add(f"from {zone}")
        where = dict.fromkeys(f"{session.address}, {engine_words(session)}" for session in sessions)
        times = f", {len(sessions)} sessions" if len(sessions) > 1 else ""
        doc.add(f"  {'; '.join(where)}{times}", "muted")
        doc.line(f"  {unfinished} unfinished: scan --resume" if unfinished else "", "amber", hang=2)
    for name in zone_names(report):
        if name not in stood:
            doc.add("– ", "grey", bold=True).add(f"from {name}").line("  nobody stood here: nothing is known", "muted")
    states = Counter(row.state for row in report.coverage)
    if states:
        words = ", ".join(f"{states[state]} {state}" for state in ("tested", "partial", "untested") if states[state])
        doc.end().line(f"Zone pairs: {words}")
    # Many pairs share one reason; one line says it for all of them.
    reasons = Counter((row.state, row.reason) for row in report.coverage if row.state != "tested")
    for (state, reason), count in reasons.most_common(LIMITS):
        doc.add("? " if state == "partial" else "– ", "amber" if state == "partial" else "grey", bold=True)
        doc.line(f"{count} {state}: {reason}", "muted", hang=2)
    if len(reasons) > LIMITS:
        doc.line(f"and {len(reasons) - LIMITS} more reasons in the report", "muted")
    ears = dict.fromkeys(row.zone for row in report.vantages if row.purpose == "canary")
    if ears:
        doc.end().line(f"A canary listened in {', '.join(ears)}: the Matrix shows what it measured.")
    patched.inventories(doc, report)
    patched.feeds(doc, report)
    if report.policy_notes:
        doc.title("Odd about the policy")
    for note in report.policy_notes[:NOTED]:
        doc.add("! ", "amber", bold=True).add(f"{note.rule}  {NOTES.get(note.kind, note.kind)}: ")
        doc.line(note.text, "muted", hang=2)
    if len(report.policy_notes) > NOTED:
        doc.line(f"and {len(report.policy_notes) - NOTED} more in the report", "muted")
    return doc
