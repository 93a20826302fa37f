"""The report of a site with a history, a look and attestations, and its views: the same facts in another order."""

from __future__ import annotations

import re
from functools import cache
from typing import get_args

import msgspec
import pytest
from page_reader import PageReader, contrast
from record_sample import NASTY, logo, recorded_report

from scanner.errors import BadInput
from scanner.exporters import cover_page
from scanner.exporters.html import EXPORTER
from scanner.exporters.views import AUDIENCES, sections, viewed
from scanner.model.attested import QUESTIONS
from scanner.model.base import SEVERITIES
from scanner.model.recorded import Audience, ControlState, LookRow
from scanner.model.report import Report
from scanner.model.text import visible

VIEWS: tuple[Audience | None, ...] = (None, *get_args(Audience))


def read(report: Report) -> PageReader:
    return PageReader(EXPORTER.render(report).decode())


@cache
def page(view: Audience | None = None) -> PageReader:
    return read(viewed(recorded_report(), view))


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_view_is_whole_and_its_links_lead_somewhere(view: Audience | None) -> None:
    found = page(view)
    ids = found.values("id")
    assert found.unbalanced == []
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in found.values("href")} <= set(ids)
    assert [each.name for each in sections(viewed(recorded_report(), view))] == [
        attributes["id"] for attributes in found.all("section") if attributes.get("id") in _ALL
    ]


_ALL = {each.name for each in sections(recorded_report())}


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_view_has_the_same_findings_and_figures(view: Audience | None) -> None:
    found, whole = page(view), page()
    assert len(found.all("article")) == len(whole.all("article")) == len(recorded_report().findings)
    for row in recorded_report().findings:
        assert " ".join(visible(row.title).split()) in found.text
        assert row.id in found.text
    for part in (r"Open findings .*? Boundaries tested.*? boundary", r"Since 1 September.*?\."):
        there = [re.search(part, each.text) for each in (found, whole)]
        assert there[0] is not None
        assert there[1] is not None
        assert there[0][0] == there[1][0]


@pytest.mark.parametrize("view", get_args(Audience))
def test_a_view_says_what_it_leaves_out(view: Audience) -> None:
    said = page(view).text.partition(f"For {AUDIENCES[view]}: ")[2].partition("Separation fails")[0]
    assert "the facts of the whole report in another order" in said
    for name, title in (("inventory", "hosts and services"), ("appendix", "appendix"), ("controls", "controls")):
        left = name not in {each.name for each in sections(viewed(recorded_report(), view))}
        assert (title in said) == left
    brief = "See it again" not in page(view).text
    assert brief == ("the evidence of each finding" in said)


def test_frameworks_narrow_what_is_shown_in_every_view() -> None:
    for view in VIEWS:
        report = viewed(recorded_report(), view, ["hipaa"])
        text = read(report).text
        assert "PCI DSS 4.0.1 1." not in text
        assert "Of all frameworks only HIPAA Security Rule 45 CFR is shown." in text
    assert viewed(recorded_report()) == recorded_report()
    with pytest.raises(BadInput, match="--framework nist: names more than one framework"):
        viewed(recorded_report(), None, ["nist"])
    with pytest.raises(BadInput, match="--framework ': no such framework"):
        viewed(recorded_report(), None, ["'"])


def test_the_cover_says_whose_it_is_what_it_covers_and_by_which_facts() -> None:
    about = page().text.partition("About this report")[2].partition("Risk and changes")[0]
    for text in (
        "Harbor Dental, main-office", "Made byNorthwind", "10.20.0.0/16; left out: 10.20.30.7/32; touched gently: ",
        "fencewalk 1.2.3", "nobody: the site file names no authorisation", recorded_report().digests.site[7:23],
    ):  # fmt: skip
        assert text in about


def test_the_trend_draws_each_day_and_tells_its_figures() -> None:
    figure = page().text.partition("Risk and changes")[2].partition("Changes since the last scan")[0]
    assert "rose" in figure or "fell" in figure
    for row in recorded_report().trend:
        assert f"{row.date}{''.join(str(row.findings[each]) for each in reversed(SEVERITIES))}{row.risk}9" in figure
    assert sum(attributes.get("class") == "critical" for attributes in page().all("rect")) == 4
    told = read(msgspec.structs.replace(recorded_report(), trend=()))
    assert "no trend is drawn" in told.text


