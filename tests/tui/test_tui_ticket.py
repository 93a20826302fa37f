from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sample import FINDINGS, HOSTILE, sample_report
from textual.pilot import Pilot
from textual.widgets import Static
from triage_site import app_in, notes, settled, shown

from scanner.exporters.ticket_text import tickets_for
from scanner.model.report import FindingRow, RemedyRow, Report
from tui.app import FencewalkApp
from tui.modals.ticket import TicketModal
from tui.reader import Reader

REPORT = sample_report()


async def opened(pilot: Pilot[None], report: Report, findings: FindingRow | tuple[FindingRow, ...]) -> list[str | None]:
    left: list[str | None] = []
    await pilot.app.push_screen(TicketModal(report, findings), left.append)
    await pilot.pause()
    return left


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_a_ticket_is_previewed_as_it_would_be_sent_and_copied(size: tuple[int, int]) -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=size) as pilot:
        left = await opened(pilot, REPORT, FINDINGS[0])
        (ticket,) = tickets_for(REPORT, [FINDINGS[0].id])
        text = shown(app)
        for words in (ticket.title, "◆ critical", ticket.fingerprint, "WHAT TO CHANGE", "On fw-1, deny any"):
            assert words in text
        read = app.screen.query_one(Reader).plain
        assert read.split("\n") == [line.rstrip() for line in ticket.body.rstrip("\n").split("\n")], "whole, unchanged"
        await pilot.press("G", "y")
        await pilot.pause()
        assert left == [f"{ticket.title}\n\n{ticket.body}"]


async def test_a_finding_that_waits_for_several_changes_has_a_ticket_of_each() -> None:
    both = msgspec.structs.replace(
        REPORT, remediation=(*REPORT.remediation, RemedyRow("Name an owner", (FINDINGS[0].id,), "Name one."))
    )
    app = FencewalkApp(both)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, both, FINDINGS[0])
        assert "1 of 2" in shown(app)
        await pilot.press("right")
        await pilot.pause()
        assert "Name an owner (main-office)" in shown(app)
        assert "2 of 2" in shown(app)
        await pilot.press("l")
        await pilot.pause()
        assert "1 of 2" in shown(app), "round and round"


async def test_what_is_accepted_says_why_there_is_no_ticket() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(100, 30)) as pilot:
        left = await opened(pilot, REPORT, FINDINGS[6])
        assert "No ticket" in shown(app)
        assert "Accepted by Dr. Lin until 2027-01-31" in shown(app)
        await pilot.press("y", "right")
        assert left == [], "there is nothing to copy"
        await pilot.press("escape")
        await pilot.pause()
        assert left == [None]


async def test_rows_that_are_marked_are_told_together() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, REPORT, (FINDINGS[0], FINDINGS[1], FINDINGS[13]))
        assert "1 of 2" in shown(app)


async def test_hostile_text_is_inert() -> None:
    bad = msgspec.structs.replace(
        FINDINGS[0], title="".join(HOSTILE), evidence="".join(HOSTILE), host=HOSTILE[1], replay=HOSTILE[2] + "[/x]"
    )
    report = msgspec.structs.replace(REPORT, findings=(bad,), remediation=(), site=HOSTILE[1])
    app = FencewalkApp(report)
    async with app.run_test(size=(100, 40)) as pilot:
        left = await opened(pilot, report, bad)
        for _ in range(4):
            assert all(line.isprintable() for line in shown(app).split("\n"))
            await pilot.press("pagedown")
        await pilot.press("y")
        await pilot.pause()
        assert left[0]
        assert all(line.isprintable() for line in left[0].split("\n")), "the clipboard is a sink too"


async def test_the_key_opens_it_on_a_finding_and_copies_what_it_dismisses_with(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5", "t")
        await pilot.pause()
        assert isinstance(app.screen, TicketModal)
        ticket = app.screen.ticket
        assert ticket is not None
        assert "Firewall: deny guest → servers" in str(app.screen.query_one("#ticket-head", Static).content)
        await pilot.press("y")
        await settled(pilot)
        assert app.clipboard == f"{ticket.title}\n\n{ticket.body}"
        assert any("copied" in each for each in notes(app))
