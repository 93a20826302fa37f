"""The section on patches: everything that a verdict rests on is there, next to the verdict."""

from __future__ import annotations

import re
import time
from functools import cache

import msgspec
import pytest
from page_reader import PageReader
from patch_sample import FEEDS, POLICIES, REGISTER, RISKS, patch_report

from scanner.exporters.html import EXPORTER
from scanner.exporters.patch_page import REGISTER_LIMIT, ROW_LIMIT, SOFTWARE_AT_ONCE, SOFTWARE_LIMIT
from scanner.exporters.patch_words import in_short, versions
from scanner.model.report import PatchRow, Report, SoftwareRow
from scanner.model.text import visible


@cache
def written() -> str:
    return EXPORTER.render(patch_report()).decode()


@cache
def page() -> PageReader:
    return PageReader(written())


def read(**changes: object) -> PageReader:
    return PageReader(EXPORTER.render(msgspec.structs.replace(patch_report(), **changes)).decode())


def test_it_is_well_formed_and_its_links_lead_somewhere() -> None:
    assert page().unbalanced == []
    ids = page().values("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in page().values("href")} <= set(ids)


def test_the_first_page_says_it_in_plain_words() -> None:
    for line in in_short(patch_report()):
        assert visible(line.text) in page().text
    first = written().split('<section id="zones"')[0]
    assert "provably outdated" in first


@pytest.mark.parametrize("row", patch_report().patches, ids=lambda row: visible(row.product)[:12])
def test_every_fact_of_a_row_is_there(row: PatchRow) -> None:
    facts = msgspec.to_builtins(row)
    told = [
        facts["host"], facts["version"], facts["required"], facts["reason"], facts["rule"], facts["released"],
        facts["due"], facts["fixed_at"], facts["eol"], facts["kb"], facts["banner"], facts["source"],
        facts["evidence"], *facts["kev"], *facts["cves"], *facts["exposed_to"],
        *(each["due"] for each in facts["deadlines"]), *(each["rule"] for each in facts["deadlines"]),
        *(words for pair in versions(row) for words in pair if facts["seen_by"]),
    ]  # fmt: skip
    for text in filter(None, told):
        assert " ".join(visible(text).split()) in page().text, text


def test_what_is_overdue_is_said_in_words_and_stands_out() -> None:
    assert '<strong class="kev">844 days overdue</strong>' in written()
    assert '<strong class="kev">10 days left</strong>' not in written()
    assert "10 days left" in page().text


def test_hosts_are_in_the_order_of_their_worst_risk() -> None:
    section = written().split('<section id="patches"')[1].split("<h3")[0]
    hosts = re.findall(r'<tr class="host"><th[^>]*><code>([^<]*)', section)
    assert hosts[:3] == ["management/10.20.99.5", "servers/10.20.20.10", "servers/10.20.20.11"]
    assert hosts[-1] == "clinical/10.20.30.15", "what is compliant comes last"


def test_a_risk_says_why() -> None:
    for risk, why in RISKS.values():
        assert f"Risk {risk}" in page().text
        for sentence in why:
            assert visible(sentence) in page().text


def test_feeds_have_an_age_and_a_stale_one_is_marked() -> None:
    section = written().split('id="feeds"')[1].split("</table>")[0]
    for feed in FEEDS:
        assert feed.sha256 in section
        assert feed.dated in section
    rows = section.split("<tr>")[2:]
    assert ["Stale" in each for each in rows] == [feed.state == "stale" for feed in FEEDS]
    assert "97 days old, limit 30" in page().text


def test_the_policies_of_deadlines_name_their_source() -> None:
    for policy in POLICIES:
        assert policy.rule in page().text
        assert (policy.source or "the site file") in page().text


def test_inventories_say_what_became_of_them() -> None:
    section = PageReader(written().split('id="inventories"')[1].split("</table>")[0]).text
    places = [section.index(words) for words in ("of no host that is known", "servers.csv", "old.csv")]
    assert places == sorted(places), "what is of no host comes first"
    assert "a newer one counts" in section
    assert "its addresses are in no zone: 192.168.1.9" in section


def test_a_machines_thousand_packages_are_folded_and_counted() -> None:
    host = patch_report().hosts[0]
    software = tuple(SoftwareRow(f"package-{i}", f"1.{i}", "list.txt") for i in range(1000))
    told = read(hosts=(msgspec.structs.replace(host, software=software),)).text
    assert f"{1000 - SOFTWARE_AT_ONCE} more pieces of software" in told
    assert f"package-{SOFTWARE_LIMIT - 1} " in told
    assert f"package-{SOFTWARE_LIMIT} " not in told
    assert f"and {1000 - SOFTWARE_LIMIT} more, in the JSON report" in told


def test_the_register_names_what_does_nothing() -> None:
    section = PageReader(written().split('<section id="exceptions"')[1]).text
    for entry in REGISTER:
        assert entry.about in section
        assert visible(entry.reason) in section
    assert section.count("does nothing: ") == 2
    assert "has run out" in section
    assert f"and {len(REGISTER[1].findings) - REGISTER_LIMIT} more" in section
    assert "nobody" in section


def test_no_hostile_text_became_an_element() -> None:
    assert "<script>alert" not in written()
    assert written().count("<script>") == 1, "ours"


def test_a_report_without_any_of_it_says_so_and_invents_nothing() -> None:
    bare = read(patches=(), feeds=(), deadlines=(), accepted=(), inventories=())
    assert bare.unbalanced == []
    assert "No software version was judged" in bare.text
    for words in (
        "overdue",
        "Deadlines that were applied",
        "Facts that verdicts rest on",
        "The register of exceptions",
    ):
        assert words not in bare.text


def many(count: int) -> Report:
    report = patch_report()
    compliant = report.patches[6]
    hosts = (f"servers/10.9.{i // 250}.{i % 250}" for i in range(count))
    rows = tuple(msgspec.structs.replace(compliant, host=host) for host in hosts)
    return msgspec.structs.replace(report, patches=(*rows, *report.patches))


def test_a_long_table_is_cut_at_the_harmless_end_and_says_so() -> None:
    started = time.process_time()
    told = EXPORTER.render(many(3000)).decode()
    assert time.process_time() - started < 8
    shown = len(re.findall(r'<tr class="product">', told))
    assert shown == ROW_LIMIT
    assert f"{ROW_LIMIT:,} of 3,008 rows are shown" in told
    assert "management/10.20.99.5" in told.split('<section id="patches"')[1].split("<h3")[0], "the riskiest is shown"
