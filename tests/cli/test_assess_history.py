"""What a report says besides its verdicts: whose it is, how the figures went, what changed, and for whom it is."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from typed import Run, sentence

from scanner import history, samples, session
from scanner.model.report import Report
from scanner.ports import parse_ports
from scanner.store import Store

TOPOLOGY = "flat-office"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'


def scan(site: Path, times: int = 1) -> Path:
    topology = samples.load_topology(TOPOLOGY)
    if not site.exists():
        samples.write_lab_site(topology, site, session.today_local())
    with Store(session.store_path(site, None)) as store:
        for _ in range(times):
            for zone in topology.scan.zones or [each.name for each in topology.site.zones]:
                for _ in samples.scan_simulated(topology, zone, parse_ports(topology.scan.ports), store):
                    pass
    return site


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    return scan(tmp_path / "site.yaml")


def kept(site: Path) -> list[str]:
    far = datetime.date(9999, 1, 1)
    with Store(session.store_path(site, None), create=False) as store:
        return [each.date for each in history.earlier(store, session.load_site(site), far)]


def test_an_assessment_of_today_keeps_its_figures_and_no_other_does(scanned: Path, run: Run) -> None:
    run("assess", scanned, "--today", "2030-01-01")
    run("assess", scanned, "--today", "2020-01-01", "--deny", "* -> *")
    assert kept(scanned) == []
    run("assess", scanned)
    run("assess", scanned)
    assert kept(scanned) == [session.today_local().isoformat()]


def test_later_reports_show_the_figures_of_earlier_days(scanned: Path, run: Run) -> None:
    run("assess", scanned)
    today, later = session.today_local().isoformat(), "2099-01-01"
    _, out, _ = run("assess", scanned, "-o", "json=-", "--today", today)
    assert json.loads(out)["trend"] == []
    _, out, _ = run("assess", scanned, "-o", "json=-", "--today", later)
    (row,) = json.loads(out)["trend"]
    report = session.assess_site(scanned)
    assert report.summary is not None
    assert row["date"] == today
    assert row["findings"] == report.summary.findings
    assert row["risk"] == report.summary.risk == sum(each.risk for each in report.findings)
    _, again, _ = run("assess", scanned, "-o", "json=-", "--today", later)
    assert again == out
    _, supposed, _ = run("assess", scanned, "-o", "json=-", "--today", later, "--deny", "* -> *")
    assert json.loads(supposed)["trend"] == []


def test_a_store_that_may_not_be_written_is_assessed_all_the_same(scanned: Path, run: Run) -> None:
    store = session.store_path(scanned, None)
    report = session.assess_site(scanned)
    assert not history.keep(store.with_name("nowhere") / "x.sqlite", report)
    assert history.keep(store, report)


def test_what_the_newest_scans_changed_is_in_every_format(scanned: Path, run: Run) -> None:
    assert session.assess_site(scanned, changes=True).changes is None
    scan(scanned)
    code, out, _ = run("assess", scanned, "-o", "json=-")
    changes = json.loads(out)["changes"]
    assert code == 0
    assert changes["new"] == changes["fixed"] == changes["boundaries"] == []
    told = {*changes["persisting"], *(each["id"] for each in changes["not_retested"])}
    assert told == {each["id"] for each in json.loads(out)["findings"]}
    assert changes["base"] <= changes["since"]


def test_each_view_has_every_finding_and_the_same_figures(scanned: Path, run: Run, tmp_path: Path) -> None:
    report = session.assess_site(scanned)
    for audience in ("owner", "auditor", "insurer", "engineer"):
        path = tmp_path / f"{audience}.html"
        code, _, _ = run("assess", scanned, "--for", audience, "-o", f"html={path}")
        assert code == 0
        text = path.read_text()
        assert [each.id for each in report.findings if each.id not in text] == []
    _, out, _ = run("assess", scanned, "--for", "owner", "-o", "json=-")
    assert json.loads(out)["view"] == {"audience": "owner", "frameworks": []}
    assert json.loads(out)["summary"]["risk"] == report.summary.risk  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["pci-dss", "PCI DSS 4.0.1", "pci"])
def test_a_framework_narrows_controls_and_nothing_else(scanned: Path, run: Run, name: str) -> None:
    _, out, _ = run("assess", scanned, "--framework", name, "-o", "json=-")
    found, whole = json.loads(out), session.assess_site(scanned)
    assert {each["framework"] for each in found["controls"]} == {"PCI DSS"}
    assert {name.rpartition(" ")[0] for each in found["findings"] for name in each["controls"]} <= {"PCI DSS 4.0.1"}
    assert [each["id"] for each in found["findings"]] == [each.id for each in whole.findings]


@pytest.mark.parametrize(("name", "said"), [("nist", "more than one"), ("soc2", "no such framework"), ("", "no such")])
def test_a_framework_that_is_none_names_those_that_are(scanned: Path, run: Run, name: str, said: str) -> None:
    code, out, err = run("assess", scanned, "--framework", name, "-o", "json=-")
    assert (code, out) == (2, "")
    assert said in sentence(err)
    assert "pci-dss-4-0-1" in err


def dressed(site: Path, text: str) -> Report:
    site.write_text(site.read_text() + text + "\n")
    return session.assess_site(site)


def test_the_look_is_taken_from_the_site_file(scanned: Path) -> None:
    (scanned.parent / "logo.svg").write_text(LOGO)
    look = dressed(scanned, "report: {name: Northwind, logo: logo.svg, colour: '#7A1F3D'}").look
    assert look is not None
    assert (look.name, look.colour) == ("Northwind", "#7a1f3d")
    assert look.logo.startswith("data:image/svg+xml;base64,")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"GIF89a", "no PNG, JPEG or SVG"),
        (b"<html><svg></svg></html>", "no PNG, JPEG or SVG"),
        (b"", "no PNG, JPEG or SVG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(history.LOGO_BYTES), "larger than 128 KiB"),
    ],
    ids=["missing", "a GIF", "a page", "empty", "too large"],
)
def test_a_logo_that_is_none_is_one_sentence(scanned: Path, run: Run, content: bytes | None, said: str) -> None:
    if content is not None:
        (scanned.parent / "logo.png").write_bytes(content)
    scanned.write_text(scanned.read_text() + "report: {logo: logo.png}\n")
    code, out, err = run("assess", scanned)
    assert (code, out) == (2, "")
    assert said in sentence(err)


def test_attestations_that_answer_nothing_are_told(scanned: Path, run: Run) -> None:
    (scanned.parent / "there.txt").write_text("x")
    text = """
attestations:
  - {answer: restore-test, statement: S, owner: J. Ortiz, date: 2020-01-01}
  - {answer: log-review, statement: S, owner: J. Ortiz, date: 2999-01-01, attachment: lost.pdf}
  - {answer: least-privilege, statement: S, owner: J. Ortiz, date: 2026-01-01, until: 2999-01-01, attachment: there.txt}
"""
    scanned.write_text(scanned.read_text() + text)
    _, _, err = run("assess", scanned, "--today", "2026-11-22")
    said = [each.partition("attestations: ")[2] for each in err.splitlines() if "attestations: " in each]
    assert said == [
        "restore-test of J. Ortiz ran out on 2020-12-31; it answers nothing any more",
        "log-review of J. Ortiz is dated 2999-01-01, which is later than this report; it answers nothing yet",
        "log-review of J. Ortiz: there is no file lost.pdf beside the site file",
    ]
