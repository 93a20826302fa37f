"""The findings as SARIF 2.1.0, for GitHub's and GitLab's code scanning, Azure DevOps, DefectDojo, editors.

A finding is a result; an accepted one is a result with a suppression, an exception that has run out is none. What was
not tested stands in the run's notifications, so that an empty list of results is no pass. There is a rule for each kind
and severity: readers take a severity from the rule.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from scanner.exporters import Exporter
from scanner.exporters.patch_words import rows_by_finding
from scanner.exporters.verdict import boundaries, unfinished
from scanner.exporters.words import NOT_MEASURED, cell_code, without_padding
from scanner.model.base import Severity
from scanner.model.report import ExceptionRow, FindingRow, PatchRow, Report
from scanner.model.text import plural, visible

MOST = 25_000
"""Results of a file: GitHub refuses more of a run."""
_INDENT_LIMIT = 1024 * 1024
_NOTES = 1000
"""Boundaries not tested that are named; how many more there are is said."""
_RESERVED = re.compile(rb"[^A-Za-z0-9._~/-]")
_LEVELS: dict[Severity, tuple[str, str]] = {
    "critical": ("error", "9.5"),
    "high": ("error", "8.0"),
    "medium": ("warning", "5.5"),
    "low": ("note", "2.0"),
    "info": ("note", "0.0"),
}
"""SARIF's level, and the number by which GitHub tells critical from high."""
KINDS: dict[str, str] = {
    "segmentation-gap": "Traffic that the policy forbids crosses from one zone to another.",
    "attack-path": "An attacker can get from a zone to a critical system in steps, at least one of them forbidden.",
    "dual-homed": "A machine stands in two zones, and is a way past the fence between them.",
    "required-flow-blocked": "Traffic that the policy requires does not get through.",
    "outdated": "A version that lacks fixes which are out.",
    "end-of-life": "Software whose support has ended.",
    "known-exploited": "A version with flaws that are exploited in the wild.",
    "exposure": "A service that should not be offered, or not in this way.",
    "unknown-device": "A device that nothing tells what it is.",
}


def render(report: Report) -> bytes:
    """All in one file, however many there are."""
    return _document(report, report.findings, 1)


def files(report: Report) -> Iterator[tuple[str, bytes]]:
    """In files of at most `MOST` results; at least one."""
    for number, first in enumerate(range(0, max(1, len(report.findings)), MOST), 1):
        ending = "" if number == 1 else f"-{number}"
        yield ending, _document(report, report.findings[first : first + MOST], number)


def _document(report: Report, findings: Sequence[FindingRow], number: int) -> bytes:
    driver: dict[str, Any] = {"name": "fencewalk", "rules": []}
    if report.tool is not None:
        driver["version"] = visible(report.tool.version)
    rules: dict[str, int] = {}
    frameworks: dict[str, dict[str, None]] = {}
    versions = rows_by_finding(report)
    results = []
    for each in findings:
        rule = f"{each.kind}/{each.severity}"
        if rule not in rules:
            rules[rule] = len(rules)
            driver["rules"].append(_rule(rule, each))
        for control in each.controls:
            name, _, id_ = visible(control).rpartition(" ")
            frameworks.setdefault(name or "controls", {})[id_] = None
        results.append(_result(each, report, rule, rules[rule], versions.get(each.id)))
    place = "/".join(visible(each).replace("/", "_") for each in (report.client, report.site))
    part = f"/{number}" if number > 1 else ""
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        # Up to the last slash it is the category: what a reader replaces with the next upload.
        "automationDetails": {"id": f"fencewalk/{place}{part}/{visible(report.generated)}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": results,
        "properties": {
            "client": visible(report.client),
            "site": visible(report.site),
            "assessed": visible(report.generated),
            "cells": dict(report.summary.cells) if report.summary else {},
            "whatIf": [visible(each) for each in report.what_if],
        },
    }
    if frameworks:
        run["taxonomies"] = [
            {"name": name, "taxa": [{"id": id_} for id_ in ids]} for name, ids in sorted(frameworks.items())
        ]
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    text = msgspec.json.encode(document)
    return (text if len(text) > _INDENT_LIMIT else msgspec.json.format(text, indent=1)) + b"\n"


def _rule(id_: str, finding: FindingRow) -> dict[str, Any]:
    level, number = _LEVELS[finding.severity]
    return {
        "id": id_,
        "name": "".join(word.title() for word in id_.replace("/", "-").split("-")),
        "shortDescription": {"text": f"{finding.kind} ({finding.severity})"},
        "fullDescription": {"text": KINDS.get(finding.kind, finding.kind)},
        "help": {"text": "The remedy and the command that shows it again stand with each result."},
        "defaultConfiguration": {"level": level},
        "properties": {"tags": ["security", finding.kind], "security-severity": number},
    }


