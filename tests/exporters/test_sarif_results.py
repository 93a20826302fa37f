"""SARIF, checked by the classes that are generated from OASIS' schema and take no key besides."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from fence_sample import fence_report
from patch_sample import patch_report
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif
from sample import sample_report

from scanner.exporters import exporters
from scanner.exporters.sarif import MOST
from scanner.model.base import SEVERITIES
from scanner.model.report import FindingKind, Report, is_open

REPORTS = {"sample": sample_report(), "patches": patch_report(), "fence": fence_report()}
SARIF = exporters()["sarif"]


def run_of(report: Report) -> dict[str, Any]:
    text = SARIF.render(report)
    Sarif.model_validate_json(text)
    found: dict[str, Any] = json.loads(text)
    assert found["version"] == "2.1.0"
    (run,) = found["runs"]
    return dict(run)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_finding_is_a_valid_result_in_order(report: Report) -> None:
    run = run_of(report)
    assert [each["properties"]["id"] for each in run["results"]] == [each.id for each in report.findings]
    rules = run["tool"]["driver"]["rules"]
    for result, finding in zip(run["results"], report.findings, strict=True):
        rule = rules[result["ruleIndex"]]
        assert result["ruleId"] == rule["id"] == f"{finding.kind}/{finding.severity}"
        assert result["level"] == rule["defaultConfiguration"]["level"]
        assert finding.title[:10] in result["message"]["text"]


def test_the_severities_are_githubs() -> None:
    rules = run_of(sample_report())["tool"]["driver"]["rules"]
    numbers = {each["id"].partition("/")[2]: float(each["properties"]["security-severity"]) for each in rules}
    ordered = [numbers[each] for each in SEVERITIES]
    assert ordered == sorted(ordered)
    assert numbers["critical"] > 9.0 > numbers["high"] >= 7.0 > numbers["medium"] >= 4.0 > numbers["low"] > 0


def test_exceptions_are_suppressions_and_those_that_ran_out_are_none() -> None:
    report = sample_report()
    results = {each["properties"]["id"]: each for each in run_of(report)["results"]}
    for finding in report.findings:
        result = results[finding.id]
        assert bool(result["suppressions"]) is not is_open(finding)
        assert ("exceptionExpired" in result["properties"]) is (finding.exception is not None and is_open(finding))
    held = next(each for each in report.findings if not is_open(each))
    (suppression,) = results[held.id]["suppressions"]
    assert suppression["kind"] == "external"
    assert "Dr. Lin" in suppression["justification"]
    assert "2027-01-31" in suppression["justification"]


def test_a_finding_keeps_its_fingerprint_from_scan_to_scan_and_shares_it_with_no_other_site() -> None:
    def prints(report: Report) -> list[str]:
        return [each["partialFingerprints"]["primaryLocationLineHash"] for each in run_of(report)["results"]]

    report = sample_report()
    first = prints(report)
    assert len(set(first)) == len(first)
    changed = [msgspec.structs.replace(each, evidence="other", risk=5) for each in reversed(report.findings)]
    assert prints(msgspec.structs.replace(report, generated="2027-01-01", findings=tuple(changed))) == first[::-1]
    assert not {*prints(msgspec.structs.replace(report, site="branch"))} & {*first}


def test_an_attack_path_is_walked_and_a_control_is_a_taxon_that_exists() -> None:
    report = sample_report()
    run = run_of(report)
    path = next(each for each in report.findings if each.path)
    result = next(each for each in run["results"] if each["properties"]["id"] == path.id)
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [each["location"]["message"]["text"] for each in steps] == list(path.path)
    known = {(tax["name"], each["id"]) for tax in run["taxonomies"] for each in tax["taxa"]}
    used = {(each["toolComponent"]["name"], each["id"]) for one in run["results"] for each in one.get("taxa", ())}
    assert used == known
    assert ("PCI DSS 4.0.1", "1.3.1") in known


def test_what_was_not_looked_at_is_said_so_that_no_results_are_no_pass() -> None:
    report = msgspec.structs.replace(sample_report(), findings=())
    (invocation,) = run_of(report)["invocations"]
    notes = [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]
    assert not invocation["executionSuccessful"], "the scan from guest was cut off"
    assert "The scan from guest did not finish." in notes
    loose = [cell for cell in report.cells if cell.verdict in ("UNTESTED", "UNPROVEN")]
    assert loose
    for cell in loose:
        assert any(each.startswith(f"{cell.from_} to {cell.to}: {cell.verdict}") for each in notes)
    (empty,) = run_of(msgspec.structs.replace(report, vantages=(), cells=(), coverage=()))["invocations"]
    assert not empty["executionSuccessful"]


def test_a_what_if_heads_every_result() -> None:
    run = run_of(msgspec.structs.replace(sample_report(), what_if=("guest -> servers tcp/445",)))
    assert all(each["message"]["text"].startswith("WHAT IF: not measured\n") for each in run["results"])


def test_a_place_is_a_relative_address_whatever_a_zone_is_called() -> None:
    finding = msgspec.structs.replace(sample_report().findings[0], host="a:b/../?#%/fd20::1")
    (result,) = run_of(msgspec.structs.replace(sample_report(), findings=(finding,)))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%3Ab/../%3F%23%25/fd20%3A%3A1"


def test_the_classes_refuse_what_is_no_sarif() -> None:
    found = json.loads(SARIF.render(sample_report()))
    found["runs"][0]["results"][0]["severity"] = "high"
    with pytest.raises(ValueError, match="severity"):
        Sarif.model_validate(found)


class Place(msgspec.Struct):
    id: str


class Result(msgspec.Struct):
    properties: Place


class Run(msgspec.Struct):
    results: list[Result]
    automationDetails: Place


class Log(msgspec.Struct):
    runs: list[Run]


def test_it_is_split_where_github_takes_no_more() -> None:
    kind: FindingKind = "exposure"
    plain = msgspec.structs.replace(
        sample_report().findings[0], kind=kind, severity="low", evidence="", remedy="", controls=(), path=()
    )
    findings = tuple(msgspec.structs.replace(plain, id=f"x-{number}") for number in range(MOST + 1))
    report = msgspec.structs.replace(sample_report(), findings=findings, patches=())
    assert SARIF.files is not None
    runs = {ending: msgspec.json.decode(data, type=Log).runs[0] for ending, data in SARIF.files(report)}
    assert {ending: len(run.results) for ending, run in runs.items()} == {"": MOST, "-2": 1}
    assert [each.properties.id for run in runs.values() for each in run.results] == [each.id for each in findings]
    categories = [run.automationDetails.id.rpartition("/")[0] for run in runs.values()]
    assert categories == ["fencewalk/Harbor Dental/main-office", "fencewalk/Harbor Dental/main-office/2"]


def test_a_small_report_is_one_file_and_the_same_bytes() -> None:
    assert SARIF.files is not None
    assert list(SARIF.files(sample_report())) == [("", SARIF.render(sample_report()))]
