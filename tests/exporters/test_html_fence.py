"""What the HTML report shows of paths, the cut, what falls, a canary's measurement, dressed flows and a what-if."""

from __future__ import annotations

import re
import time

import msgspec
import pytest
from fence_sample import NFTABLES, PATHS, TOLD, fence_report, long_report
from hypothesis import given, settings
from hypothesis import strategies as st
from page_reader import PageReader
from sample import HOSTILE, sample_report

from scanner.exporters.html import EXPORTER
from scanner.model.report import Report
from scanner.model.text import visible


def read(report: Report) -> PageReader:
    return PageReader(EXPORTER.render(report).decode())


PAGE = read(fence_report())


def section(name: str) -> str:
    """The source of one section of the page."""
    found = re.search(rf'<section id="{name}".*?(?=<section id="(?!cut|measured)|</main>)', _SOURCE, re.DOTALL)
    assert found is not None
    return found[0]


_SOURCE = EXPORTER.render(fence_report()).decode()


def rows_of(name: str) -> list[str]:
    """The text of each row of the section's tables, a blank between its fields."""
    rows = re.findall(r"<tr>.*?</tr>", section(name), re.DOTALL)
    return [PageReader(re.sub(r"</t[hd]>|<br>", r" \g<0>", row)).text for row in rows]


def test_it_is_well_formed_and_links_lead_somewhere() -> None:
    assert PAGE.unbalanced == []
    ids = PAGE.values("id")
    assert len(ids) == len(set(ids))
    assert {href.removeprefix("#") for href in PAGE.values("href")} <= set(ids)
    assert {name for value in PAGE.values("aria-labelledby") for name in value.split()} <= set(ids)
    assert PAGE.all("img") == []
    assert [found for found in PAGE.all("script") if found.get("type") != "application/json"] == [{}], "ours"


@pytest.mark.parametrize("text", HOSTILE[:3], ids=range(3))
def test_hostile_text_is_text(text: str) -> None:
    assert " ".join(visible(text).split()) in PAGE.text


def hostile(text: str) -> Report:
    """Every text of the new parts is this one."""
    base = fence_report()
    assert base.cut is not None
    swap = msgspec.structs.replace
    hops = tuple(swap(hop, how=text, evidence=text, to=text) for hop in PATHS[1].hops)
    denial = swap(base.cut.denials[0], from_=text, to=text, services=(text,), rules={"x" + text: text})
    return swap(
        base,
        paths=(swap(PATHS[1], from_=text, critical=text, hops=hops),),
        cut=swap(base.cut, denials=(denial,), left=(text,)),
        blast=tuple(swap(row, zones=(text,), critical=(text, "b"), forbidden=(text,)) for row in base.blast),
        measured=tuple(swap(row, address=text, reason=text, via="v" + text) for row in base.measured),
        reachability=tuple(swap(row, via="v" + text) for row in base.reachability),
        policy_notes=tuple(swap(row, rule=text, text=text) for row in base.policy_notes),
        what_if=(text,),
    )


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet="<>\"'&{}%/= \x00\x1b\u202e\ud800\naimg", min_size=1, max_size=30))
def test_no_text_changes_the_shape_of_the_page(text: str) -> None:
    def shaped(text: str) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(found)) for tag, found in read(hostile(text)).elements]

    assert shaped(text) == shaped("y")


def test_a_path_is_drawn_step_by_step_in_its_finding() -> None:
    paths = section("paths")
    assert paths.count('<ol class="chain"') == len(PATHS)
    steps = re.findall(r'<li class="link( forbidden)?( inferred)?">', paths)
    hops = [hop for path in PATHS for hop in path.hops]
    drawn = [(bool(forbidden), bool(inferred)) for forbidden, inferred in steps]
    wanted = [(not hop.allowed, not hop.observed) for hop in hops]
    assert [each for each in drawn if True in each] == [each for each in wanted if True in each]
    assert (
        "tcp/22, from source port 53 logs in over SSH with a password or key ✕ port observed, against policy"
        in PAGE.text
    )
    assert "the same machine has a leg in each zone ✕ observed, against policy" in PAGE.text
    assert "inferred, allowed by policy" in PAGE.text
    assert "More paths 1" in PAGE.text, "the one that a finding tells is not shown twice"


def test_a_finding_whose_path_the_report_does_not_hold_keeps_its_words() -> None:
    other = msgspec.structs.replace(TOLD, hops=TOLD.hops[:1])
    told = read(msgspec.structs.replace(fence_report(), paths=(other,)))
    assert "guest -> clinical/10.20.30.15 tcp/22 (observed, credential)" in told.text


def test_the_cut_and_its_rules() -> None:
    plan = section("plan")
    text = PageReader(plan).text
    assert "These 2 denials cut every forbidden path found that a firewall can cut" in text
    assert "It is proven that no fewer do." in text
    assert "What no rule of a firewall cuts" in text
    for title in ("nftables", "pfSense, OPNsense", "FortiGate", "Cisco IOS"):
        assert plan.count(f"<summary>{title} <small>") == 3
    for line in NFTABLES.split("\n"):
        assert text.count(" ".join(line.split())) == 3, "once a form, and not in the words of the change as well"


