"""Microsoft's builds put into the baselines: each line's newest security build is its minimum. Pure.

Windows has a line for each base build. SQL Server has two lines a release (security fixes only, and all fixes),
Exchange one for each cumulative update. A line that no longer gets what its neighbours get is measured by theirs.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence

import msgspec

from scanner.feeds.lives import raised
from scanner.model.baseline import Baseline, Branch, Source
from scanner.model.feeds import Build, Cycle
from scanner.versions import compare

_SQL_LINE = re.compile(r"(\d+\.\d+)\.(\d)\d{3}\.\d+", re.ASCII)
_OLDEST_SQL = 14
"""Before it, service packs made lines of their own, whose ends only a baseline tells."""
_HOTPATCHED = frozenset({"server 2022", "server 2025"})
"""Releases of which some editions are patched while they run, except in January, April, July and October."""
_WINDOWS_PAGE = "https://aka.ms/WindowsUpdateHistory"


def with_windows(
    baselines: Iterable[Baseline],
    builds: tuple[Build, ...],
    lives: dict[str, dict[str, Cycle]],
    dated: datetime.date,
    life_dated: datetime.date | None,
    limit: int,
) -> tuple[Baseline, ...]:
    """Of `windows_server`, and of `windows`, which nobody can tell from it where only the base build is the same."""
    servers = _by_base(each for each in builds if each.line.startswith("server "))
    either = _of_either(servers, _by_base(each for each in builds if each.line.startswith("client ")))
    minimums = {"windows_server": servers, "windows": either}
    found = [_raised_all(each, minimums.get(each.product, {}), dated, limit) for each in baselines]
    found = [_with_hotpatches(each, builds, servers) if each.product == "windows_server" else each for each in found]
    ends = lives.get("windows", {})
    place = next((at for at, each in enumerate(found) if each.product == "windows"), None)
    known = set() if place is None else {each.name for each in found[place].branches}
    wanted = (either.keys() | ends.keys()) - known
    if place is not None:
        newest = max(each.source.retrieved for each in found[place].branches if each.minimum is not None)
        wanted = {base for base in wanted if base in either and dated >= newest}
    branches = [_window(base, either.get(base), ends, dated, life_dated) for base in wanted]
    made = tuple(sorted(filter(None, branches), key=lambda each: each.name, reverse=True))
    if place is not None:
        whole = msgspec.structs.replace(found[place], branches=(*found[place].branches, *made))
        found[place] = _with_hotpatches(whole, builds, either)
    elif made:
        found.append(
            Baseline(
                product="windows",
                vendor="microsoft",
                title="Microsoft Windows",
                scheme="windows",
                repackaged=False,
                branches=made,
                stale_after=limit,
            )
        )
    return tuple(found)


def _of_either(servers: dict[str, Build], clients: dict[str, Build]) -> dict[str, Build]:
    """The minimum of each base build where nobody can tell whether it is a server: the higher one, or one for each
    where the numbers tell. Server 2025 counts on from 10.0.26100.32230, where Windows 11 has four digits."""
    found = dict(clients)
    for base, build in servers.items():
        number = str(_number(build))
        if base not in found:
            found[base] = build
        elif len(number) > len(str(_number(found[base]))):
            found[f"{base}.{number[0]}{'x' * (len(number) - 1)}"] = build
        else:
            found[base] = max(build, found[base], key=_number)
    return found


def with_sql(
    baselines: Iterable[Baseline], builds: tuple[Build, ...], dated: datetime.date, limit: int
) -> tuple[Baseline, ...]:
    return _lines(baselines, "sql_server", builds, _sql_release, _sql_line, dated, limit)


def with_exchange(
    baselines: Iterable[Baseline], builds: tuple[Build, ...], dated: datetime.date, limit: int
) -> tuple[Baseline, ...]:
    return _lines(baselines, "exchange_server", builds, lambda each: each.line, _exchange_line, dated, limit)


def _by_base(builds: Iterable[Build]) -> dict[str, Build]:
    """Base build -> the lowest build that has every security fix of its newest month; of those that take no restart
    only where there is no other."""
    lines: dict[str, list[Build]] = {}
    for each in builds:
        lines.setdefault(each.version.rpartition(".")[0], []).append(each)
    found: dict[str, Build] = {}
    for base, line in lines.items():
        secure = [each for each in line if each.kind == "security"]
        if not secure:
            continue
        newest = max(each.released for each in secure)
        before = max((_number(each) for each in line if each.released < newest), default=0)
        able = [each for each in secure if each.released == newest and (not each.hotpatch or _number(each) > before)]
        if able:
            found[base] = min(able, key=lambda each: (each.hotpatch, _number(each)))
    return found


def _with_hotpatches(baseline: Baseline, builds: Sequence[Build], minimums: dict[str, Build]) -> Baseline:
    """The lower builds of machines that are patched while they run. Those of clients are listed; those of servers are
    not: in the months that have any, what lies between two months' builds may be one."""
    branches = []
    for each in baseline.branches:
        newest = minimums.get(each.name)
        if newest is None or newest.version != each.minimum:
            branches.append(each)
            continue
        mine = [
            build
            for build in builds
            if build.version.rpartition(".")[0] == newest.version.rpartition(".")[0]
            and compare(baseline.scheme, build.version, newest.version) == -1
            and build.line == newest.line
        ]
        same = [build for build in mine if build.hotpatch and build.released == newest.released]
        before = [build for build in mine if build.released < newest.released]
        unlisted = (
            newest.line in _HOTPATCHED and newest.released.month % 3 != 1 and newest.kind == "security" and not same
        )
        branches.append(
            msgspec.structs.replace(
                each,
                hotpatch=min(same, key=_number).version if same else None,
                hotpatch_above=max(before, key=_number).version if unlisted and before else None,
            )
        )
    return msgspec.structs.replace(baseline, branches=tuple(branches))


