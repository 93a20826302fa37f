"""What an insurer asks, and what a scan says to it: each answer is observed, attested or not tested, and says so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence, Set
from typing import Literal, NamedTuple

from scanner.assess.policies.policy import Policy
from scanner.model.attested import QUESTIONS
from scanner.model.report import PatchRow, Report, is_open
from scanner.model.site import Site
from scanner.model.text import plural

Basis = Literal["observed", "attested", "not tested"]
_CROSSING = frozenset({"segmentation-gap", "attack-path", "dual-homed"})
"""Findings that tell of a way into a zone, whatever its cells say."""


class Answered(NamedTuple):
    question: str
    basis: Basis
    answer: str
    rests_on: str


class Beyond(NamedTuple):
    """What answers rest on and no report tells."""

    unseen: tuple[str, ...] = ()
    """Critical systems of the site file that no scan saw."""
    unfenced: Set[tuple[str, str]] = frozenset()
    """Pairs of zones between which policy lets everything pass: there is no denial that could hold."""
    lacking: frozenset[str] = frozenset()
    """Attachments that are not in the pack."""


def beyond(site: Site, report: Report) -> Beyond:
    policy = Policy(site)
    seen = {address for host in report.hosts if host.critical for address in host.addresses}
    unseen = tuple(each.name for each in site.critical if not seen.issuperset(each.hosts))
    pairs = ((each.from_, each.to) for each in report.cells)
    return Beyond(unseen, frozenset(each for each in pairs if policy.allows_all(*each)))


def questions(report: Report, known: Beyond | None = None) -> tuple[Answered, ...]:
    """In a fixed order. Whatever was not looked at is not tested; that nothing was found is no answer by itself."""
    known = known or Beyond()
    return (
        _apart(report, known),
        _managed(report, known),
        _updates(report),
        _supported(report),
        _exploited(report),
        _exposed(report),
        *_attested(report, known.lacking),
    )


def _apart(report: Report, known: Beyond) -> Answered:
    question = "Are critical systems on networks of their own, and does the separation hold?"
    trust = {zone.name: zone.trust for zone in report.zones}
    homes = {host.zone for host in report.hosts if host.critical}
    zones = {name for name, each in trust.items() if each == "critical"} | homes
    company = {host.zone for host in report.hosts if not host.critical and trust.get(host.zone) != "critical"}
    shared = sorted(homes & company)
    if shared:
        said = f"No: other machines are on the same network ({', '.join(shared)})."
        return Answered(question, "observed", said, "hosts in report.json")
    alone = [f"no scan saw {', '.join(known.unseen)}"] if known.unseen else []
    common = sorted(each for each in homes if trust.get(each) != "critical")
    if common:
        alone.append(f"{', '.join(common)} is no network for critical systems by the site file")
    return _fenced(report, question, zones, known, alone)


def _managed(report: Report, known: Beyond) -> Answered:
    zones = {zone.name for zone in report.zones if zone.trust == "management"}
    question = "Is management apart from all other networks, but for what policy allows?"
    return _fenced(report, question, zones, known, [])


def _fenced(report: Report, question: str, zones: Set[str], known: Beyond, doubts: Sequence[str]) -> Answered:
    """Yes takes proof for every boundary of these zones, and that nothing else leads across it."""
    cells = [each for each in report.cells if each.to in zones and each.from_ != each.to]
    breached = [f"{each.from_} to {each.to}" for each in cells if each.verdict == "BREACHED"]
    breached += [
        f"{each.from_} to {each.to}"
        for each in report.findings
        if each.kind in _CROSSING and each.from_ != each.to and _touches(zones, each.from_, each.to, each.kind)
    ]
    if breached:
        pairs = ", ".join(dict.fromkeys(breached))
        return Answered(question, "observed", f"No: forbidden traffic gets through ({pairs}).", "cells in report.json")
    unfenced = [f"{each.from_} to {each.to}" for each in cells if (each.from_, each.to) in known.unfenced]
    if unfenced:
        said = f"No: policy lets everything pass ({', '.join(unfenced)})."
        return Answered(question, "observed", said, "inputs/site.yaml")
    unknown = [f"{each.from_} to {each.to}" for each in cells if each.verdict != "AS_POLICY" or each.supposed]
    if unknown or doubts or not cells:
        left = ", ".join(unknown) or ("" if cells else "no zone of that kind has a boundary")
        said = "; ".join((*filter(None, [left]), *doubts))
        return Answered(question, "not tested", f"Not proved: {said}.", "coverage.csv")
    whole = {(each.from_, each.to) for each in report.coverage if each.state == "tested"}
    partly = sum((each.from_, each.to) not in whole for each in cells)
    more = f"; {partly} of them were asked in part (coverage.csv)" if partly else ""
    proved = plural(len(cells), "boundary", "boundaries")
    return Answered(question, "observed", f"Yes, proved on {proved}{more}.", "cells in report.json")


def _touches(zones: Set[str], from_: str | None, to: str | None, kind: str) -> bool:
    """A machine that stands in two zones leads both ways."""
    return to in zones or (kind == "dual-homed" and from_ in zones)


def _updates(report: Report) -> Answered:
    question = "Are security updates applied in time?"
    rows = report.patches
    late = [each for each in rows if each.overdue_days is not None and each.overdue_days > 0]
    behind = [each for each in rows if each.verdict == "NON_COMPLIANT"]
    ended = [each for each in rows if each.verdict == "END_OF_LIFE"]
    if not rows:
        return Answered(question, "not tested", "No version was seen.", "patches.csv")
    judged = sum(each.verdict != "UNKNOWN" for each in rows)
    gaps = _gaps(report)
    left = f" {gaps}" if gaps else ""
    if late or behind or ended:
        old = f", {len(ended)} get none any more" if ended else ""
        said = f"No: {len(behind)} of {judged} judged lack fixes, {len(late)} past a deadline{old}.{left}"
        return Answered(question, "observed", said, "patches.csv, patch-ages.csv")
    if gaps or not judged:
        return Answered(question, "not tested", f"Of {judged} judged none lacks a fix.{left}", "patches.csv")
    return Answered(question, "observed", f"Yes, of {plural(judged, 'product')} seen.", "patches.csv")


def _supported(report: Report) -> Answered:
    old = [each for each in report.patches if each.verdict == "END_OF_LIFE"]
    return _versions(report, "Is software in use that nobody supports any more?", old)


def _exploited(report: Report) -> Answered:
    flawed = [each for each in report.patches if each.kev and each.verdict in ("NON_COMPLIANT", "END_OF_LIFE")]
    return _versions(report, "Is software in use with flaws that are known to be exploited (CISA KEV)?", flawed)


def _versions(report: Report, question: str, found: Sequence[PatchRow]) -> Answered:
    """A yes needs one version; a no takes that every host that was seen told of a version, and that each was judged.
    What is accepted is in use all the same."""
    judged = sum(each.verdict != "UNKNOWN" for each in report.patches)
    gaps = _gaps(report)
    left = f" {gaps}" if gaps else ""
    if found:
        return Answered(
            question, "observed", f"Yes: {plural(len(found), 'product')} of {judged} judged.{left}", "patches.csv"
        )
    if gaps or not judged:
        return Answered(question, "not tested", f"None of {judged} judged.{left}", "patches.csv")
    return Answered(
        question, "observed", f"None of {judged} seen on what was scanned (see coverage.csv).", "patches.csv"
    )


def _gaps(report: Report) -> str:
    """What is not known of the software in use, in sentences; empty where every host told, and all was judged."""
    unknown = sum(each.verdict == "UNKNOWN" for each in report.patches)
    known = {each.host for each in report.patches}
    silent = sum(each.id not in known for each in report.hosts)
    parts = []
    if unknown:
        parts.append(f"{plural(unknown, 'product')} could not be judged.")
    if silent:
        parts.append(f"Of {silent} of {plural(len(report.hosts), 'host')} no version is known.")
    return " ".join(parts)


def _exposed(report: Report) -> Answered:
    question = "Are services in use that are dangerous whatever their version (no login, clear text, old encryption)?"
    found = [each for each in report.findings if each.kind == "exposure"]
    accepted = sum(not is_open(each) for each in found)
    more = f" {accepted} of them accepted: exceptions.csv." if accepted else ""
    if found:
        return Answered(question, "observed", f"Yes: {plural(len(found), 'finding')}.{more}", "findings.csv")
    services = [each for host in report.hosts for each in host.services if each.state == "open"]
    if not services:
        return Answered(question, "not tested", "No service was seen.", "coverage.csv")
    unnamed = sum(each.service is None and each.product is None for each in services)
    if unnamed:
        said = f"None seen, and {unnamed} of {plural(len(services), 'service')} did not say what they are."
        return Answered(question, "not tested", said, "hosts in report.json")
    return Answered(question, "observed", "None seen on what was scanned (see coverage.csv).", "findings.csv")


def _attested(report: Report, lacking: Collection[str]) -> Iterator[Answered]:
    holding = {each.answer: each for each in report.attestations if each.state == "holds"}
    lapsed = {each.answer: each for each in report.attestations if each.state != "holds"}
    for answer, question in QUESTIONS.items():
        if found := holding.get(answer):
            said = f"{found.statement} ({found.owner}, {found.date}; holds until {found.until})"
            yield Answered(question, "attested", said, _evidence(found.attachment, lacking))
        elif old := lapsed.get(answer):
            said = f"An attestation of {old.owner} of {old.date} does not hold on this day."
            yield Answered(question, "not tested", said, "attestations.csv")
        else:
            yield Answered(question, "not tested", "A network does not show it, and nobody attests it.", "")


def _evidence(attachment: str, lacking: Collection[str]) -> str:
    if not attachment:
        return "attestations.csv"
    if attachment in lacking:
        return f"attestations.csv; {attachment}, which it names, is not in this pack"
    return f"attachments/{attachment}"
