"""What a canary measured, in the cells and findings of a report."""

from __future__ import annotations

import datetime

from assess.canary_scene import CANARY, EVERYTHING, arrival, canary, signed, silent
from assess.scene import GUEST, SERVERS, session, site

from scanner.assess import assess
from scanner.feeds import bundled_knowledge
from scanner.model.observation import Session
from scanner.model.report import CellRow, Report
from scanner.model.site import Rule


def _report(*sessions: Session, allow: tuple[Rule, ...] = ()) -> Report:
    return assess(site(allow=allow), sessions, bundled_knowledge(), datetime.date(2026, 11, 20))


def _cell(report: Report) -> CellRow:
    return next(each for each in report.cells if (each.from_, each.to) == (GUEST, SERVERS))


def test_forbidden_ports_that_arrive_are_one_finding_and_each_counts() -> None:
    allow = (Rule(GUEST, SERVERS, ("tcp/443",)),)
    report = _report(signed(silent("1-65535")), canary(*EVERYTHING, arrival("400-3399,3389")), allow=allow)
    cell = _cell(report)
    assert (cell.verdict, cell.tested, cell.reached, cell.forbidden_reached) == ("BREACHED", 65535, 3000, 2999)
    found = [each for each in report.findings if each.kind == "segmentation-gap"]
    assert len(found) == 1
    assert "2999 ports forbidden by policy get through: tcp/400-442,444-3399" in found[0].title
    assert not [flow for flow in report.reachability if flow.address == CANARY]
    assert sum(row.verdict == "ONE_WAY" for row in report.measured) == 2


def test_a_canary_that_nothing_reached_proves_nothing_of_the_hosts() -> None:
    report = _report(signed(silent("1-65535")), canary(*EVERYTHING))
    cell = _cell(report)
    assert cell.verdict == "UNPROVEN"
    assert cell.reason.startswith(f"nobody stood in {SERVERS}")
    said = f"of 65,535 forbidden flows to the canary {CANARY}, asked by signed probes, none got through"
    assert cell.reason.endswith(said)
    [covered] = [each for each in report.coverage if (each.from_, each.to) == (cell.from_, cell.to)]
    assert "only as an application's own protocol" in covered.reason
    others = [each for each in report.coverage if each is not covered]
    assert others
    assert not [each for each in others if "signed" in each.reason]
    assert not report.findings


def test_ports_that_the_canary_cannot_settle_leave_the_cell_open() -> None:
    report = _report(signed(silent("1-65535")), canary(*EVERYTHING[1:]), session(SERVERS))
    assert _cell(report).verdict == "UNPROVEN"
    assert "to the canary" in _cell(report).reason
