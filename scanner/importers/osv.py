"""Security advisories of a distribution in the OSV format: a JSON file an advisory, packed into one zip."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from scanner.errors import BadInput
from scanner.importers.archive import members
from scanner.importers.feed_json import Loose, day, decoded, looks_like, newest
from scanner.model.base import SEVERITIES, Severity
from scanner.model.baseline import DistroFix, Source
from scanner.model.feeds import Reading

Packages = dict[str, dict[str, tuple[DistroFix, ...]]]
"""Distribution -> package -> fixes. `Source.retrieved` is the advisory's own day until the feed's is known."""

_MOST = 8 << 30
_TOMORROW = datetime.timedelta(days=1)
"""What is published now may be of tomorrow by a calendar further east."""
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_PAGE = re.compile(r"https://[\w.-]+/[\w./:~%?=&#+-]{1,300}", re.ASCII)
_RELEASE = re.compile(r"v?(\d{1,4}(?:\.\d{1,4})?)", re.ASCII)
_STREAM = re.compile(r"(?:\w+: )?([\w.+-]+:[\w.+-]+)(?: |$)", re.ASCII)
_ALMA = re.compile(r"\.alma(\.\d+)*$", re.ASCII)
_NOT_SECURITY = re.compile(r"(?:AL|RL|RH)(?:BA|EA)-", re.ASCII)
_ABOUT_A_CVE = re.compile(r"(?:DEBIAN|UBUNTU)-CVE-|CVE-", re.ASCII)
"""Such a record is about a flaw, and dated when that became known; an advisory is dated when its fix was released."""
_FAMILIES = {"AlmaLinux": "el", "Rocky Linux": "el", "Debian": "debian", "Ubuntu": "ubuntu"}
_WORDS: dict[str, Severity] = {
    "critical": "critical", "important": "high", "high": "high", "moderate": "medium", "medium": "medium",
    "low": "low", "negligible": "low",
}  # fmt: skip


class _Event(Loose, frozen=True):
    fixed: str | None = None


class _Range(Loose, frozen=True):
    type: str
    events: tuple[_Event, ...] = ()


class _Package(Loose, frozen=True):
    name: str
    ecosystem: str


class _Affected(Loose, frozen=True):
    package: _Package | None = None
    ranges: tuple[_Range, ...] = ()


class _Reference(Loose, frozen=True):
    url: str
    type: str = ""


class _Score(Loose, frozen=True):
    type: str
    score: str


class _Advisory(Loose, frozen=True):
    id: str
    modified: str
    affected: tuple[_Affected, ...] = ()
    summary: str = ""
    published: str | None = None
    withdrawn: str | None = None
    related: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    references: tuple[_Reference, ...] = ()
    severity: tuple[_Score, ...] = ()


class _Head(Loose, frozen=True):
    id: str
    modified: str
    affected: tuple[_Affected, ...]


def is_osv(data: bytes, ecosystem: str) -> bool:
    """Of one advisory: whether it is about a package of that ecosystem (`AlmaLinux`)."""
    head = looks_like(data, _Head)
    return head is not None and any(_ecosystem(each) == ecosystem for each in head.affected)


def read_osv(data: bytes, name: str, today: datetime.date) -> Reading:
    """`Packages`; one fix for each fixed version of a package, with all that its advisories name. Entries are
    advisories, those included that say nothing of use."""
    found: dict[str, dict[str, dict[tuple[str, str | None], DistroFix]]] = {}
    days: set[datetime.date] = set()
    entries = passed = 0
    for path, raw in members(data, name, _MOST, ".json"):
        advisory = decoded(raw, _Advisory, f"{name}: {path}")
        entries += 1
        changed = day(advisory.modified)
        if changed is not None and changed > today + _TOMORROW:
            raise BadInput(
                f"{name}: {path}: says that it is of {changed}, which is yet to come; look at this computer's clock"
            )
        if changed is not None:
            days.add(min(changed, today))
        used = False
        for distro, package, fix in _fixes(advisory, today):
            used = True
            fixes = found.setdefault(distro, {}).setdefault(package, {})
            key = (fix.fixed, fix.stream)
            fixes[key] = _both(fixes[key], fix) if key in fixes else fix
        passed += not used
    if entries and not days:
        raise BadInput(f"{name}: none of its advisories says of which day it is; how old they are cannot be told")
    facts: Packages = {
        distro: {package: tuple(sorted(fixes.values(), key=_by_day)) for package, fixes in sorted(packages.items())}
        for distro, packages in sorted(found.items())
    }
    return Reading(facts, entries, newest(days, today), catalogue=False, passed_over=passed)


def comparable(version: str) -> str:
    """A version of a package of an el distribution without what differs from rebuild to rebuild of one source: the
    tag of a module's build (`.module_el8.5.0+67+a3c431d9` becomes `.module`) and the mark of AlmaLinux.

    Compare both sides so, and only within a module's stream, or both outside of any.
    """
    return _MODULE.sub(".module", _ALMA.sub("", version))


_MODULE = re.compile(r"\.module[_+]el[\d.]+\+\d+\+[0-9a-f]+", re.ASCII)


def _fixes(advisory: _Advisory, today: datetime.date) -> Iterator[tuple[str, str, DistroFix]]:
    """Distribution, package and fix; none of an advisory that was withdrawn, or is not about security."""
    named = (advisory.id, *advisory.related, *advisory.aliases, *advisory.upstream)
    cves = tuple(sorted({found[0] for each in named if (found := _CVE.search(each))}))
    if advisory.withdrawn is not None or (not cves and _NOT_SECURITY.match(advisory.id)):
        return
    about_a_flaw = _ABOUT_A_CVE.match(advisory.id) is not None
    known = day(advisory.published)
    if known is None or known > today + _TOMORROW:
        known = day(advisory.modified)
    if known is None:
        return
    source = Source(_page(advisory), known)
    severity = _severity(advisory)
    stream = _STREAM.match(advisory.summary)
    for each in advisory.affected:
        distro = _distro(each)
        if each.package is None or not each.package.name or distro is None:
            continue
        for fixed in (event.fixed for part in each.ranges if part.type == "ECOSYSTEM" for event in part.events):
            if not fixed or fixed == "0":
                continue
            modular = stream is not None and ".module" in fixed
            yield (
                distro,
                each.package.name,
                DistroFix(
                    distro=distro,
                    fixed=_ALMA.sub("", fixed),
                    source=source,
                    fixed_at=None if about_a_flaw else known,
                    severity=severity or "medium",
                    rated=severity is not None,
                    cves=cves,
                    stream=stream[1] if modular and stream is not None else ("?" if ".module" in fixed else None),
                ),
            )


def _both(one: DistroFix, other: DistroFix) -> DistroFix:
    """What two advisories say of one fixed version."""
    first = min(one, other, key=_by_day)
    return DistroFix(
        distro=one.distro,
        fixed=one.fixed,
        source=first.source,
        fixed_at=first.fixed_at,
        severity=max(one.severity, other.severity, key=SEVERITIES.index),
        cves=tuple(sorted({*one.cves, *other.cves})),
        stream=one.stream,
        rated=one.rated and other.rated,
    )


def _by_day(fix: DistroFix) -> tuple[bool, datetime.date, str, str]:
    """Those with a day of release first."""
    return fix.fixed_at is None, fix.fixed_at or fix.source.retrieved, fix.fixed, fix.source.url


def _ecosystem(affected: _Affected) -> str:
    return "" if affected.package is None else affected.package.ecosystem.partition(":")[0]


def _distro(affected: _Affected) -> str | None:
    """`el:8` of `AlmaLinux:8`, `ubuntu:22.04` of `Ubuntu:22.04:LTS`, `ubuntu-pro:16.04` of `Ubuntu:Pro:16.04:LTS`."""
    if affected.package is None:
        return None
    family, *rest = affected.package.ecosystem.split(":")
    kind = _FAMILIES.get(family)
    if kind == "ubuntu" and rest[:1] == ["Pro"]:
        kind, rest = "ubuntu-pro", rest[1:]
    release = _RELEASE.fullmatch(rest[0]) if rest else None
    return None if kind is None or release is None else f"{kind}:{release[1]}"


def _severity(advisory: _Advisory) -> Severity | None:
    """In the distribution's own words; None where it has none."""
    words = [advisory.summary.partition(":")[0], *(each.score for each in advisory.severity)]
    return next((_WORDS[word.lower()] for word in words if word.lower() in _WORDS), None)


def _page(advisory: _Advisory) -> str:
    own = (each.url for each in advisory.references if each.type == "ADVISORY" and _PAGE.fullmatch(each.url))
    return next(own, f"https://osv.dev/vulnerability/{advisory.id}")
