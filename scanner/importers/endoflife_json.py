"""endoflife.date's API v1, `products/full`: every product with its release lines."""

from __future__ import annotations

import datetime

import msgspec

from scanner.importers.feed_json import Loose, day, decoded, known_day, looks_like
from scanner.model.feeds import Cycle, Lifecycle, Reading

_MOST_TEXT = 200


class _Latest(Loose, frozen=True):
    name: str
    date: str | None = None


class _Release(Loose, frozen=True, rename="camel"):
    name: str
    is_eol: bool
    release_date: str | None = None
    eol_from: str | None = None
    eoes_from: str | None = None
    latest: _Latest | None = None


class _Identifier(Loose, frozen=True):
    type: str
    id: str


class _Product(Loose, frozen=True):
    name: str
    label: str
    releases: tuple[_Release, ...]
    category: str = ""
    identifiers: tuple[_Identifier, ...] = ()


class _Whole(Loose, frozen=True):
    schema_version: str
    generated_at: str
    result: tuple[_Product, ...]


class _Head(Loose, frozen=True):
    schema_version: str
    generated_at: str
    result: tuple[msgspec.Raw, ...]


def is_endoflife(data: bytes) -> bool:
    return looks_like(data, _Head) is not None


def read_endoflife(data: bytes, name: str, today: datetime.date) -> Reading:
    """`tuple[Lifecycle, ...]`, in the file's order. Entries are products."""
    whole = decoded(data, _Whole, name)
    facts = tuple(_product(each) for each in whole.result)
    return Reading(facts, len(facts), known_day(whole.generated_at, name, "generated_at"), catalogue=True)


def _product(each: _Product) -> Lifecycle:
    return Lifecycle(
        name=each.name[:_MOST_TEXT],
        title=each.label[:_MOST_TEXT],
        url=f"https://endoflife.date/{each.name[:_MOST_TEXT]}",
        category=each.category[:_MOST_TEXT],
        cpes=tuple(dict.fromkeys(filter(None, (_cpe(one) for one in each.identifiers)))),
        cycles=tuple(_cycle(release) for release in each.releases),
    )


def _cycle(release: _Release) -> Cycle:
    latest = release.latest
    return Cycle(
        name=release.name[:_MOST_TEXT],
        released=day(release.release_date),
        ended=release.is_eol,
        eol=day(release.eol_from),
        extended=day(release.eoes_from),
        latest=None if latest is None else latest.name[:_MOST_TEXT],
        latest_at=None if latest is None else day(latest.date),
    )


def _cpe(identifier: _Identifier) -> tuple[str, str] | None:
    """Vendor and product of either spelling of a CPE."""
    if identifier.type != "cpe":
        return None
    parts = identifier.id.replace("cpe:2.3:", "cpe:/").split(":")
    if len(parts) < 4 or not parts[2] or not parts[3]:
        return None
    return parts[2].replace("\\", "")[:_MOST_TEXT].lower(), parts[3].replace("\\", "")[:_MOST_TEXT].lower()
