"""What the feeds of the distributions' advisories have in common."""

from __future__ import annotations

import datetime
from functools import partial
from urllib.parse import quote

import msgspec

from scanner.feeds.feed import Feed
from scanner.importers.osv import Packages, is_osv, read_osv
from scanner.model.baseline import Source


def advisories(ecosystem: str, licence: str, plausible: int, largest: int) -> Feed:
    """The advisories of one ecosystem of OSV: its whole zip, or a folder of its files."""
    return Feed(
        title=f"{ecosystem} security advisories",
        says=f"in which revision {ecosystem} fixed which flaw",
        licence=licence,
        url=f"https://osv-vulnerabilities.storage.googleapis.com/{quote(ecosystem)}/all.zip",
        limit_days=14,
        largest=largest,
        plausible=plausible,
        facts=Packages,
        read=read_osv,
        recognises=partial(is_osv, ecosystem=ecosystem),
        packed=".json",
        settle=_settle,
        version=3,
    )


def _settle(packages: Packages, dated: datetime.date, whole: bool) -> Packages:
    """Every fix as known on the feed's day; in an excerpt a later fix may be missing, so that each fact is only as
    fresh as its own advisory."""
    if not whole:
        return packages
    return {
        distro: {
            name: tuple(msgspec.structs.replace(fix, source=Source(fix.source.url, dated)) for fix in fixes)
            for name, fixes in found.items()
        }
        for distro, found in packages.items()
    }
