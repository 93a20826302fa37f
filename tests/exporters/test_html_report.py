from __future__ import annotations

import base64
import hashlib
import re
import time
from functools import cache
from importlib import resources

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_reader import PageReader, colours, contrast
from sample import HOSTILE, sample_report
from tables import for_every

from scanner.exporters import words
from scanner.exporters.html import EXPORTER
from scanner.exporters.page import FLOW_LIMIT
from scanner.exporters.written import FINDING_LIMIT
from scanner.model.report import FindingRow, Report
from scanner.model.text import visible

KNOWN_TAGS = set(
    re.findall(
        r"\w+",
        """html head meta title style body a nav p ol ul li main section h1 h2 h3 h4 div span strong small dl dt dd br
        table caption thead tbody tr th td details summary figure figcaption svg desc g path polygon rect circle text
        article header footer code script""",
    )
)


@cache
def page() -> PageReader:
    return PageReader(EXPORTER.render(sample_report()).decode())


def read(**changes: object) -> PageReader:
    return PageReader(EXPORTER.render(msgspec.structs.replace(sample_report(), **changes)).decode())


def test_it_is_well_formed() -> None:
    assert page().unbalanced == []
    assert {tag for tag, _ in page().elements} <= KNOWN_TAGS, "no element that a template does not write"


def test_nothing_is_fetched_and_nothing_of_others_runs() -> None:
    assert [found.get("type") for found in page().all("script") if "id" not in found] == [None]
    assert {found["type"] for found in page().all("script") if "id" in found} == {"application/json"}
    for tag, attributes in page().elements:
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style", "action")
        ]
        assert not attributes.get("href", "#").removeprefix("#").count(":"), (tag, attributes)
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"url\(|@import|expression|https?:", page().style)


