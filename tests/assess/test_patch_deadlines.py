"""Deadlines flip exactly on the day: still in time on the last one, late on the next."""

from __future__ import annotations

import datetime

import pytest

from scanner import controls
from scanner.assess.machines.deadlines import applied, deadlines, policy_row
from scanner.assess.machines.judgement import Judgement, Missing
from scanner.importers.document import read_document
from scanner.model.base import Severity
from scanner.model.baseline import DeadlinePolicy, KnownExploited
from scanner.model.deadline import DEADLINES
from scanner.model.site import Site

KNOWN = {each.name: each for each in controls.deadlines()}
DAY = datetime.timedelta(days=1)
KEV = {"CVE-2024-1": KnownExploited("CVE-2024-1", datetime.date(2024, 2, 1), datetime.date(2024, 2, 22))}


def charged(
    severity: Severity | None = "high",
    fixed_at: datetime.date | None = datetime.date(2026, 8, 11),
    cves: tuple[str, ...] = (),
    verdict: str = "NON_COMPLIANT",
    eol: datetime.date | None = None,
) -> Judgement:
    missing = (Missing(cves, fixed_at, severity),)
    return Judgement(verdict, "below", "high", eol=eol, missing=missing)  # type: ignore[arg-type]


def due(judgement: Judgement, policy: DeadlinePolicy) -> str | None:
    found = deadlines(judgement, [policy], KEV, datetime.date(2026, 9, 1))
    return found[0].due if found else None


CASES = [
    # policy, severity, released, due
    ("cyber-essentials", "critical", "2026-08-11", "2026-08-25"),
    ("cyber-essentials", "high", "2026-08-11", "2026-08-25"),
    ("cyber-essentials", None, "2026-08-11", "2026-08-25"),
    ("cyber-essentials", "medium", "2026-08-11", None),
    ("cyber-essentials", "low", "2026-08-11", None),
    ("pci-dss", "high", "2026-08-11", "2026-09-11"),
    ("pci-dss", "critical", "2026-01-31", "2026-02-28"),
    ("pci-dss", "critical", "2024-01-31", "2024-02-29"),
    ("pci-dss", "critical", "2025-12-31", "2026-01-31"),
    ("pci-dss", None, "2026-08-11", None),
    ("cisa-kev", "critical", "2026-08-11", None),
]


@pytest.mark.parametrize(("name", "severity", "released", "expected"), CASES)
def test_the_day_of_a_policy(name: str, severity: Severity | None, released: str, expected: str | None) -> None:
    assert due(charged(severity, datetime.date.fromisoformat(released)), KNOWN[name]) == expected


@pytest.mark.parametrize("name", ["cyber-essentials", "pci-dss", "cisa-kev"])
def test_it_is_late_from_the_day_after(name: str) -> None:
    judgement = charged("critical", cves=("CVE-2024-1",))
    last = datetime.date.fromisoformat(due(judgement, KNOWN[name]) or "")
    late = [deadlines(judgement, [KNOWN[name]], KEV, day)[0].overdue_days for day in (last - DAY, last, last + DAY)]
    assert late == [-1, 0, 1]


def test_cisas_day_is_taken_as_it_stands() -> None:
    found = deadlines(charged("low", None, ("CVE-2024-1", "CVE-2024-2")), [KNOWN["cisa-kev"]], KEV, datetime.date.max)
    assert [each.due for each in found] == ["2024-02-22"]
    assert found[0].rule == "CISA's own day for CVE-2024-1"
    assert found[0].source is not None


def test_the_oldest_missing_fix_of_that_severity_counts_and_not_an_older_lesser_one() -> None:
    missing = (
        Missing(("CVE-2020-1",), datetime.date(2020, 1, 1), "medium"),
        Missing(("CVE-2026-2",), datetime.date(2026, 8, 20), "critical"),
        Missing(("CVE-2026-1",), datetime.date(2026, 8, 1), "high"),
        Missing((), None, "critical"),
    )
    judgement = Judgement("NON_COMPLIANT", "below", "high", missing=missing)
    assert due(judgement, KNOWN["cyber-essentials"]) == "2026-08-15"


def test_what_is_past_support_is_late_since_it_ended() -> None:
    judgement = charged("low", None, verdict="END_OF_LIFE", eol=datetime.date(2024, 6, 30))
    assert due(judgement, KNOWN["cyber-essentials"]) == "2024-06-30"
    assert due(judgement, KNOWN["pci-dss"]) is None


@pytest.mark.parametrize("verdict", ["COMPLIANT", "UNKNOWN"])
def test_what_is_not_known_to_fail_has_no_deadline(verdict: str) -> None:
    assert deadlines(charged("critical", verdict=verdict), KNOWN.values(), KEV, datetime.date.max) == ()


def test_the_earliest_stands_first() -> None:
    found = deadlines(charged("critical", cves=("CVE-2024-1",)), KNOWN.values(), KEV, datetime.date(2026, 9, 1))
    assert [(each.policy, each.due) for each in found] == [
        ("cisa-kev", "2024-02-22"), ("cyber-essentials", "2026-08-25"), ("pci-dss", "2026-09-11"),
    ]  # fmt: skip


SITE = "client: a\nsite: b\nzones: [{name: z, subnets: [10.0.0.0/24]}]\n"


def named(text: str) -> list[str]:
    return [each.name for each in applied(read_document(SITE + text, Site, "site.yaml"), controls.deadlines())]


def test_a_site_names_its_deadlines() -> None:
    assert named("") == ["cyber-essentials", "cisa-kev"]
    assert named("deadlines: []") == []
    assert named("deadlines: [pci-dss]") == ["pci-dss"]
    text = "deadlines: [cisa-kev, {name: ours, days: {critical: 7, medium: 30}}]"
    assert named(text) == ["cisa-kev", "ours"]
    own = applied(read_document(SITE + text, Site, "site.yaml"), controls.deadlines())[1]
    assert due(charged("critical"), own) == "2026-08-18"
    assert due(charged("medium"), own) == "2026-09-10"
    assert due(charged("high"), own) is None
    assert policy_row(own).rule.startswith("7 days after the fix was released, if its severity is critical; 30 days")


def test_ones_own_days_can_count_from_cisas_list() -> None:
    text = "deadlines: [{name: ours, days: {critical: 3}, from: kev}]"
    own = applied(read_document(SITE + text, Site, "site.yaml"), controls.deadlines())[0]
    assert due(charged("critical", cves=("CVE-2024-1",)), own) == "2024-02-04"
    assert due(charged("critical"), own) is None


def test_every_policy_that_a_site_may_name_is_there_and_says_where_from() -> None:
    assert tuple(KNOWN) == DEADLINES
    for each in KNOWN.values():
        assert each.source is not None
        assert policy_row(each).rule
