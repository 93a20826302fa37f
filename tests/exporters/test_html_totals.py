"""Every figure that the HTML report states is what anybody counts who has only the JSON of the same report."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fence_sample import fence_report
from lxml import html
from sample import sample_report
from verdict_lab import load, simulated

from scanner import samples
from scanner.exporters import exporters
from scanner.exporters.views import viewed
from scanner.model.report import Report

WORDS = {
    "As policy": "AS_POLICY", "Breached": "BREACHED", "Unproven": "UNPROVEN", "Untested": "UNTESTED",
    "Not tested": "untested", "Tested in part": "partial", "Tested": "tested",
    "Fix missing": "NON_COMPLIANT", "End of life": "END_OF_LIFE", "Unknown": "UNKNOWN", "Compliant": "COMPLIANT",
    "Reached": "REACHED", "One way": "ONE_WAY", "Path open, target down": "TARGET_DOWN_PATH_OPEN",
    "Rejected": "REJECTED", "Dropped": "DROPPED",
}  # fmt: skip
SECTIONS = {"segmentation-gap": "gaps", "attack-path": "paths", "outdated": "patches", "end-of-life": "patches",
            "known-exploited": "patches"}  # fmt: skip
NAMES = ("sample", "fence", "harbor-dental", "law-firm", "flat-office", "one-vantage", "two-legs", "jump-hosts")


@cache
def report_of(name: str) -> Report:
    if name in ("sample", "fence"):
        return sample_report() if name == "sample" else fence_report()
    with TemporaryDirectory() as folder:
        return simulated(samples.load_topology(name) if name in NAMES[2:5] else load(name), Path(folder))


@cache
def both(name: str) -> tuple[html.HtmlElement, dict[str, Any]]:
    report = report_of(name)
    return html.fromstring(exporters()["html"].render(report)), json.loads(exporters()["json"].render(report))


given = pytest.mark.parametrize("name", NAMES)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def words_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def tally(page: html.HtmlElement, heading: str) -> dict[str, int]:
    divs = page.cssselect(f"section[aria-labelledby={heading}] .tally div")
    return {words_of(each.find("dt")): number(words_of(each.find("dd"))) for each in divs}


def legend(page: html.HtmlElement, section: str) -> dict[str, int]:
    """The figures beside the marks of a section, under the JSON's names."""
    rows = page.cssselect(f"#{section} > .legend li")
    said = {WORDS[words_of(row.cssselect(".mark")[0])[2:]]: words_of(row.cssselect(".total")[0]) for row in rows}
    return {name: number(text) for name, text in said.items()}


def is_open(row: dict[str, Any]) -> bool:
    return row["exception"] is None or row["exception"]["expired"]