def test_the_policy_allows_this_style_sheet_and_this_script_only() -> None:
    policy = next(m["content"] for m in page().all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    digest, ours = (
        base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in (page().style, page().script)
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; script-src 'sha256-{ours}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def test_ids_are_unique_and_links_lead_somewhere() -> None:
    ids = page().values("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in page().values("href")} <= set(ids)
    for attribute in ("aria-labelledby", "aria-describedby"):
        assert {name for value in page().values(attribute) for name in value.split()} <= set(ids)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_and_is_only_text(text: str) -> None:
    assert " ".join(visible(text).split()) in page().text


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="<>\"'&{}%/= \x00\x1b\u202e\ud800aimg", max_size=30))
def test_no_text_changes_the_shape_of_the_page(text: str) -> None:
    def shaped(title: str) -> list[tuple[str, tuple[str, ...]]]:
        finding = msgspec.structs.replace(
            sample_report().findings[0], id="x", title=title, evidence=title, replay=title, remedy=title, host=title
        )
        host = msgspec.structs.replace(sample_report().hosts[0], names=(title,), vendor=title, os="x" + title)
        return [(tag, tuple(found)) for tag, found in read(findings=(finding,), hosts=(host,), remediation=()).elements]

    assert shaped(text) == shaped("y" if text else "")


def test_every_finding_is_there_once_with_all_it_has() -> None:
    articles = [found["id"] for tag, found in page().elements if tag == "article"]
    assert len(articles) == len(sample_report().findings)
    for row in sample_report().findings:
        for text in (row.title, row.evidence, row.remedy, row.replay, row.id, *row.path, *row.controls):
            assert " ".join(visible(text).split()) in page().text


@for_every("mark", [*words.CELLS.values(), *words.FLOWS.values(), *words.PATCHES.values()], ids=str)
def test_every_verdict_has_a_sign_a_word_and_a_meaning(mark: words.Mark) -> None:
    assert mark.glyph
    assert f"{mark.glyph} {mark.word}" in page().text
    assert mark.meaning in page().text


def test_only_as_policy_is_green() -> None:
    every = {**words.CELLS, **words.FLOWS, **words.PATCHES, **words.STATES}
    assert [code for code, mark in every.items() if mark.tone == "good"] == ["AS_POLICY"]
    assert words.CELLS["UNTESTED"].tone == words.FLOWS["UNTESTED"].tone == words.STATES["untested"].tone == "none"


def test_the_matrix_has_a_cell_for_every_boundary_and_links_its_gaps() -> None:
    cells = [found["class"] for found in page().all("td") if found.get("class", "").startswith("cell")]
    assert len(cells) == len(sample_report().zones) ** 2
    tones = {words.CELLS[code].tone: count for code, count in sample_report().summary.cells.items()}  # type: ignore[union-attr]
    assert {tone: cells.count(f"cell {tone}") for tone in tones} == tones
    groups = {(f.from_, f.to) for f in sample_report().findings if f.kind == "segmentation-gap"}
    assert sum(href.startswith("#gaps-") for href in page().values("href")) == len(groups)


def test_a_boundary_that_the_report_forgets_is_untested() -> None:
    told = read(cells=sample_report().cells[1:], summary=None)
    assert "the report holds nothing about it" in told.text
    assert sum(found.get("class") == "cell none" for found in told.all("td")) == 6


def test_a_boundary_without_coverage_counts_as_not_tested() -> None:
    assert "Not tested5 Tested in part5 Tested20" in page().text
    told = read(coverage=sample_report().coverage[1:])
    assert "Not tested6 Tested in part5 Tested19" in told.text
    assert "the report says nothing about it" in told.text


def test_figures_without_a_summary_are_the_same() -> None:
    assert read(summary=None).text == page().text


def test_what_it_is_not() -> None:
    assert "It does not say that PCI DSS 11.4.5 is met" in page().text
    assert "a boundary that holds" in page().text


def test_a_long_report_is_quick_and_says_what_it_leaves_out() -> None:
    sample = sample_report()
    findings = tuple(
        msgspec.structs.replace(sample.findings[i % 20], id=f"{sample.findings[i % 20].id}#{i}") for i in range(5000)
    )
    started = time.process_time()
    told = EXPORTER.render(
        msgspec.structs.replace(sample, findings=findings, reachability=sample.reachability * 4200)
    ).decode()
    assert time.process_time() - started < 5
    boundaries = len({(f.from_, f.to) for f in sample.findings if f.kind == "segmentation-gap"})
    assert FINDING_LIMIT <= told.count("<article ") <= FINDING_LIMIT + boundaries
    assert "are not written out here" in told
    assert "No path to a critical system was found" not in told
    assert f"{FLOW_LIMIT} of 50,400 flows are shown" in told
    assert "The JSON report holds all 50,400." in told


def test_findings_with_one_id_keep_their_own_anchors() -> None:
    twin = sample_report().findings[0]
    ids = read(findings=(twin, twin)).values("id")
    assert len(ids) == len(set(ids))


def test_a_zone_that_only_a_finding_of_the_wire_names_is_in_the_matrix() -> None:
    host = msgspec.structs.replace(sample_report().hosts[0], zone="<lost>", id="<lost>/10.9.9.9")
    assert "<lost>" in read(hosts=(host,)).text


def empty(**changes: object) -> Report:
    rows = ("vantages", "hosts", "reachability", "cells", "patches", "findings", "remediation", "coverage")
    blank: dict[str, object] = dict.fromkeys(rows, ())
    return msgspec.structs.replace(sample_report(), summary=None, zones=(), **(blank | changes))


def test_an_empty_report_claims_nothing() -> None:
    told = PageReader(EXPORTER.render(empty()).decode())
    assert "Nothing was scanned." in told.text
    assert "no boundary between zones in this report, so none was tested" in told.text
    assert not any("good" in found.get("class", "").split() for found in told.all("td"))
    assert [found["class"] for found in told.all("div") if found.get("class", "").startswith("verdict")] == [
        "verdict none"
    ]


def test_every_pair_of_colours_can_be_read() -> None:
    style = (resources.files("scanner.exporters") / "templates" / "style.css").read_text("utf-8")
    light, dark = (colours(block) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL))
    assert light.keys() == dark.keys()
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent", "bad", "warn") for ground in ("paper", "card", "wash")]
    pairs += [(tone, f"{tone}-wash") for tone in ("bad", "good", "warn", "none")]
    pairs += [("none", "none-stripe"), ("on-solid", "solid"), ("none", "paper"), ("paper", "accent")]
    pairs += [(ink, f"{tone}-wash") for ink in ("ink", "soft") for tone in ("bad", "good", "warn", "none")]
    for theme in (light, dark):
        assert [(a, b, contrast(theme[a], theme[b])) for a, b in pairs if contrast(theme[a], theme[b]) < 4.5] == []


def test_templates_never_trust_a_value() -> None:
    folder = resources.files("scanner.exporters") / "templates"
    for each in folder.iterdir():
        assert not re.search(r"\|\s*safe|autoescape|Markup|xmlattr|tojson|urlize", each.read_text("utf-8")), each.name


def test_a_finding_of_each_kind_has_a_place() -> None:
    kinds = FindingRow.__struct_fields__.index("kind")
    assert len({msgspec.structs.astuple(row)[kinds] for row in sample_report().findings}) == 9
    for row in sample_report().findings:
        assert len(read(findings=(row,), remediation=()).all("article")) == 1
