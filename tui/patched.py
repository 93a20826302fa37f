"""Documents about versions: what was judged and by which fact, the register of exceptions, the feeds. Pure."""

from __future__ import annotations

from scanner.exporters.patch_words import (
    age_words,
    behind_words,
    due_words,
    epss_words,
    findings_by_row,
    in_short,
    inventory_words,
    register_words,
    required_words,
    risk_of,
    rule_words,
    versions,
)
from scanner.exporters.words import why_unknown, without_padding
from scanner.model.report import DeadlineRow, PatchRow, Report
from tui.details import finding_line
from tui.doc import Doc
from tui.status import PATCHES, SEVERITY, TONES, Colour, mark

ENTRIES = 12
"""Entries of the register and feeds that the first page shows; it says how many more there are."""


def patch(row: PatchRow, report: Report) -> Doc:
    found = findings_by_row(report)(row)
    doc = Doc().mark(mark(PATCHES, row.verdict))
    risk = f"  risk {risk_of(found)}" if risk_of(found) else ""
    doc.add("  ").line(f"{row.confidence} confidence{risk}", "muted")
    doc.line(" ".join(filter(None, (row.title or row.product, row.version or "(no version)"))), bold=True).end()
    doc.field("host", row.host)
    if row.port is not None:
        doc.field("service", f"{row.transport}/{row.port}")
    doc.field("reason", row.reason).field("missing", why_unknown(row))
    for who, version in versions(row):
        doc.field(who, version)
    doc.field("required", " ".join(filter(None, (required_words(row), row.kb))))
    if row.fixed_at:
        age = "" if row.age_days is None else f", {row.age_days} days ago"
        doc.field("fixed", f"{row.fixed_at}{age}")
    doc.field("released", row.released).field("behind", behind_words(row))
    doc.field("support ends", row.eol)
    if row.severity:
        doc.label("severity").mark(mark(SEVERITY, row.severity)).end()
    if row.remote_code:
        doc.field("impact", "runs code over the network without logging in", "red")
    doc.field("exposed to", ", ".join(row.exposed_to), "red" if row.severity else "text")
    if row.deadlines or row.due:
        doc.title("Deadlines")
        _deadlines(doc, row, report)
    if row.kev:
        doc.title("Known to be exploited (CISA KEV)").bullets(row.kev, "red")
    if row.epss is not None:
        doc.title("Likely to be exploited within 30 days (EPSS)").line(epss_words(row.epss))
    if row.cves:
        doc.title("CVEs").bullets(row.cves)
    if found and any(each.risk_why for each in found):
        doc.title("Why this risk").bullets(dict.fromkeys(why for each in found for why in each.risk_why))
    doc.title("Evidence").lines(without_padding(row.evidence) or "none recorded")
    doc.title("Fact").line(row.source or "no fact was used")
    if row.rule:
        doc.add(f"rule {row.rule}: ", "muted").line(rule_words(row), "muted", hang=2)
    for each in found:
        doc.title("Finding")
        finding_line(doc, each)
        doc.lines(each.remedy)
        doc.title("Replay", "y copies it").lines(each.replay, "accent")
    return doc


def _deadlines(doc: Doc, row: PatchRow, report: Report) -> None:
    titles = {each.name: each.title or each.name for each in report.deadlines}
    shown = row.deadlines or (DeadlineRow("earliest", row.due or "", row.overdue_days or 0, "", None),)
    for each in shown:
        late = each.overdue_days > 0
        doc.add("! " if late else "• ", "red" if late else "muted", bold=late)
        doc.add(f"{titles.get(each.policy, each.policy)}: due {each.due}, ")
        doc.add(due_words(each.overdue_days), "red" if late else "text", bold=late)
        doc.line(f"  {each.rule}" if each.rule else "", "muted", hang=2)


def short(report: Report) -> Doc:
    """The state of the software in plain words."""
    doc = Doc()
    for line in in_short(report):
        colour = TONES[line.tone]
        doc.add("• ", colour).line(line.text, colour if line.tone == "bad" else "text", hang=2)
    return doc


def register(report: Report) -> Doc:
    """What was accepted, by whom, and which entries do nothing."""
    doc = Doc()
    # What does nothing first: somebody believes that it does.
    rows = sorted(report.accepted, key=lambda each: each.state == "held")
    for row in rows[:ENTRIES]:
        sign, words = register_words(row)
        idle = row.state != "held"
        doc.add(f"{sign} ", "amber" if idle else "text", bold=True).add(row.about, bold=True)
        count = f"{len(row.findings)} finding{'' if len(row.findings) == 1 else 's'}"
        doc.add(f"  {words}", "amber" if idle else "text").line(f", until {row.until}, {count}", "muted", hang=2)
        by = f"{row.owner or 'nobody'}{f', approved by {row.approved_by}' if row.approved_by else ''}: "
        doc.add("  ").add(by, "muted").line(row.reason, "muted", hang=2)
    if len(rows) > ENTRIES:
        doc.line(f"and {len(rows) - ENTRIES} more in the report", "muted")
    return doc


def inventories(doc: Doc, report: Report) -> None:
    """The lists of software that were imported, those of no host first."""
    if not report.inventories:
        return
    doc.title("Inventories that were imported")
    rows = sorted(report.inventories, key=lambda each: each.state != "unplaced")
    for row in rows[:ENTRIES]:
        sign, words = inventory_words(row)
        colour: Colour = "text" if row.state == "joined" else "amber"
        doc.add(f"{sign} ", colour, bold=row.state == "unplaced").add(row.source)
        of = ", ".join(row.hosts or row.names or row.addresses)
        doc.line(f"  of {row.taken}, {of}: {words}, {row.reason}", "muted", hang=2)
    if len(rows) > ENTRIES:
        doc.line(f"and {len(rows) - ENTRIES} more in the report", "muted")


def feeds(doc: Doc, report: Report) -> None:
    """The editions of the facts, the stale ones first."""
    if not report.feeds:
        return
    doc.title("Facts that versions are judged by")
    rows = sorted(report.feeds, key=lambda each: each.state != "stale")
    for row in rows[:ENTRIES]:
        stale = row.state == "stale"
        doc.add("! " if stale else "● ", "amber" if stale else "text", bold=stale).add(row.title or row.name)
        said = f"  of {row.dated}, {age_words(row)}"
        doc.line(f"{said}, too old to acquit (limit {row.limit_days})" if stale else said, "muted", hang=2)
    if len(rows) > ENTRIES:
        doc.line(f"and {len(rows) - ENTRIES} more in the report", "muted")
