"""A client's `baselines.yaml` asks for more, and is refused where it would ask for less."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner import session
from scanner.assess.machines.judgement import Judgement
from scanner.assess.machines.patches import judge
from scanner.baselines import bundled
from scanner.baselines.overrides import Override, read_overrides, tightened
from scanner.errors import BadInput
from scanner.feeds import bundled_knowledge
from scanner.model.baseline import Baseline, Branch
from scanner.model.product import Product

TODAY = datetime.date(2026, 9, 15)
SINCE = datetime.date(2026, 9, 1)
NAME = "baselines.yaml"


def asked(
    product: str, branch: str, minimum: str | None = None, eol: str | None = None, since: datetime.date = SINCE
) -> Override:
    end = None if eol is None else datetime.date.fromisoformat(eol)
    return Override(product, branch, "insurer's list", "J. Ortiz", since, minimum, end)


def judged(name: str, version: str, *overrides: Override, distro: str | None = None) -> Judgement:
    baselines = tightened(bundled(), overrides, NAME, TODAY)
    return judge(
        Product("v", name, version, None, distro),
        msgspec.structs.replace(bundled_knowledge(), baselines=baselines),
        TODAY,
    )


def test_a_higher_minimum() -> None:
    before = judged("elasticsearch", "8.19.20")
    after = judged("elasticsearch", "8.19.20", asked("elasticsearch", "8.19", "8.19.21"))
    assert (before.verdict, after.verdict) == ("COMPLIANT", "NON_COMPLIANT")
    assert (after.required, after.fixed_at, after.age_days) == ("8.19.21", SINCE, 14)
    assert after.source == "baselines.yaml, J. Ortiz: insurer's list (read 2026-08-22)"
    assert after.eol == before.eol


def test_an_earlier_end() -> None:
    assert judged("tomcat", "9.0.100", distro="windows").verdict != "END_OF_LIFE"
    over = judged("elasticsearch", "8.19.20", asked("elasticsearch", "8.19", eol="2026-09-14"))
    assert (over.verdict, str(over.eol)) == ("END_OF_LIFE", "2026-09-14")
    assert over.source == "baselines.yaml, J. Ortiz: insurer's list (read 2026-09-01)"
    assert judged("elasticsearch", "8.19.20", asked("elasticsearch", "8.19", eol="2026-09-15")).verdict == "COMPLIANT"


def test_an_end_for_a_branch_that_has_none() -> None:
    assert judged("elasticsearch", "9.5.2", asked("elasticsearch", "9.5", eol="2026-09-01")).verdict == "END_OF_LIFE"


def test_a_minimum_for_a_branch_that_has_none() -> None:
    assert judged("ios_xe", "17.12.4").reason == "base-build-only"
    assert judged("ios_xe", "17.12.4", asked("ios_xe", "17.12", "17.12.5")).verdict == "NON_COMPLIANT"


def test_nobody_is_charged_with_flaws_that_the_first_minimum_fixed() -> None:
    over = asked("fortios", "7.4", "7.4.11")
    assert judged("fortios", "7.4.8", over).cves == ("CVE-2025-59718",)
    between = judged("fortios", "7.4.10", over)
    assert (between.verdict, between.cves, between.remote_code) == ("NON_COMPLIANT", (), False)
    under = judged("screenconnect", "24.1.0", asked("screenconnect", "*", "26.1"))
    assert under.cves == ("CVE-2025-3935",)


def test_a_wish_does_not_freshen_facts() -> None:
    """What was read in 2025 says nothing of fixes since, however fresh the wish for a higher version is."""
    fresh = asked("fortios", "7.4", "7.4.10", since=TODAY)
    assert judged("fortios", "7.4.10").reason == "stale-baseline"
    assert judged("fortios", "7.4.10", fresh).reason == "stale-baseline"


def test_it_counts_from_its_day_on() -> None:
    tomorrow = TODAY + datetime.timedelta(days=1)
    assert judged("elasticsearch", "8.19.20", asked("elasticsearch", "8.19", "8.19.21", since=tomorrow)).verdict == (
        "COMPLIANT"
    )
    assert judged("elasticsearch", "8.19.20", asked("elasticsearch", "8.19", "8.19.21", since=TODAY)).verdict == (
        "NON_COMPLIANT"
    )


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            asked("elasticsearch", "8.19", "8.19.3"),
            "[0].minimum: 8.19.3 is below 8.19.20, which is asked for anyway; an",
        ),
        (asked("elasticsearch", "8.19", eol="2027-07-16"), "[0].eol: 2027-07-16 is too late: elasticsearch 8.19 is"),
        (
            asked("elasticsearch", "8.19", "9.5.2"),
            "[0].minimum: 9.5.2 does not belong to branch 8.19; to rule a branch",
        ),
        (asked("elasticsearch", "8.19", "8.19.x"), "[0].minimum: 8.19.x is no version of Elasticsearch"),
        (asked("elasticsearch", "8.19"), "[0]: asks for nothing; give a minimum or an eol"),
        (asked("elasticsearch", "8.2", "8.2.1"), "[0].branch: elasticsearch has no branch 8.2; its branches are 9.5,"),
        (asked("abacus", "1", "2"), "[0].product: there is no baseline of abacus; see `fencewalk baselines list`"),
    ],
)
def test_what_is_refused(override: Override, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        tightened(bundled(), [override], NAME, TODAY)
    assert str(refused.value).startswith(f"{NAME}: {said}")
    later = msgspec.structs.replace(override, since=datetime.date(2030, 1, 1))
    with pytest.raises(BadInput):
        tightened(bundled(), [later], NAME, TODAY)


def test_one_entry_for_a_branch() -> None:
    twice = [asked("tomcat", "9.0", eol="2026-12-31"), asked("tomcat", "9.0", "9.0.200")]
    with pytest.raises(BadInput, match=r"\[1\]\.branch: tomcat 9\.0 stands there twice"):
        tightened(bundled(), twice, NAME, TODAY)


def test_what_is_there_anyway_changes_nothing() -> None:
    same = [asked("elasticsearch", "8.19", "8.19.20", "2027-07-15")]
    assert tightened(bundled(), same, NAME, TODAY) == bundled()
    assert tightened(bundled(), [], NAME, TODAY) == bundled()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {product: x, branch: '1', reason: r, by: b}\n", "since"),
        ("- {product: x, branch: 9.0, reason: r, by: b, since: 2026-01-01}\n", "branch"),
        ("- {product: x, branch: '1', reason: r, by: b, since: 2026-01-01, maximum: '2'}\n", "maximum"),
        ("product: x\n", "baselines.yaml:1"),
    ],
)
def test_a_file_that_cannot_be_read(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_overrides(text, NAME)
    assert said in str(refused.value)


def test_the_file_lies_beside_the_site_file(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    assert session.load_overrides(site) == ()
    plain = session.knowledge_for(site, TODAY)
    (tmp_path / NAME).write_text("")
    assert session.knowledge_for(site, TODAY).baselines == plain.baselines
    (tmp_path / NAME).write_text(
        "- {product: elasticsearch, branch: '8.19', eol: 2026-09-14, reason: r, by: b, since: 2026-09-01}\n"
    )
    facts = session.knowledge_for(site, TODAY)
    changed = [new.product for new, old in zip(facts.baselines, plain.baselines, strict=True) if new != old]
    assert changed == ["elasticsearch"]
    assert session.knowledge_for(site, datetime.date(2026, 8, 31)).baselines == plain.baselines


LINES = [(each, branch) for each in bundled() for branch in each.branches if branch.minimum]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LINES), st.integers(0, 3), st.integers(-400, 400), st.sampled_from([None, "windows"]))
def test_nothing_it_accepts_ever_acquits(
    line: tuple[Baseline, Branch], add: int, shift: int, distro: str | None
) -> None:
    """Whatever is COMPLIANT with a client's file is so without it, and what is charged without it stays charged."""
    baseline, branch = line
    minimum = branch.minimum or ""
    name = branch.name
    head, _, tail = minimum.rpartition(".")
    higher = f"{head}.{int(tail) + add}" if head and tail.isdigit() and tail.isascii() else minimum
    end = TODAY + datetime.timedelta(days=shift)
    try:
        baselines = tightened((baseline,), [asked(baseline.product, name, higher, end.isoformat())], NAME, TODAY)
    except BadInput:
        return
    facts = bundled_knowledge()
    stricter = msgspec.structs.replace(facts, baselines=baselines)
    for version in (minimum, higher, *(flaw.fixed for flaw in branch.flaws), f"{name}.0"):
        product = Product("v", baseline.product, version, None, distro)
        before, after = judge(product, facts, TODAY), judge(product, stricter, TODAY)
        if after.verdict == "COMPLIANT":
            assert before.verdict == "COMPLIANT"
        if before.verdict == "END_OF_LIFE":
            assert after.verdict == "END_OF_LIFE"
        if before.verdict == "NON_COMPLIANT":
            assert after.verdict in ("NON_COMPLIANT", "END_OF_LIFE")
        assert set(before.cves) <= set(after.cves)
