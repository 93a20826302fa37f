"""The RPM order against the program that defines it."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from package_judges import RPM_REAL, Pair, pairs, rpm, table

from scanner.versions import compare

FEED = Path(__file__).resolve().parents[3] / "shared" / "feeds" / "almalinux"
needs_rpm = pytest.mark.skipif(shutil.which("rpm") is None, reason="rpm is not installed; it is the judge of this test")


def test_agrees_with_what_rpm_said() -> None:
    rows = table("rpm")
    assert len(rows) > 1800
    assert {order for _, _, order in rows} == {-1, 0, 1}
    assert [row for row in rows if compare("rpm", row[0], row[1]) != row[2]] == []


@needs_rpm
def test_agrees_with_rpm() -> None:
    asked = list(pairs("rpm", RPM_REAL, 8000, seed=20261122))
    truth = rpm(asked)
    assert set(truth) == {-1, 0, 1}
    assert [(pair, order) for pair, order in zip(asked, truth, strict=True) if compare("rpm", *pair) != order] == []


def test_a_banner_differs_from_the_package_by_the_epoch_alone() -> None:
    checked = 0
    for left, right, order in table("rpm"):
        epoch, separator, bare = left.partition(":")
        if separator and right.startswith(f"{epoch}:"):
            assert compare("rpm-banner", bare, right) == order
            checked += 1
    assert checked > 50


def _advised() -> list[Pair]:
    """Every two fixed versions of one package, over all the advisories."""
    fixed: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted(FEED.glob("*.json")):
        for affected in json.loads(path.read_text(encoding="utf-8"))["affected"]:
            package = affected["package"]
            for span in affected["ranges"]:
                fixed[package["name"]].update(each["fixed"] for each in span["events"] if "fixed" in each)
    return sorted({pair for each in fixed.values() for pair in itertools.combinations(sorted(each), 2)})


@pytest.fixture(scope="module")
def advised() -> list[Pair]:
    if not FEED.is_dir():
        pytest.skip("AlmaLinux's advisories are not in ../shared/feeds/almalinux")
    return _advised()


@needs_rpm
def test_agrees_with_rpm_on_every_two_fixes_of_a_package(advised: list[Pair]) -> None:
    assert len(advised) > 2000
    truth = rpm(advised)
    assert [(pair, order) for pair, order in zip(advised, truth, strict=True) if compare("rpm", *pair) != order] == []


def test_every_fix_of_the_advisories_has_a_place(advised: list[Pair]) -> None:
    for version in sorted({version for pair in advised for version in pair}):
        assert compare("rpm", version, version) == 0
        assert compare("rpm-banner", version.partition(":")[2] or version, version) == 0
        # One more rebuild is above, in whatever form: AlmaLinux's own, a later minor release's.
        for later in (f"{version}.alma.2", f"{version}.1", f"{version}_99"):
            assert compare("rpm", later, version) == 1
