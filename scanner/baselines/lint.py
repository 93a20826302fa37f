"""What is wrong with patch facts: those that contradict one another, have no source, are of no use, or have aged."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from scanner.baselines.lint_branch import branch_remarks, flaw_remarks, upstream
from scanner.model.base import Frozen
from scanner.model.baseline import Baseline, DistroFix, Source
from scanner.versions import compare, schemes

Kind = Literal["contradictory", "unsourced", "unusable", "stale", "odd"]
GRAVE: frozenset[Kind] = frozenset({"contradictory", "unsourced", "unusable"})
"""What may not stand; the rest are notes."""
_PACKAGES = {"debian": "deb", "ubuntu": "deb", "el": "rpm"}
_PAGE = re.compile(r"https://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#][^\s]*)?", re.ASCII | re.IGNORECASE)
_EXAMPLE = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|example|invalid|localhost|test)$", re.ASCII | re.IGNORECASE)

Feed = Mapping[str, Mapping[str, datetime.date | None]]
"""endoflife.date's product -> release -> the end of its support, None while it is supported."""


class Remark(Frozen, frozen=True):
    """One thing that is wrong with one product's facts."""

    kind: Kind
    product: str
    where: str
    """`branch 9.2`, `debian:12`; empty: the product as a whole."""
    what: str

    def __str__(self) -> str:
        place = f" {self.where}" if self.where else ""
        return f"{self.kind}: {self.product}{place}: {self.what}"


def lint(
    baselines: Iterable[Baseline],
    today: datetime.date,
    *,
    stale_after_days: int,
    products: Collection[str] = (),
    feed: Feed | None = None,
) -> tuple[Remark, ...]:
    """Every remark on the facts, in their order. Pure.

    `products`: the names that identification can give; empty: any. `feed`: what endoflife.date says.
    """
    found: list[Remark] = []
    seen: Counter[str] = Counter()
    for each in baselines:
        seen[each.product] += 1
        if seen[each.product] == 2:
            found.append(Remark("contradictory", each.product, "", "two files are about it; only the first counts"))
        found += _of_product(each, today, stale_after_days, products)
        if feed is not None:
            found += _against(each, feed)
    return tuple(found)


def _of_product(
    baseline: Baseline, today: datetime.date, stale_after_days: int, products: Collection[str]
) -> Iterator[Remark]:
    name = baseline.product
    if baseline.scheme not in schemes():
        yield Remark("unusable", name, "", f"{baseline.scheme} is no version scheme")
        return
    if products and name not in products:
        yield Remark("odd", name, "", "no fingerprint gives this name; only an inventory can")
    for where, source in _sources(baseline):
        if (what := _unsourced(source, today)) is not None:
            yield Remark("unsourced", name, where, what)
    for kind, where, what in (*branch_remarks(baseline), *flaw_remarks(baseline)):
        yield Remark(kind, name, where, what)
    yield from _fixes(baseline)
    limit = datetime.timedelta(days=min(stale_after_days, baseline.stale_after or stale_after_days))
    alive = [each for each in baseline.branches if each.minimum and (each.eol is None or each.eol >= today)]
    old = [each for each in alive if today - each.source.retrieved > limit]
    if old:
        newest = max(each.source.retrieved for each in old)
        count = f"{len(old)} of {len(alive)} branches that are supported"
        yield Remark("stale", name, "", f"{count} have facts older than {limit.days} days (the newest: {newest})")


def _sources(baseline: Baseline) -> Iterator[tuple[str, Source]]:
    for branch in baseline.branches:
        where = f"branch {branch.name}"
        for source in (branch.source, branch.eol_source, branch.distros_source):
            if source is not None:
                yield where, source
        for flaw in branch.flaws:
            yield f"{where}, {flaw.cve}", flaw.source
    for fix in baseline.fixes:
        yield f"{fix.distro}, {fix.fixed}", fix.source


def _unsourced(source: Source, today: datetime.date) -> str | None:
    """Why nobody could look the fact up; None if one could."""
    page = _PAGE.fullmatch(source.url)
    if page is None:
        return f"its source {source.url} is no https:// address of a page"
    if _EXAMPLE.search(page[1]):
        return f"its source {source.url} is an example"
    if source.retrieved > today:
        return f"its source was read on {source.retrieved}, which is yet to come"
    return None


def _fixes(baseline: Baseline) -> Iterator[Remark]:
    if baseline.fixes and not baseline.repackaged:
        what = "has fixes of distributions, and is said not to be repackaged by any"
        yield Remark("contradictory", baseline.product, "", what)
    seen: set[tuple[str, str, str | None]] = set()
    for fix in baseline.fixes:
        where = f"{fix.distro}, {fix.fixed}"
        if (fix.distro, fix.fixed, fix.stream) in seen:
            yield Remark("contradictory", baseline.product, where, "the fix stands there twice")
        seen.add((fix.distro, fix.fixed, fix.stream))
        yield from (Remark("unusable", baseline.product, where, what) for what in _unusable(baseline, fix))
        if fix.fixed_at is not None and fix.fixed_at > fix.source.retrieved:
            what = f"was released on {fix.fixed_at}, after its source was read ({fix.source.retrieved})"
            yield Remark("contradictory", baseline.product, where, what)


def _unusable(baseline: Baseline, fix: DistroFix) -> Iterator[str]:
    family, _, release = fix.distro.partition(":")
    scheme = _PACKAGES.get(family)
    if scheme is None or not release:
        yield f"{fix.distro} is no release of {', '.join(_PACKAGES)}, such as debian:12"
    elif compare(scheme, fix.fixed, fix.fixed) != 0:
        yield f"{fix.fixed} is no revision of a package of {family}"
    elif not any(each.holds(upstream(fix.fixed)) for each in baseline.branches):
        yield "belongs to no branch that is listed, so that nothing is judged by it"


def _against(baseline: Baseline, feed: Feed) -> Iterator[Remark]:
    """Ends of support that are said to be endoflife.date's, and differ from what it says."""
    for branch in baseline.branches:
        source = branch.eol_source or branch.source
        releases = feed.get(source.url.removeprefix("https://endoflife.date/"), {})
        if branch.name in releases and releases[branch.name] != branch.eol:
            said = releases[branch.name] or "that it is supported"
            what = f"its support ends {branch.eol or 'on no day'}, and endoflife.date says {said}"
            yield Remark("contradictory", baseline.product, f"branch {branch.name}", what)
