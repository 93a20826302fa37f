"""endoflife.date's facts put into the baselines: the newer fact wins, and says where it is from. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

import msgspec

from scanner.feeds.names import VENDORS_OWN, product_of, vendor_of
from scanner.model.baseline import Baseline, Branch, DistroLife, Flaw, Source
from scanner.model.feeds import Cycle, Lifecycle
from scanner.versions import compare

_NAME = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}", re.ASCII)
_BUILD = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4,5}", re.ASCII)
_BY_BUILD = {"windows": "windows", "windows-server": "windows_server"}
"""Products whose branches are builds, which several cycles share: editions of one release."""
_OWN_LINES = frozenset({"sql_server", "exchange_server", "windows", "windows_server"})
"""Products whose lines are no cycles: their builds are a feed of their own."""
_LONGEST = {"debian": True, "ubuntu": False, "rhel": False, "fedora": False, "amazon-linux": False}
"""Distributions; whether everybody who runs it has the longer support."""
_FAMILIES = {"rhel": "el", "amazon-linux": "amazon"}


def with_lives(
    baselines: Iterable[Baseline], lives: tuple[Lifecycle, ...], dated: datetime.date, limit: int
) -> tuple[Baseline, ...]:
    """The baselines with the feed's facts, and one with life cycles alone for every product that has none."""
    by_product: dict[str, Lifecycle] = {}
    for life in lives:
        product = product_of(life)
        if product is not None:
            by_product.setdefault(product, life)
    builds = ended_builds(lives)
    found: list[Baseline] = []
    for each in baselines:
        life_ = by_product.pop(each.product, None)
        if each.product in _OWN_LINES:
            found.append(_by_build(each, builds, dated) if each.product in _BY_BUILD.values() else each)
        elif life_ is None:
            found.append(each)
        else:
            found.append(_joined(each, life_, dated, limit))
    for product, life in by_product.items():
        alone = None if product in _OWN_LINES else _alone(product, life, dated, limit)
        if alone is not None:
            found.append(alone)
    return tuple(found)


def with_distributions(
    known: tuple[DistroLife, ...], lives: tuple[Lifecycle, ...], dated: datetime.date
) -> tuple[DistroLife, ...]:
    """How long distributions are maintained, where the feed is newer; releases that only the feed knows are added."""
    by_name = {each.distro: each for each in known}
    for life in lives:
        if life.name not in _LONGEST:
            continue
        for cycle in life.cycles:
            distro = f"{_FAMILIES.get(life.name, life.name)}:{cycle.name}"
            before = by_name.get(distro)
            if cycle.eol is None or (before is not None and before.source.retrieved > dated):
                continue
            longer = cycle.extended if _LONGEST[life.name] else None
            eol = max(cycle.eol, longer) if longer is not None else cycle.eol
            paid = None if _LONGEST[life.name] else cycle.extended
            source = Source(life.url, dated)
            if before is None:
                by_name[distro] = DistroLife(distro=distro, eol=eol, source=source, extended=paid)
            else:
                by_name[distro] = msgspec.structs.replace(before, eol=eol, source=source, extended=paid)
    return tuple(by_name.values())


def ended_builds(lives: tuple[Lifecycle, ...]) -> dict[str, dict[str, Cycle]]:
    """Product -> build of Windows -> the cycle that is supported longest of those which share the build. Of plain
    `windows` nobody can tell whether it is a server."""
    found: dict[str, dict[str, Cycle]] = {"windows": {}, "windows_server": {}}
    for life in lives:
        if life.name not in _BY_BUILD:
            continue
        for product in {_BY_BUILD[life.name], "windows"}:
            for cycle in life.cycles:
                if cycle.latest is None or not _BUILD.fullmatch(cycle.latest) or cycle.eol is None:
                    continue
                before = found[product].get(cycle.latest)
                if before is None or _end(cycle) > _end(before):
                    found[product][cycle.latest] = cycle
    return found


def raised(
    branch: Branch, minimum: str, fixed_at: datetime.date | None, source: Source, *, security: bool
) -> Branch | None:
    """A branch with a newer minimum. What the old one fixed stays charged to versions below that; None where that
    cannot be told apart, as nobody named a flaw."""
    if branch.security and not branch.cves and not security:
        return None
    named = {each.cve for each in branch.flaws}
    older = tuple(
        Flaw(
            cve=cve,
            fixed=branch.minimum or minimum,
            source=branch.source,
            fixed_at=branch.fixed_at,
            severity=branch.severity,
            remote_code=branch.remote_code,
        )
        for cve in branch.cves
        if cve not in named
    )
    return msgspec.structs.replace(
        branch,
        minimum=minimum,
        fixed_at=fixed_at,
        source=source,
        eol_source=branch.eol_source or (branch.source if branch.eol is not None else None),
        security=security,
        severity=branch.severity if security else "medium",
        remote_code=False,
        cves=(),
        flaws=(*branch.flaws, *older),
    )


