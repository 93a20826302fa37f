"""What to change: the denials of the least cut and the steps of the plan, with their rules, as rows and documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from scanner.exporters.fence_words import FIREWALLS, change_words
from scanner.model.base import SEVERITIES
from scanner.model.report import FindingRow, Report
from scanner.model.text import plural
from tui.doc import Doc
from tui.once import per_report
from tui.query import Column
from tui.rows import Table
from tui.status import SEVERITY, mark, severity_rank

DIALECTS = tuple(FIREWALLS)
"""The firewalls whose rules can be shown, in the order in which a key goes through them."""
RULE_LINES = 400
"""Lines of rules that are shown; all of them are copied."""


class Fix(msgspec.Struct, frozen=True):
    """One change: of the least cut, or a step of the plan."""

    title: str
    kind: str
    closes: tuple[str, ...]
    words: tuple[str, ...]
    rules: Mapping[str, str]


@per_report
def fixes(report: Report) -> tuple[Fix, ...]:
    """The least cut first, then the plan in its own order; a denial that is a step of the plan as well is told once."""
    return tuple(_fixes(report))


def _fixes(report: Report) -> Iterator[Fix]:
    # Of rules that are the same two steps would be one.
    planned = {tuple(row.rules.items()): row for row in reversed(report.remediation) if row.rules}
    told = set()
    for each in report.cut.denials if report.cut else ():
        step = planned.pop(tuple(each.rules.items()), None)
        if step is not None:
            told.add(id(step))
        words = change_words(step) if step else ()
        if not words and each.services:
            words = (f"Gets through now and should not: {', '.join(each.services)}.",)
        closes = tuple(dict.fromkeys((*each.closes, *(step.closes if step else ()))))
        title = f"Deny {each.from_} → {each.to}, except what policy allows"
        yield Fix(title, "least cut", closes, words, each.rules)
    for row in report.remediation:
        if id(row) not in told:
            yield Fix(row.title, "firewall" if row.rules else "step", row.closes, change_words(row), row.rules)


def closing(report: Report, ids: Collection[str]) -> tuple[Fix, ...]:
    """The changes with rules that close one of these findings."""
    by_finding = _closing(report)
    found = sorted({at for each in ids for at in by_finding.get(each, ())})
    return tuple(fixes(report)[at] for at in found)


@per_report
def _closing(report: Report) -> Mapping[str, tuple[int, ...]]:
    """Finding -> which of the changes with rules close it."""
    by_finding: dict[str, tuple[int, ...]] = {}
    for at, fix in enumerate(fixes(report)):
        alone = (at,)
        for each in fix.closes if fix.rules else ():
            before = by_finding.get(each)
            by_finding[each] = alone if before is None else (*before, at)
    return by_finding


def table(found: tuple[Fix, ...], report: Report) -> Table:
    columns = (
        Column(key="title", title="WHAT TO CHANGE", least=36, most=72),
        Column(key="worst", title="WORST", least=10, match="label", ranks=SEVERITIES),
        Column(key="closes", title="CLOSES", least=6, right=True, order=int),
        Column(key="kind", title="KIND", least=9),
        Column(key="id", title="", shown=False, match="words"),
    )
    by_id = {each.id: each for each in report.findings}
    return columns, [
        (each.title, _worst(each, by_id), str(len(each.closes)), each.kind, " ".join(each.closes)) for each in found
    ]


def _worst(fix: Fix, by_id: Mapping[str, FindingRow]) -> str:
    closed = [by_id[each].severity for each in fix.closes if each in by_id]
    return mark(SEVERITY, max(closed, key=severity_rank)).label if closed else ""


def document(fix: Fix, report: Report, dialect: str) -> Doc:
    """What to do, what it closes, and the rules as one firewall writes them."""
    doc = Doc().line(fix.title, bold=True).line(fix.kind, "muted")
    doc.title("Change").lines("\n".join(fix.words) or "The rules below say it.")
    if fix.rules:
        rules(doc, fix, dialect)
    closed = [each for each in report.findings if each.id in set(fix.closes)]
    if closed:
        doc.title("Closes", plural(len(fix.closes), "finding"))
    for each in closed:
        look = mark(SEVERITY, each.severity)
        doc.add(look.label.ljust(12), look.colour, bold=True).line(each.title, hang=12)
    return doc


def rules(doc: Doc, fix: Fix, dialect: str) -> None:
    """The rules of a change as a firewall writes them, and which key shows those of another one."""
    doc.title(f"Rules for {FIREWALLS.get(dialect, dialect)}", "d: another firewall, c copies them")
    text = rules_text(fix, dialect)
    if text is None:
        doc.line("The report has no rules for this firewall: d shows another.", "muted")
        return
    lines = text.split("\n")
    for line in lines[:RULE_LINES]:
        doc.line(line, "accent", hang=2)
    if len(lines) > RULE_LINES:
        doc.line(f"and {plural(len(lines) - RULE_LINES, 'more line')}, which c copies too", "muted")


def rules_text(fix: Fix, dialect: str) -> str | None:
    return fix.rules.get(dialect)
