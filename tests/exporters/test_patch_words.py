"""What is said of versions in plain words: every figure counts what it says, and no reason is left out."""

from __future__ import annotations

import typing

import msgspec
import pytest
from patch_sample import patch_report
from sample import sample_report

from scanner.exporters import patch_words
from scanner.exporters.patch_words import (
    age_words,
    behind_words,
    due_words,
    epss_words,
    findings_by_row,
    first_of,
    in_short,
    required_words,
    risk_of,
    urgency,
    versions,
)
from scanner.model.report import AcceptedState, PatchRow, UnknownReason

ROW = sample_report().patches[0]


def said(**changes: object) -> str:
    return "\n".join(line.text for line in in_short(msgspec.structs.replace(patch_report(), **changes)))


def row(**changes: object) -> PatchRow:
    return msgspec.structs.replace(ROW, **changes)


def test_every_point_is_said_with_its_figure() -> None:
    assert said().split("\n") == [
        "4 products are provably outdated: 2 lack a fix that is out, 2 have no support any more.",
        "2 of these are past a deadline (2 by Cyber Essentials, 1 by CISA KEV), by up to 844 days.",
        "1 of these falls due within 14 days.",
        "1 of these has flaws that are exploited in the wild (CISA KEV).",
        "2 of these can be reached from other zones: 2 from front-desk, 1 from guest (untrusted).",
        "3 cannot be known: 1 as the service does not tell its version; 1 as only the base build shows, not the update "
        "level; 1 as the banner contradicts itself or may be invented.",
        "1 is at or above what its baseline asks.",
        "Too old to say that nothing is missing: EPSS <script>alert(1)</script>.",
        "1 imported inventory belongs to no host that is known, and nothing in it was judged.",
        "2 exceptions in the register do nothing.",
    ]


def test_equal_reasons_are_summed() -> None:
    unknown = row(verdict="UNKNOWN", reason="backport-possible")
    told = said(patches=(unknown,) * 12, accepted=(), feeds=(), inventories=())
    assert told == (
        "Nothing is provably outdated.\n"
        "12 cannot be known: 12 as a distribution's backport cannot be told from its banner."
    )


def test_nothing_judged_is_no_pass() -> None:
    (line,) = in_short(msgspec.structs.replace(patch_report(), patches=()))
    assert "does not say that software is up to date" in line.text
    assert line.tone == "none"


def test_no_tone_is_the_green_one() -> None:
    assert {line.tone for line in in_short(patch_report())} <= {"bad", "warn", "plain", "none"}


def test_every_reason_state_and_rule_has_words() -> None:
    assert set(patch_words.UNKNOWN_SINCE) == set(typing.get_args(UnknownReason))
    assert set(patch_words.ACCEPTED) == set(typing.get_args(AcceptedState))


@pytest.mark.parametrize(("days", "words"), [(1, "1 day overdue"), (0, "due today"), (-1, "1 day left")])
def test_a_deadline_flips_on_its_day(days: int, words: str) -> None:
    assert due_words(days) == words


@pytest.mark.parametrize(
    ("age", "words"), [(1, "1 day old"), (0, "0 days old"), (-2, "of a later day than this report")]
)
def test_no_age_is_negative(age: int, words: str) -> None:
    assert age_words(msgspec.structs.replace(patch_report().feeds[0], age_days=age)) == words


@pytest.mark.parametrize(
    ("chance", "words"), [(0.0, "below 1%"), (0.0099, "below 1%"), (0.01, "1%"), (0.5, "50%"), (0.999, "above 99%")]
)
def test_a_chance_is_never_rounded_to_none_or_all(chance: float, words: str) -> None:
    assert epss_words(chance) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (row(), ""),
        (row(latest="2.0"), "the newest of its branch is 2.0"),
        (row(latest="2.0", days_behind=0), "the newest of its branch"),
        (row(latest="2.0", days_behind=1), "1 day behind 2.0, the newest of its branch"),
    ],
)
def test_how_far_behind(given: PatchRow, words: str) -> None:
    assert behind_words(given) == words


@pytest.mark.parametrize(
    ("given", "witnesses"),
    [
        (row(version="1", seen_by=("network",)), (("network", "1"),)),
        (row(version="2", seen_by=("inventory",)), (("inventory", "2"),)),
        (
            row(version="2", banner="1", seen_by=("network", "inventory")),
            (("inventory", "2"), ("network", "1")),
        ),
        (row(version="2", banner="2", seen_by=("network", "inventory")), (("found by both", "2"),)),
        (row(version="1:2-3", banner="2-3", seen_by=("network", "inventory")), (("found by both", "1:2-3"),)),
        (row(version="2", seen_by=("network", "inventory")), (("inventory", "2"), ("network", "no version"))),
        (row(version=None), (("found", "no version"),)),
    ],
)
def test_both_witnesses_are_heard(given: PatchRow, witnesses: tuple[tuple[str, str], ...]) -> None:
    assert versions(given) == witnesses


def test_the_very_version_is_never_asked_for() -> None:
    assert required_words(row(verdict="UNKNOWN", version="1", required="1")) == "the distribution's fixes"
    assert required_words(row(verdict="END_OF_LIFE", required=None)) == "a release that is supported"
    assert required_words(row(verdict="NON_COMPLIANT", version="1", required="2")) == "2"


def test_a_finding_belongs_to_its_own_product_and_port() -> None:
    report = patch_report()
    of = findings_by_row(report)
    by_product = {each.product: of(each) for each in report.patches}
    assert {each.kind for each in by_product["openssh"]} <= {"outdated"}
    assert [each.kind for each in by_product["esxi"]] == ["known-exploited"]
    assert [each.kind for each in by_product["nginx"]] == ["end-of-life"], "of a report that names no product"
    assert by_product["windows"] == ()
    other = msgspec.structs.replace(report.patches[0], product="dropbear")
    assert of(other) == ()


def test_packages_that_are_one_finding_share_it_and_no_other_row_has_it() -> None:
    report = patch_report()
    ssh = report.patches[0]
    bare = msgspec.structs.replace(ssh, product="bash", transport=None, port=None)
    fine = msgspec.structs.replace(bare, product="curl", verdict="COMPLIANT")
    together = msgspec.structs.replace(report.findings[13], id="together", product=None, transport=None, port=None)
    of = findings_by_row(msgspec.structs.replace(report, findings=(*report.findings, together)))
    assert [each.id for each in of(bare)] == ["together"]
    assert of(fine) == ()
    assert "together" not in [each.id for each in of(ssh)]


def test_order_is_by_risk_then_by_what_fails() -> None:
    report = patch_report()
    of = findings_by_row(report)
    ordered = sorted(report.patches, key=lambda each: urgency(each, risk_of(of(each))))
    assert [each.product for each in ordered[:4]] == ["esxi", "openssh", "mariadb", "nginx"]
    assert ordered[-1].verdict == "COMPLIANT"
    ranks = [first_of(each) for each in sorted(report.findings, key=first_of)]
    assert ranks == sorted(ranks)
