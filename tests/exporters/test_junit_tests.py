"""JUnit's XML, read by junitparser: what passes is proven, and nothing else passes."""

from __future__ import annotations

import msgspec
import pytest
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from lxml import etree
from patch_sample import patch_report
from sample import ACCEPTED, HOSTILE, sample_report

from scanner.exporters import exporters
from scanner.exporters.patch_words import BEHIND
from scanner.model.report import CellRow, CoverageRow, Report, VantageRow, ZoneRow, is_open

REPORTS = {"sample": sample_report(), "patches": patch_report(), "fence": fence_report()}


def suites(report: Report) -> dict[str, dict[str, TestCase]]:
    read = JUnitXml.fromstring(exporters()["junit"].render(report))
    found: dict[str, dict[str, TestCase]] = {}
    totals = [0, 0, 0]
    for suite in read:
        assert isinstance(suite, TestSuite)
        cases = list(suite)
        found[suite.name] = {case.name: case for case in cases}
        counted = [sum(kind in map(type, case.result) for case in cases) for kind in (Failure, Error, Skipped)]
        assert [suite.tests, suite.failures, suite.errors, suite.skipped] == [len(cases), *counted]
        totals = [total + more for total, more in zip(totals, (len(cases), *counted[:2]), strict=True)]
    assert [read.tests, read.failures, read.errors] == totals
    return found


def outcome(case: TestCase) -> str:
    return type(case.result[0]).__name__ if case.result else "passed"


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_finding_and_version_is_a_test(report: Report) -> None:
    found = suites(report)
    findings = {name.partition(" ")[0]: outcome(case) for name, case in found["findings"].items()}
    assert findings == {
        each.id.partition(" ")[0]: "Failure" if is_open(each) else "Skipped" for each in report.findings
    }
    versions = [outcome(case) for case in found["versions"].values()]
    assert versions.count("passed") == sum(row.verdict == "COMPLIANT" for row in report.patches)
    assert versions.count("Failure") == sum(row.verdict in BEHIND for row in report.patches)
    assert versions.count("Skipped") == sum(row.verdict == "UNKNOWN" for row in report.patches)


def fence(cell: CellRow, covered: CoverageRow | None, complete: bool = True, what_if: tuple[str, ...] = ()) -> str:
    """What becomes of one boundary."""
    back = CellRow("b", "a", "AS_POLICY", 1, 0, 0, "")
    report = msgspec.structs.replace(
        sample_report(),
        zones=(ZoneRow("a", (), "user", None, 1), ZoneRow("b", (), "user", None, 1)),
        hosts=(),
        cells=(cell, back),
        coverage=(CoverageRow("b", "a", "tested", ""), *((covered,) if covered else ())),
        vantages=tuple(
            VantageRow(zone, "eth0", "10.0.0.1", "2026-11-05T09:00:00Z", None, complete, "raw") for zone in ("a", "b")
        ),
        findings=(),
        what_if=what_if,
    )
    return outcome(suites(report)["boundaries"]["a to b"])


TESTED = CoverageRow("a", "b", "tested", "all of it")


@pytest.mark.parametrize(
    ("cell", "covered", "complete", "want"),
    [
        (CellRow("a", "b", "AS_POLICY", 9, 0, 0, "held"), TESTED, True, "passed"),
        (CellRow("a", "b", "AS_POLICY", 9, 0, 0, "held"), TESTED, False, "Skipped"),
        (CellRow("a", "b", "AS_POLICY", 9, 0, 0, "held"), None, True, "Skipped"),
        (CellRow("a", "b", "AS_POLICY", 9, 0, 0, "held"), CoverageRow("a", "b", "partial", "half"), True, "Skipped"),
        (CellRow("a", "b", "AS_POLICY", 9, 0, 0, "held"), CoverageRow("a", "b", "untested", "no"), True, "Skipped"),
        (CellRow("a", "b", "AS_POLICY", 9, 0, 0, "held", True), TESTED, True, "Skipped"),
        (CellRow("a", "b", "UNPROVEN", 9, 0, 0, "silence"), TESTED, True, "Skipped"),
        (CellRow("a", "b", "UNTESTED", 0, 0, 0, ""), TESTED, True, "Skipped"),
        (CellRow("a", "b", "BREACHED", 9, 1, 1, "got through"), TESTED, True, "Failure"),
        (CellRow("a", "b", "BREACHED", 9, 1, 1, "got through"), None, False, "Failure"),
    ],
)
def test_only_a_boundary_that_was_proven_in_full_passes(
    cell: CellRow, covered: CoverageRow | None, complete: bool, want: str
) -> None:
    assert fence(cell, covered, complete) == want


def test_a_boundary_nobody_speaks_of_is_skipped_not_left_out() -> None:
    report = msgspec.structs.replace(sample_report(), cells=(), coverage=(), findings=())
    zones = len(report.zones)
    found = suites(report)["boundaries"]
    assert len(found) == zones * (zones - 1)
    assert {outcome(case) for case in found.values()} == {"Skipped"}


def test_a_scan_that_did_not_finish_and_no_scan_at_all_are_errors() -> None:
    scans = suites(sample_report())["scans"]
    assert {name: outcome(case) for name, case in scans.items() if case.result} == {"from guest": "Error"}
    none = suites(msgspec.structs.replace(sample_report(), vantages=()))["scans"]
    assert [outcome(case) for case in none.values()] == ["Error"]


def test_what_is_accepted_is_skipped_and_says_by_whom() -> None:
    report = sample_report()
    (cell,) = (each for each in report.cells if (each.from_, each.to) == ("guest", "servers"))
    gaps = [
        each
        for each in report.findings
        if (each.kind, each.from_, each.to) == ("segmentation-gap", cell.from_, cell.to)
    ]
    assert cell.verdict == "BREACHED"
    assert len(gaps) > 1
    name = f"{cell.from_} to {cell.to}"

    def boundary(accepted: int) -> TestCase:
        ids = {each.id for each in gaps[:accepted]}
        findings = tuple(
            msgspec.structs.replace(each, exception=ACCEPTED if each.id in ids else None) for each in report.findings
        )
        return suites(msgspec.structs.replace(report, findings=findings))["boundaries"][name]

    assert outcome(boundary(0)) == outcome(boundary(len(gaps) - 1)) == "Failure"
    every = boundary(len(gaps))
    assert outcome(every) == "Skipped"
    assert "accepted by Dr. Lin until 2027-01-31" in every.result[0].message


@settings(max_examples=40)
@given(st.text(max_size=40), st.sampled_from(HOSTILE))
def test_no_name_leaves_its_place(name: str, hostile: str) -> None:
    finding = msgspec.structs.replace(
        sample_report().findings[0], title=name, evidence=hostile, remedy=f"{name}\n{hostile}", path=(hostile,)
    )
    report = msgspec.structs.replace(sample_report(), client=hostile, site=name, findings=(finding,), patches=())
    root = etree.fromstring(exporters()["junit"].render(report))
    tags = {each.tag for each in root.iter()}
    assert tags <= {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "skipped", "error"}
    assert len(root.xpath('testsuite[@name="findings"]/testcase')) == 1
