"""Versions that our facts name are versions that were released, on the days that the facts say."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from scanner.baselines import bundled
from scanner.model.baseline import Baseline

RELEASES = Path(__file__).parents[3] / "shared" / "feeds" / "release-data" / "releases"
LIVES = Path(__file__).parents[3] / "shared" / "feeds" / "endoflife" / "products-full.json"
KEV = Path(__file__).parents[3] / "shared" / "feeds" / "kev" / "known_exploited_vulnerabilities.json"
PAGE = "https://endoflife.date/"
COLLECTED = datetime.date(2026, 8, 22)
FEW_DAYS = 7
UNLISTED = {
    # The collection has no hotfixes of BIG-IP and begins late for these two.
    "big-ip": {"15.1.0.4", "14.1.2.6", "13.1.3.4", "12.1.5.2", "16.0.1.1", "15.1.2.1", "13.1.3.6", "12.1.5.3"}
    | {"16.1.2.2", "15.1.5.1", "14.1.4.6"},
    "kibana": {"6.6.1"},
    "zabbix": {"5.4.9"},
}

pytestmark = pytest.mark.skipif(not RELEASES.exists(), reason=f"the release data is not at {RELEASES}")


@cache
def newest() -> dict[str, dict[str, datetime.date | None]]:
    """endoflife.date's product -> the newest version of each release -> its day."""
    found: dict[str, dict[str, datetime.date | None]] = {}
    for product in json.loads(LIVES.read_text("utf-8"))["result"]:
        latest = [each["latest"] for each in product["releases"] if each["latest"] and each["latest"]["name"]]
        found[product["name"]] = {each["name"]: as_date(each["date"]) for each in latest}
    return found


def as_date(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)


@cache
def released(baseline: Baseline) -> dict[str, datetime.date | None]:
    """Every version of the product in the collections that its ends of support were taken from."""
    names = pages(baseline)
    versions: dict[str, datetime.date | None] = {}
    for name in names:
        versions |= newest().get(name, {})
    for path in (RELEASES / f"{name}.json" for name in names):
        if path.exists():
            for each in json.loads(path.read_text("utf-8"))["versions"].values():
                versions[each["name"]] = datetime.date.fromisoformat(each["date"])
    return versions


def named(baseline: Baseline) -> Iterator[tuple[str, datetime.date | None]]:
    for branch in baseline.branches:
        if branch.minimum is not None and branch.source.retrieved <= COLLECTED:
            yield branch.minimum, branch.fixed_at
        yield from ((each.fixed, each.fixed_at) for each in branch.flaws if each.source.retrieved <= COLLECTED)


def pages(baseline: Baseline) -> set[str]:
    """endoflife.date's names for the product."""
    sources = [each for branch in baseline.branches for each in (branch.source, branch.eol_source) if each]
    return {each.url.removeprefix(PAGE) for each in sources if each.url.startswith(PAGE)}


PRODUCTS = [each for each in bundled() if any((RELEASES / f"{name}.json").exists() for name in pages(each))]


@pytest.mark.parametrize("baseline", PRODUCTS, ids=lambda each: each.product)
def test_every_version_was_released_on_that_day(baseline: Baseline) -> None:
    versions = released(baseline)
    unlisted = UNLISTED.get(baseline.product, set())
    strange = {each for each, _ in named(baseline)} - versions.keys() - unlisted
    assert {each for each in strange if baseline.product not in BY_OTHER_NAMES} == set()
    for version, day in named(baseline):
        known = versions.get(version)
        if day is not None and known is not None:
            assert abs((day - known).days) <= FEW_DAYS, version


BY_OTHER_NAMES = {"windows", "windows_server", "exchange_server", "sql_server"}
"""What Microsoft's own lists, from which the facts are, have under full builds."""


def test_most_products_are_in_the_collection() -> None:
    assert len(PRODUCTS) > 55
    checked = sum(version in released(each) for each in PRODUCTS for version, _ in named(each))
    assert checked > 700


def test_what_is_known_to_be_exploited_is_marked_as_such() -> None:
    """Every CVE of CISA's catalogue that our facts name is in the extract that comes with the package."""
    from scanner.feeds import known_exploited

    listed = {each["cveID"] for each in json.loads(KEV.read_text("utf-8"))["vulnerabilities"]}
    ours = {flaw.cve for each in bundled() for branch in each.branches for flaw in branch.flaws}
    ours |= {cve for each in bundled() for branch in each.branches for cve in branch.cves}
    extract = {each.cve for each in known_exploited().entries}
    assert ours & listed <= extract
    assert len(ours & listed) > 90
