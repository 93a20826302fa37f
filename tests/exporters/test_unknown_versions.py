"""A version that cannot be judged says what is missing to judge it, never two equal figures."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from sample import sample_report

from scanner.assess.machines.patches import judge
from scanner.exporters.html import render
from scanner.exporters.words import why_unknown
from scanner.feeds import bundled_knowledge
from scanner.model.product import Product
from scanner.model.report import PatchRow

ROW = next(row for row in sample_report().patches if row.verdict == "UNKNOWN")


def row(
    version: str | None, required: str | None, eol: str | None = None, reason: str = "backport-possible"
) -> PatchRow:
    return msgspec.structs.replace(ROW, version=version, required=required, eol=eol, reason=reason)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (row("9.2p1", "1:9.2p1-2+deb12u9"), "9.2p1 shows without the distribution's revision: 1:9.2p1-2+deb12u9 or"),
        (row("1.18.0", "1.18.0", "2021-04-20"), "last release of its branch, whose support ended on 2021-04-20"),
        (row("2.2.15", "2.2.34"), "2.2.15 is below 2.2.34, unless the distribution backported"),
        (row("2.2.15", None), "The distribution may have backported"),
        (row(None, None, reason="no-version"), "does not tell its version"),
        (msgspec.structs.replace(ROW, verdict="COMPLIANT", reason="at or above"), ""),
    ],
)
def test_what_is_missing(given: PatchRow, says: str) -> None:
    assert says in why_unknown(given)
    assert bool(says) == bool(why_unknown(given))
    page = render(msgspec.structs.replace(sample_report(), patches=(given,))).decode()
    assert says.replace("'", "&#39;") in page


def test_a_named_distribution_without_a_revision_is_asked_for_its_own_fix() -> None:
    """OpenSSH 9.2p1 of Debian 12: upstream's minimum would be the very version that shows."""
    product = Product(vendor="openbsd", name="openssh", version="9.2p1", distro="debian:12")
    verdict = judge(product, bundled_knowledge(), datetime.date(2026, 11, 20))
    assert (verdict.verdict, verdict.reason) == ("UNKNOWN", "backport-possible")
    assert verdict.required is not None
    assert verdict.required.startswith("1:9.2p1-2+deb12u")
