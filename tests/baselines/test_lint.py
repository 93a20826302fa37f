"""Every kind of mistake in a fact is named, and a good fact passes."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.baselines.lint import GRAVE, Remark, lint
from scanner.model.baseline import Baseline, Branch, DistroFix, Flaw, Source

TODAY = datetime.date(2026, 11, 22)
READ = datetime.date(2026, 11, 1)
PAGE = Source("https://www.openssh.org/security.html", READ)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


FLAW = Flaw("CVE-2024-6387", "9.1", PAGE, introduced="9.0.5", fixed_at=day("2026-07-01"))
BRANCH = Branch("9", PAGE, minimum="9.2", fixed_at=day("2026-08-01"), flaws=(FLAW,))
OLD = Branch("8", PAGE, minimum="8.8", eol=day("2026-06-30"))
FIX = DistroFix("debian:12", "1:9.0-2+deb12u1", PAGE)
GOOD = Baseline("thing", "maker", "Thing", "dotted", True, (BRANCH, OLD), fixes=(FIX,))


def with_branch(**changes: Any) -> Baseline:
    return msgspec.structs.replace(GOOD, branches=(msgspec.structs.replace(BRANCH, **changes), OLD))


def with_flaw(**changes: Any) -> Baseline:
    return with_branch(flaws=(msgspec.structs.replace(FLAW, **changes),))


def with_fix(**changes: Any) -> Baseline:
    return msgspec.structs.replace(GOOD, fixes=(msgspec.structs.replace(FIX, **changes),))


def from_url(url: str) -> Baseline:
    return with_branch(source=Source(url, READ))


def remarks(*baselines: Baseline, **options: Any) -> tuple[Remark, ...]:
    return lint(baselines, TODAY, stale_after_days=90, **options)


def test_good_facts_pass() -> None:
    assert remarks(GOOD, products={"thing"}) == ()


@for_every(
    ("baseline", "kind", "what"),
    [
        (msgspec.structs.replace(GOOD, scheme="roman"), "unusable", "roman is no version scheme"),
        (msgspec.structs.replace(GOOD, branches=(BRANCH, BRANCH)), "contradictory", "holds the same versions as"),
        (
            msgspec.structs.replace(
                GOOD, branches=(BRANCH, Branch("1x", PAGE, eol=READ), Branch("12", PAGE, eol=READ))
            ),
            "contradictory",
            "branch 12",
        ),
        (with_branch(minimum="9.1", flaws=(msgspec.structs.replace(FLAW, fixed="9.2"),)), "contradictory", "above the"),
        (with_branch(minimum="8.9"), "contradictory", "belongs to branch 8"),
        (with_branch(minimum="7.1"), "contradictory", "belongs to none listed"),
        (with_branch(minimum="9.x"), "unusable", "9.x is no version by the scheme dotted"),
        (with_branch(fixed_at=day("2026-11-02")), "contradictory", "after its source was read"),
        (with_branch(extended=day("2027-01-01")), "contradictory", "extended support"),
        (with_branch(eol=READ, extended=READ), "contradictory", "extended support"),
        (with_branch(distros_until=day("2027-01-01")), "contradictory", "distros_source"),
        (with_branch(distros_until=READ, distros_source=PAGE), "contradictory", "do not outlive"),
        (with_branch(cves=("CVE-24-1",)), "unusable", "no identifier of a CVE"),
        (with_branch(minimum=None, fixed_at=None, flaws=()), "odd", "says neither"),
        (with_branch(eol=day("2026-07-31")), "odd", "after the end of support"),
        (with_flaw(cve="CVE-2024-638"), "unusable", "no identifier of a CVE"),
        (with_flaw(cve="CVE-２０２４-6387"), "unusable", "no identifier of a CVE"),
        (with_flaw(fixed="nine"), "unusable", "nine is no version"),
        (with_flaw(introduced="9.1"), "contradictory", "not before 9.1"),
        (with_flaw(fixed_at=day("2026-09-01")), "contradictory", "before that"),
        (with_branch(flaws=(FLAW, FLAW)), "contradictory", "twice for the same versions"),
        (from_url("http://www.openssh.org/"), "unsourced", "no https:// address"),
        (from_url("https://localhost/x"), "unsourced", "no https:// address"),
        (from_url("openssh.org"), "unsourced", "no https:// address"),
        (from_url("https://www.example.com/x"), "unsourced", "an example"),
        (from_url("https://thing.invalid/x"), "unsourced", "an example"),
        (with_branch(source=Source(PAGE.url, day("2026-11-23"))), "unsourced", "yet to come"),
        (with_branch(source=Source(PAGE.url, day("2026-08-02"))), "stale", "1 of 1 branches"),
        (msgspec.structs.replace(GOOD, repackaged=False), "contradictory", "not to be repackaged"),
        (msgspec.structs.replace(GOOD, fixes=(FIX, FIX)), "contradictory", "twice"),
        (with_fix(distro="debian"), "unusable", "is no release of"),
        (with_fix(distro="arch:1"), "unusable", "is no release of"),
        (with_fix(fixed="6.0-1"), "unusable", "belongs to no branch"),
        (with_fix(fixed="9.0_1 x"), "unusable", "is no revision"),
        (with_fix(fixed_at=day("2026-11-02")), "contradictory", "after its source was read"),
    ],
)
def test_a_mistake_is_named_once(baseline: Baseline, kind: str, what: str) -> None:
    found = remarks(baseline)
    matching = [each for each in found if each.kind == kind and what in str(each)]
    assert len(matching) == 1, [str(each) for each in found]
    assert all(each.product == "thing" for each in found)


def test_two_files_on_one_product() -> None:
    assert [each.what for each in remarks(GOOD, GOOD)] == ["two files are about it; only the first counts"]


def test_a_name_that_identification_does_not_give() -> None:
    (found,) = remarks(GOOD, products={"other"})
    assert (found.kind, found.kind in GRAVE) == ("odd", False)


def test_the_same_flaw_in_ranges_that_do_not_meet() -> None:
    first = msgspec.structs.replace(FLAW, introduced="9.0", fixed="9.0.3")
    second = msgspec.structs.replace(FLAW, introduced="9.1", fixed="9.1.2")
    assert remarks(with_branch(flaws=(first, second))) == ()
    assert remarks(with_branch(flaws=(second, first))) == ()
    assert len(remarks(with_branch(flaws=(first, msgspec.structs.replace(second, introduced="9.0.2"))))) == 1


def test_a_flaw_that_the_last_release_of_a_branch_has() -> None:
    """Fixed in the next branch only, after this one had ended: no contradiction."""
    late = Flaw("CVE-2024-6387", "9.1", PAGE)
    ended = msgspec.structs.replace(OLD, flaws=(late,))
    assert remarks(msgspec.structs.replace(GOOD, branches=(BRANCH, ended))) == ()
    alive = msgspec.structs.replace(ended, eol=day("2027-06-30"))
    (found,) = remarks(msgspec.structs.replace(GOOD, branches=(BRANCH, alive)))
    assert "above the minimum 8.8" in found.what


def test_facts_age_on_the_day_after_their_limit() -> None:
    limit = READ + datetime.timedelta(days=90)
    assert lint((GOOD,), limit, stale_after_days=90) == ()
    (found,) = lint((GOOD,), limit + datetime.timedelta(days=1), stale_after_days=90)
    assert found.kind == "stale"
    hasty = msgspec.structs.replace(GOOD, stale_after=20)
    assert [each.kind for each in lint((hasty,), TODAY, stale_after_days=90)] == ["stale"]


def test_ends_that_endoflife_says_otherwise() -> None:
    source = Source("https://endoflife.date/thing", READ)
    baseline = with_branch(eol=day("2027-01-01"), eol_source=source)
    assert remarks(baseline, feed={"thing": {"9": day("2027-01-01")}, "other": {"9": None}}) == ()
    (found,) = remarks(baseline, feed={"thing": {"9": None}})
    assert found.what == "its support ends 2027-01-01, and endoflife.date says that it is supported"
    assert len(remarks(baseline, feed={"thing": {"9": day("2026-12-31")}})) == 1


TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(["9.2", "", "*", "9", "x", "CVE-2024-1", "https://[", "1:2-3"]))


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_strange_texts_are_remarked_and_raise_nothing(name: str, minimum: str, cve: str, url: str, fixed: str) -> None:
    source = Source(url or "-", READ)
    flaw = Flaw(cve or "-", minimum or "-", source, introduced=fixed)
    branch = Branch(name or "-", source, minimum=minimum, flaws=(flaw,), cves=(cve,))
    fix = DistroFix(name or "-", fixed or "-", source)
    found = lint((Baseline("p", "v", "t", "dotted", True, (branch,), (fix,)),), TODAY, stale_after_days=90)
    assert any(each.kind in GRAVE for each in found)
