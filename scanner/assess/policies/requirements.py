"""What a report has on each requirement of each framework, and what its owner attests.

An answer takes the label of the weakest part that it rests on. Open findings are observed whatever else is said. What
no network shows is attested, or nothing is known of it. None of these says that a requirement is met.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from scanner.assess.policies.policy import requirements as required
from scanner.model.attested import QUESTIONS, Answer, Attestation
from scanner.model.base import SEVERITIES, Severity
from scanner.model.baseline import Knowledge, Requirement
from scanner.model.recorded import AttestationRow, AttestationState, ControlRow, ControlState, ToolRow
from scanner.model.report import Report, is_open
from scanner.model.site import Site
from scanner.model.text import plural

LOG_PORTS = frozenset({514, 601, 6514})
"""Where log collectors listen."""
_PATCHES = ("outdated", "known-exploited", "end-of-life")
_FENCE = ("segmentation-gap", "attack-path", "dual-homed")


class _Seen(msgspec.Struct, frozen=True):
    looked: bool
    words: str


def attested(given: Iterable[Attestation], today: datetime.date) -> tuple[AttestationRow, ...]:
    """The register of attestations as of a day, in the order of the questions, the newest of each first."""
    order = list(QUESTIONS)
    rows = sorted(given, key=lambda each: (order.index(each.answer), -each.date.toordinal(), each.owner))
    return tuple(
        AttestationRow(
            answer=each.answer,
            question=QUESTIONS[each.answer],
            statement=each.statement,
            owner=each.owner,
            date=each.date.isoformat(),
            attachment=each.attachment,
            until=each.last.isoformat(),
            state=_state(each, today),
        )
        for each in rows
    )


def _state(given: Attestation, today: datetime.date) -> AttestationState:
    if given.date > today:
        return "not-yet"
    return "holds" if today <= given.last else "expired"


def requirements(report: Report, knowledge: Knowledge, site: Site) -> tuple[ControlRow, ...]:
    """Every requirement of every framework, in their order. `report`: with its attestations."""
    counts: dict[str, Counter[Severity]] = {}
    accepted: Counter[str] = Counter()
    # Findings of a kind share their controls: a large site has tens of thousands of them, and few lists.
    alike = Counter((each.controls, each.severity, is_open(each)) for each in report.findings)
    for (names, severity, open_), count in alike.items():
        for name in names:
            if open_:
                counts.setdefault(name, Counter())[severity] += count
            else:
                accepted[name] += count
    seen = _Looks(report, site)
    return tuple(
        _row(each, counts.get(each.name, Counter()), accepted[each.name], seen, report)
        for each in knowledge.requirements
    )


def _row(
    asked: Requirement,
    found: Counter[Severity],
    accepted: int,
    looks: _Looks,
    report: Report,
) -> ControlRow:
    seen = looks.of(asked.kinds)
    held = tuple(each for each in asked.answers if _state_of(each, report) == "holds")
    state: ControlState
    if found:
        state = "observed"
    elif asked.answers or asked.hint:
        state = "attested" if held and len(held) == len(asked.answers) else "not tested"
    else:
        state = "observed" if seen and all(each.looked for each in seen) else "not tested"
    basis = [each.words for each in seen]
    if asked.hint and not found:
        basis.append("A finding would speak against it; that there is none does not speak for it.")
    basis += [_answered(each, report) for each in asked.answers]
    return ControlRow(
        framework=asked.framework,
        version=asked.version,
        id=asked.id,
        title=asked.title,
        url=asked.url,
        state=state,
        findings=found.total(),
        worst=max(found, key=SEVERITIES.index, default=None),
        accepted=accepted,
        basis=tuple(basis),
        answers=held,
    )


def _given(answer: Answer, report: Report) -> AttestationRow | None:
    """The newest attestation that holds; if none does, the newest."""
    rows = [each for each in report.attestations if each.answer == answer]
    return next((each for each in rows if each.state == "holds"), rows[0] if rows else None)


def _state_of(answer: Answer, report: Report) -> AttestationState | None:
    given = _given(answer, report)
    return given.state if given else None


def _answered(answer: Answer, report: Report) -> str:
    given = _given(answer, report)
    if given is None:
        return f"Not attested, and no network shows it: {QUESTIONS[answer]}"
    if given.state == "expired":
        return f"The attestation of {given.owner} ran out on {given.until}, and answers nothing: {QUESTIONS[answer]}"
    if given.state == "not-yet":
        return f"The attestation of {given.owner} is dated {given.date}, after this report: {QUESTIONS[answer]}"
    return f"Attested by {given.owner} on {given.date}: {QUESTIONS[answer]}"


class _Looks:
    """What was looked at, kind by kind; each said once."""

    def __init__(self, report: Report, site: Site) -> None:
        self._report, self._site = report, site
        self._known: dict[str, _Seen] = {}

    def of(self, kinds: Sequence[str]) -> tuple[_Seen, ...]:
        """Distinct ones, in the order of the kinds."""
        groups = dict.fromkeys(map(_group, kinds))
        for group in groups:
            if group not in self._known:
                self._known[group] = _LOOKS[group](self._report, self._site)
        return tuple(self._known[group] for group in groups)


def _group(kind: str) -> str:
    plain, _, aspect = kind.partition(":")
    if aspect in ("backup", "logs"):
        return aspect
    if plain in _FENCE:
        return "fence"
    return "patches" if plain in _PATCHES else plain


def _fence(report: Report, site: Site) -> _Seen:
    states = Counter(each.state for each in report.coverage)
    total = states.total()
    if not total:
        return _Seen(False, "There is no boundary between zones to test.")
    if total == states["untested"]:
        return _Seen(False, f"None of {plural(total, 'boundary', 'boundaries')} between zones was tested.")
    partly = f", {states['partial']:,} in part" if states["partial"] else ""
    left = f", {states['untested']:,} not at all" if states["untested"] else ""
    return _Seen(
        True, f"{states['tested']:,} of {plural(total, 'boundary', 'boundaries')} tested in full{partly}{left}."
    )


def _patches(report: Report, site: Site) -> _Seen:
    total = len(report.patches)
    if not total:
        return _Seen(False, "No software version was seen.")
    unknown = sum(each.verdict == "UNKNOWN" for each in report.patches)
    left = f", {unknown:,} could not be judged" if unknown else ""
    words = f"{total - unknown:,} of {plural(total, 'software version')} judged by baselines{left}."
    return _Seen(unknown < total, words)


def _services(report: Report, site: Site) -> _Seen:
    # A name with a question mark is what the port is commonly used for: that one said nothing.
    names = [each.service for host in report.hosts for each in host.services if each.service]
    named = sum(not each.endswith("?") for each in names)
    total = sum(len(host.services) for host in report.hosts)
    if not named:
        return _Seen(False, "No service was asked what it is.")
    return _Seen(
        True, f"{named:,} of {plural(total, 'service')} on {plural(len(report.hosts), 'host')} said what they are."
    )


def _hosts(report: Report, site: Site) -> _Seen:
    if not report.hosts:
        return _Seen(False, "No host was found.")
    zones = len({each.zone for each in report.vantages if each.purpose == "scan"})
    return _Seen(zones > 0, f"{plural(len(report.hosts), 'host')} found by scans from {plural(zones, 'zone')}.")


def _backups(report: Report, site: Site) -> _Seen:
    if not any("backup" in each.name.lower() for each in site.critical):
        return _Seen(False, "The site file names no critical system as a backup, so that none was looked for.")
    return _Seen(_fence(report, site).looked, "Whether the backup system can be reached from other zones was asked.")


def _logs(report: Report, site: Site) -> _Seen:
    flows = [each for rule in site.require for each in required(site, rule) if each.port in LOG_PORTS]
    if not flows:
        return _Seen(False, "The site file requires no flow of logs, so that none was asked.")
    stood = {each.zone for each in report.vantages if each.purpose == "scan"}
    asked = sum(each.source in stood for each in flows)
    return _Seen(asked > 0, f"{asked:,} of {plural(len(flows), 'required flow')} of logs asked from its zone.")


def _required(report: Report, site: Site) -> _Seen:
    return _Seen(False, "Flows that have to work are a matter of the site file.")


_LOOKS: dict[str, Callable[[Report, Site], _Seen]] = {
    "fence": _fence,
    "patches": _patches,
    "exposure": _services,
    "unknown-device": _hosts,
    "backup": _backups,
    "logs": _logs,
    "required-flow-blocked": _required,
}


def tool(version: str, knowledge: Knowledge) -> ToolRow:
    """What judged, and how new what it judges by is."""
    days = list(_read(knowledge))
    return ToolRow(version, max(days).isoformat() if days else "", len(knowledge.baselines))


def _read(knowledge: Knowledge) -> Iterator[datetime.date]:
    for each in knowledge.baselines:
        for branch in each.branches:
            yield branch.source.retrieved
