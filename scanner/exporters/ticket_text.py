"""Tickets out of a report: one for each step of its plan, as plain text that any ticket system takes.

A ticket's fingerprint names what is to be changed where, never when or in which words, so that the next report finds
the ticket again. What is accepted is no work and gets none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from scanner.exporters.fence_words import FIREWALLS, change_words
from scanner.exporters.patch_words import due_words, first_of, rows_by_finding
from scanner.exporters.words import NOT_MEASURED, without_padding
from scanner.model.base import SEVERITIES, Severity
from scanner.model.report import ExceptionRow, FindingRow, PatchRow, RemedyRow, Report, is_open
from scanner.model.text import plural, visible

TITLE = 100
"""Characters of a title: as many as ConnectWise takes."""
SITE = 30
FINDINGS = 40
"""Findings of a ticket that are told in full; it says how many more there are."""
EVIDENCE = 600
LINES = 200
"""Lines of a change, and of its rules."""

Key = tuple[str | int | None, ...]


class Ticket(msgspec.Struct, frozen=True):
    """One item of work. All of its text is plain, visible, and bounded."""

    fingerprint: str
    """`fencewalk-` and 16 hexadecimal digits: the same in every report for the same change at the same site."""
    title: str
    severity: Severity
    """That of the worst finding that it closes."""
    findings: tuple[str, ...]
    """Ids of what it closes, as the plan has them."""
    body: str
    """Lines end with a line feed."""


class Work(msgspec.Struct, frozen=True):
    """A step of the plan with the findings of the report that it closes, and what it is known by."""

    row: RemedyRow
    closes: tuple[FindingRow, ...]
    key: Key


def tickets(report: Report, dialect: str | None = None) -> Iterator[Ticket]:
    """A ticket for each step of the plan, in its order, then for each open finding that no step closes.

    `dialect`: the firewall whose rules are told, a key of `fence_words.FIREWALLS`.
    """
    versions = rows_by_finding(report)
    return (_ticket(each, report, versions, dialect) for each in works(report))


def tickets_for(report: Report, findings: Collection[str], dialect: str | None = None) -> tuple[Ticket, ...]:
    """The tickets that close any of these findings, by their ids."""
    wanted = frozenset(findings)
    chosen = [each for each in works(report) if not wanted.isdisjoint(found.id for found in each.closes)]
    versions = rows_by_finding(report) if chosen else {}
    return tuple(_ticket(each, report, versions, dialect) for each in chosen)


def no_ticket(finding: FindingRow) -> str:
    """Why a finding has no ticket, in a sentence; empty where it has one."""
    accepted = finding.exception
    if accepted is None or accepted.expired:
        return ""
    return f"Accepted by {visible(accepted.owner)} until {visible(accepted.until)}: no work to hand out until then."


def works(report: Report) -> Iterator[Work]:
    """What there is to do, each with a key of its own."""
    by_id = {each.id: each for each in report.findings}
    taken: set[Key] = set()
    planned: set[str] = set()
    for row in report.remediation:
        planned.update(row.closes)
        closes = tuple(by_id[each] for each in row.closes if each in by_id)
        if closes:
            key = _key(row, closes[0])
            if key in taken:  # two steps at one place: only their words tell them apart
                key = (*key, row.title)
            taken.add(key)
            yield Work(row, closes, key)
    for each in report.findings:
        if each.id not in planned and is_open(each):
            yield Work(RemedyRow(each.title, (each.id,), each.remedy), (each,), ("finding", each.id))


def _key(row: RemedyRow, first: FindingRow) -> Key:
    """What a step is about. The words of its title may be another's by the next release; the place does not change."""
    if first.kind == "segmentation-gap":
        return ("move", first.host, first.to) if first.from_ == first.to else ("deny", first.from_, first.to)
    if first.kind == "dual-homed":
        return "bridge", first.host
    if first.kind == "required-flow-blocked":
        return "allow", first.from_, first.to, first.transport, first.port
    if first.kind in ("outdated", "end-of-life", "known-exploited"):
        return "update", first.host
    if first.kind == "unknown-device":
        return "harden", first.host
    return "step", row.title


def _fingerprint(report: Report, key: Key) -> str:
    text = msgspec.json.encode([visible(each) if isinstance(each, str) else each for each in key])
    place = msgspec.json.encode([visible(report.client), visible(report.site)])
    return f"fencewalk-{hashlib.blake2s(place + text, digest_size=8).hexdigest()}"