def test_a_cut_claims_no_more_than_it_does() -> None:
    cut = fence_report().cut
    assert cut is not None
    unsure = msgspec.structs.replace(cut, least=False, left=(), denials=cut.denials[:1])
    text = read(msgspec.structs.replace(fence_report(), cut=unsure)).text
    assert "This 1 denial cuts every forbidden path found to a critical system" in text
    assert "There may be fewer" in text
    nothing = read(msgspec.structs.replace(fence_report(), cut=msgspec.structs.replace(cut, denials=()))).text
    assert "No rule of a firewall cuts the forbidden paths" in nothing
    assert "denials cut every" not in nothing


def test_what_falls_and_where_nothing_is_known() -> None:
    told = {row.split()[0]: row for row in rows_of("paths")}
    assert "Practice database" in told["guest"]
    assert "not known" not in told["guest"]
    assert "nobody scanned from there" in told["management"], "0 hosts is no good news where nobody looked"


def test_nothing_arrived_is_told_from_no_answer() -> None:
    told = rows_of("measured")

    def row(ports: str) -> str:
        return next(each for each in told if ports in each)

    assert "Nothing arrived" in row("tcp 1-21, 23-65535")
    assert "65,534 ports" in row("tcp 1-21, 23-65535")
    assert "No answer comes back" in row("udp 1-65535")
    assert "Arrived, no answer back" in row("tcp 22")
    assert "forbidden" in row("tcp 22")
    assert "from source port 53" in row("tcp 53")
    assert "Answered by a middlebox allowed" in row("icmp type 8")
    assert "and 37 more ranges 49 ports" in row("fd20::9")


def test_a_canary_is_no_scan() -> None:
    assert "A canary listened in servers." in PAGE.text
    assert "Listened as a canary" in PAGE.text
    only = tuple(each for each in fence_report().vantages if each.engine == "canary")
    told = read(msgspec.structs.replace(fence_report(), vantages=only)).text
    assert "Nothing was scanned. A canary listened in servers." in told
    assert "No scan stands behind this report." in told


@pytest.mark.parametrize("words", ["from source port 53", "in fragments", "by way of 10.20.50.7"])
def test_a_dressed_flow_says_how_it_was_asked(words: str) -> None:
    assert words in PageReader(section("appendix")).text


def test_what_is_odd_about_the_policy() -> None:
    assert "allow[2] Covered by another rule allow[2] is covered by allow[0]" in " ".join(rows_of("method"))


def test_a_what_if_is_never_taken_for_a_result() -> None:
    report = msgspec.structs.replace(fence_report(), what_if=("guest -> servers tcp/445",))
    source, told = EXPORTER.render(report).decode(), read(report)
    assert "<title>What if: " in source
    assert '<body class="hypothetical">' in source
    for words in ("this is not how the network is", "WHAT IF: not measured", "deny guest -> servers tcp/445"):
        assert words in told.text
    assert "verdict none" in [each.get("class", "") for each in told.all("div")]
    assert "not a real result" not in PAGE.text


def test_a_long_report_says_what_it_leaves_out() -> None:
    report = long_report()
    started = time.process_time()
    told = read(report)
    assert time.process_time() - started < 5
    for words in ("150 more, in the JSON", "180 more, in the JSON", "30 more, in the JSON", "200 more, in the JSON",
                  "and 50 more rows", "and 10 more pairs"):  # fmt: skip
        assert words in told.text, words
    assert "nft insert rule 7" not in told.text, "a part of a rule set is another rule set"
    assert "1,000 lines" in told.text


def test_a_report_without_all_this_shows_none_of_it() -> None:
    new = ("measured", "paths", "blast", "cut", "what_if", "policy_notes")
    older = {key: value for key, value in msgspec.to_builtins(sample_report()).items() if key not in new}
    assert read(msgspec.convert(older, Report)).text == read(sample_report()).text
    ids = read(sample_report()).values("id")
    assert not {"cut", "measured", "blast", "policy-notes"} & set(ids)
    assert "paths" in ids


def test_a_pass_that_is_only_supposed_has_a_word_of_its_own() -> None:
    report = fence_report()
    cells = tuple(
        msgspec.structs.replace(each, verdict="AS_POLICY", supposed=True) if each.verdict == "BREACHED" else each
        for each in report.cells
    )
    source = EXPORTER.render(msgspec.structs.replace(report, cells=cells, what_if=("guest -> servers any",))).decode()
    count = sum(each.supposed for each in cells)
    assert count > 1
    assert source.count('<td class="cell supposed">') == count
    assert source.count('<td class="cell good">') == sum(each.verdict == "AS_POLICY" for each in report.cells)
    assert f'Would be as policy</span> <strong class="total">{count}</strong>' in source.replace("\n", "")
    assert "supposed.cell" in source.split("</style>")[0]
    assert "Would be as policy" not in EXPORTER.render(report).decode()
