"""What is said of one product: the verdict, what it rests on, and everything that is known to be missing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace

from scanner.assess.machines.known import Known
from scanner.model.base import SEVERITIES, Frozen, Severity
from scanner.model.baseline import Branch, DistroFix, Flaw, Source
from scanner.model.report import Confidence, PatchVerdict, UnknownReason

_F = TypeVar("_F", Flaw, DistroFix)
_FRESH_DAYS = 31
_UPDATE = re.compile(r"https://support\.microsoft\.com/(?:[a-z-]+/)?help/(\d{6,8})", re.ASCII)
"""The page of an update; its number is that of the KB."""


class Missing(Frozen, frozen=True):
    """One fix that is known to be missing."""

    cves: tuple[str, ...]
    fixed_at: datetime.date | None
    severity: Severity | None
    """None: nobody rated it."""


class Judgement(Frozen, frozen=True):
    """What can be said of one product on one day."""

    verdict: PatchVerdict
    reason: str
    """For UNKNOWN an `UnknownReason`, else the rule in words."""
    confidence: Confidence
    required: str | None = None
    """The version or revision that would be COMPLIANT; None where the branch or the distribution ended."""
    fixed_at: datetime.date | None = None
    """When the oldest of the missing fixes was released."""
    age_days: int | None = None
    eol: datetime.date | None = None
    kev: tuple[str, ...] = ()
    source: str | None = None
    """The fact's address and the date it was read."""
    severity: Severity | None = None
    cves: tuple[str, ...] = ()
    """Those known to be missing; never those that a backport may have fixed."""
    remote_code: bool = False
    rule: str = ""
    """Which rule decided: `distribution-fix`, `distribution-life`, `upstream-minimum`, `upstream-life`, `no-fact`."""
    missing: tuple[Missing, ...] = ()
    epss: float | None = None
    """The highest probability, of `cves`, to be exploited within thirty days."""
    kb: str | None = None
    note: str = ""
    """What else has to be said of the facts: which ones are too old."""


def acquitted(
    facts: Known,
    today: datetime.date,
    reason: str,
    required: str,
    source: Source,
    rule: str,
    eol: datetime.date | None,
    stale_after_days: int,
    certain: bool,
) -> Judgement:
    """COMPLIANT, if the fact is fresh enough that a later fix would be known, and the version is sure."""
    if not certain:
        return unknown("untrusted-banner", rule, required, eol, source)
    age = (today - source.retrieved).days
    if age > stale_after_days:
        feed = facts.feed_of(source)
        whose = f"{feed}, whose facts are" if feed else f"the facts of {source.url} are"
        note = f"{whose} of {source.retrieved} and say for {stale_after_days} days that nothing is missing"
        return replace(unknown("stale-baseline", rule, required, eol, source), note=note)
    confidence: Confidence = "high" if age <= _FRESH_DAYS else "medium"
    return Judgement(
        "COMPLIANT", reason, confidence, required, eol=eol, source=_said(source), rule=rule, kb=_update(source)
    )


def out(missing: Sequence[_F], today: datetime.date) -> list[_F]:
    """Those of the fixes that were released by a day; nobody can miss the others yet."""
    return [each for each in missing if _is_out(each, today)]


def _is_out(fix: Flaw | DistroFix | Branch, today: datetime.date) -> bool:
    return fix.fixed_at is None or fix.fixed_at <= today


def charged(
    facts: Known,
    today: datetime.date,
    verdict: PatchVerdict,
    reason: str,
    confidence: Confidence,
    source: Source,
    rule: str,
    *,
    missing: Sequence[Flaw] | Sequence[DistroFix] = (),
    branch: Branch | None = None,
    required: str | None = None,
    eol: datetime.date | None = None,
) -> Judgement:
    """A charge, with everything that is known to be missing. `branch`: its minimum is missing as well."""
    due = [each for each in missing if _is_out(each, today)]
    fixes = list(map(_missing, due))
    if branch is not None and not _is_out(branch, today):
        branch = None
    if branch is not None:
        fixes.append(Missing(branch.cves, branch.fixed_at, branch.severity if branch.security else "low"))
    listed = tuple(sorted({cve for each in fixes for cve in each.cves}, key=_cve_key))
    severities: list[Severity] = [each.severity for each in fixes if each.severity is not None]
    if verdict == "END_OF_LIFE":
        severities.append("high")
    since = min((each.fixed_at for each in fixes if each.fixed_at is not None), default=None)
    epss = facts.knowledge.epss
    return Judgement(
        verdict,
        reason,
        confidence,
        required,
        since,
        None if since is None else (today - since).days,
        eol,
        tuple(each for each in listed if each in facts.exploited),
        _said(source),
        max(severities, key=SEVERITIES.index, default=None),
        listed,
        any(each.remote_code for each in due) or (branch is not None and branch.remote_code),
        rule,
        tuple(fixes),
        max((epss[each].epss for each in listed if each in epss), default=None),
        _update(source) if required is not None else None,
    )


def unknown(
    reason: UnknownReason,
    rule: str,
    required: str | None = None,
    eol: datetime.date | None = None,
    source: Source | None = None,
) -> Judgement:
    said = None if source is None else _said(source)
    return Judgement("UNKNOWN", reason, "low", required, eol=eol, source=said, rule=rule)


def _missing(fix: Flaw | DistroFix) -> Missing:
    if isinstance(fix, Flaw):
        return Missing((fix.cve,), fix.fixed_at, fix.severity)
    known = fix.rated or fix.severity in ("high", "critical")
    return Missing(fix.cves, fix.fixed_at, fix.severity if known else None)


def _update(source: Source) -> str | None:
    found = _UPDATE.match(source.url)
    return None if found is None else f"KB{found[1]}"


def _said(source: Source) -> str:
    return f"{source.url} (read {source.retrieved.isoformat()})"


def _cve_key(cve: str) -> tuple[str, int, str]:
    """By year, then by length, which sorts the numbers as numbers."""
    return cve[:9], len(cve), cve
