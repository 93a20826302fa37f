from __future__ import annotations

import datetime

import pytest
from sample import ACCEPTED, FINDINGS, HOSTILE, LAPSED, sample_report
from textual.pilot import Pilot
from triage_site import shown

from scanner.model.report import ExceptionRow, FindingRow
from tui.app import FencewalkApp
from tui.modals.accept import LISTED, AcceptForm, AcceptModal
from tui.modals.fields import Field

TODAY = datetime.date(2026, 11, 6)
REPORT = sample_report()


async def opened(
    pilot: Pilot[None], findings: FindingRow | tuple[FindingRow, ...] = FINDINGS[0], before: ExceptionRow | None = None
) -> list[AcceptForm | None]:
    """The window pushed; what it dismisses with comes into the list."""
    left: list[AcceptForm | None] = []
    await pilot.app.push_screen(AcceptModal(findings, TODAY, before), left.append)
    await pilot.pause()
    return left


def hint(app: FencewalkApp, field: str) -> str:
    return app.screen.query_one(f"#{field}", Field).hint


@pytest.mark.parametrize("size", [(80, 24), (140, 45), (60, 15)])
async def test_it_is_filled_in_by_keys_alone(size: tuple[int, int]) -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=size) as pilot:
        left = await opened(pilot)
        assert "Accept 1 finding for a while" in shown(app)
        assert "Guests reach the practice database" in shown(app)
        await pilot.press(*"Dr. Lin", "enter", *"replaced in March", "enter", *"90d")
        await pilot.pause()
        assert hint(app, "until") == "2027-02-04, in 90 days"
        await pilot.press("enter", *"J. Ortiz", "enter")
        await pilot.pause()
        assert left == [AcceptForm("Dr. Lin", "replaced in March", datetime.date(2027, 2, 4), "J. Ortiz")]


async def test_what_is_missing_is_said_where_it_is_missing() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(80, 24)) as pilot:
        left = await opened(pilot)
        assert hint(app, "owner") == "who answers for it at the client's"
        await pilot.press("tab", "tab", *"soon", "ctrl+s")
        await pilot.pause()
        assert left == []
        assert "✕ nobody is named" in hint(app, "owner")
        assert "✕ no reason is given" in hint(app, "reason")
        assert "✕ is no day" in hint(app, "until")
        assert app.focused is app.screen.query_one("#owner", Field).input, "goes to the first of them"
        await pilot.press(*"   ", "ctrl+s")
        await pilot.pause()
        assert left == [], "blanks name nobody"
        await pilot.press(*"x", "tab", *"y", "tab", *["backspace"] * 4, *"2026-11-05", "ctrl+s")
        await pilot.pause()
        assert left == []
        assert "2026-11-05 is past" in hint(app, "until")
        await pilot.press("backspace", *"6", "ctrl+s")
        await pilot.pause()
        assert left == [AcceptForm("x", "y", TODAY)]


async def test_a_long_time_is_doubted_and_taken() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(80, 24)) as pilot:
        left = await opened(pilot)
        await pilot.press(*"a", "tab", *"b", "tab", *"2y", "tab")
        await pilot.pause()
        assert hint(app, "until").startswith("! 2028-11-06")
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert left == [AcceptForm("a", "b", datetime.date(2028, 11, 6))]


@pytest.mark.parametrize(("before", "until"), [(ACCEPTED, "2027-01-31"), (LAPSED, "")], ids=["held", "expired"])
async def test_what_stands_now_is_where_one_starts(before: ExceptionRow, until: str) -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(80, 24)) as pilot:
        left = await opened(pilot, FINDINGS[6], before)
        values = [each.value for each in app.screen.query(Field)]
        assert values == [before.owner, before.reason, until, before.approved_by], "a day that is past is not proposed"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert bool(left) == bool(until)


async def test_many_are_counted_and_some_are_named() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(pilot, FINDINGS[: LISTED + 3])
        text = shown(app)
        assert f"Accept {LISTED + 3} findings for a while" in text
        assert "and 3 more findings" in text
        assert FINDINGS[LISTED - 1].title[:30] in text
        assert FINDINGS[LISTED].title[:30] not in text


async def test_escape_and_the_button_accept_nothing() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(80, 24)) as pilot:
        left = await opened(pilot)
        await pilot.press(*"typed", "escape")
        await pilot.pause()
        assert left == [None]
        left = await opened(pilot)
        await pilot.click("#no")
        await pilot.pause()
        assert left == [None]
        left = await opened(pilot)
        await pilot.click("#yes")
        await pilot.pause()
        assert left == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_pasted_or_found_is_shown_as_escapes(text: str) -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(100, 40)) as pilot:
        await opened(pilot, FINDINGS[6], ExceptionRow(text, text, text, text, False))
        field = app.screen.query_one("#owner", Field).input
        field.value = ""
        field.insert_text_at_cursor(text)
        await pilot.pause()
        assert all(each.value.isprintable() for each in app.screen.query(Field))
        assert all(line.isprintable() for line in shown(app).split("\n"))
