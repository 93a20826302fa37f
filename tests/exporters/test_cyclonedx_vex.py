"""The bill of materials, checked by CycloneDX's own library against its schema, and read back by our importer."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from fence_sample import fence_report
from patch_sample import patch_report
from sample import sample_report

from scanner.exporters import exporters
from scanner.model.report import ExceptionRow, Report

REPORTS = {"sample": sample_report(), "patches": patch_report(), "fence": fence_report()}


def bill(report: Report) -> dict[str, Any]:
    text = exporters()["cyclonedx"].render(report).decode()
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator  # a second of processor time, where it is needed

    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert wrong is None, wrong
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_valid_and_every_reference_leads_somewhere(name: str) -> None:
    report = REPORTS[name]
    found = bill(report)
    hosts = found["components"]
    assert [each["bom-ref"] for each in hosts] == [f"host:{each.id}" for each in report.hosts]
    inside = [each["bom-ref"] for host in hosts for each in host.get("components", ())]
    known = {each.id for each in report.hosts}
    wanted = {(row.host, row.product, row.version) for row in report.patches if row.host in known}
    assert len(inside) == len(set(inside)) == len(wanted)
    affected = {each["ref"] for one in found["vulnerabilities"] for each in one["affects"]}
    assert affected <= set(inside)


def test_every_missing_fix_is_a_vulnerability_of_just_those_components() -> None:
    report = patch_report()
    want = {
        (cve, f"software:{row.host}:{row.product}:{row.version or ''}") for row in report.patches for cve in row.cves
    }
    found = bill(report)
    got = {(one["id"], each["ref"]) for one in found["vulnerabilities"] for each in one["affects"]}
    assert want
    assert got == want
    kev = {cve for row in report.patches for cve in row.kev if cve in row.cves}
    assert {one["id"] for one in found["vulnerabilities"] if "properties" in one} == kev


def test_nothing_is_called_exploitable_or_not_affected_that_nobody_tried() -> None:
    for report in REPORTS.values():
        assert {one["analysis"]["state"] for one in bill(report)["vulnerabilities"]} <= {"in_triage"}


def test_what_is_accepted_says_by_whom() -> None:
    report = patch_report()
    accepted = ExceptionRow("J. Ortiz", "replaced in March", "", "2027-03-31", False)
    findings = tuple(msgspec.structs.replace(each, exception=accepted) for each in report.findings)
    responses = {tuple(one["analysis"]["response"]) for one in bill(report)["vulnerabilities"]}
    assert ("update",) in responses
    after = bill(msgspec.structs.replace(report, findings=findings))["vulnerabilities"]
    assert any(
        one["analysis"]["response"] == ["will_not_fix"] and "J. Ortiz" in one["analysis"]["detail"] for one in after
    )


def test_a_what_if_says_so_and_other_inputs_are_another_document() -> None:
    report = patch_report()
    first, again = bill(report), bill(report)
    assert first == again
    other = msgspec.structs.replace(report, digests=msgspec.structs.replace(report.digests, observations="0" * 64))
    assert bill(other)["serialNumber"] != first["serialNumber"]
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first["serialNumber"]
    )
    supposed = bill(msgspec.structs.replace(report, what_if=("guest -> servers tcp/445",)))
    assert "guest -" in supposed["metadata"]["properties"][0]["value"]
