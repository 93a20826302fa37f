"""What newer answers say of a finding: that it is still so, that it is gone, or neither. Pure.

`gone` takes positive evidence. A fence's own refusal is one, and so is a closed port; silence is one only where the
target shows itself alive by something newer than the flow's last crossing: else it may just have been switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.facts.rows import port_set
from scanner.assess.facts.view import View
from scanner.assess.later.grounds import Grounds
from scanner.assess.later.recheck import Ask, Part, Recheck
from scanner.assess.verdicts.retried import STILL
from scanner.dressing import neighbour_of
from scanner.model.addresses import AddressSet, ports_text
from scanner.model.base import Frozen
from scanner.model.observation import Conversation, Observation, PortState, Refused, Scan, Session
from scanner.model.report import CROSSED, FindingRow, FlowVerdict

Word = Literal["confirmed", "gone", "cannot tell here"]
Fresh = Callable[[Scan], bool]
"""Whether a scan counts as newer."""
_LATER = 1e12


class Outcome(Frozen, frozen=True):
    word: Word
    reason: str


class Settled(Frozen, frozen=True):
    """What became of one probe."""

    ask: Ask
    state: Literal["crossed", "held", "open question", "unasked"]
    verdict: FlowVerdict
    reason: str
    answer: str = ""
    """An `observation.State`."""

    @property
    def refused_by_host(self) -> bool:
        return self.state == "crossed" and self.answer == "closed"


def settle(grounds: Grounds, zone: str, ask: Ask, fresh: Fresh) -> Settled:
    """What a newer scan says of one flow from that zone."""
    view = grounds.evidence.views.get(zone)
    seen = view.dressed_as(ask.via) if view is not None else None
    asker = seen.asker(ask.key) if seen is not None else None
    if view is None or seen is None or asker is None or not fresh(asker):
        why = _kept_back(grounds, view, ask, fresh) if view is not None else ""
        return Settled(ask, "unasked", "UNTESTED", why or f"{ask} was not asked again from {zone}")
    found = grounds.judge.verdict(view, ask.key, ask.via)
    if found.verdict in CROSSED:
        return Settled(ask, "crossed", found.verdict, found.reason, found.state)
    if found.verdict == "REJECTED":
        return Settled(ask, "held", found.verdict, found.reason, found.state)
    if found.verdict == "DROPPED":
        if _alive(grounds, view, seen, ask, asker, fresh):
            return Settled(ask, "held", found.verdict, found.reason, found.state)
        home = grounds.evidence.zone_of(ask.address)
        why = f"{ask} is silent, and nothing shows that {ask.address} is still up: ask from {home} as well"
        return Settled(ask, "open question", found.verdict, why, found.state)
    return Settled(ask, "open question", found.verdict, f"{ask}: {found.reason}", found.state)


def _kept_back(grounds: Grounds, view: View, ask: Ask, fresh: Fresh) -> str:
    """Why the guard did not let the probe go, if it did not."""
    newer = {scan.id for scan in view.scans if fresh(scan)}
    rows = (row for each in grounds.sessions if each.scan.id in newer for row in each.observations)
    for row in rows:
        if not isinstance(row, Refused) or row.transport != ask.transport:
            continue
        if ask.address in AddressSet.parse(row.addresses) and (not row.ports or ask.port in port_set(row.ports)):
            return f"{ask} was not asked: {row.reason}"
    return ""


def _alive(grounds: Grounds, view: View, seen: View, ask: Ask, asker: Scan, fresh: Fresh) -> bool:
    """Whether the target was up when it was silent: something else of it answered the same scan, or newer scans from
    its own zone saw this very service up, after it was last reached."""
    neighbour = neighbour_of(ask.via)
    if neighbour is not None:
        near = view.hosts.get(neighbour)
        if near is None or near.at < asker.started:
            return False  # who forwarded is not there to forward
    for scan, row in view.answers_with_scan(ask.address):
        if scan.id == asker.id and row.state == "open" and row.source in (None, ask.address):
            for port in list(port_set(row.ports))[:1]:
                if grounds.judge.verdict(view, (ask.address, row.transport, port)).verdict == "REACHED":
                    return True
    home = grounds.evidence.zone_of(ask.address) or ""
    if ask.key not in grounds.evidence.up.get(home, ()):
        return False
    up_at = grounds.evidence.up_at(home, ask.key)
    crossed = [r.at for r in seen.answers_of(ask.address, ask.transport) if ask.port in port_set(r.ports)]
    if up_at <= max(crossed, default=0.0):
        return False
    scans = grounds.evidence.views[home].scans
    return any(
        fresh(scan)
        and scan.started <= up_at <= (scan.ended or _LATER)
        # Of a walk from zone to zone: after the silence, for before it the host may have been switched off.
        and (scan.purpose == asker.purpose == "scan" or up_at >= asker.started)
        and (asker.purpose == "scan" or abs(scan.started - asker.started) <= STILL)
        for scan in scans
    )


def outcome(
    finding: FindingRow, recheck: Recheck, present: bool, grounds: Grounds, fresh: Fresh, judged: str = ""
) -> Outcome:
    """Of a finding that rests on flows. `present`: whether it is found in a report on all the evidence; `judged`: what
    there is to say about its absence."""
    results = [settle(grounds, part.zone, ask, fresh) for part in recheck.parts for ask in part.asks]
    if not results:
        return Outcome("cannot tell here", recheck.cannot or "nothing that it rests on can be asked")
    if recheck.rests == "steps":
        return _steps(recheck, present, grounds, fresh)
    if recheck.rests == "blocked":
        return _blocked(finding, results, present)
    if recheck.rests == "presence":
        return _presence(results, present)
    crossing = [each for each in results if each.state == "crossed"]
    single = finding.port is not None and len(results) == 1
    if crossing and (present or not single):
        first = crossing[0]
        return Outcome("confirmed", _counted(f"{first.ask}: {first.reason}", crossing))
    lack = next((each for each in results if each.state in ("unasked", "open question")), None)
    if lack is not None:
        return Outcome("cannot tell here", lack.reason)
    if any(each.verdict in ("TARGET_DOWN_PATH_OPEN", "ONE_WAY") for each in crossing):
        down = crossing[0]
        return Outcome(
            "cannot tell here", f"{down.ask}: {down.reason}; the fence lets it through, and the service is not there"
        )
    if present or recheck.left:
        return Outcome("cannot tell here", "more flows than were asked rest on it: scan the zone again")
    first = results[0]
    still = "; the port is closed, but packets still cross to it" if first.refused_by_host else ""
    return Outcome("gone", _counted(f"{first.ask}: {first.reason}{still}", results) + judged)


def _steps(recheck: Recheck, present: bool, grounds: Grounds, fresh: Fresh) -> Outcome:
    """Of an attack path: it is gone where one step is, and there where each forbidden step is."""
    told: list[str] = []
    sure = not recheck.cannot
    for part in recheck.parts:
        results = [settle(grounds, part.zone, ask, fresh) for ask in part.asks]
        if any(each.state == "crossed" and each.answer == "open" for each in results):
            told.append(f"{part.step} is open")
        elif all(each.state == "held" or each.refused_by_host for each in results):
            if not present:
                return Outcome("gone", f"{part.step} is closed: {results[0].reason}")
            told.append(f"{part.step} is closed, and another way is left: verify again")
            sure = False
        else:
            lack = next(each for each in results if each.state != "held")
            where = f"ask from {part.zone}" if lack.state == "unasked" else lack.reason
            told.append(f"{part.step} is not settled: {where}")
            sure = False
    told.extend(filter(None, [recheck.cannot]))
    return Outcome("confirmed" if sure and present else "cannot tell here", "; ".join(told))


def _blocked(finding: FindingRow, results: list[Settled], present: bool) -> Outcome:
    passing = [each for each in results if each.state == "crossed" and each.answer == "open"]
    if passing and not present:
        return Outcome("gone", f"{passing[0].ask}: {passing[0].reason}")
    lack = next((each for each in results if each.state == "unasked"), None)
    if lack is None and finding.from_ is not None:
        lack = next((each for each in results if each.state == "open question"), None)
    if lack is not None or not present:
        return Outcome("cannot tell here", lack.reason if lack else results[0].reason)
    return Outcome("confirmed", f"{results[0].ask}: {results[0].reason}")


def _presence(results: list[Settled], present: bool) -> Outcome:
    first = results[0]
    if first.state == "crossed" and present:
        return Outcome("confirmed", f"{first.ask.address} answered on the same link")
    return Outcome("cannot tell here", f"{first.reason}; that it is silent does not show that it was moved")


def _counted(text: str, results: list[Settled]) -> str:
    return text if len(results) == 1 else f"{text}; so with {len(results)} flows in all"


def answered_again(grounds: Grounds, part: Part, fresh: Fresh) -> Settled | None:
    """Of a service: the first of its probes that nothing newer settles; None where each was answered as before, or its
    port is closed now.

    As before: by every probe that had an answer there. So a probe that was not answered this time is no news.
    """
    view = grounds.evidence.views[part.zone]
    newer = {scan.id for scan in view.scans if fresh(scan)}
    asked: dict[FlowKey, dict[bool, set[str]]] = {ask.key: {True: set(), False: set()} for ask in part.asks}
    own = {scan.id for scan in view.scans}
    for session in grounds.sessions:
        if session.scan.id not in own:
            continue
        for row in session.observations:
            if isinstance(row, Conversation) and row.received:
                found = asked.get((row.address, row.transport, row.port))
                if found is not None:
                    found[session.scan.id in newer].add(row.probe)
    for ask in part.asks:
        settled = settle(grounds, part.zone, ask, fresh)
        if settled.refused_by_host:
            continue
        probes = asked[ask.key]
        if settled.state != "crossed":
            return settled
        if not probes[True] or not probes[False] <= probes[True]:
            return Settled(ask, "open question", settled.verdict, f"{ask} did not answer as it did before")
    return None


def only_newest(grounds: Grounds, keys: Iterable[FlowKey], fresh: Fresh) -> tuple[Session, ...]:
    """The sessions without what earlier ones, from wherever, saw and heard of these services."""
    wanted = set(keys)
    return tuple(each if fresh(each.scan) else without(each, wanted) for each in grounds.sessions)


def without(session: Session, keys: set[FlowKey]) -> Session:
    """The session without what it saw and heard of these services; of a row of several ports the others stay."""
    return Session(session.scan, tuple(_others(session.observations, keys)))


def _others(rows: Iterable[Observation], keys: set[FlowKey]) -> Iterator[Observation]:
    addresses = {(address, transport) for address, transport, _ in keys}
    for row in rows:
        if isinstance(row, Conversation) and (row.address, row.transport, row.port) in keys:
            continue
        if isinstance(row, PortState) and (row.address, row.transport) in addresses:
            ports = port_set(row.ports)
            left = {port for port in ports if (row.address, row.transport, port) not in keys}
            if not left:
                continue
            if len(left) < len(ports):
                row = msgspec.structs.replace(row, ports=ports_text(sorted(left)))
        yield row
