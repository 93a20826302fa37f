"""The knowledge, laid out by what is asked of it: each fact is found without a search, and worked out once."""

from __future__ import annotations

import datetime
from functools import cmp_to_key

from scanner.assess.machines.revisions import (
    BUILD,
    base_of,
    built_for,
    compare_revisions,
    extended_minor,
    minor_of,
    own_build,
    upstream,
)
from scanner.assess.machines.upgrades import Releases
from scanner.model.baseline import Baseline, Branch, DistroFix, DistroLife, Knowledge, Source

_DIGITS = tuple("0123456789")
_QUIET_DAYS = 365
"""After so long without a fix, while another stream of the module had some, a stream is not known to be maintained."""


class Line:
    """Fixes of one package in one release of a distribution, in the order of their revisions."""

    def __init__(self, distro: str, fixes: list[DistroFix]) -> None:
        self.distro = distro
        self.fixes = sorted(fixes, key=cmp_to_key(self._order))
        self.read = max((each.source for each in fixes), key=lambda each: each.retrieved)
        self._plain = all(each.shown is None for each in fixes)

    def _order(self, left: DistroFix, right: DistroFix) -> int:
        return compare_revisions(self.distro, left.fixed, right.fixed) or 0

    @property
    def newest(self) -> DistroFix:
        return self.fixes[-1]

    def missing(self, revision: str) -> list[DistroFix] | None:
        """Those above a revision; None where that cannot be told."""
        if not self._plain:
            return self._one_by_one(revision)
        low, high = 0, len(self.fixes)
        while low < high:
            middle = (low + high) // 2
            order = compare_revisions(self.distro, revision, self.fixes[middle].fixed)
            if order is None:
                return self._one_by_one(revision)
            low, high = (low, middle) if order == -1 else (middle + 1, high)
        return self.fixes[low:]

    def surely_of(self, revision: str) -> bool:
        """Whether a revision that is not below a fix is of the same packages: a release's numbers say nothing about
        those of another, of unstable for one, that are higher."""
        if built_for(self.distro, revision) is not None:
            return built_for(self.distro, revision) == self.distro
        if any(compare_revisions(self.distro, revision, _as_shown(each, revision)) == 0 for each in self.fixes):
            return True
        newest = self.newest
        same = upstream(revision) in (upstream(newest.fixed), upstream(newest.shown or newest.fixed))
        return same and built_for(self.distro, newest.fixed) is None

    def may_be_extended(self, revision: str, missing: list[DistroFix]) -> bool:
        """Whether it may be of updates that are sold for an older minor release, with the missing fixes in them."""
        minor = extended_minor(revision)
        if minor is None:
            return False
        minors = (minor_of(each.fixed) for each in missing)
        if any(each is not None and each <= minor for each in minors):
            return False
        return all(compare_revisions(self.distro, revision, each.fixed) != 0 for each in self.fixes)

    def _one_by_one(self, revision: str) -> list[DistroFix] | None:
        orders = [compare_revisions(self.distro, revision, _as_shown(each, revision)) for each in self.fixes]
        found = [each for each, order in zip(self.fixes, orders, strict=True) if order == -1]
        return found if found or None not in orders else None


class _Branches:
    """A product's branches by name, as `Branch.holds` reads them: asked for every version of every host."""

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline
        self._named = {each.name: each for each in reversed(baseline.branches) if "x" not in each.name}
        self._lengths = sorted({len(name) for name in self._named if name != "*"}, reverse=True)
        self._patterns = [each for each in baseline.branches if "x" in each.name]
        self._last: tuple[str | None, Branch | None] = (None, None)

    def of(self, version: str) -> Branch | None:
        """Asked several times in a row for one version."""
        if version != self._last[0]:
            self._last = version, self._find(version)
        return self._last[1]

    def _find(self, version: str) -> Branch | None:
        found = self._by_name(version)
        for each in self._patterns:
            if each.holds(version) and (found is None or found.name == "*" or len(each.name) > len(found.name)):
                found = each
        return found

    def _by_name(self, version: str) -> Branch | None:
        texts = (version, version[1:]) if version.startswith("v") else (version,)
        for length in self._lengths:
            for text in texts:
                found = self._named.get(text[:length])
                if found is not None and text[length : length + 1] not in _DIGITS:
                    return found
        return self._named.get("*")


