"""The report's long tables: what the script finds, that nothing in them acts, that fifty thousand rows are quick."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from browser import BROWSER, Browser
from page_reader import PageReader
from sample import HOSTILE, sample_report

from scanner.exporters.html import EXPORTER
from scanner.exporters.tables import ROW_LIMIT, tables
from scanner.model.report import Report
from scanner.model.text import visible
from tui.query import Column, QueryError, meets, parse

chromium = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt install chromium")
AXE = importlib.util.find_spec("axe_playwright_python")
MANY = 50_000


@cache
def page() -> bytes:
    return EXPORTER.render(sample_report())


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def opened(browser: Browser) -> Browser:
    browser.open(page())
    browser.say("new Promise((done) => setTimeout(done, 200))")
    return browser


def rows_of(name: str, report: Report | None = None) -> tuple[list[Column], list[tuple[str, ...]]]:
    """The table as the terminal would have it: a label there has a glyph before its word."""
    data = json.loads(next(each.data for each in tables(report or sample_report()) if each.name == name))
    kinds = {"match", "ranks", "number", "flags"}
    columns = [
        msgspec.convert({"key": c["key"], "title": "", **{k: c[k] for k in kinds & c.keys()}}, Column)
        for c in data["columns"]
    ]
    cells = [
        [f"· {v}" if c.get("match") == "label" and v else v for v in (c["values"][at] for at in c["at"])]
        for c in data["columns"]
    ]
    return columns, list(zip(*cells, strict=True))


def test_a_row_for_every_row_of_the_report() -> None:
    report = sample_report()
    counts = {each.name: (each.total, each.count, len(rows_of(each.name)[1])) for each in tables(report)}
    services = sum(len(host.services) for host in report.hosts)
    expected = (len(report.findings), len(report.hosts), services, len(report.patches), len(report.reachability))
    assert counts == dict(
        zip(("findings", "hosts", "services", "versions", "flows"), ((n, n, n) for n in expected), strict=True)
    )


def test_values_are_in_the_order_that_a_column_sorts_by() -> None:
    hosts = sample_report().hosts
    named = tuple(
        msgspec.structs.replace(hosts[0], addresses=(address,)) for address in ("10.0.0.10", "fd20::1", "x", "10.0.0.9")
    )
    data = json.loads(tables(msgspec.structs.replace(sample_report(), hosts=named))[1].data)
    assert data["columns"][0]["values"] == ["10.0.0.9", "10.0.0.10", "fd20::1", "x"]
    found = json.loads(tables(sample_report())[0].data)["columns"]
    order = ["info", "low", "medium", "high", "critical"]
    assert found[0]["values"] == [each for each in order if each in found[0]["values"]]
    assert [int(each or -1) for each in found[1]["values"]] == sorted(int(each or -1) for each in found[1]["values"])


def test_no_data_can_leave_its_element() -> None:
    hostile = ("</script><script>alert(1)</script>", "<!--", "]]>", "\u2028\u2029&amp;", *HOSTILE)
    row = sample_report().findings[0]
    findings = tuple(
        msgspec.structs.replace(row, id=t, title=t, evidence=t, host=t, remedy=t, from_=t) for t in hostile
    )
    report = msgspec.structs.replace(sample_report(), findings=findings)
    for table in tables(report):
        assert not set(table.data) & set(b"<>&")
        assert b"\xe2\x80\xa8" not in table.data
    read = PageReader(EXPORTER.render(report).decode())
    assert read.unbalanced == []
    titles = {row[2] for row in rows_of("findings", report)[1]}
    assert titles == {visible(each) for each in hostile}
    assert json.loads(read.data["rows-findings"])["count"] == len(hostile)


def test_more_than_a_page_can_hold_is_said() -> None:
    report = msgspec.structs.replace(sample_report(), reachability=sample_report().reachability * (ROW_LIMIT // 12 + 1))
    found = next(each for each in tables(report) if each.name == "flows")
    assert (found.count, found.total) == (ROW_LIMIT, ROW_LIMIT + 12)
    assert f"{ROW_LIMIT:,} of {ROW_LIMIT + 12:,} are here" in EXPORTER.render(report).decode()


FILTERS = (
    "guest", "!guest", "sev>=high", "sev<high", "sev=critical", "sev:high,low", "risk>=0", "port:22",
    "port:22,445 guest",
    "from=guest", "zone:servers", "zone=servers", '"front-desk"', "!excepted", "excepted", "late", "kind:gap", "zzz",
    "state=open", "state:open", "control:pci", "evidence:ssh", "fd20::10", 'title:"a b"', "from:", "!sev>=medium x",
    "title:<script", "sev>", "sev>=nonsense", "title>=a", "risk>=x", 'host="servers/10.20.20.10"', "GUEST", ",", '"',
)  # fmt: skip


@chromium
def test_the_filter_finds_what_the_terminal_finds(opened: Browser) -> None:
    columns, rows = rows_of("findings")
    wrong = {}
    for text in FILTERS:
        try:
            terms = parse(text, columns)
            kept = sum(meets(row, terms, columns) for row in rows)
            expected = f"{kept} of {len(rows)} findings" if terms else f"{len(rows)} findings"
        except QueryError as error:
            expected = str(error)
        found = typed(opened, text)
        if found != expected:
            wrong[text] = (found, expected)
    assert wrong == {}


def typed(browser: Browser, text: str, name: str = "findings") -> str:
    return str(
        browser.say(
            f"(i => {{ i.value = {json.dumps(text)}; i.dispatchEvent(new Event('input'));"
            f"document.body.offsetHeight; return document.getElementById('count-{name}').textContent }})"
            f"(document.getElementById('filter-{name}'))"
        )
    )


@chromium
def test_a_click_sorts_and_opens_and_all_of_it_is_text(opened: Browser) -> None:
    head = "document.querySelectorAll('[data-name=findings] thead button')"
    rows = "document.querySelectorAll('[data-name=findings] tbody tr[aria-rowindex]')"
    cells = f"[...{rows}].map(r => r.cells[2].textContent)"
    opened.say(f"{head}[2].click()")
    first = opened.say(cells)
    opened.say(f"{head}[2].click()")
    titles = sorted((visible(each.title) for each in sample_report().findings), key=str.casefold)
    assert first == titles[: len(first)]
    assert opened.say(cells) == titles[::-1][: len(first)]
    opened.say("document.querySelector('[data-name=findings] tbody button').click()")
    shown = opened.say("[...document.querySelectorAll('#opened-findings dd')].map(e => e.textContent)")
    row = max(sample_report().findings, key=lambda each: visible(each.title).casefold())
    assert {visible(each) for each in (row.id, row.evidence, row.replay, row.title)} <= set(shown)
    for name in ("hosts", "services", "versions", "flows"):
        opened.say(f"document.querySelectorAll('[data-name={name}] tbody button').forEach(b => b.click())")
    assert opened.complaints == []
    assert len(opened.asked_for) == 1, "the file itself"


@chromium
@pytest.mark.skipif(AXE is None, reason="no axe-core: pip install axe-playwright-python")
@pytest.mark.parametrize(
    ("media", "scheme", "asked"),
    [
        ("screen", "light", "'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'"),
        ("screen", "dark", "'color-contrast', 'link-in-text-block'"),
        ("print", "light", "'color-contrast', 'scrollable-region-focusable', 'td-headers-attr', 'landmark-unique'"),
    ],
)
def test_axe_finds_nothing(opened: Browser, media: str, scheme: str, asked: str) -> None:
    assert AXE is not None
    assert AXE.origin is not None
    opened.say("document.querySelectorAll('.virtual tbody tr[aria-rowindex=\"2\"] button').forEach(b => b.click())")
    opened.say(f"{(Path(AXE.origin).parent / 'axe.min.js').read_text(encoding='utf-8')};0")
    opened.ask("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
    told: dict[str, Any] = opened.say(
        f"axe.run(document, {{runOnly: [{asked}]}})"
        ".then(r => ({found: r.violations.map(v => [v.id, v.nodes.map(n => n.html)]), passed: r.passes.length}))"
    )
    assert told["found"] == []
    assert told["passed"] >= (25 if "wcag2a" in asked else 1)


@chromium
def test_fifty_thousand_rows_are_quick(browser: Browser) -> None:
    """In processor time of the page's thread, so that a busy machine does not count."""
    sample = sample_report()
    findings = tuple(
        msgspec.structs.replace(
            sample.findings[i % 20], id=f"f{i}", risk=i % 101, evidence=f"{sample.findings[i % 20].evidence} {i}"
        )
        for i in range(MANY)
    )
    big = EXPORTER.render(msgspec.structs.replace(sample, findings=findings, summary=None))
    with browser.spent() as opening:
        browser.open(big)
        browser.say("document.body.offsetHeight")
    assert browser.say("document.getElementById('count-findings').textContent") == f"{MANY:,} findings"
    filters = []
    for text in FILTERS[:20]:
        with browser.spent() as taken:
            typed(browser, text)
        filters += taken
    sorts = []
    for number in range(7):
        with browser.spent() as taken:
            browser.say(f"document.querySelectorAll('[data-name=findings] thead button')[{number}].click();0")
        sorts += taken
    typed(browser, "")
    browser.say("document.querySelector('[data-name=findings] .window').scrollTop = 1e6")
    rows = "document.querySelectorAll('[data-name=findings] tbody tr[aria-rowindex]')"
    browser.say("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert browser.say(f"{rows}.length") < 60
    assert browser.say(f"Number({rows}[0].getAttribute('aria-rowindex'))") > 20_000
    assert opening[0] < 2.5
    assert sorted(filters)[-2] < 0.15
    assert max(sorts) < 0.2