def _end(cycle: Cycle) -> datetime.date:
    return cycle.eol or datetime.date.min


def _joined(baseline: Baseline, life: Lifecycle, dated: datetime.date, limit: int) -> Baseline:
    cycles = {each.name: each for each in life.cycles}
    source = Source(life.url, dated)
    branches = [
        _updated(each, cycles[each.name], source, baseline.scheme) if each.name in cycles else each
        for each in baseline.branches
    ]
    names = {each.name for each in branches}
    if names & cycles.keys() and "*" not in names and dated >= max(each.source.retrieved for each in baseline.branches):
        made = (_branch(each, source, baseline.scheme) for each in life.cycles if each.name not in names)
        branches += [each for each in made if each is not None]
    if tuple(branches) == baseline.branches:
        return baseline
    stale = limit if baseline.stale_after is None else min(limit, baseline.stale_after)
    return msgspec.structs.replace(baseline, branches=tuple(branches), stale_after=stale)


def _updated(branch: Branch, cycle: Cycle, source: Source, scheme: str) -> Branch:
    """The feed's days of support and its newest release, each where the branch's own fact is not newer."""
    if source.retrieved >= (branch.eol_source or branch.source).retrieved:
        eol = _eol(cycle, source.retrieved)
        branch = msgspec.structs.replace(
            branch, eol=eol, extended=_paid(cycle, eol) or branch.extended, eol_source=source
        )
    if branch.minimum is None or cycle.latest is None or source.retrieved < branch.source.retrieved:
        return branch
    order = compare(scheme, cycle.latest, branch.minimum)
    if order == 0:
        return msgspec.structs.replace(branch, source=source)
    if order == 1 and branch.holds(cycle.latest):
        return raised(branch, cycle.latest, cycle.latest_at, source, security=False) or branch
    return branch


def _alone(product: str, life: Lifecycle, dated: datetime.date, limit: int) -> Baseline | None:
    source = Source(life.url, dated)
    branches = tuple(filter(None, (_branch(each, source, "dotted") for each in life.cycles)))
    if not branches:
        return None
    return Baseline(
        product=product,
        vendor=vendor_of(life),
        title=life.title,
        scheme="dotted",
        repackaged=life.name not in VENDORS_OWN,
        branches=branches,
        stale_after=limit,
    )


def _branch(cycle: Cycle, source: Source, scheme: str) -> Branch | None:
    if not _NAME.fullmatch(cycle.name):
        return None
    eol = _eol(cycle, source.retrieved)
    branch = Branch(name=cycle.name, source=source, eol=eol, extended=_paid(cycle, eol), security=False)
    latest = cycle.latest
    if latest is None or not branch.holds(latest) or compare(scheme, latest, latest) != 0:
        return branch
    return msgspec.structs.replace(branch, minimum=latest, fixed_at=cycle.latest_at)


def _eol(cycle: Cycle, dated: datetime.date) -> datetime.date | None:
    """Of a line that ended nobody knows when: by the day of the feed it had."""
    if cycle.ended and cycle.eol is None:
        return dated - datetime.timedelta(days=1)
    return cycle.eol


def _paid(cycle: Cycle, eol: datetime.date | None) -> datetime.date | None:
    return cycle.extended if eol is not None and cycle.extended is not None and cycle.extended > eol else None


def _by_build(baseline: Baseline, builds: dict[str, dict[str, Cycle]], dated: datetime.date) -> Baseline:
    """The days of support of Windows, where the feed's are newer."""
    page = "windows-server" if baseline.product == "windows_server" else "windows"
    source = Source(f"https://endoflife.date/{page}", dated)
    branches = []
    for each in baseline.branches:
        cycle = builds[baseline.product].get(each.name)
        if cycle is not None and dated >= (each.eol_source or each.source).retrieved:
            paid = _paid(cycle, cycle.eol) or each.extended
            each = msgspec.structs.replace(each, eol=cycle.eol, extended=paid, eol_source=source)
        branches.append(each)
    return msgspec.structs.replace(baseline, branches=tuple(branches))
