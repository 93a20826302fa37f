"""The verdict on a version, case by case, against a small set of facts made for it."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tables import for_every

from scanner.assess.machines.judgement import Judgement
from scanner.assess.machines.patches import judge
from scanner.assess.machines.revisions import compare_revisions, upstream
from scanner.importers.document import read_document
from scanner.model.baseline import Knowledge
from scanner.model.product import Product

TODAY = datetime.date(2026, 11, 20)
FACTS = """
dated: 2026-11-01
kev:
  - {cve: CVE-2024-1111, added: 2024-02-01, due: 2024-02-22}
distros:
  - {distro: "debian:12", eol: 2028-06-30, source: {url: u-debian, retrieved: 2026-11-01}}
  - {distro: "debian:10", eol: 2024-06-30, source: {url: u-debian, retrieved: 2026-11-01}}
  - {distro: "ubuntu:20.04", eol: 2025-05-31, extended: 2030-04-02, extended_mark: esm,
     source: {url: u-ubuntu, retrieved: 2026-11-01}}
  - {distro: "el:8", eol: 2029-05-31, source: {url: u-el, retrieved: 2026-11-01}}
baselines:
  - product: daemon
    vendor: v
    title: A daemon that distributions ship
    scheme: dotted
    repackaged: true
    parallel: true
    unpackaged_on: [windows]
    older_eol: 2015-01-01
    branches:
      - name: "3"
        minimum: "3.4.9"
        fixed_at: 2026-10-01
        severity: medium
        cves: [CVE-2026-3333]
        source: {url: u-3, retrieved: 2026-11-01}
        flaws:
          - {cve: CVE-2024-1111, introduced: "3.2.0", fixed: "3.2.2", severity: critical, remote_code: true,
             fixed_at: 2024-01-10, source: {url: u-flaw, retrieved: 2024-01-10}}
      - {name: "2", minimum: "2.9.1", eol: 2020-01-01, source: {url: u-2, retrieved: 2026-11-01}}
      - {name: "1", minimum: "1.9.1", eol: 2016-01-01, distros_until: 2024-06-30,
         source: {url: u-1, retrieved: 2026-11-01}}
    fixes:
      - {distro: "debian:12", fixed: "1:3.1.0-2+deb12u7", fixed_at: 2026-10-02, severity: medium,
         cves: [CVE-2026-3333], source: {url: u-12-7, retrieved: 2026-11-01}}
      - {distro: "debian:12", fixed: "1:3.1.0-2+deb12u2", fixed_at: 2024-01-12, severity: critical,
         cves: [CVE-2024-1111], remote_code: true, source: {url: u-12-2, retrieved: 2024-01-12}}
      - {distro: "debian:10", fixed: "3.0.0-1+deb10u1", cves: [CVE-2024-1111], remote_code: true,
         source: {url: u-10, retrieved: 2024-01-12}}
      - {distro: "ubuntu:20.04", fixed: "3.0.0-1ubuntu0.2+esm1", source: {url: u-20, retrieved: 2026-11-01}}
      - {distro: "el:8", fixed: "32:3.1.0-9.el8_10", source: {url: u-8, retrieved: 2026-01-01}}
      - {distro: "debian:13", fixed: "1:3.3.0-7+deb13u2", shown: "3.3.1-7+deb13u2",
         source: {url: u-13, retrieved: 2026-11-01}}
  - product: single
    vendor: v
    title: A daemon that a release has in one line, and rebases
    scheme: openssh
    repackaged: true
    branches:
      - {name: "*", minimum: 10.0p1, source: {url: u-s, retrieved: 2026-11-01}}
    fixes:
      - {distro: "el:9", fixed: 8.7p1-48.el9_7, fixed_at: 2026-04-02, source: {url: u-s8, retrieved: 2026-11-01}}
      - {distro: "el:9", fixed: 9.9p1-9.el9_8, fixed_at: 2026-07-29, source: {url: u-s9, retrieved: 2026-11-01}}
      - {distro: "el:9", fixed: 10.2p1-1.module_el9.5.0+120+4533eb20, stream: "single:9",
         source: {url: u-sm, retrieved: 2026-11-01}}
      - {distro: "debian:12", fixed: "1:9.2p1-2+deb12u7", source: {url: u-sd, retrieved: 2026-11-01}}
  - product: appliance
    vendor: v
    title: A device with its maker's software
    scheme: windows
    repackaged: false
    stale_after: 45
    older_eol: 2016-01-01
    branches:
      - {name: "10.0.300", minimum: "10.0.300.50", fixed_at: 2026-10-11, severity: high,
         source: {url: u-300, retrieved: 2026-11-01}}
      - {name: "10.0.250", minimum: "10.0.250.9", security: false, source: {url: u-250, retrieved: 2026-11-01}}
      - {name: "10.0.200", minimum: "10.0.200.90", eol: 2026-11-19, source: {url: u-200, retrieved: 2026-11-01}}
      - {name: "10.0.100", eol: 2020-01-01, extended: 2027-01-01, source: {url: u-100, retrieved: 2026-11-01}}
      - {name: "10.0.400", source: {url: u-400, retrieved: 2026-11-01}}
