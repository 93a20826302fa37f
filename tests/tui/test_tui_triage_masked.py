"""While client data is masked, the screens that act name nobody, and what they act on is still the right thing."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot
from triage_site import TODAY, app_in, settled, shown
from verify_networks import DB, SPARE

from scanner import session
from tui.app import FencewalkApp
from tui.modals.accept import AcceptModal
from tui.modals.confirm import ConfirmModal
from tui.modals.fields import Field
from tui.screens.diff import DiffScreen
from tui.screens.export import ExportScreen

REAL = ("Own lab", DB, SPARE, "Dr. Lin", "until the move")


async def accepted(app: FencewalkApp, pilot: Pilot[None]) -> None:
    """The first gap accepted, then everything masked."""
    await pilot.press("5", "x")
    await pilot.pause()
    await pilot.press(*"Dr. Lin", "tab", *"until the move", "tab", *"30d", "ctrl+s")
    await settled(pilot)
    await pilot.press("z")
    await settled(pilot)
    assert app.masked


def names_nobody(app: FencewalkApp) -> None:
    text = " ".join(shown(app).split())
    for each in REAL[:4]:
        assert each not in text, each


async def test_the_register_is_masked_and_its_entry_is_still_taken_out(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(140, 45)) as pilot:
        await accepted(app, pilot)
        await pilot.press("8")
        await settled(pilot)
        names_nobody(app)
        await pilot.press("X")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmModal)
        names_nobody(app)
        await pilot.press("y")
        await settled(pilot)
        assert session.load_exceptions(tmp_path / "site.yaml") == ()


async def test_no_pseudonym_is_written_as_an_owner(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(140, 45)) as pilot:
        await accepted(app, pilot)
        (before,) = session.load_exceptions(tmp_path / "site.yaml")
        await pilot.press("8", "x")
        await pilot.pause()
        assert isinstance(app.screen, AcceptModal)
        names_nobody(app)
        assert [each.value for each in app.screen.query(Field)] == [""] * 4
        await pilot.press(*"M. Vance", "tab", *"again", "tab", *"60d", "ctrl+s")
        await settled(pilot)
        (entry,) = session.load_exceptions(tmp_path / "site.yaml")
        assert (entry.finding, entry.owner) == (before.finding, "M. Vance")


async def test_the_difference_is_masked_as_the_report_is(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("9")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, DiffScreen)
        real = [each.code for each in screen.changes]
        assert DB in str(screen.changes)
        await pilot.press("z")
        await settled(pilot)
        assert [each.code for each in screen.changes] == real
        assert DB not in str(screen.changes)
        hosts = {each.id for each in app.shown.hosts}
        assert {each.finding.host for each in screen.changes if each.finding and each.finding.host} <= hosts, (
            "a machine bears one pseudonym on all screens"
        )
        for _ in real:
            names_nobody(app)
            await pilot.press("j")
            await pilot.pause()
        await pilot.press("z")
        await settled(pilot)
        assert DB in str(screen.changes)


async def test_what_is_written_while_masked_is_masked_and_lies_beside_the_real_one(tmp_path: Path) -> None:
    folder = tmp_path / "Own lab"
    folder.mkdir()
    app = app_in(folder)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("z", "0")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, ExportScreen)
        assert "client data masked" in shown(app)
        names_nobody(app)
        assert screen.replay() is None, "the command would write it as it is"
        await pilot.press("slash", *"format=json", "enter", "o")
        await settled(pilot)
        names_nobody(app)
        written = (folder / f"site-{TODAY}-masked.json").read_text()
        assert app.report.findings[0].id in written
        for each in REAL:
            assert each not in written, each
        await pilot.press("z", "o")
        await settled(pilot)
        assert DB in (folder / f"site-{TODAY}.json").read_text()
