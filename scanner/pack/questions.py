"""What an insurer asks, and what a scan says to it: each answer is observed, attested or not tested, and says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Literal, NamedTuple

from scanner.model.attested import QUESTIONS
from scanner.model.report import PatchRow, Report, is_open
from scanner.model.text import plural

Basis = Literal["observed", "attested", "not tested"]


class Answered(NamedTuple):
    question: str
    basis: Basis
    answer: str
    rests_on: str


def questions(report: Report) -> tuple[Answered, ...]:
    """In a fixed order. Whatever was not looked at is not tested; that nothing was found is no answer by itself."""
    return (*(each(report) for each in _OBSERVED), *_attested(report))


def _apart(report: Report) -> Answered:
    zones = {zone.name for zone in report.zones if zone.trust == "critical"}
    zones |= {host.zone for host in report.hosts if host.critical}
    return _fenced(report, "Are critical systems on networks of their own, and does the separation hold?", zones)


def _managed(report: Report) -> Answered:
    zones = {zone.name for zone in report.zones if zone.trust == "management"}
    return _fenced(report, "Is management apart from all other networks, but for what policy allows?", zones)


def _fenced(report: Report, question: str, zones: Set[str]) -> Answered:
    """Yes takes proof for every boundary of these zones."""
    cells = [each for each in report.cells if each.to in zones and each.from_ != each.to]
    breached = [each for each in cells if each.verdict == "BREACHED"]
    unknown = [each for each in cells if each.verdict != "AS_POLICY" or each.supposed]
    if breached:
        pairs = ", ".join(f"{each.from_} to {each.to}" for each in breached)
        return Answered(question, "observed", f"No: forbidden traffic gets through ({pairs}).", "cells in report.json")
    if unknown or not cells:
        left = ", ".join(f"{each.from_} to {each.to}" for each in unknown) or "no zone of that kind has a boundary"
        return Answered(question, "not tested", f"Not proved: {left}.", "coverage.csv")
    proved = plural(len(cells), "boundary", "boundaries")
    return Answered(question, "observed", f"Yes, proved on {proved}.", "cells in report.json")


def _updates(report: Report) -> Answered:
    question = "Are security updates applied in time?"
    rows = report.patches
    late = [each for each in rows if each.overdue_days is not None and each.overdue_days > 0]
    behind = [each for each in rows if each.verdict == "NON_COMPLIANT"]
    unknown = sum(each.verdict == "UNKNOWN" for each in rows)
    if not rows:
        return Answered(question, "not tested", "No version was seen.", "patches.csv")
    judged = len(rows) - unknown
    left = f" {plural(unknown, 'product')} could not be judged." if unknown else ""
    if late or behind:
        said = f"No: {len(behind)} of {judged} judged lack fixes, {len(late)} past a deadline.{left}"
        return Answered(question, "observed", said, "patches.csv, patch-ages.csv")
    if unknown:
        return Answered(question, "not tested", f"Of {judged} judged none lacks a fix.{left}", "patches.csv")
    return Answered(question, "observed", f"Yes, of {plural(judged, 'product')} seen.", "patches.csv")


def _supported(report: Report) -> Answered:
    old = [each for each in report.patches if each.verdict == "END_OF_LIFE"]
    return _versions(report, "Is software in use that nobody supports any more?", old)


def _exploited(report: Report) -> Answered:
    flawed = [each for each in report.patches if each.kev and each.verdict in ("NON_COMPLIANT", "END_OF_LIFE")]
    return _versions(report, "Is software in use with flaws that are known to be exploited (CISA KEV)?", flawed)


def _versions(report: Report, question: str, found: Sequence[PatchRow]) -> Answered:
    """A yes needs one version; a no takes that every version seen was judged. What is accepted is in use all the
    same."""
    unknown = sum(each.verdict == "UNKNOWN" for each in report.patches)
    judged = len(report.patches) - unknown
    left = f" {plural(unknown, 'product')} could not be judged." if unknown else ""
    if found:
        return Answered(
            question, "observed", f"Yes: {plural(len(found), 'product')} of {judged} judged.{left}", "patches.csv"
        )
    if unknown or not judged:
        return Answered(question, "not tested", f"None of {judged} judged.{left}", "patches.csv")
    return Answered(
        question, "observed", f"None of {judged} seen on what was scanned (see coverage.csv).", "patches.csv"
    )


def _exposed(report: Report) -> Answered:
    question = "Are services in use that are dangerous whatever their version (no login, clear text, old encryption)?"
    found = [each for each in report.findings if each.kind == "exposure"]
    accepted = sum(not is_open(each) for each in found)
    more = f" {accepted} of them accepted: exceptions.csv." if accepted else ""
    if found:
        return Answered(question, "observed", f"Yes: {plural(len(found), 'finding')}.{more}", "findings.csv")
    if not any(host.services for host in report.hosts):
        return Answered(question, "not tested", "No service was seen.", "coverage.csv")
    return Answered(question, "observed", "None seen on what was scanned (see coverage.csv).", "findings.csv")


_OBSERVED: tuple[Callable[[Report], Answered], ...] = (_apart, _managed, _updates, _supported, _exploited, _exposed)


def _attested(report: Report) -> Iterable[Answered]:
    holding = {each.answer: each for each in report.attestations if each.state == "holds"}
    lapsed = {each.answer: each for each in report.attestations if each.state != "holds"}
    for answer, question in QUESTIONS.items():
        if found := holding.get(answer):
            rests_on = f"attachments/{found.attachment}" if found.attachment else "attestations.csv"
            said = f"{found.statement} ({found.owner}, {found.date}; holds until {found.until})"
            yield Answered(question, "attested", said, rests_on)
        elif old := lapsed.get(answer):
            said = f"An attestation of {old.owner} of {old.date} does not hold on this day."
            yield Answered(question, "not tested", said, "attestations.csv")
        else:
            yield Answered(question, "not tested", "A network does not show it, and nobody attests it.", "")