def test_a_trend_of_other_coverage_says_so() -> None:
    same = msgspec.structs.replace(recorded_report().trend[-1], cells=recorded_report().summary.cells)  # type: ignore[union-attr]
    assert (
        "the figures alone do not say better or worse"
        not in read(msgspec.structs.replace(recorded_report(), trend=(same,))).text
    )
    fewer = msgspec.structs.replace(same, cells={"AS_POLICY": 3})
    assert (
        "the figures alone do not say better or worse"
        in read(msgspec.structs.replace(recorded_report(), trend=(fewer,))).text
    )


def test_changes_are_listed_and_what_is_cut_off_is_counted() -> None:
    text = page().text.partition("Changes since the last scan")[2].partition("Zone by zone")[0]
    assert "New1 Fixed1 Persisting3 Not retested60" in text.replace(" 1 ", "1 ")
    assert "fixed one" in text
    assert "and 10 more, in the JSON report" in text
    assert "Unproven, now As policy" in text


def test_every_state_of_a_control_has_a_sign_and_a_meaning_and_none_is_green() -> None:
    assert {*get_args(ControlState), "against"} == set(cover_page.CONTROLS)
    for mark in (*cover_page.CONTROLS.values(), *cover_page.ATTESTED.values()):
        assert mark.tone != "good"
        assert mark.glyph
    for mark in cover_page.CONTROLS.values():
        assert f"{mark.glyph} {mark.word} {mark.meaning}" in page().text


def test_attestations_that_do_not_hold_leave_the_question_open() -> None:
    text = page().text.partition("Not attested ")[2]
    for answer, question in QUESTIONS.items():
        assert (question in text.partition("The site file's key")[0]) == (answer != "mfa-remote-access")
    assert "! Run out" in page().text
    assert "? Dated later" in page().text


def test_hostile_text_is_only_text() -> None:
    assert page().text.count(" ".join(visible(NASTY).split())) >= 5
    shown = msgspec.structs.replace(recorded_report(), attestations=(), changes=None, look=None)
    assert len(page().all("script")) == len(read(shown).all("script"))


@pytest.mark.parametrize(
    ("colour", "light", "dark"),
    [
        ("#7a1f3d", True, False), ("#ffe9a8", False, True), ("#808080", False, False), ("", False, False),
        ("red;}*{x:y", False, False), ("#7A1F3D", False, False),
    ],
)  # fmt: skip
def test_a_colour_is_used_for_text_where_it_can_be_read(colour: str, light: bool, dark: bool) -> None:
    report = recorded_report(colour)
    found = cover_page.cover(report, "", "")
    assert (bool(found.accent), bool(found.accent_dark)) == (light, dark)
    grounds = re.findall(r"--(?:paper|card|wash): (#[0-9a-f]{6})", page().style)
    assert all(contrast(found.accent, each) >= 4.5 for each in grounds[:3] if found.accent)
    assert all(contrast(found.accent_dark, each) >= 4.5 for each in grounds[3:] if found.accent_dark)
    assert bool(found.notes) == (bool(found.brand) and not (light and dark))
    assert all(note in read(report).text for note in found.notes)
    assert ";}*" not in read(report).style


@pytest.mark.parametrize(
    "given", ["https://example.net/x.png", "data:text/html;base64,PGI+", 'data:image/png;base64,a"onerror=', "x"]
)
def test_a_logo_that_is_no_picture_of_its_own_is_left_out(given: str) -> None:
    assert not read(msgspec.structs.replace(recorded_report(), look=LookRow("N", "", given))).all("img")
    assert read(msgspec.structs.replace(recorded_report(), look=LookRow("N", "", logo()))).all("img") == [
        {"class": "logo", "src": logo(), "alt": "N"}
    ]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert EXPORTER.render(recorded_report()) == EXPORTER.render(recorded_report())
