"""The Debian order against the programs that define it."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from package_judges import DEB_REAL, dpkg, dpkg_perl, pairs, table

from scanner.versions import compare


def test_agrees_with_what_dpkg_said() -> None:
    rows = table("dpkg")
    assert len(rows) > 1800
    assert {order for _, _, order in rows} == {-1, 0, 1}
    assert [row for row in rows if compare("deb", row[0], row[1]) != row[2]] == []


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not installed; it is the judge of this test")
def test_agrees_with_dpkg() -> None:
    asked = list(pairs("deb", DEB_REAL, 400, seed=20261120))
    truth = dpkg(asked)
    assert {-1, 1} <= set(truth)
    assert [(pair, order) for pair, order in zip(asked, truth, strict=True) if compare("deb", *pair) != order] == []


def test_agrees_with_debians_library_on_what_is_installed_and_its_relatives() -> None:
    """Thousands of pairs, made of the versions of this machine's packages where it has any."""
    if (
        shutil.which("perl") is None
        or subprocess.run(["perl", "-MDpkg::Version", "-e", "1"], capture_output=True, check=False).returncode
    ):
        pytest.skip("perl's Dpkg::Version (Debian's dpkg-dev) is not installed; it is the judge of this test")
    query = ["dpkg-query", "-W", "-f", "${Version}\n"]
    installed = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    asked = list(pairs("deb", [*DEB_REAL, *sorted(set(installed))], 6000, seed=20261122))
    truth = dpkg_perl(asked)
    assert {-1, 0, 1} == set(truth)
    assert [(pair, order) for pair, order in zip(asked, truth, strict=True) if compare("deb", *pair) != order] == []


def test_a_banner_differs_from_the_package_by_the_epoch_alone() -> None:
    checked = 0
    for left, right, order in table("dpkg"):
        epoch, separator, bare = left.partition(":")
        if separator and right.startswith(f"{epoch}:"):
            assert compare("deb-banner", bare, right) == order
            checked += 1
    assert checked > 50
