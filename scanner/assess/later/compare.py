"""Two states of a site's evidence compared, judged by the same policy and the same facts, by comparable coverage only.

Silence about a finding is no fix: it is `fixed` only where the probes that it rests on were sent again, from the same
zone, and the answers show that it is gone. What was not asked again is told apart from what persists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner.assess.facts.evidence import FlowKey, utc
from scanner.assess.facts.view import View
from scanner.assess.later.again import Knowing
from scanner.assess.later.grounds import Grounds
from scanner.assess.later.recheck import Ask, Recheck, recheck
from scanner.assess.later.settled import Fresh, answered_again, outcome, settle
from scanner.model.addresses import address_key
from scanner.model.observation import Scan, Session, Via
from scanner.model.report import CROSSED, CellVerdict, FindingRow, FlowRow, FlowVerdict, Report, Row


class Change(Row, frozen=True):
    """A finding, and why it stands where it stands."""

    finding: FindingRow
    reason: str


class CellChange(Row, frozen=True):
    from_: str
    to: str
    before: CellVerdict
    after: CellVerdict
    reason: str


class FlowChange(Row, frozen=True):
    """A flow that crosses now and did not, or the other way round; asked both times."""

    from_: str
    to: str
    address: str
    transport: str
    port: int
    via: str
    before: FlowVerdict
    after: FlowVerdict
    allowed: bool
    reason: str


class ScanRow(Row, frozen=True):
    id: str
    zone: str
    started: str
    purpose: str


class Diff(Row, frozen=True):
    """What `fencewalk diff -o json=` writes."""

    schema: int
    client: str
    site: str
    generated: str
    base: tuple[ScanRow, ...]
    since: tuple[ScanRow, ...]
    new: tuple[Change, ...]
    fixed: tuple[Change, ...]
    persisting: tuple[Change, ...]
    not_retested: tuple[Change, ...]
    cells: tuple[CellChange, ...]
    opened: tuple[FlowChange, ...]
    closed: tuple[FlowChange, ...]
    uncertain: tuple[FlowChange, ...] = ()
    """Flows that crossed, and of which newer answers, or silence, prove neither that they do nor that they do not."""

    @property
    def empty(self) -> bool:
        """Whether nothing changed; what was not asked again apart."""
        return not (self.new or self.fixed or self.cells or self.opened or self.closed or self.uncertain)


def compared(knowing: Knowing, sessions: Sequence[Session], base: Iterable[str], known: Report | None = None) -> Diff:
    """What the sessions that are not in `base`, ids of scans, changed. `known`: the report on all of them, where one
    was made already."""
    old = set(base)
    before_sessions = tuple(each for each in sessions if each.scan.id in old)
    before, after = knowing.report(before_sessions), known or knowing.report(sessions)
    then, now = knowing.grounds(before_sessions), knowing.grounds(sessions)

    def fresh(scan: Scan) -> bool:
        return scan.id not in old

    was = {each.id: each for each in before.findings}
    still = {each.id for each in after.findings}
    new = tuple(Change(each, _why_new(before, after, then, now, each)) for each in after.findings if each.id not in was)
    fixed: list[Change] = []
    persisting: list[Change] = []
    left: list[Change] = []
    for each in after.findings:
        if each.id in was:
            plan = recheck(after, each, now)
            again, reason = _asked_again(plan, now, fresh)
            (persisting if again else left).append(Change(each, reason))
    for each in before.findings:
        if each.id not in still:
            gone, reason = _gone(recheck(before, each, then), each, after, now, fresh)
            (fixed if gone else left).append(Change(each, reason))
    opened, closed, uncertain = _flows(then, now, fresh)
    return Diff(
        schema=1,
        client=after.client,
        site=after.site,
        generated=after.generated,
        base=_scans(each for each in sessions if each.scan.id in old),
        since=_scans(each for each in sessions if each.scan.id not in old),
        new=new,
        fixed=tuple(fixed),
        persisting=tuple(persisting),
        not_retested=tuple(left),
        cells=_cells(before, after),
        opened=opened,
        closed=closed,
        uncertain=uncertain,
    )


def _scans(sessions: Iterable[Session]) -> tuple[ScanRow, ...]:
    return tuple(
        ScanRow(each.scan.id, each.scan.vantage.zone, utc(each.scan.started), each.scan.purpose) for each in sessions
    )


def _why_new(before: Report, after: Report, then: Grounds, now: Grounds, finding: FindingRow) -> str:
    """Whether what it rests on is a change, or was only looked at for the first time."""
    plan = recheck(after, finding, now)
    firsts: list[str] = []
    alike = ""
    for part in plan.parts:
        view = then.evidence.views.get(part.zone)
        for ask in part.asks:
            seen = view.dressed_as(ask.via) if view is not None else None
            if view is None or seen is None or seen.asker(ask.key) is None:
                firsts.append(f"{ask} was never asked from {part.zone} before")
            elif plan.rests in ("flows", "steps", "blocked"):
                found = then.judge.verdict(view, ask.key, ask.via)
                if (found.verdict in CROSSED) == (plan.rests == "blocked"):
                    return f"{ask} was {found.verdict} before: {found.reason}"
                alike = f"{ask} was {found.verdict} before as well: it comes to light as something else changed"
    if firsts or alike:
        return [*firsts, alike][0]
    return "asked before, and answered otherwise" if plan.parts else "not known before"


def _asked_again(plan: Recheck, now: Grounds, fresh: Fresh) -> tuple[bool, str]:
    """Whether a finding that is still there rests on newer answers, and what is to be said of it."""
    if not plan.parts:
        return False, plan.cannot or "nothing that it rests on can be asked by one probe"
    if plan.rests == "service":
        lacks = [answered_again(now, part, fresh) for part in plan.parts]
        # The first zone is the host's own, whose word counts; of the others any will do.
        if lacks[0] is None:
            return True, f"it says the same to {plan.parts[0].zone}"
        return False, lacks[0].reason
    results = [settle(now, part.zone, ask, fresh) for part in plan.parts for ask in part.asks]
    if plan.rests == "steps":
        unasked = next((each for each in results if each.state == "unasked"), None)
        return unasked is None, results[0].reason if unasked is None else unasked.reason
    asked = [each for each in results if each.state != "unasked"]
    return bool(asked), (asked or results)[0].reason


def _gone(plan: Recheck, finding: FindingRow, after: Report, now: Grounds, fresh: Fresh) -> tuple[bool, str]:
    """Whether a finding that is no longer there is shown to be gone."""
    if plan.rests != "service":
        found = outcome(finding, plan, False, now, fresh)
        return found.word == "gone", found.reason
    lacks = []
    for part in plan.parts:
        if part.zone not in now.evidence.views:
            continue
        lack = answered_again(now, part, fresh)
        if lack is None:
            said = "; ".join(_says(after, ask.address, ask.key) for ask in part.asks)
            return True, f"from {part.zone}: {said}"
        lacks.append(lack.reason)
    return False, lacks[0] if lacks else plan.cannot or "nothing that it rests on was asked again"


def _says(report: Report, address: str, key: FlowKey) -> str:
    label = f"{key[0]} {key[1]}/{key[2]}"
    for host in report.hosts:
        for service in host.services if address in host.addresses else ():
            if (service.transport, service.port) == key[1:]:
                named = service.title or service.product or service.service or ""
                what = f"{named} {service.revision or service.version or ''}"
                return f"{label} says {what.strip()}" if what.strip() else f"{label} answers otherwise"
    return f"{label} is closed"


def _cells(before: Report, after: Report) -> tuple[CellChange, ...]:
    was = {(each.from_, each.to): each.verdict for each in before.cells}
    return tuple(
        CellChange(each.from_, each.to, was[each.from_, each.to], each.verdict, each.reason)
        for each in after.cells
        if was.get((each.from_, each.to), each.verdict) != each.verdict
    )


def _flows(then: Grounds, now: Grounds, fresh: Fresh) -> tuple[tuple[FlowChange, ...], ...]:
    """(opened, closed, uncertain): flows between zones that crossed at one of both times only, by answers of both."""
    opened: list[FlowChange] = []
    closed: list[FlowChange] = []
    uncertain: list[FlowChange] = []
    for zone, view in sorted(now.evidence.views.items()):
        old = then.evidence.views.get(zone)
        if old is None:
            continue
        for via in ("", *sorted(view.dressed)):
            new_dress, old_dress = view.dressed_as(via), old.dressed_as(via)
            if new_dress is None or old_dress is None:
                continue
            for key in _answered(new_dress, old_dress):
                asker = new_dress.asker(key)
                if asker is None or not fresh(asker) or old_dress.asker(key) is None or not _crosses(now, zone, key):
                    continue
                change = _change(then, now, old, view, key, via)
                if change is None:
                    continue
                if change.after in CROSSED:
                    opened.append(change)
                else:
                    held = settle(now, zone, Ask(*key, via), fresh).state == "held"
                    (closed if held else uncertain).append(change)
    return tuple(opened), tuple(closed), tuple(uncertain)


def _answered(*views: View) -> list[FlowKey]:
    keys = {key for view in views for key, _ in view.flows()}
    return sorted(keys, key=lambda key: (address_key(key[0]), *key[1:]))


def _crosses(grounds: Grounds, zone: str, key: FlowKey) -> bool:
    """Whether it leads into another zone, or stays in one whose hosts are kept apart."""
    to = grounds.evidence.zone_of(key[0])
    found = grounds.site.zone(zone)
    if to is None or key[0] in grounds.evidence.laptops:
        return False
    return to != zone or (found is not None and found.isolated)


def _change(then: Grounds, now: Grounds, old: View, view: View, key: FlowKey, via: Via) -> FlowChange | None:
    before = then.judge.verdict(old, key, via)
    row: FlowRow = now.judge.row(view, key, via)
    if (before.verdict in CROSSED) == (row.verdict in CROSSED):
        return None
    if before.state == row.state and "UNPROVEN" in (before.verdict, row.verdict):
        return None  # the same came back: there is more proof now, or less, but no other network
    return FlowChange(
        from_=row.from_,
        to=row.to,
        address=row.address,
        transport=row.transport,
        port=row.port,
        via=via,
        before=before.verdict,
        after=row.verdict,
        allowed=row.allowed,
        reason=row.reason,
    )