def pairs(told: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Every boundary, those that the JSON is silent about included."""
    zones = [each["name"] for each in told["zones"]]
    every = {(one, other): {"verdict": "UNTESTED"} for one in zones for other in zones if one != other}
    return every | {(row["from"], row["to"]): row for row in told["cells"]}


@given
def test_open_findings_by_severity(name: str) -> None:
    page, told = both(name)
    counted = Counter(row["severity"].capitalize() for row in told["findings"] if is_open(row))
    said = tally(page, "figures-findings")
    assert set(said) == {"Critical", "High", "Medium", "Low", "Info"}
    assert {word: count for word, count in said.items() if count} == counted
    accepted = sum(not is_open(row) for row in told["findings"])
    more = page.cssselect("#summary a[href='#exceptions']")
    assert [number(words_of(each).split()[0]) for each in more] == ([accepted] if accepted else [])


@given
def test_findings_by_kind(name: str) -> None:
    page, told = both(name)
    for section in ("gaps", "paths", "patches", "others"):
        counted = Counter(row["id"] for row in told["findings"] if SECTIONS.get(row["kind"], "others") == section)
        shown = page.cssselect(f"#{section} article.finding .id code")
        assert Counter(each.text for each in shown) == counted
        assert not page.cssselect(f"#{section} > .note"), "none is left out of these"


@given
def test_gaps_by_boundary(name: str) -> None:
    page, told = both(name)
    gaps = Counter((row["from"], row["to"]) for row in told["findings"] if row["kind"] == "segmentation-gap")
    said = {}
    for head in page.cssselect("#gaps .group > h3"):
        from_, to = (words_of(each) for each in head.cssselect(".zone"))
        said[from_, to] = number(words_of(head.find("small")).split()[0])
    assert said == gaps


@given
def test_hosts_and_services(name: str) -> None:
    page, told = both(name)
    found = re.search(r"([\d,]+) hosts? and ([\d,]+) services? found", words_of(page.cssselect(".session")[0]))
    assert found is not None
    assert (number(found[1]), number(found[2])) == (
        len(told["hosts"]), sum(len(host["services"]) for host in told["hosts"])
    )  # fmt: skip
    zones = Counter(host["zone"] for host in told["hosts"])
    heads = page.cssselect("#inventory > details > summary")
    assert {each.text.strip(): number(words_of(each.find("small")).split()[0]) for each in heads} == zones
    rows = page.cssselect("#inventory .inventory tbody tr")
    assert len(rows) == len(told["hosts"])
    assert len(page.cssselect("#inventory .services li > code:first-child")) == sum(
        len(host["services"]) for host in told["hosts"]
    )


@given
def test_cells_by_verdict(name: str) -> None:
    page, told = both(name)
    cells = pairs(told)
    counted = Counter(cell["verdict"] for cell in cells.values())
    assert {verdict: count for verdict, count in legend(page, "zones").items() if count} == counted
    marks = page.cssselect(".matrix td.cell .word")
    assert Counter(WORDS[words_of(each)] for each in marks) == counted, "and the matrix itself has as many"
    flows = Counter(
        words_of(each).split()[0] for each in page.cssselect(".matrix td.cell small") if "flow" in words_of(each)
    )
    assert flows == Counter(
        f"{row['forbidden_reached']:,}" for row in cells.values() if row.get("forbidden_reached")
    )  # fmt: skip
    sentence = words_of(page.cssselect(".verdict .sentence")[0])
    if counted["BREACHED"]:
        found = re.search(r"gets through ([\d,]+) of ([\d,]+) boundar", sentence)
        assert found is not None
        assert (number(found[1]), number(found[2])) == (counted["BREACHED"], len(cells))


@given
def test_every_boundary_and_its_flows(name: str) -> None:
    page, told = both(name)
    said = {}
    for row in page.cssselect(".reasons tbody tr"):
        from_, to = (words_of(each) for each in row.cssselect("th .zone"))
        said[from_, to] = [number(each) for each in re.findall(r"[\d,]*\d", words_of(row.cssselect("td")[1]))]
    counted = {}
    for key, cell in pairs(told).items():
        three = [cell.get(each, 0) for each in ("tested", "reached", "forbidden_reached")]
        counted[key] = [] if not three[0] else three if three[2] else three[:2]
    assert said == counted


@given
def test_patches_by_verdict(name: str) -> None:
    page, told = both(name)
    counted = Counter(row["verdict"] for row in told["patches"])
    said = legend(page, "patches")
    assert {verdict: count for verdict, count in said.items() if count} == counted
    assert len(page.cssselect("#patches tr.product")) == len(told["patches"])
    sentence = words_of(page.cssselect(".verdict")[0])
    if told["patches"]:
        behind = counted["NON_COMPLIANT"] + counted["END_OF_LIFE"]
        found = re.search(r"Of ([\d,]+) pieces? of software that we saw, (none|[\d,]+)", sentence)
        assert found is not None
        assert number(found[1]) == len(told["patches"])
        assert (0 if found[2] == "none" else number(found[2])) == behind


@given
def test_coverage(name: str) -> None:
    page, told = both(name)
    states = dict.fromkeys(pairs(told), "untested") | {
        (row["from"], row["to"]): row["state"] for row in told["coverage"]
    }  # fmt: skip
    counted = Counter(states.values())
    said = {WORDS[word]: count for word, count in tally(page, "figures-coverage").items()}
    assert {state: count for state, count in said.items() if count} == counted
    heads = [words_of(each) for each in page.cssselect("#coverage > h3") if each.cssselect(".mark")]
    found = [re.fullmatch(r"\S (.*?) ([\d,]+) boundar(?:y|ies)", each) for each in heads]
    assert {WORDS[each[1]]: number(each[2]) for each in found if each} == counted
    assert len(page.cssselect("#scanned ~ .scroll tbody tr")) == len(told["vantages"])


@given
def test_flows_of_the_appendix(name: str) -> None:
    page, told = both(name)
    counted = Counter((row["verdict"], row["allowed"]) for row in told["reachability"])
    said: Counter[tuple[str, bool]] = Counter()
    for row in page.cssselect("#appendix .plain-table tbody tr"):
        verdict = WORDS[words_of(row.find("th"))]
        for allowed, cell in zip((True, False), row.findall("td"), strict=True):
            said[verdict, allowed] += number(words_of(cell))
    assert +said == counted


@given
def test_the_plan_and_the_risk(name: str) -> None:
    page, told = both(name)
    steps = page.cssselect("#plan .plan > li")
    assert [number(re.search(r"Closes ([\d,]+) finding", words_of(each))[1]) for each in steps] == [  # type: ignore[index]
        len(each["closes"]) for each in told["remediation"]
    ]
    risk = sum(row["risk"] for row in told["findings"] if is_open(row))
    found = re.search(r"risks of all open findings add up to ([\d,]+)", words_of(page.cssselect("#history")[0]))
    assert found is None or number(found[1]) == risk


@given
def test_tables_of_every_row(name: str) -> None:
    page, told = both(name)
    counts = {
        "findings": len(told["findings"]), "hosts": len(told["hosts"]), "versions": len(told["patches"]),
        "services": sum(len(host["services"]) for host in told["hosts"]), "flows": len(told["reachability"]),
    }  # fmt: skip
    said = {each.get("id").removeprefix("all-"): number(words_of(each.find("small")))
            for each in page.cssselect("#tables .explorer > h3")}  # fmt: skip
    assert said == {name: count for name, count in counts.items() if count}
    for table in said:
        (data,) = page.cssselect(f"#rows-{table}")
        rows = json.loads(data.text)
        assert rows["count"] == counts[table]
        assert {len(column["at"]) for column in rows["columns"]} == {counts[table]}


@given
def test_the_picture_of_paths(name: str) -> None:
    page, told = both(name)
    drawn = page.cssselect(".paths-picture")
    if not told["paths"]:
        assert not drawn
        return
    text = words_of(drawn[0].cssselect("figcaption")[0])
    accepted = re.search(r"([\d,]+) accepted paths?", text)
    opened = re.search(r"of ([\d,]+) open paths|All ([\d,]+) open paths|(The one) open path", text)
    assert opened is not None
    count = 1 if opened[3] else number(opened[1] or opened[2])
    assert count + (number(accepted[1]) if accepted else 0) == len(told["paths"])
    assert len(drawn[0].cssselect("g.start")) == min(count, 12)


@pytest.mark.parametrize("audience", ["owner", "auditor", "insurer", "engineer"])
@pytest.mark.parametrize("name", ["sample", "harbor-dental"])
def test_no_view_changes_a_figure(name: str, audience: str) -> None:
    page, _ = both(name)
    other = html.fromstring(exporters()["html"].render(viewed(report_of(name), audience)))  # type: ignore[arg-type]
    for heading in ("figures-findings", "figures-coverage"):
        assert tally(other, heading) == tally(page, heading)
    assert legend(other, "zones") == legend(page, "zones")
    assert legend(other, "patches") == legend(page, "patches")
    for section in ("gaps", "paths", "patches", "others"):
        assert len(other.cssselect(f"#{section} article.finding")) == len(page.cssselect(f"#{section} article.finding"))
