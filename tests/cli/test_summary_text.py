"""The summary on stdout fits the terminal that it is printed on."""

from __future__ import annotations

import msgspec
import pytest
from fence_sample import fence_report, long_report
from patch_sample import patch_report
from rich.cells import cell_len
from sample import sample_report

from scanner.cli._summary import summary


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, summary(sample_report(), False, width).splitlines())) <= width


def test_a_narrow_matrix_shows_glyphs_and_says_what_they_mean() -> None:
    zones = [each.name for each in sample_report().zones]
    assert zones, "the sample has zones"
    narrow, wide = (summary(sample_report(), False, width) for width in (60, 160))
    assert "? unproven" in narrow
    assert "1 breach" not in narrow.split("severity")[0]
    assert all(name in wide for name in zones)


def test_the_cut_and_what_a_canary_measured() -> None:
    told = summary(fence_report(), False, 160)
    assert "These 2 denials cut every forbidden path found that a firewall can cut" in told
    assert "2. deny guest → servers, except what policy allows (closes 4 findings)" in told
    assert "! no rule cuts clinical" in told
    assert "65,534 ports tcp: nothing arrived" in told
    assert "1 port tcp from source port 53: arrived and answered, forbidden" in told
    assert "65,535 ports udp: no answer comes back" in told
    assert "5 vantage sessions, 1 canary session" in told
    assert "The scan from servers did not finish" not in told, "a canary that was cut off is no unfinished scan"


@pytest.mark.parametrize("width", [60, 120])
def test_long_parts_fit_and_end(width: int) -> None:
    told = summary(long_report(), False, width)
    assert max(map(cell_len, told.splitlines())) <= width
    assert len(told.splitlines()) < 400
    assert "more that no rule cuts" in told


def test_a_what_if_heads_the_summary() -> None:
    told = summary(msgspec.structs.replace(fence_report(), what_if=("guest -> servers any",)), False, 160)
    assert told.splitlines()[1] == "WHAT IF: not measured"
    assert told.splitlines()[2].startswith("? What if: separation fails. Not how the network is")


def test_a_verification_is_no_canary() -> None:
    report = fence_report()
    again = msgspec.structs.replace(report.vantages[0], purpose="verify")
    told = summary(msgspec.structs.replace(report, vantages=(*report.vantages, again)), False, 160)
    assert "5 vantage sessions, 1 canary session, 1 verification." in told


def test_software_in_plain_words_and_risks_beside_findings() -> None:
    told = summary(patch_report(), False, 200)
    assert " • 4 products are provably outdated: 2 lack a fix that is out, 2 have no support any more." in told
    assert " • 2 of these are past a deadline (2 by Cyber Essentials, 1 by CISA KEV), by up to 844 days." in told
    lines = told.splitlines()
    kev = next(line for line in lines if "known-exploited:" in line)
    assert kev.split()[:2] == ["critical", "88"]
    assert " risk " in next(line for line in lines if line.startswith("severity"))
    assert " risk " not in next(
        line for line in summary(sample_report(), False, 200).splitlines() if "severity" in line
    )


@pytest.mark.parametrize("width", [60, 120])
def test_software_fits_the_terminal(width: int) -> None:
    assert max(map(cell_len, summary(patch_report(), False, width).splitlines())) <= width