"""
KNOWLEDGE = read_document(FACTS, Knowledge, "facts")


def judged(
    name: str = "daemon",
    version: str | None = None,
    revision: str | None = None,
    distro: str | None = None,
    certain: bool = True,
    today: datetime.date = TODAY,
) -> Judgement:
    product = Product("v", name, version, revision, distro, certain=certain)
    return judge(product, KNOWLEDGE, today)


PACKAGES = [
    # revision, distro, verdict, reason for UNKNOWN
    ("3.1.0-2+deb12u1", "debian:12", "NON_COMPLIANT", None),
    ("3.1.0-2+deb12u6", "debian:12", "NON_COMPLIANT", None),
    ("3.1.0-2+deb12u7", "debian:12", "COMPLIANT", None),
    ("3.1.0-2+deb12u10", "debian:12", "COMPLIANT", None),
    ("1:3.1.0-2+deb12u7", "debian:12", "COMPLIANT", None),
    ("3.1.0-2+deb12u1", "raspbian:12", "NON_COMPLIANT", None),
    ("3.1.0-2+deb12u7", "raspbian:12", "COMPLIANT", None),
    ("3.3.1-7+deb13u1", "debian:13", "NON_COMPLIANT", None),
    ("3.3.1-7+deb13u2", "debian:13", "COMPLIANT", None),
    ("1:3.3.0-7+deb13u1", "debian:13", "NON_COMPLIANT", None),
    ("1:3.3.0-7+deb13u2", "debian:13", "COMPLIANT", None),
    ("3.0.0-1+deb10u1", "debian:10", "END_OF_LIFE", None),
    ("3.1.0-8.el8_9", "el:8", "NON_COMPLIANT", None),
    # The only fact about el:8 is too old to clear anything.
    ("3.1.0-9.el8_10", "el:8", "UNKNOWN", "stale-baseline"),
    # Another line than the one that the fix is of, and a backport: the release's fixes say nothing.
    ("2.9.0-1+deb12u1", "debian:12", "UNKNOWN", "backport-possible"),
    ("3.4.0-1~bpo12+1", "debian:12", "UNKNOWN", "backport-possible"),
    # No fact for that release, no release, no revision, a distribution nobody listed.
    ("3.1.0-2", "debian:14", "UNKNOWN", "backport-possible"),
    ("3.1.0-2", "debian", "UNKNOWN", "backport-possible"),
    (None, "debian", "UNKNOWN", "backport-possible"),
    (None, "debian:12", "UNKNOWN", "backport-possible"),
    ("3.1.0-2", "freebsd", "UNKNOWN", "backport-possible"),
    ("3.1.0-(2)", "debian:12", "UNKNOWN", "backport-possible"),
    # Paid support shows in the revision; without the mark the release is over.
    ("3.0.0-1ubuntu0.2", "ubuntu:20.04", "END_OF_LIFE", None),
    ("3.0.0-1ubuntu0.2+esm1", "ubuntu:20.04", "COMPLIANT", None),
    ("3.0.0-1ubuntu0.1+esm3", "ubuntu:20.04", "NON_COMPLIANT", None),
]


@for_every(("revision", "distro", "verdict", "reason"), PACKAGES)
def test_package_of_a_distribution(revision: str | None, distro: str, verdict: str, reason: str | None) -> None:
    found = judged(version="3.1.0", revision=revision, distro=distro)
    assert found.verdict == verdict
    if reason:
        assert found.reason == reason
        assert found.cves == ()


SINGLE = [
    # A release that goes on to another upstream version leaves nothing of the older one patched.
    ("8.7p1-48.el9_7", "el:9", "NON_COMPLIANT", None),
    ("8.7p1-47.el9_7", "el:9", "NON_COMPLIANT", None),
    ("9.9p1-8.el9_8", "el:9", "NON_COMPLIANT", None),
    ("9.9p1-9.el9_8", "el:9", "COMPLIANT", None),
    ("9.9p1-9.el9_8.alma.1", "el:9", "COMPLIANT", None),
    # Others' builds, and those of a module, have fixes of their own.
    ("10.0p1-1.el9.remi", "el:9", "UNKNOWN", "backport-possible"),
    ("8.0p1-1.el9.ngx", "el:9", "UNKNOWN", "backport-possible"),
    ("9.9p1-9.module_el9.5.0+120+4533eb20", "el:9", "UNKNOWN", "backport-possible"),
    ("9.6p1-1~bookworm", "debian:12", "UNKNOWN", "backport-possible"),
    ("9.6p1-1.pgdg120+1", "debian:12", "UNKNOWN", "backport-possible"),
    ("9.1p1-1+0~20240101.1+debian12~1.gbp", "debian:12", "UNKNOWN", "backport-possible"),
]


@pytest.mark.parametrize(("revision", "distro", "verdict", "reason"), SINGLE)
def test_a_product_that_a_release_has_in_one_line(revision: str, distro: str, verdict: str, reason: str | None) -> None:
    found = judged("single", upstream(revision), revision, distro)
    assert found.verdict == verdict
    if reason:
        assert found.reason == reason


@pytest.mark.parametrize(
    ("distro", "revision", "fixed", "order"),
    [
        ("debian:12", "2:1.0-1", "1:9.0-1", 1),
        ("debian:12", "1:9.0-1", "2:1.0-1", -1),
        ("debian:12", "9.0-1", "1:9.0-1", 0),
        ("el:9", "1:3.0.7-6.el9_2", "1:3.0.7-16.el9_2", -1),
        ("el:9", "0:9.0-1.el9", "1:1.0-1.el9", -1),
        ("el:9", "3.0.7-27.el9", "1:3.0.7-16.el9_2", 1),
        ("el:8", "1.0-2.module_el8.5.0+1+aaaaaaaa", "1.0-2.module+el8.6.0+900+bbbbbbbb", 0),
        ("suse:15", "1.0-1", "1.0-1", None),
    ],
)
def test_epochs_count_where_both_are_written(distro: str, revision: str, fixed: str, order: int | None) -> None:
    assert compare_revisions(distro, revision, fixed) == order


UPSTREAM = [
    # product, version, distro, verdict, reason
    ("daemon", "3.4.9", None, "COMPLIANT", None),
    ("daemon", "3.5", None, "COMPLIANT", None),
    ("daemon", "3.4.8", None, "UNKNOWN", "backport-possible"),
    ("daemon", "3.2.1", None, "UNKNOWN", "backport-possible"),
    ("daemon", "2.9.1", None, "UNKNOWN", "backport-possible"),
    ("daemon", "1.9.1", None, "END_OF_LIFE", None),
    ("daemon", "0.9", None, "UNKNOWN", "backport-possible"),
    ("daemon", "4.0", None, "UNKNOWN", "branch-unknown"),
    ("daemon", "3.4.8", "windows", "NON_COMPLIANT", None),
    ("daemon", "2.9.1", "windows", "END_OF_LIFE", None),
    ("daemon", "0.9", "windows", "END_OF_LIFE", None),
    ("daemon", "3.4.8-patched", None, "UNKNOWN", "untrusted-banner"),
    ("daemon", "unknown", None, "UNKNOWN", "untrusted-banner"),
    ("daemon", "\0", None, "UNKNOWN", "untrusted-banner"),
    ("daemon", "", None, "UNKNOWN", "no-version"),
    ("daemon", None, "debian", "UNKNOWN", "no-version"),
    ("nothing", "1.0", None, "UNKNOWN", "no-baseline"),
    ("appliance", "10.0.300.50", None, "COMPLIANT", None),
    ("appliance", "10.0.300.9", None, "NON_COMPLIANT", None),
    ("appliance", "10.0.300", None, "UNKNOWN", "base-build-only"),
    ("appliance", "10.0.200.99", None, "END_OF_LIFE", None),
    ("appliance", "10.0.200", None, "END_OF_LIFE", None),
    ("appliance", "10.0.100.1", None, "END_OF_LIFE", None),
    ("appliance", "10.0.400.1", None, "UNKNOWN", "base-build-only"),
    ("appliance", "10.0.350.1", None, "UNKNOWN", "branch-unknown"),
    ("appliance", "6.1.7601.1", None, "END_OF_LIFE", None),
]


@for_every(("name", "version", "distro", "verdict", "reason"), UPSTREAM)
def test_version_of_upstream(
    name: str, version: str | None, distro: str | None, verdict: str, reason: str | None
) -> None:
    found = judged(name, version, distro=distro)
    assert found.verdict == verdict
    if reason:
        assert found.reason == reason
        assert found.cves == ()


def test_a_missing_fix_is_charged_with_everything_below_it() -> None:
    found = judged(version="3.1.0", revision="3.1.0-2+deb12u1", distro="debian:12")
    assert found.required == "1:3.1.0-2+deb12u7"
    assert found.cves == ("CVE-2024-1111", "CVE-2026-3333")
    assert found.kev == ("CVE-2024-1111",)
    assert (found.severity, found.remote_code, found.confidence) == ("critical", True, "high")
    assert found.fixed_at == datetime.date(2024, 1, 12)
    assert found.age_days == (TODAY - datetime.date(2024, 1, 12)).days
    assert found.source == "u-12-7 (read 2026-11-01)"


def test_a_fix_that_nobody_rated_is_told_from_a_lesser_one() -> None:
    """Deadlines count undisclosed severity like a high one."""
    [baseline] = [each for each in KNOWLEDGE.baselines if each.product == "single"]
    unrated = tuple(replace(each, rated=False) for each in baseline.fixes)
    facts = replace(KNOWLEDGE, baselines=(replace(baseline, fixes=unrated),))
    for known, severity in ((KNOWLEDGE, "medium"), (facts, None)):
        found = judge(Product("v", "single", "9.2p1", "9.2p1-2+deb12u1", "debian:12"), known, TODAY)
        assert [each.severity for each in found.missing] == [severity]


def test_a_fix_that_is_there_is_not_charged() -> None:
    found = judged(version="3.1.0", revision="3.1.0-2+deb12u6", distro="debian:12")
    assert (found.cves, found.kev, found.severity, found.remote_code) == (("CVE-2026-3333",), (), "medium", False)
    assert found.age_days == (TODAY - datetime.date(2026, 10, 2)).days


@pytest.mark.parametrize(
    ("version", "kev"), [("3.1.9", ()), ("3.2.0", ("CVE-2024-1111",)), ("3.2.1", ("CVE-2024-1111",)), ("3.2.2", ())]
)
def test_a_flaw_is_charged_from_where_it_came_in_to_where_it_was_fixed(version: str, kev: tuple[str, ...]) -> None:
    assert judged(version=version, distro="windows").kev == kev


def test_an_ended_branch_still_says_what_is_missing_and_no_version_to_go_to() -> None:
    found = judged(version="3.0.0", revision="3.0.0-1", distro="debian:10")
    assert (found.verdict, found.kev, found.required) == ("END_OF_LIFE", ("CVE-2024-1111",), None)
    assert found.eol == datetime.date(2024, 6, 30)


def test_support_ends_on_its_last_day_and_not_before() -> None:
    assert judged("appliance", "10.0.200.99", today=datetime.date(2026, 11, 19)).verdict == "COMPLIANT"
    assert judged("appliance", "10.0.200.99", today=datetime.date(2026, 11, 20)).verdict == "END_OF_LIFE"
    for day, verdict in ((datetime.date(2028, 6, 30), "NON_COMPLIANT"), (datetime.date(2028, 7, 1), "END_OF_LIFE")):
        assert judged(revision="3.1.0-2+deb12u1", distro="debian:12", today=day).verdict == verdict


def test_an_old_fact_convicts_for_ever_and_acquits_for_a_while() -> None:
    """45 days for the appliance, 90 where a baseline says nothing, from 2026-11-01."""
    for name, good, bad, days in (("appliance", "10.0.300.50", "10.0.300.49", 45), ("daemon", "3.4.9", None, 90)):
        last = datetime.date(2026, 11, 1) + datetime.timedelta(days=days)
        assert judged(name, good, today=last).verdict == "COMPLIANT"
        late = judged(name, good, today=last + datetime.timedelta(days=1))
        assert (late.verdict, late.reason) == ("UNKNOWN", "stale-baseline")
        if bad:
            assert judged(name, bad, today=last + datetime.timedelta(days=1)).verdict == "NON_COMPLIANT"


def test_confidence_says_how_sure() -> None:
    assert judged("appliance", "10.0.300.50").confidence == "high"
    assert judged("appliance", "10.0.300.50", today=datetime.date(2026, 12, 10)).confidence == "medium"
    assert judged("appliance", "10.0.100.1").confidence == "medium"  # somebody may pay for its support
    newest = judged("appliance", "10.0.250.1")
    assert (newest.verdict, newest.confidence, newest.severity) == ("NON_COMPLIANT", "low", "low")


def test_a_version_that_may_be_rewritten_is_never_more_than_a_hint() -> None:
    assert judged("appliance", "10.0.300.9", certain=False).confidence == "low"
    assert judged("appliance", "10.0.100.1", certain=False).confidence == "low"
    assert judged("appliance", "10.0.300.50", certain=False).reason == "untrusted-banner"
    assert judged(version="3.4.8", certain=False).reason == "backport-possible"


TEXTS = st.one_of(
    st.none(), st.text(max_size=30), st.sampled_from(["3", "3.4.9", "1:3.1.0-2", "*", "10.0.300", "x" * 5000])
)


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.sampled_from(["daemon", "single", "appliance"]),
    TEXTS,
    TEXTS,
    st.one_of(TEXTS, st.sampled_from(["debian:12", "el:8"])),
)
def test_any_text_gives_a_verdict(name: str, version: str | None, revision: str | None, distro: str | None) -> None:
    found = judged(name, version, revision, distro)
    assert found.verdict in ("COMPLIANT", "NON_COMPLIANT", "END_OF_LIFE", "UNKNOWN")
    assert bool(found.source) or found.verdict == "UNKNOWN"
