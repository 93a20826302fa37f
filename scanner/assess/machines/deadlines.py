"""By when policies want a product to be mended: pure arithmetic with days, which are data."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from scanner.assess.machines.judgement import Judgement, Missing
from scanner.model.base import SEVERITIES
from scanner.model.baseline import DeadlinePolicy, Dealt, KnownExploited
from scanner.model.deadline import OwnDeadline
from scanner.model.report import DeadlinePolicyRow, DeadlineRow
from scanner.model.site import Site

_UNRATED: Final = "undisclosed"


def applied(site: Site, known: Sequence[DeadlinePolicy]) -> tuple[DeadlinePolicy, ...]:
    """The policies of a site, in the order in which it names them; the usual ones where it names none."""
    if site.deadlines is None:
        return tuple(each for each in known if each.default)
    by_name = {each.name: each for each in known}
    found = (_own(each) if isinstance(each, OwnDeadline) else by_name.get(each) for each in site.deadlines)
    return tuple(each for each in found if each is not None)


def _own(own: OwnDeadline) -> DeadlinePolicy:
    return DeadlinePolicy(
        name=own.name,
        title=f"{own.name} (the client's own)",
        days=dict(own.days.items()),
        from_=own.from_,
        supported_only=True,
    )


def deadlines(
    judgement: Judgement,
    policies: Iterable[DeadlinePolicy],
    exploited: Mapping[str, KnownExploited],
    today: datetime.date,
) -> tuple[DeadlineRow, ...]:
    """The day of each policy that has one for it, the earliest first. What is not known to fail has none."""
    if judgement.verdict not in ("NON_COMPLIANT", "END_OF_LIFE"):
        return ()
    rows: list[tuple[datetime.date, DeadlineRow]] = []
    for policy in policies:
        days = [*_by_fixes(policy, judgement.missing, exploited), *_by_life(policy, judgement)]
        if days:
            due, rule = min(days)
            source = policy.source
            said = None if source is None else f"{source.url} (read {source.retrieved})"
            rows.append((due, DeadlineRow(policy.name, due.isoformat(), (today - due).days, rule, said)))
    return tuple(row for _, row in sorted(rows, key=lambda each: (each[0], each[1].policy)))


def policy_row(policy: DeadlinePolicy) -> DeadlinePolicyRow:
    source = policy.source
    return DeadlinePolicyRow(
        policy.name,
        policy.title,
        "; ".join(_rules(policy)),
        None if source is None else f"{source.url} (read {source.retrieved})",
    )


def _by_fixes(
    policy: DeadlinePolicy, missing: Iterable[Missing], exploited: Mapping[str, KnownExploited]
) -> Iterator[tuple[datetime.date, str]]:
    for each in missing:
        severity: Dealt = each.severity or _UNRATED
        days, months = policy.days.get(severity), policy.months.get(severity)
        listed = [exploited[cve] for cve in each.cves if cve in exploited]
        if policy.from_ == "kev-due":
            for entry in listed:
                yield entry.due, f"CISA's own day for {entry.cve}"
        elif policy.from_ == "kev":
            for entry in listed:
                yield from _after(entry.added, f"{entry.cve} was listed as exploited", days, months)
        elif each.fixed_at is not None:
            what = f"the fix of {each.cves[0]} was released" if each.cves else "the fix was released"
            yield from _after(each.fixed_at, what, days, months)


def _by_life(policy: DeadlinePolicy, judgement: Judgement) -> Iterator[tuple[datetime.date, str]]:
    if policy.supported_only and judgement.verdict == "END_OF_LIFE" and judgement.eol is not None:
        yield judgement.eol, "its support ended"


def _after(
    since: datetime.date, what: str, days: int | None, months: int | None
) -> Iterator[tuple[datetime.date, str]]:
    if days is not None:
        yield since + datetime.timedelta(days=days), f"{_count(days, 'day')} after {what} on {since}"
    if months is not None:
        yield _months_after(since, months), f"{_count(months, 'month')} after {what} on {since}"


def _months_after(day: datetime.date, months: int) -> datetime.date:
    """The same day of a later month, or its last one where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _rules(policy: DeadlinePolicy) -> Iterator[str]:
    since = "CISA listed the flaw as exploited" if policy.from_ == "kev" else "the fix was released"
    if policy.from_ == "kev-due":
        yield "the day that CISA set for each flaw"
    for unit, each in (("day", policy.days), ("month", policy.months)):
        for count in sorted(set(each.values())):
            names: tuple[Dealt, ...] = (*reversed(SEVERITIES), _UNRATED)
            for_ = [name for name in names if each.get(name) == count]
            yield f"{_count(count, unit)} after {since}, if its severity is {' or '.join(for_)}"
    if policy.supported_only:
        yield "what is past its support is late since that ended"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"
