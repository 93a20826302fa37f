"""Whether a finding still holds, once its probes were sent again. Pure: the report on all the evidence is made anew."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from scanner.assess import assess
from scanner.assess.later.grounds import Grounds
from scanner.assess.later.recheck import Part, Recheck
from scanner.assess.later.settled import Fresh, Outcome, answered_again, only_newest, outcome, settle, without
from scanner.assess.verdicts.retried import STILL
from scanner.identify.second import NOBODY, Second
from scanner.model.accepted import Exception_
from scanner.model.base import Frozen
from scanner.model.baseline import Knowledge
from scanner.model.observation import Scan, Session
from scanner.model.report import FindingRow, HostRow, Report
from scanner.model.site import Site

_PATCHES = frozenset({"outdated", "end-of-life", "known-exploited"})


class Knowing(Frozen, frozen=True):
    """What a report is made of besides the evidence; the same for each that is compared."""

    site: Site
    knowledge: Knowledge
    today: datetime.date
    vendor: Callable[[str], str | None] = lambda mac: None
    second: Second = NOBODY
    exceptions: tuple[Exception_, ...] = ()

    def report(self, sessions: Sequence[Session]) -> Report:
        return assess(self.site, sessions, self.knowledge, self.today, self.exceptions, self.vendor, self.second)

    def grounds(self, sessions: Sequence[Session]) -> Grounds:
        return Grounds(self.site, sessions, self.second)


def found_in(report: Report, finding: str) -> FindingRow | None:
    return next((each for each in report.findings if each.id == finding), None)


def verified(knowing: Knowing, sessions: Sequence[Session], scan: Scan, finding: FindingRow, plan: Recheck) -> Outcome:
    """What the verifying session `scan`, one of `sessions`, and those of the last hours from other zones show."""
    here = scan.vantage.zone

    def fresh(other: Scan) -> bool:
        if other.vantage.zone == here:
            return other.id == scan.id
        return other.purpose == "verify" and abs(scan.started - other.started) <= STILL

    grounds = knowing.grounds(sessions)
    if plan.rests == "service":
        return _service(knowing, grounds, here, finding, plan, fresh)
    report = knowing.report(sessions)
    found = outcome(finding, plan, found_in(report, finding.id) is not None, grounds, fresh)
    if found.word != "gone":
        return found
    return Outcome("gone", found.reason + _instead(report, finding))


def _service(
    knowing: Knowing, grounds: Grounds, here: str, finding: FindingRow, plan: Recheck, fresh: Fresh
) -> Outcome:
    """By what the service said now, as if nobody had ever heard it before."""
    part = next((each for each in plan.parts if each.zone == here), None)
    if part is None:
        return Outcome("cannot tell here", f"the service was never reached from {here}")
    keys = {ask.key for ask in part.asks}
    report = knowing.report(only_newest(grounds, keys, fresh))
    lack = answered_again(grounds, part, fresh)
    if found_in(report, finding.id) is not None:
        if lack is not None and lack.state in ("unasked", "held"):
            return Outcome("cannot tell here", lack.reason)
        return Outcome("confirmed", f"it says the same now, to {here}")
    if lack is not None:
        return Outcome("cannot tell here", lack.reason)
    if finding.kind in _PATCHES:
        return _version(report, grounds, finding, part, fresh)
    # Only what this zone alone had shown can be gone for it: that others reach the service is for them to disprove.
    alone = tuple(
        without(each, keys) if each.scan.vantage.zone != here else each
        for each in grounds.sessions
        if not (each.scan.vantage.zone == here and fresh(each.scan))
    )
    if found_in(knowing.report(alone), finding.id) is None:
        return Outcome("cannot tell here", f"{here} alone never showed it: {_where(finding)}")
    closed = [ask for ask in part.asks if settle(grounds, here, ask, fresh).refused_by_host]
    what = f"{closed[0]} is closed now" if closed else f"{part.asks[0]} answers {here} otherwise now"
    return Outcome("gone", what + _instead(report, finding))


def _version(report: Report, grounds: Grounds, finding: FindingRow, part: Part, fresh: Fresh) -> Outcome:
    """Of an outdated product: gone where another version is told, or nothing listens there any more."""
    host = next((each for each in report.hosts if _holds(each, part.asks[0].address)), None)
    said: list[str] = []
    for ask in part.asks:
        if settle(grounds, part.zone, ask, fresh).refused_by_host:
            said.append(f"{ask} is closed")
            continue
        services = host.services if host else ()
        now = next((s for s in services if (s.transport, s.port) == (ask.transport, ask.port)), None)
        if now is None or now.product is None or now.version is None:
            return Outcome("cannot tell here", f"{ask} answers, and no longer says what version runs there")
        said.append(f"{ask} says {now.title or now.product} {now.revision or now.version}")
    return Outcome("gone", "; ".join(said) + _instead(report, finding))


def _holds(host: HostRow, address: str) -> bool:
    return address in host.addresses


def _where(finding: FindingRow) -> str:
    place = finding.replay.rpartition("# from ")[2]
    return f"verify it from {place}" if place else "verify it elsewhere"


def _instead(report: Report, finding: FindingRow) -> str:
    """Other findings about the same, that a reader of `gone` should know of."""
    others = [
        each.id
        for each in report.findings
        if each.id != finding.id
        and each.kind == finding.kind
        and (each.from_, each.to) == (finding.from_, finding.to)
        and finding.port is not None
        and (each.host == finding.host or each.host is None)
        and each.port in (None, finding.port)
        and each.transport in (None, finding.transport)
    ]
    return f"; see {', '.join(others)}" if others else ""
