from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sample import FINDINGS, HOSTILE, sample_report
from triage_site import app_in, notes, settled, shown

from scanner import session
from scanner.model.report import AcceptedRow
from tui import register
from tui.app import FencewalkApp
from tui.modals.accept import AcceptModal
from tui.modals.confirm import ConfirmModal
from tui.screens.exceptions import ExceptionsScreen
from tui.table import WideTable

FORGED = FINDINGS[7].id
ROWS = (
    AcceptedRow(FINDINGS[6].id, "Dr. Lin", "replaced in January", "J. Ortiz", "2027-01-31", "held", (FINDINGS[6].id,)),
    AcceptedRow(FORGED, "M. Vance", "Vendor window", "J. Ortiz", "2026-10-31", "expired", (FORGED,)),
    AcceptedRow(
        "kind exposure, from guest", "", "lab", "", "2027-10-31", "ownerless", (FINDINGS[17].id, FINDINGS[18].id)
    ),
    AcceptedRow("gap-1234abcd", "X", "gone", "", "2026-11-06", "unmatched", ()),
)
REPORT = msgspec.structs.replace(sample_report(), accepted=ROWS)
BY_ID = {each.id: each for each in REPORT.findings}


def test_what_does_nothing_comes_first() -> None:
    rows = register.entries(REPORT)
    assert [each.state for each in rows] == ["expired", "ownerless", "unmatched", "held"]
    columns, cells = register.table(rows, REPORT, BY_ID)
    at = {column.key: place for place, column in enumerate(columns)}
    assert [row[at["state"]] for row in cells] == ["! expired", "! ownerless", "! unmatched", "● held"]
    assert [row[at["left"]] for row in cells] == ["-6", "359", "0", "86"]
    assert [row[at["fits"]] for row in cells] == ["1", "2", "0", "1"]
    assert cells[3][at["about"]] == FINDINGS[6].title, "a title says more than an id"
    assert cells[1][at["about"]] == "kind exposure, from guest"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("expired", ("has run out: the findings count", "ended 6 days ago")),
        ("ownerless", ("nobody answers for it", "nobody", "2 findings", "Telnet on the core switch")),
        ("unmatched", ("no finding fits it", "No finding of this report", "0 days")),
        ("held", ("holds until 2027-01-31", "86 days", "replaced in January", "approved by   J. Ortiz")),
    ],
)
def test_an_entry_says_whether_it_holds_and_what_it_fits(state: str, words: tuple[str, ...]) -> None:
    (row,) = [each for each in ROWS if each.state == state]
    text = register.entry(row, REPORT, BY_ID).content(100).plain
    for each in words:
        assert each in text, each


def test_the_worst_finding_is_the_one_to_act_on() -> None:
    assert register.fitting(ROWS[2], BY_ID) == [FINDINGS[17], FINDINGS[18]]
    assert register.fitting(ROWS[3], BY_ID) == []


async def test_a_saved_report_can_be_read_and_not_changed() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("8", "X")
        await settled(pilot)
        assert isinstance(app.screen, ExceptionsScreen)
        assert "4 exceptions" in shown(app)
        assert any("This is a saved report" in each for each in notes(app))
        await pilot.press("slash", *"state:expired", "enter")
        await pilot.pause()
        assert "1 of 4 exceptions" in shown(app)


async def test_a_finding_is_accepted_shown_in_the_register_and_taken_out_again(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    file = tmp_path / session.EXCEPTIONS
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("8")
        assert "Nothing is accepted. x on a finding accepts it" in shown(app)
        await pilot.press("5", "x")
        await pilot.pause()
        assert isinstance(app.screen, AcceptModal)
        (chosen,) = app.screen.findings
        await pilot.press(*"Dr. Lin", "tab", *"until the move", "tab", *"30d", "ctrl+s")
        await settled(pilot)
        (entry,) = session.load_exceptions(tmp_path / "site.yaml")
        assert (entry.finding, entry.owner, entry.reason) == (chosen.id, "Dr. Lin", "until the move")
        assert str(entry.until) == "2026-12-20"
        assert any(chosen.id in each for each in notes(app))
        assert next(each for each in app.report.findings if each.id == chosen.id).exception is not None
        await pilot.press("8")
        await pilot.pause()
        assert " 1 exception " in shown(app)
        assert "Dr. Lin" in shown(app)
        assert "● held" in shown(app)

        await pilot.press("X")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmModal)
        assert f"Take {chosen.id} out" in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert session.load_exceptions(tmp_path / "site.yaml"), "what does nothing has the focus"
        await pilot.press("X", "y")
        await settled(pilot)
        assert session.load_exceptions(tmp_path / "site.yaml") == ()
        assert file.exists()
        assert app.report.accepted == ()
        assert "Nothing is accepted" in shown(app)


async def test_marked_findings_are_accepted_together(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5", "space", "space", "x")
        await pilot.pause()
        assert isinstance(app.screen, AcceptModal)
        chosen = {each.id for each in app.screen.findings}
        assert len(chosen) == 2
        await pilot.press(*"A", "tab", *"b", "tab", *"1m", "ctrl+s")
        await settled(pilot)
        assert {each.finding for each in session.load_exceptions(tmp_path / "site.yaml")} == chosen
        assert any("2 findings accepted by A until" in each for each in notes(app))


async def test_what_cannot_be_written_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    (tmp_path / session.EXCEPTIONS).write_text("- owner: [broken")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5", "x")
        await pilot.pause()
        await pilot.press(*"A", "tab", *"b", "tab", *"1m", "ctrl+s")
        await settled(pilot)
        (said,) = notes(app)
        assert f"{session.EXCEPTIONS}:2: not YAML" in said
        assert (tmp_path / session.EXCEPTIONS).read_text() == "- owner: [broken"


async def test_a_register_full_of_hostile_text_is_inert() -> None:
    rows = tuple(AcceptedRow(text, text, text, text, text, "held", (text,)) for text in HOSTILE)
    app = FencewalkApp(msgspec.structs.replace(REPORT, accepted=rows))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("8")
        for _ in HOSTILE:
            await pilot.press("j")
            await pilot.pause()
            assert all(line.isprintable() for line in shown(app).split("\n"))
        assert app.screen.query_one(WideTable).row == len(HOSTILE) - 1
