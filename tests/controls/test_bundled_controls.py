"""The mapping of findings to controls."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from scanner.controls import Framework, bundled, frameworks, title
from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.model.report import FindingKind

FORMS = {
    "NIST CSF 2.0": r"[A-Z]{2}\.[A-Z]{2}-\d\d",
    "CIS Controls 8.1": r"\d{1,2}\.\d{1,2}",
    "PCI DSS 4.0.1": r"\d{1,2}\.\d{1,2}\.\d{1,2}",
    "HIPAA Security Rule 45 CFR": r"164\.3\d\d\([a-e]\)(\(\d\))?(\([iv]+\))?(\([A-D]\))?",
    "NIST SP 800-171 r2": r"3\.\d{1,2}\.\d{1,2}",
    "ISO/IEC 27001:2022": r"A\.[5-8]\.\d{1,2}",
    "CISA CPG 2.0": r"[1-5]\.[A-Z]",
    "Cyber Essentials 3.3": r"A[4-8](\.\d{1,2})?",
}


@pytest.mark.parametrize("framework", frameworks(), ids=lambda each: each.name)
def test_identifiers_have_the_form_of_their_framework_and_are_used(framework: Framework) -> None:
    mapped = (*framework.findings.values(), *framework.attested.values())
    used = {each for identifiers in mapped for each in identifiers}
    assert used == set(framework.titles)
    assert [each for each in used if not re.fullmatch(FORMS[framework.name], each)] == []


def test_every_framework_is_there() -> None:
    assert {each.name for each in frameworks()} == set(FORMS)


def test_kinds_are_those_of_the_report() -> None:
    kinds = {each.partition(":")[0] for each in bundled()}
    assert kinds <= set(get_args(FindingKind))
    assert kinds == set(get_args(FindingKind))


@pytest.mark.parametrize(
    ("kind", "framework", "identifiers"),
    [
        ("segmentation-gap", "PCI DSS 4.0.1", ("1.2.5", "1.3.1", "1.3.2", "1.4.2", "11.4.5")),
        ("outdated", "CIS Controls 8.1", ("7.3", "7.4", "7.5", "7.6", "7.7")),
        ("end-of-life", "NIST CSF 2.0", ("ID.AM-08", "PR.PS-02", "PR.PS-03")),
        ("exposure:cleartext", "HIPAA Security Rule 45 CFR", ("164.312(e)(1)",)),
        ("exposure:weak-protocol", "PCI DSS 4.0.1", ("1.2.6", "2.2.5", "2.2.7")),
        ("exposure:backup", "NIST CSF 2.0", ("PR.DS-11",)),
        ("exposure:backup", "CIS Controls 8.1", ("11.4",)),
        ("exposure:default-credentials", "CIS Controls 8.1", ("4.7",)),
        ("outdated", "Cyber Essentials 3.3", ("A6.4", "A6.5")),
        ("unknown-device", "CISA CPG 2.0", ("2.A", "3.R")),
        ("exposure:inventory", "PCI DSS 4.0.1", ("12.5.1",)),
        ("exposure:inventory", "CIS Controls 8.1", ("2.1",)),
        ("required-flow-blocked:logs", "ISO/IEC 27001:2022", ("A.8.15", "A.8.16", "A.8.17")),
    ],
)
def test_a_finding_bears_on(kind: str, framework: str, identifiers: tuple[str, ...]) -> None:
    assert bundled()[kind][framework] == identifiers
    assert all(title(framework, each) for each in identifiers)


def test_a_control_without_a_title_is_refused() -> None:
    text = 'framework: F\nversion: "1"\nurl: https://example.net\ntitles: {}\nfindings:\n  outdated: ["1.1"]\n'
    with pytest.raises(BadInput, match=r"f\.yaml:6: findings\.outdated: '1\.1' has no title"):
        read_document(text, Framework, "f.yaml")
