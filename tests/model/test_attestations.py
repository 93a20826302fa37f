"""Attestations and the report's look, as a site file says them."""

from __future__ import annotations

import datetime

import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.document import document_text, read_document
from scanner.model.site import Site

BASE = "client: C\nsite: s\nzones: [{name: a, subnets: [10.0.0.0/24]}]\n"
GOOD = "{answer: restore-test, statement: Restored, owner: J, date: 2026-08-01%s}"


def read(text: str) -> Site:
    return read_document(BASE + text, Site, "site.yaml")


def test_they_are_read_and_written_again() -> None:
    more = ", until: 2026-12-01, attachment: evidence/restore.pdf"
    site = read(f"attestations: [{GOOD % more}]\nreport: {{name: N, logo: logo.svg, colour: '#A1b2C3'}}\n")
    assert site.attestations[0].until == datetime.date(2026, 12, 1)
    assert site.report.colour == "#A1b2C3"
    assert read_document(document_text(site), Site, "again.yaml") == site


@pytest.mark.parametrize(
    ("until", "last"),
    [("", datetime.date(2027, 8, 1)), (", until: 2026-08-01", datetime.date(2026, 8, 1))],
    ids=["a year where nothing is said", "the day itself"],
)
def test_how_long_one_holds(until: str, last: datetime.date) -> None:
    assert read(f"attestations: [{GOOD % until}]\n").attestations[0].last == last


def test_one_of_the_last_days_of_all_does_not_overflow() -> None:
    text = "attestations: [{answer: log-review, statement: S, owner: O, date: 9999-12-31}]\n"
    assert read(text).attestations[0].last == datetime.date.max


@for_every(
    ("text", "said"),
    [
        (f"attestations: [{GOOD % ', until: 2026-07-01'}]", r"attestations\[0\]\.until: the last day"),
        ("attestations: [{answer: mfa, statement: S, owner: O, date: 2026-01-01}]", r"attestations\[0\]\.answer"),
        ("attestations: [{answer: log-review, statement: ' ', owner: O, date: 2026-01-01}]", "says nothing"),
        ("attestations: [{answer: log-review, statement: S, owner: ' ', date: 2026-01-01}]", "says nothing"),
        ("attestations: [{answer: log-review, statement: S, date: 2026-01-01}]", "owner"),
        (f"attestations: [{GOOD % ', attachment: ../../etc/passwd'}]", "beside the site file"),
        (f"attestations: [{GOOD % ', attachment: /etc/passwd'}]", "beside the site file"),
        (f"attestations: [{GOOD % ', attachment: a//b'}]", "beside the site file"),
        (r"attestations: [{answer: log-review, statement: S, owner: O, date: 2026-01-01, attachment: c:\x}]", "beside"),
        ("report: {logo: 'https://example.net/logo.png'}", "beside the site file"),
        ("report: {colour: red}", "colour"),
        ("report: {colour: '#fff;}'}", "colour"),
        ("report: {name: N, css: x}", "css"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_its_key(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as raised:
        read(text + "\n")
    assert str(raised.value).startswith("site.yaml:4: ")