def _result(finding: FindingRow, report: Report, rule: str, index: int, version: PatchRow | None) -> dict[str, Any]:
    accepted = finding.exception
    found: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": index,
        "kind": "fail",
        "level": _LEVELS[finding.severity][0],
        "message": {"text": _message(finding, report)},
        "locations": [_location(finding, report)],
        "partialFingerprints": _fingerprints(finding, report),
        # Where any result of a run has suppressions, one without has to say so.
        "suppressions": [_suppression(accepted)] if accepted and not accepted.expired else [],
        "properties": _properties(finding, version),
    }
    if finding.risk:
        found["rank"] = float(finding.risk)
    if finding.controls:
        found["taxa"] = [_taxon(visible(each)) for each in dict.fromkeys(finding.controls)]
    if finding.path:
        steps = [{"location": {"message": {"text": visible(each)}}} for each in finding.path]
        found["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return found


def _message(finding: FindingRow, report: Report) -> str:
    lines = [NOT_MEASURED] if report.what_if else []
    lines.append(visible(finding.title))
    if finding.evidence:
        lines.append(f"Evidence: {visible(without_padding(finding.evidence))}")
    if finding.remedy:
        lines.append("Remedy: " + "\n".join(map(visible, finding.remedy.split("\n"))))
    return "\n".join(lines)


def _location(finding: FindingRow, report: Report) -> dict[str, Any]:
    """The zone and host as a path: readers show nothing that stands in no file, and ask for a line of it, too."""
    where = finding.host or " to ".join(filter(None, (finding.from_, finding.to))) or report.site
    logical = [{"fullyQualifiedName": visible(where), "kind": "host" if finding.host else "zone"}]
    if finding.port is not None:
        logical[0]["name"] = f"{finding.transport}/{finding.port}"
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(where) or "site"},
            "region": {"startLine": 1},
        },
        "logicalLocations": logical,
    }


def _uri(text: str) -> str:
    """A relative reference: what is no letter, digit or harmless mark is escaped (RFC 3986)."""
    return _RESERVED.sub(lambda found: b"%%%02X" % ord(found[0]), visible(text).encode()).decode()


def _fingerprints(finding: FindingRow, report: Report) -> dict[str, str]:
    text = "\n".join(map(visible, (report.client, report.site, finding.id)))
    digest = hashlib.blake2s(text.encode(), digest_size=16).hexdigest()
    # The second is the one that GitHub looks at.
    return {"fencewalkFinding/v1": digest, "primaryLocationLineHash": f"{digest}:1"}


def _suppression(row: ExceptionRow) -> dict[str, str]:
    by = f", approved by {row.approved_by}" if row.approved_by else ""
    text = f"accepted by {row.owner} until {row.until}{by}: {row.reason}"
    return {"kind": "external", "justification": visible(text)}  # one without a status is accepted


def _properties(finding: FindingRow, version: PatchRow | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": visible(finding.id),
        "severity": finding.severity,
        "replay": visible(finding.replay),
        "from": visible(finding.from_ or ""),
        "to": visible(finding.to or ""),
        "riskWhy": [visible(each) for each in finding.risk_why],
    }
    if finding.exception is not None and finding.exception.expired:
        found["exceptionExpired"] = visible(finding.exception.until)
    if version is not None:
        found |= {
            "product": visible(version.product),
            "version": visible(version.version or ""),
            "required": visible(version.required or ""),
            "cves": [visible(each) for each in version.cves],
            "kev": [visible(each) for each in version.kev],
        }
    return found


def _taxon(control: str) -> dict[str, Any]:
    name, _, id_ = control.rpartition(" ")
    return {"id": id_, "toolComponent": {"name": name or "controls"}}


def _invocation(report: Report) -> dict[str, Any]:
    """Whether the scans ended, and what the results are silent about because nobody looked."""
    cut = unfinished(report)
    notes = [("error", f"The scan from {visible(zone)} did not finish.") for zone in cut]
    if not report.vantages:
        notes.append(("error", "No scan stands behind this report."))
    if report.what_if:
        rules = "; ".join(f"deny {visible(each)}" for each in report.what_if)
        notes.append(("warning", f"{NOT_MEASURED}. Not how the network is, but how it would be: {rules}."))
    loose = list(_loose(report))
    notes += [("warning", text) for text in loose[:_NOTES]]
    if len(loose) > _NOTES:
        notes.append(("warning", f"{plural(len(loose) - _NOTES, 'more boundary', 'more boundaries')} not proven."))
    return {
        "executionSuccessful": not cut and bool(report.vantages),
        "toolExecutionNotifications": [{"level": level, "message": {"text": text}} for level, text in notes],
    }


def _loose(report: Report) -> Iterator[str]:
    """Boundaries between zones that are neither proven nor breached."""
    for cell, why in boundaries(report):
        if why:
            yield f"{visible(cell.from_)} to {visible(cell.to)}: {cell_code(cell)}, {visible(why)}"


EXPORTER = Exporter(title="Findings as SARIF 2.1.0", suffix=".sarif", render=render, files=files)
"""Static Analysis Results Interchange Format, OASIS."""
