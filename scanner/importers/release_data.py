"""endoflife.date's release data: a JSON file a product, with the day of each version, packed into one zip."""

from __future__ import annotations

import datetime

from scanner.errors import BadInput
from scanner.importers.archive import members
from scanner.importers.feed_json import Loose, day, decoded, looks_like, newest
from scanner.model.feeds import Reading

_MOST = 256 << 20


class _Version(Loose, frozen=True):
    name: str
    date: str


class _File(Loose, frozen=True):
    releases: dict[str, object]
    versions: dict[str, _Version]


class _Other(Loose, frozen=True):
    """Any JSON at all that is an object."""


def is_release_data(data: bytes) -> bool:
    """Of one product's file."""
    return looks_like(data, _File) is not None


def read_releases(data: bytes, name: str, today: datetime.date) -> Reading:
    """`dict[str, dict[str, date]]`: product -> version -> day. Entries are versions."""
    found: dict[str, dict[str, datetime.date]] = {}
    passed = 0
    for path, raw in members(data, name, _MOST, ".json"):
        if "/releases/" not in f"/{path}" and looks_like(raw, _File) is None and looks_like(raw, _Other) is not None:
            passed += 1
            continue
        product = path.rpartition("/")[2].removesuffix(".json")
        versions = found.setdefault(product, {})
        for version in decoded(raw, _File, f"{name}: {path}").versions.values():
            when = day(version.date)
            if when is None:
                raise BadInput(f"{name}: {path}: {version.name}: {version.date!r} is no day (such as 2026-08-22)")
            versions[version.name] = when
    days = {when for versions in found.values() for when in versions.values()}
    if days and newest(days, today) is None:
        raise BadInput(f"{name}: names only days that are yet to come; look at this computer's clock")
    return Reading(found, sum(map(len, found.values())), newest(days, today), catalogue=False, passed_over=passed)
