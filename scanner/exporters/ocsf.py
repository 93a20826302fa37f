"""The findings as events of the Open Cybersecurity Schema Framework, for a SIEM or a security lake.

A finding about software is a Vulnerability Finding (class 2002), any other a Compliance Finding (class 2003) that
failed. What OCSF has no place for stands under `unmapped`. Classes, identifiers and words are those of OCSF 1.4.0.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import msgspec

from scanner.exporters import Exporter
from scanner.exporters.patch_words import rows_by_finding
from scanner.exporters.words import without_padding
from scanner.model.base import Severity
from scanner.model.report import FindingRow, HostRow, PatchRow, Report, is_open
from scanner.model.text import visible

VERSION = "1.4.0"
_CATEGORY = 2
_VULNERABILITY, _COMPLIANCE = 2002, 2003
_CREATE = 1
_SEVERITIES: dict[Severity, tuple[int, str]] = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")
_FAIL = 3
_AT_ONCE = 1024


def render(report: Report) -> bytes:
    """UTF-8: a JSON array, an event a line. The same report gives the same bytes; times are of the report's day."""
    return b"".join(parts(report))


def parts(report: Report) -> Iterator[bytes]:
    """The same in parts: a large site has tens of thousands of findings."""
    hosts = {each.id: each for each in report.hosts}
    versions = rows_by_finding(report)
    encode = msgspec.json.Encoder().encode
    before = b"[\n"
    waiting: list[bytes] = []
    for finding in report.findings:
        waiting.append(encode(_event(finding, report, hosts, versions.get(finding.id))))
        if len(waiting) >= _AT_ONCE:
            yield before + b",\n".join(waiting)
            before, waiting = b",\n", []
    if waiting:
        yield before + b",\n".join(waiting)
        before = b""
    yield b"\n]\n" if report.findings else b"[]\n"


def _event(finding: FindingRow, report: Report, hosts: dict[str, HostRow], version: PatchRow | None) -> dict[str, Any]:
    uid = _VULNERABILITY if version is not None else _COMPLIANCE
    severity, status = _SEVERITIES[finding.severity], _NEW if is_open(finding) else _SUPPRESSED
    at = _milliseconds(report.generated)
    title = visible(finding.title)
    event: dict[str, Any] = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": uid,
        "class_name": "Vulnerability Finding" if version is not None else "Compliance Finding",
        "type_uid": uid * 100 + _CREATE,
        "type_name": f"{'Vulnerability' if version is not None else 'Compliance'} Finding: Create",
        "time": at,
        "severity_id": severity[0],
        "severity": severity[1],
        "status_id": status[0],
        "status": status[1],
        "message": title,
        "metadata": {
            "version": VERSION,
            "product": {"name": "fencewalk", "vendor_name": "fencewalk"},
            "tenant_uid": visible(f"{report.client}/{report.site}"),
        },
        "finding_info": {
            "uid": visible(finding.id),
            "title": title,
            "desc": visible(without_padding(finding.evidence)) or title,
            "types": [finding.kind],
            "created_time": at,
        },
        "resources": list(_resources(finding, hosts)),
        "unmapped": {"fencewalk": _rest(finding, report)},
    }
    if finding.exception is not None and not is_open(finding):
        accepted = finding.exception
        event["status_detail"] = visible(f"accepted by {accepted.owner} until {accepted.until}: {accepted.reason}")
    remediation = {"desc": _lines(finding.remedy)}
    if version is None:
        standards = list(dict.fromkeys(each.rpartition(" ")[0] for each in finding.controls))
        event["compliance"] = {
            "standards": standards or ["the site's own policy"],
            "requirements": [visible(each) for each in finding.controls],
            "status_id": _FAIL,
            "status": "Fail",
        }
        event["remediation"] = remediation
    else:
        event["vulnerabilities"] = list(_vulnerabilities(finding, version, remediation))
    return event


def _resources(finding: FindingRow, hosts: dict[str, HostRow]) -> Iterator[dict[str, Any]]:
    host = hosts.get(finding.host or "")
    if host is not None:
        yield {
            "uid": visible(host.id),
            "name": visible(host.names[0] if host.names else host.addresses[0] if host.addresses else host.id),
            "type": visible(host.device),
            "namespace": visible(host.zone),
            "data": {"addresses": [visible(each) for each in host.addresses]},
        }
    elif finding.host:
        yield {"uid": visible(finding.host), "name": visible(finding.host), "type": "host"}
    for zone in dict.fromkeys(filter(None, (finding.from_, finding.to))):
        yield {"uid": visible(f"zone:{zone}"), "name": visible(zone), "type": "zone"}


def _vulnerabilities(finding: FindingRow, row: PatchRow, remediation: dict[str, str]) -> Iterator[dict[str, Any]]:
    """One for each CVE that the running version lacks the fix of; one without, where only the version is known."""
    package = {"name": visible(row.product), "version": visible(row.version or "unknown")}
    if row.required:
        package["fixed_in_version"] = visible(row.required)
    for cve in row.cves or (None,):
        found: dict[str, Any] = {
            "title": visible(finding.title),
            "severity": _SEVERITIES[finding.severity][1],
            "affected_packages": [package],
            "remediation": remediation,
        }
        if cve is not None:
            found |= {"cve": {"uid": visible(cve)}, "is_exploit_available": cve in row.kev}
        if row.source:
            found["references"] = [visible(row.source)]
        yield found


def _rest(finding: FindingRow, report: Report) -> dict[str, Any]:
    return {
        "risk": finding.risk,
        "risk_why": [visible(each) for each in finding.risk_why],
        "from_zone": visible(finding.from_ or ""),
        "to_zone": visible(finding.to or ""),
        "service": f"{finding.transport}/{finding.port}" if finding.port is not None else "",
        "path": [visible(each) for each in finding.path],
        "replay": visible(finding.replay),
        "what_if": [visible(each) for each in report.what_if],
    }


def _lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


def _milliseconds(day: str) -> int:
    try:
        at = datetime.datetime.fromisoformat(day)
    except ValueError:  # a report of somebody else's making
        return 0
    return int(at.replace(tzinfo=datetime.UTC).timestamp() * 1000)


EXPORTER = Exporter(title="Findings as OCSF events (JSON)", suffix=".json", render=render, parts=parts)
"""OCSF 1.4.0."""
