"""The report as JUnit's XML, for whatever shows test results: Jenkins, GitLab, Azure DevOps.

A boundary, a version, a scan and a finding are each a test. What is proven passes; what is not known, was not tested or
is accepted is skipped, with the reason; a scan that did not finish is an error. An open finding always fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from scanner.exporters import Exporter
from scanner.exporters.patch_words import BEHIND, findings_by_row, required_words
from scanner.exporters.verdict import boundaries, is_scan, unfinished
from scanner.exporters.words import NOT_MEASURED, cell_code, why_unknown, without_padding
from scanner.model.report import ExceptionRow, FindingRow, PatchRow, Report, is_open
from scanner.model.text import visible

_OUTCOMES = ("failure", "error", "skipped")


class _Test(msgspec.Struct, frozen=True):
    name: str
    outcome: str = ""
    """One of `_OUTCOMES`; empty: it passed."""
    message: str = ""
    type: str = ""
    text: str = ""
    """Further lines."""


def render(report: Report) -> bytes:
    """UTF-8. The same report gives the same bytes; no test took any time."""
    return b"".join(parts(report))


def parts(report: Report) -> Iterator[bytes]:
    """The same in parts, a test a part."""
    suites: dict[str, list[_Test]] = {
        "scans": list(_scans(report)),
        "boundaries": list(_boundaries(report)),
        "versions": list(_versions(report)),
        "findings": list(map(_finding, report.findings)),
    }
    what = f"{NOT_MEASURED}, " if report.what_if else ""
    name = {"name": visible(f"fencewalk: {what}{report.client}, {report.site}")}
    every = [test for tests in suites.values() for test in tests]
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n' + _opened("testsuites", name | _counts(every, _OUTCOMES[:2]))
    for suite, tests in suites.items():
        facts = {"name": suite, "timestamp": visible(f"{report.generated}T00:00:00"), "hostname": "fencewalk"}
        yield _opened("testsuite", facts | _counts(tests, _OUTCOMES)) + _properties(report)
        for test in tests:
            yield _case(suite, test) + b"\n"
        yield b"</testsuite>\n"
    yield b"</testsuites>\n"


def _scans(report: Report) -> Iterator[_Test]:
    if not any(map(is_scan, report.vantages)):
        yield _Test("any zone", "error", "No scan stands behind this report.", "incomplete")
    cut = unfinished(report)
    for zone in dict.fromkeys(row.zone for row in report.vantages if is_scan(row)):
        if zone in cut:
            yield _Test(f"from {zone}", "error", f"The scan from {zone} did not finish.", "incomplete")
        else:
            yield _Test(f"from {zone}")


def _boundaries(report: Report) -> Iterator[_Test]:
    gaps: dict[tuple[str | None, str | None], list[FindingRow]] = {}
    for each in report.findings:
        if each.kind == "segmentation-gap":
            gaps.setdefault((each.from_, each.to), []).append(each)
    for cell, why in boundaries(report):
        name, code = f"{cell.from_} to {cell.to}", cell_code(cell)
        found = gaps.get((cell.from_, cell.to), [])
        accepted = [each.exception for each in found if each.exception is not None and not is_open(each)]
        if why:
            yield _Test(name, "skipped", f"{code}: {why}")
        elif cell.verdict != "BREACHED":
            yield _Test(name)
        elif accepted and len(accepted) == len(found):
            yield _Test(name, "skipped", f"{code}: {cell.reason}; {_accepted(accepted)}")
        else:
            titles = "\n".join(visible(each.title) for each in found if is_open(each))
            yield _Test(name, "failure", cell.reason or code, code, titles)


def _versions(report: Report) -> Iterator[_Test]:
    of = findings_by_row(report)
    for row in report.patches:
        where = f" {row.transport}/{row.port}" if row.port is not None else ""
        name = f"{row.host}{where} {row.title or row.product} {row.version or 'without a version'}"
        found = of(row)
        accepted = [each.exception for each in found if each.exception is not None and not is_open(each)]
        if row.verdict == "COMPLIANT":
            yield _Test(name)
        elif row.verdict not in BEHIND:
            yield _Test(name, "skipped", f"{row.verdict}: {why_unknown(row) or row.reason}")
        elif accepted and len(accepted) == len(found):
            yield _Test(name, "skipped", f"{row.verdict}: {row.reason}; {_accepted(accepted)}")
        else:
            yield _Test(name, "failure", f"{row.verdict}: {row.reason}", row.verdict, _told(row))


def _told(row: PatchRow) -> str:
    facts = (
        ("required", required_words(row)),
        ("known exploited", ", ".join(row.kev)),
        ("missing fixes of", ", ".join(row.cves)),
        ("due", row.due),
        ("fact", row.source),
        ("evidence", without_padding(row.evidence)),
    )
    return "\n".join(f"{name}: {visible(value)}" for name, value in facts if value)


def _finding(finding: FindingRow) -> _Test:
    name = f"{finding.id} {finding.title}"
    if finding.exception is not None and not is_open(finding):
        return _Test(name, "skipped", f"{finding.severity}: {_accepted([finding.exception])}")
    lines = [f"evidence: {visible(without_padding(finding.evidence))}"] if finding.evidence else []
    lines += [f"{number}. {visible(hop)}" for number, hop in enumerate(finding.path, 1)]
    lines += ["remedy: " + "\n".join(map(visible, finding.remedy.split("\n")))] if finding.remedy else []
    lines += [f"again: {visible(finding.replay)}"] if finding.replay else []
    return _Test(name, "failure", finding.title, finding.severity, "\n".join(lines))


def _accepted(rows: Iterable[ExceptionRow]) -> str:
    return "; ".join(dict.fromkeys(f"accepted by {each.owner} until {each.until}: {each.reason}" for each in rows))


def _counts(tests: list[_Test], outcomes: Iterable[str]) -> dict[str, str]:
    names = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    counted = {names[each]: str(sum(test.outcome == each for test in tests)) for each in outcomes}
    return {"tests": str(len(tests)), **counted, "time": "0"}


def _properties(report: Report) -> bytes:
    found = Element("properties")
    facts = [("client", report.client), ("site", report.site), ("assessed", report.generated)]
    for name, value in [*facts, *(("what-if", f"deny {rule}") for rule in report.what_if)]:
        SubElement(found, "property", {"name": name, "value": visible(value)})
    return _bytes(found) + b"\n"


def _case(suite: str, test: _Test) -> bytes:
    found = Element("testcase", {"classname": f"fencewalk.{suite}", "name": visible(test.name), "time": "0"})
    if test.outcome:
        said = SubElement(found, test.outcome, {"message": visible(test.message)})
        if test.type:
            said.set("type", visible(test.type))
        said.text = test.text or None
    return _bytes(found)


def _opened(tag: str, facts: dict[str, str]) -> bytes:
    return _bytes(Element(tag, facts)).removesuffix(b" />") + b">\n"


def _bytes(element: Element) -> bytes:
    text: bytes = tostring(element, encoding="utf-8", xml_declaration=False)
    return text


EXPORTER = Exporter(title="Tests passed and failed (JUnit XML)", suffix=".xml", render=render, parts=parts)
"""The form that JUnit's Ant task began and Jenkins reads."""