def _ticket(work: Work, report: Report, versions: Mapping[str, PatchRow], dialect: str | None) -> Ticket:
    # An accepted finding may be closed along with the others, but is not why the work is done.
    waiting = tuple(filter(is_open, work.closes)) or work.closes
    worst = max(waiting, key=lambda each: SEVERITIES.index(each.severity)).severity
    fingerprint = _fingerprint(report, work.key)
    return Ticket(
        fingerprint=fingerprint,
        title=_title(work.row.title, report.site),
        severity=worst,
        findings=tuple(each.id for each in work.closes),
        body="".join(f"{line}\n" for line in _body(work, worst, report, versions, dialect, fingerprint)),
    )


def _title(what: str, site: str) -> str:
    site = _cut(visible(site), SITE)
    return f"{_cut(visible(what), TITLE - len(site) - 3)} ({site})"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _body(
    work: Work,
    worst: Severity,
    report: Report,
    versions: Mapping[str, PatchRow],
    dialect: str | None,
    fingerprint: str,
) -> Iterator[str]:
    yield f"{visible(report.client)} / {visible(report.site)}, assessed {visible(report.generated)}"
    if report.what_if:
        yield f"{NOT_MEASURED}: as if the fence had {'; '.join(f'deny {visible(each)}' for each in report.what_if)}"
    yield ""
    yield "WHAT TO CHANGE"
    yield from _bounded(change_words(work.row) or (work.row.title,))
    yield ""
    yield f"WHY: {plural(len(work.closes), 'finding')}, the worst {worst}"
    order = sorted(work.closes, key=first_of)
    for number, finding in enumerate(order[:FINDINGS], 1):
        yield ""
        yield f"{number}. {finding.severity}: {visible(finding.title)}"
        yield from (f"   {line}" for line in _facts(finding, versions.get(finding.id)))
    if len(order) > FINDINGS:
        yield ""
        yield f"and {plural(len(order) - FINDINGS, 'more finding')}: the report lists them"
    rules = work.row.rules.get(dialect or "")
    if rules is not None:
        yield ""
        yield f"RULES for {FIREWALLS.get(dialect or '', dialect)}"
        yield from _bounded(rules.split("\n"))
    elif work.row.rules:
        yield ""
        names = ", ".join(FIREWALLS.get(each, visible(each)) for each in work.row.rules)
        yield f"The report holds the rules for {names}."
    yield ""
    yield "DONE WHEN the same probes, sent again from the same zone, show that it is gone; silence is no fix."
    yield f"Fingerprint: {fingerprint}"


def _facts(finding: FindingRow, version: PatchRow | None) -> Iterator[str]:
    where = " → ".join(visible(each) for each in (finding.from_, finding.to) if each)
    service = f"{finding.transport}/{finding.port}" if finding.port is not None else ""
    place = ", ".join(filter(None, (where, visible(finding.host or ""), service)))
    yield f"finding: {visible(finding.id)}"
    if place:
        yield f"where: {place}"
    for hop in finding.path[:FINDINGS]:
        yield f"path: {visible(hop)}"
    if version is not None and version.due:
        late = "" if version.overdue_days is None else f", {due_words(version.overdue_days)}"
        yield f"due: {visible(version.due)}{late}"
    if version is not None and version.kev:
        yield f"exploited in the wild (CISA KEV): {visible(', '.join(version.kev))}"
    if finding.evidence != "; ".join(finding.path):
        yield from _labelled("seen", without_padding(finding.evidence).split("\n"), EVIDENCE)
    yield from _labelled("check again", finding.replay.split("\n"))
    if finding.exception is not None:
        yield _accepted(finding.exception)


def _accepted(row: ExceptionRow) -> str:
    state = "was accepted until" if row.expired else "is accepted until"
    return f"this one {state} {visible(row.until)} by {visible(row.owner)}: {visible(row.reason)}"


def _labelled(label: str, lines: Iterable[str], limit: int = 4096) -> Iterator[str]:
    text = [visible(line, limit) for line in lines if line]
    for number, line in enumerate(text[:LINES]):
        yield f"{label}: {line}" if not number else f"{' ' * len(label)}  {line}"


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    every = [visible(line) for line in lines]
    yield from every[:LINES]
    if len(every) > LINES:
        yield f"and {plural(len(every) - LINES, 'more line')} in the report"
