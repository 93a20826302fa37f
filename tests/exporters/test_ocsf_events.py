"""OCSF events, read by the models that Prowler and others write theirs with."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from patch_sample import patch_report
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.events.findings.finding import Finding
from py_ocsf_models.objects.vulnerability_details import VulnerabilityDetails
from sample import sample_report

from scanner.exporters import exporters
from scanner.model.report import ExceptionRow, Report

REPORTS = [sample_report(), patch_report()]


def events(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(exporters()["ocsf"].render(report))
    return found


@pytest.mark.parametrize("report", REPORTS, ids=["sample", "patches"])
def test_each_finding_is_an_event_that_the_schemas_models_take(report: Report) -> None:
    found = events(report)
    assert [each["finding_info"]["uid"] for each in found] == [each.id for each in report.findings]
    for event, finding in zip(found, report.findings, strict=True):
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["severity"].lower().startswith(finding.severity[:4])
        assert event["unmapped"]["fencewalk"]["risk"] == finding.risk
        if event["class_uid"] == 2003:
            read = ComplianceFinding.model_validate(event)
            assert read.compliance.requirements == list(finding.controls)
            assert read.compliance.status_id == 3
        else:
            assert event["class_uid"] == 2002
            Finding.model_validate(event)
            assert event["vulnerabilities"]
            for each in event["vulnerabilities"]:
                VulnerabilityDetails.model_validate({**each, "affected_packages": None})


def test_findings_about_versions_name_each_cve_and_the_version_that_mends_it() -> None:
    report = patch_report()
    rows = {(row.host, row.product): row for row in report.patches}
    seen = 0
    for event, finding in zip(events(report), report.findings, strict=True):
        row = rows.get((finding.host or "", finding.product or ""))
        if event["class_uid"] != 2002 or row is None:
            continue
        seen += 1
        named = [each["cve"]["uid"] for each in event["vulnerabilities"] if "cve" in each]
        assert named == list(row.cves)
        for each in event["vulnerabilities"]:
            (package,) = each["affected_packages"]
            assert (package["version"], package.get("fixed_in_version")) == (row.version or "unknown", row.required)
            assert each.get("is_exploit_available", False) == (each.get("cve", {}).get("uid") in row.kev)
    assert seen


def test_an_accepted_finding_is_suppressed_until_its_exception_expires() -> None:
    report = sample_report()
    for expired, status in ((False, (3, "Suppressed")), (True, (1, "New"))):
        accepted = ExceptionRow("J. Ortiz", "replaced in March", "", "2027-03-31", expired)
        first = msgspec.structs.replace(report.findings[0], exception=accepted)
        (event, *_) = events(msgspec.structs.replace(report, findings=(first,)))
        assert (event["status_id"], event["status"]) == status
        assert ("J. Ortiz" in event.get("status_detail", "")) is not expired


def test_many_findings_come_in_parts_of_one_array() -> None:
    report = sample_report()
    many = msgspec.structs.replace(report, findings=report.findings[:3] * 1000)
    assert exporters()["ocsf"].parts is not None
    assert len(list(exporters()["ocsf"].written(many))) > 3
    assert len(events(many)) == 3000