def _number(build: Build) -> int:
    return int(build.version.rpartition(".")[2])


def _window(
    base: str,
    build: Build | None,
    ends: dict[str, Cycle],
    dated: datetime.date,
    life_dated: datetime.date | None,
) -> Branch | None:
    cycle = ends.get(".".join(base.split(".")[:3]))
    known = cycle is not None and life_dated is not None
    life = Source("https://endoflife.date/windows", life_dated) if known and life_dated is not None else None
    source = Source(build.url or _WINDOWS_PAGE, dated) if build is not None else life
    if source is None:
        return None
    return Branch(
        name=base,
        source=source,
        minimum=None if build is None else build.version,
        fixed_at=None if build is None else build.released,
        severity="high",
        eol=cycle.eol if cycle is not None and known else None,
        extended=cycle.extended if cycle is not None and known else None,
        eol_source=life,
    )


def _raised_all(baseline: Baseline, minimums: dict[str, Build], dated: datetime.date, limit: int) -> Baseline:
    branches = tuple(_raised(baseline, each, minimums.get(each.name), dated) for each in baseline.branches)
    if branches == baseline.branches:
        return baseline
    return msgspec.structs.replace(baseline, branches=branches, stale_after=min(limit, baseline.stale_after or limit))


def _raised(baseline: Baseline, branch: Branch, build: Build | None, dated: datetime.date) -> Branch:
    """Where the branch's own fact is not newer, and its minimum not higher. One without a minimum gets none."""
    if build is None or branch.minimum is None or dated < branch.source.retrieved:
        return branch
    order = compare(baseline.scheme, build.version, branch.minimum)
    source = Source(build.url or branch.source.url, dated)
    if order == 0:
        return msgspec.structs.replace(branch, source=source, fixed_at=build.released)
    if order == 1:
        return raised(branch, build.version, build.released, source, security=True) or branch
    return branch


def _lines(
    baselines: Iterable[Baseline],
    product: str,
    builds: tuple[Build, ...],
    release: Callable[[Build], str | None],
    line: Callable[[Build], str | None],
    dated: datetime.date,
    limit: int,
) -> tuple[Baseline, ...]:
    return tuple(
        _lined(each, builds, release, line, dated, limit) if each.product == product else each for each in baselines
    )


def _lined(
    baseline: Baseline,
    builds: tuple[Build, ...],
    release: Callable[[Build], str | None],
    line: Callable[[Build], str | None],
    dated: datetime.date,
    limit: int,
) -> Baseline:
    """Each line's minimum; a line that was left out of its release's newest security update has that of the next."""
    releases: dict[str, dict[str, Build]] = {}
    for each in builds:
        of, name = release(each), line(each)
        if each.kind != "security" or of is None or name is None:
            continue
        name = next((one.name for one in baseline.branches if one.holds(each.version)), name)
        newest = releases.setdefault(of, {})
        if name not in newest or (each.released, _numbers(each)) > (newest[name].released, _numbers(newest[name])):
            newest[name] = each
    minimums: dict[str, Build] = {}
    for newest in releases.values():
        last = max(each.released for each in newest.values())
        served = sorted((each for each in newest.values() if each.released == last), key=_numbers)
        for name, build in newest.items():
            above = (each for each in served if _numbers(each) >= _numbers(build))
            minimums[name] = build if build.released == last else next(above, build)
    updated = _raised_all(baseline, minimums, dated, limit)
    if dated < max(each.source.retrieved for each in baseline.branches):
        return updated
    known = {each.name for each in baseline.branches}
    added = tuple(
        Branch(
            name=name,
            source=Source(build.url, dated),
            minimum=build.version,
            fixed_at=build.released,
            severity="high",
        )
        for name, build in sorted(minimums.items())
        if name not in known and _numbers(build) > _newest_known(baseline)
    )
    return msgspec.structs.replace(updated, branches=(*updated.branches, *added))


def _newest_known(baseline: Baseline) -> tuple[int, ...]:
    """Older lines that a baseline leaves out are left out: their support has ended, which no build tells."""
    found = [tuple(map(int, each.minimum.split("."))) for each in baseline.branches if each.minimum is not None]
    return max(found, default=())


def _numbers(build: Build) -> tuple[int, ...]:
    return tuple(map(int, build.version.split(".")))


def _sql_release(build: Build) -> str | None:
    major = build.version.partition(".")[0]
    return build.line if int(major) >= _OLDEST_SQL else None


def _sql_line(build: Build) -> str | None:
    found = _SQL_LINE.fullmatch(build.version)
    return None if found is None else f"{found[1]}.{found[2]}xxx"


def _exchange_line(build: Build) -> str | None:
    return build.version.rpartition(".")[0]