class Known:
    """One product's facts by name, one distribution's by its lines."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.lives: dict[str, DistroLife] = {each.distro: each for each in reversed(knowledge.distros)}
        self.exploited = {each.cve: each for each in knowledge.kev}
        self._baselines = {each.product: each for each in reversed(knowledge.baselines)}
        self._fixes: dict[str, dict[str, list[DistroFix]]] = {}
        self._lines: dict[tuple[str, str, str], Line | None] = {}
        self._packages: dict[tuple[str, str], dict[str | None, Line]] = {}
        self._branches: dict[str, _Branches] = {}
        self._tags: dict[str, dict[str, frozenset[str]]] = {}
        self._releases: dict[tuple[str, datetime.date], Releases] = {}
        self._fixed: dict[str, dict[str, datetime.date]] = {}

    def baseline(self, product: str) -> Baseline | None:
        return self._baselines.get(product)

    def life(self, distro: str, stream: str | None = None) -> DistroLife | None:
        """How long a release is maintained, or a module's stream in it if that is known to end before; a rebuild ends
        with what it rebuilds."""
        base = base_of(distro)
        release = self.lives.get(distro) or self.lives.get(base)
        shorter = None if stream is None else self.lives.get(f"{base} {stream}")
        return release if shorter is None or (release is not None and release.eol < shorter.eol) else shorter

    def quiet(self, distro: str, stream: str, today: datetime.date) -> bool:
        """Whether a module's stream whose life nobody lists had no fix for long, while another of its streams had."""
        if f"{distro} {stream}" in self.lives:
            return False
        if distro not in self._fixed:
            days: dict[str, datetime.date] = {}
            for fixes in self.knowledge.packages.get(distro, {}).values():
                for each in fixes:
                    if each.stream and each.fixed_at:
                        days[each.stream] = max(each.fixed_at, days.get(each.stream, each.fixed_at))
            self._fixed[distro] = days
        last = self._fixed[distro].get(stream)
        if last is None or (today - last).days <= _QUIET_DAYS:
            return False
        module = stream.partition(":")[0] + ":"
        return any(last < day <= today for each, day in self._fixed[distro].items() if each.startswith(module))

    def branch(self, baseline: Baseline, version: str) -> Branch | None:
        """The branch with the longest name that holds the version."""
        found = self._branches.get(baseline.product)
        if found is None or found.baseline is not baseline:
            found = self._branches[baseline.product] = _Branches(baseline)
        return found.of(version)

    def line(self, baseline: Baseline, distro: str, revision: str) -> Line | None:
        """The distribution's fixes for the line that a build of a product is of.

        None where nothing is known of it: it is not the distribution's own build, is of a module, which nothing shows
        on the network, or of another line than those that are fixed.
        """
        if not own_build(distro, revision) or ".module" in revision:
            return None
        branch = self.branch(baseline, upstream(revision)) if baseline.parallel else None
        if baseline.parallel and branch is None:
            return None
        key = baseline.product, distro, branch.name if branch else ""
        if key not in self._lines:
            if baseline.product not in self._fixes:
                fixes = self._fixes[baseline.product] = {}
                for each in baseline.fixes:
                    fixes.setdefault(each.distro, []).append(each)
            found = [
                each
                for each in self._fixes[baseline.product].get(distro, ())
                if each.stream is None and (branch is None or self.branch(baseline, upstream(each.fixed)) is branch)
            ]
            self._lines[key] = Line(distro, found) if found else None
        return self._lines[key]

    def package(self, distro: str, name: str) -> dict[str | None, Line]:
        """The fixes of a package by module stream; those under None are outside of any."""
        key = distro, name
        if key not in self._packages:
            streams: dict[str | None, list[DistroFix]] = {}
            for each in self.knowledge.packages.get(distro, {}).get(name, ()):
                streams.setdefault(each.stream, []).append(each)
            self._packages[key] = {stream: Line(distro, fixes) for stream, fixes in streams.items()}
        return self._packages[key]

    def streams(self, distro: str) -> dict[str, frozenset[str]]:
        """The tag of a module's build -> the stream that it is of; several only where advisories are at odds."""
        if distro not in self._tags:
            found: dict[str, set[str]] = {}
            for fixes in self.knowledge.packages.get(distro, {}).values():
                for each in fixes:
                    tag = BUILD.search(each.fixed) if each.stream else None
                    if tag is not None and each.stream:
                        found.setdefault(tag[0], set()).add(each.stream)
            self._tags[distro] = {tag: frozenset(streams) for tag, streams in found.items()}
        return self._tags[distro]

    def package_limit(self) -> int | None:
        """Days for which the advisories of distributions acquit."""
        limits = (each.limit_days for each in self.knowledge.feeds if each.name.startswith("osv-"))
        return min(limits, default=None)

    def releases(self, product: str, today: datetime.date) -> Releases | None:
        """What was released of a product until a day; None: nobody lists it."""
        key = product, today
        if key not in self._releases:
            baseline, days = self.baseline(product), self.knowledge.releases.get(product)
            if baseline is None or not days:
                return None
            self._releases[key] = Releases(baseline, days, today, self.branch)
        return self._releases[key]

    def feed_of(self, source: Source) -> str | None:
        """The feed that a fact is from, as far as its address tells."""
        dated = [each for each in self.knowledge.feeds if each.dated == source.retrieved]
        near = [each for each in dated if each.name == "endoflife"] if "endoflife.date" in source.url else dated
        return near[0].title if len(near) == 1 else None


_last: list[Known] = []


def known(knowledge: Knowledge) -> Known:
    """The layout of some knowledge; of the one asked for last it is still there."""
    found = _last[-1] if _last else None
    if found is None or found.knowledge is not knowledge:
        found = Known(knowledge)
        _last[:] = [found]
    return found


def _as_shown(fix: DistroFix, revision: str) -> str:
    """The fix as the source of the revision writes it: a banner, or the package's own name."""
    return fix.shown if fix.shown is not None and upstream(fix.shown) == upstream(revision) else fix.fixed
