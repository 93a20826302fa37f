from __future__ import annotations

import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from patch_sample import patch_report
from sample import sample_report

from scanner.exporters.json import EXPORTER
from scanner.model.report import Report


def decoded(report: Report) -> Report:
    return msgspec.json.decode(EXPORTER.render(report), type=Report)


def test_it_decodes_to_the_same_report() -> None:
    assert decoded(sample_report()) == sample_report()


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_survives(text: str) -> None:
    finding = msgspec.structs.replace(sample_report().findings[0], evidence=text, title=text, path=(text,))
    report = msgspec.structs.replace(sample_report(), findings=(finding,))
    assert decoded(report) == report
    assert all(char == "\n" or char.isprintable() for char in EXPORTER.render(report).decode())


def test_every_key_is_there_in_the_order_of_the_type() -> None:
    root = json.loads(EXPORTER.render(patch_report()))
    assert list(root) == [
        "schema", "client", "site", "generated", "vantages", "hosts", "reachability", "cells", "patches", "findings",
        "remediation", "coverage", "digests", "zones", "summary", "authorization", "measured", "paths", "blast", "cut",
        "what_if", "policy_notes", "accepted", "feeds", "deadlines", "inventories", "attestations", "controls", "trend",
        "changes", "look", "tool", "scope", "view",
    ]  # fmt: skip
    assert list(root["patches"][0]) == [
        "host", "product", "version", "verdict", "reason", "confidence", "required", "fixed_at", "age_days", "eol",
        "kev", "source", "evidence", "transport", "port", "severity", "cves", "remote_code", "title", "rule",
        "released", "latest", "days_behind", "due", "overdue_days", "deadlines", "epss", "kb", "seen_by", "exposed_to",
        "banner",
    ]  # fmt: skip
    assert list(root["patches"][0]["deadlines"][0]) == ["policy", "due", "overdue_days", "rule", "source"]
    assert list(root["feeds"][0]) == [
        "name", "title", "dated", "age_days", "limit_days", "state", "sha256", "entries",
    ]  # fmt: skip
    assert list(root["deadlines"][0]) == ["name", "title", "rule", "source"]
    assert list(root["accepted"][0]) == ["about", "owner", "reason", "approved_by", "until", "state", "findings"]
    assert list(root["inventories"][0]) == [
        "source", "format", "taken", "names", "addresses", "items", "hosts", "state", "reason",
    ]  # fmt: skip
    assert list(root["findings"][0]) == [
        "id", "kind", "severity", "title", "host", "from", "to", "transport", "port", "path", "remedy", "replay",
        "evidence", "controls", "exception", "product", "risk", "risk_why",
    ]  # fmt: skip
    assert {tuple(row) for row in root["cells"]} == {
        ("from", "to", "verdict", "tested", "reached", "forbidden_reached", "reason", "supposed")
    }
    assert {len(row) for row in root["patches"]} == {len(root["patches"][0])}, "None and empty are written too"


def test_it_is_indented_and_ends_with_a_newline() -> None:
    text = EXPORTER.render(sample_report()).decode()
    assert text.startswith('{\n  "schema": 1,\n')
    assert text.endswith("}\n")


def test_a_large_report_is_compact() -> None:
    flows = sample_report().reachability * 3000
    report = msgspec.structs.replace(sample_report(), reachability=flows)
    written = EXPORTER.render(report)
    assert written.count(b"\n") == 1
    assert msgspec.json.decode(written, type=Report) == report


def test_the_order_of_the_figures_does_not_matter() -> None:
    report = sample_report()
    assert report.summary
    turned = msgspec.structs.replace(report.summary, findings=dict(reversed(report.summary.findings.items())))
    assert EXPORTER.render(msgspec.structs.replace(report, summary=turned)) == EXPORTER.render(report)
