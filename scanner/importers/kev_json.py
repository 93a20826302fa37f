"""CISA's catalogue of known exploited vulnerabilities, JSON."""

from __future__ import annotations

import datetime
import re

from scanner.errors import BadInput
from scanner.importers.feed_json import Loose, decoded, known_day, looks_like
from scanner.model.baseline import KnownExploited
from scanner.model.feeds import Reading

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)


class _Entry(Loose, frozen=True, rename={"cve": "cveID", "added": "dateAdded", "due": "dueDate"}):
    cve: str
    added: str
    due: str


class _Catalogue(Loose, frozen=True, rename="camel"):
    catalog_version: str
    date_released: str
    count: int
    vulnerabilities: tuple[_Entry, ...]


class _Head(Loose, frozen=True, rename="camel"):
    catalog_version: str
    vulnerabilities: list[object]


def is_kev(data: bytes) -> bool:
    return looks_like(data, _Head) is not None


def read_kev(data: bytes, name: str, today: datetime.date) -> Reading:
    """`tuple[KnownExploited, ...]`, by CVE."""
    catalogue = decoded(data, _Catalogue, name)
    if catalogue.count != len(catalogue.vulnerabilities):
        raise BadInput(
            f"{name}: says it has {catalogue.count} entries and has {len(catalogue.vulnerabilities)}; fetch it again"
        )
    found: dict[str, KnownExploited] = {}
    for each in catalogue.vulnerabilities:
        if not _CVE.fullmatch(each.cve) or each.cve in found:
            raise BadInput(f"{name}: {each.cve!r} is no CVE, or is listed twice")
        added = known_day(each.added, name, each.cve)
        found[each.cve] = KnownExploited(each.cve, added, known_day(each.due, name, each.cve))
    facts = tuple(found[cve] for cve in sorted(found))
    return Reading(facts, len(facts), known_day(catalogue.date_released, name, "dateReleased"), catalogue=True)
