"""What an inventory says is installed, judged by the advisories of the distribution that built it."""

from __future__ import annotations

import datetime

from msgspec.structs import replace

from scanner.assess.machines.installed import InstalledProduct
from scanner.assess.machines.judgement import Judgement, unknown
from scanner.assess.machines.known import Known, Line
from scanner.assess.machines.patches import STALE_AFTER_DAYS, judge_by, judge_line
from scanner.assess.machines.revisions import BUILD, base_of, built_for, own_build, upstream


def judge_installed(facts: Known, found: InstalledProduct, today: datetime.date) -> Judgement:
    """Exact by the fixes of its package, where the distribution's advisories are known; else as a banner that shows the
    whole of it."""
    revision = found.item.version
    named = found.product.distro or ""
    if own_build(base_of(named), revision):
        # A package that is left from another release, or was taken from one, has the fixes of that one.
        named = built_for(named, revision) or named
    distro = base_of(named)
    lines = next((of_it for each in found.packages if (of_it := facts.package(distro, each))), None)
    if lines and own_build(distro, revision):
        return _by_lines(facts, lines, named, revision, today)
    exact = replace(found.product, revision=revision) if found.packages and revision else found.product
    return judge_by(facts, exact, today)


def _by_lines(
    facts: Known, lines: dict[str | None, Line], distro: str, revision: str, today: datetime.date
) -> Judgement:
    """By its module stream, or outside of any. Where its stream cannot be told, only what is true in all of them."""
    limit = min(facts.package_limit() or STALE_AFTER_DAYS, STALE_AFTER_DAYS)
    fitting = _streams(facts, lines, distro, revision)
    if not fitting:
        newest = max((each.newest for each in lines.values()), key=lambda each: each.source.retrieved)
        return unknown("branch-unknown", "distribution-fix", source=newest.source)
    found = [judge_line(facts, each, distro, revision, today, limit) for each in fitting]
    if len({(each.verdict, each.reason) for each in found}) > 1:
        return unknown("branch-unknown", "distribution-fix", source=fitting[0].newest.source)
    return min(found, key=lambda each: len(each.missing))


def _streams(facts: Known, lines: dict[str | None, Line], distro: str, revision: str) -> list[Line]:
    tag = BUILD.search(revision)
    if tag is None:
        return [line for stream, line in lines.items() if stream is None]
    built = facts.streams(base_of(distro)).get(tag[0], frozenset())
    if exact := [line for stream, line in lines.items() if stream in built]:
        return exact
    version = upstream(revision)
    modular = {stream: line for stream, line in lines.items() if stream is not None}
    same = [line for stream, line in modular.items() if _holds(stream.partition(":")[2], version)]
    return same if len(same) == 1 else list(modular.values())


def _holds(name: str, version: str) -> bool:
    """Whether a stream is called by what its package's versions begin with: `10.3` of 10.3.39."""
    return bool(name) and version.startswith(name) and version[len(name) : len(name) + 1] in (".", "")
