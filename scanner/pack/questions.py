"""What an insurer asks, and what a scan says to it: each answer is observed, attested or not tested, and says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from scanner.model.attested import QUESTIONS
from scanner.model.report import CROSSED, FindingRow, Report, is_open
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
    question = "Are critical systems on networks of their own, and does the separation hold?"
    critical = {zone.name for zone in report.zones if zone.trust == "critical"}
    critical |= {host.zone for host in report.hosts if host.critical}
    cells = [each for each in report.cells if each.to in critical and each.from_ != each.to]
    breached = [each for each in cells if each.verdict == "BREACHED"]
    unknown = [each for each in cells if each.verdict in ("UNPROVEN", "UNTESTED") or each.supposed]
    if breached:
        pairs = ", ".join(f"{each.from_} to {each.to}" for each in breached)
        return Answered(question, "observed", f"No: forbidden traffic gets through ({pairs}).", "cells in report.json")
    if unknown or not cells:
        left = ", ".join(f"{each.from_} to {each.to}" for each in unknown) or "no zone holds a critical system"
        return Answered(question, "not tested", f"Not proved: {left}.", "coverage.csv")
    return Answered(
        question, "observed", f"Yes, on {plural(len(cells), 'boundary', 'boundaries')}.", "cells in report.json"
    )


def _inside(report: Report) -> Answered:
    question = "Can somebody on a guest or user network reach a management interface?"
    zones = {zone.name for zone in report.zones if zone.trust == "management"}
    reached = [
        each
        for each in report.reachability
        if each.to in zones and each.from_ != each.to and each.verdict in CROSSED and not each.allowed
    ]
    cells = [each for each in report.cells if each.to in zones and each.from_ != each.to]
    if reached:
        pairs = ", ".join(dict.fromkeys(f"{each.from_} to {each.to}" for each in reached))
        return Answered(question, "observed", f"Yes: {pairs}.", "reachability in report.json")
    if not cells or any(each.verdict != "AS_POLICY" or each.supposed for each in cells):
        return Answered(question, "not tested", "Not proved for every zone.", "coverage.csv")
    return Answered(question, "observed", "No.", "reachability in report.json")


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
    return _none_of(
        report,
        "Is software in use that nobody supports any more?",
        lambda each: each.kind == "end-of-life",
        "patches.csv",
        _judged(report),
    )


def _exploited(report: Report) -> Answered:
    return _none_of(
        report,
        "Is software in use with flaws that are known to be exploited (CISA KEV)?",
        lambda each: each.kind == "known-exploited",
        "patches.csv",
        _judged(report),
    )


def _exposed(report: Report) -> Answered:
    return _none_of(
        report,
        "Are services in use that carry passwords in clear text, or ask for none?",
        lambda each: each.kind == "exposure",
        "findings.csv",
        "" if any(host.services for host in report.hosts) else "No service was seen.",
    )


def _judged(report: Report) -> str:
    """Why no finding about versions says nothing; empty where every version seen was judged."""
    unknown = sum(each.verdict == "UNKNOWN" for each in report.patches)
    if not report.patches:
        return "No version was seen."
    judged = len(report.patches) - unknown
    return f"None of {judged} judged, but {plural(unknown, 'product')} could not be judged." if unknown else ""


def _none_of(report: Report, question: str, is_one: Callable[[FindingRow], bool], rests_on: str, lack: str) -> Answered:
    """A yes needs one finding; a no is only as wide as what was looked at, and says so. `lack`: what stands against
    a no; empty: nothing."""
    found = [each for each in report.findings if is_one(each) and is_open(each)]
    accepted = sum(is_one(each) for each in report.findings) - len(found)
    more = f" {plural(accepted, 'finding')} accepted: exceptions.csv." if accepted else ""
    if found:
        return Answered(question, "observed", f"Yes: {plural(len(found), 'finding')}.{more}", rests_on)
    if lack:
        return Answered(question, "not tested", lack + more, rests_on)
    return Answered(question, "observed", f"None seen on what was scanned (see coverage.csv).{more}", rests_on)


_OBSERVED: tuple[Callable[[Report], Answered], ...] = (_apart, _inside, _updates, _supported, _exploited, _exposed)


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
