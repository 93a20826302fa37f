from __future__ import annotations

import threading
from pathlib import Path

import msgspec
import pytest
from sample import FINDINGS, HOSTILE, sample_report
from triage_site import app_in, desk_in, notes, settled, shown

from scanner.assess.later.compare import CellChange, Change, Diff, FlowChange, ScanRow
from scanner.errors import BadInput
from scanner.model.report import CellVerdict, FlowVerdict
from tui import changes
from tui.app import FencewalkApp
from tui.modals.choose import ChooseModal
from tui.screens.diff import DiffScreen
from tui.status import CHANGES
from tui.table import WideTable

REPORT = sample_report()


def flow(before: FlowVerdict, after: FlowVerdict, allowed: bool = False, port: int = 22) -> FlowChange:
    return FlowChange("guest", "servers", "10.20.20.10", "tcp", port, "", before, after, allowed, "because")


def cell(before: CellVerdict, after: CellVerdict) -> CellChange:
    return CellChange("guest", "servers", before, after, "why")


DIFF = Diff(
    schema=1, client="c", site="s", generated="2026-11-06",
    base=(ScanRow("a1", "guest", "2026-11-01T08:00:00Z", "scan"),),
    since=tuple(ScanRow(each, "guest", f"2026-11-05T{each}:30:00Z", "scan") for each in ("09", "10")),
    new=(Change(FINDINGS[3], "it crosses now"), Change(FINDINGS[0], "it crosses now too")),
    fixed=(Change(FINDINGS[17], "from management: it is closed"),),
    persisting=(Change(FINDINGS[1], "REACHED"),),
    not_retested=(Change(FINDINGS[2], "not asked again from guest"),),
    cells=(cell("AS_POLICY", "BREACHED"), cell("BREACHED", "AS_POLICY"), cell("AS_POLICY", "UNTESTED")),
    opened=(flow("DROPPED", "REACHED"), flow("DROPPED", "REACHED", allowed=True, port=443)),
    closed=(flow("REACHED", "DROPPED"),),
    uncertain=(flow("REACHED", "UNPROVEN"),),
)  # fmt: skip


def test_the_worst_comes_first_and_what_is_only_quiet_is_no_pass() -> None:
    rows = changes.changed(DIFF)
    assert [each.look.label for each in rows] == [
        "+ new", "+ new", "✕ opened", "→ opened", "✕ zones", "? zones", "✓ zones", "? not retested", "? uncertain",
        "= persisting", "✓ fixed", "✓ closed",
    ]  # fmt: skip
    assert [each.finding for each in rows[:2]] == [FINDINGS[0], FINDINGS[3]], "the most severe first"
    assert len({each.key for each in rows}) == len(rows) - 4, "what is about the same has the same key"


def test_only_what_newer_answers_prove_is_green() -> None:
    green = {each.look.label for each in changes.changed(DIFF) if each.look.colour == "green"}
    assert green == {"✓ zones", "✓ fixed", "✓ closed"}
    for after in ("UNTESTED", "UNPROVEN"):
        (row,) = changes.changed(msgspec.structs.replace(EMPTY, cells=(cell("AS_POLICY", after),)))
        assert row.look.colour == "amber", after


EMPTY = msgspec.structs.replace(
    DIFF, new=(), fixed=(), persisting=(), not_retested=(), cells=(), opened=(), closed=(), uncertain=()
)


def test_a_row_tells_what_where_and_why() -> None:
    columns, rows = changes.table(changes.changed(DIFF))
    keys = [column.key for column in columns]
    named = [dict(zip(keys, row, strict=True)) for row in rows]
    assert named[0]["title"] == FINDINGS[0].title
    assert named[0]["sev"] == "◆ critical"
    assert (named[0]["flow"], named[0]["service"], named[0]["id"]) == ("guest → servers", "tcp/5432", FINDINGS[0].id)
    assert named[2]["title"] == "guest → 10.20.20.10 tcp/22: | DROPPED, now → REACHED"
    assert (named[2]["host"], named[2]["service"], named[2]["reason"]) == ("10.20.20.10", "tcp/22", "because")
    assert named[4]["title"] == f"{named[4]['flow']}: ✓ AS_POLICY, now ✕ BREACHED"


@pytest.mark.parametrize("code", CHANGES)
def test_every_change_is_explained(code: str) -> None:
    every = (*changes.changed(DIFF), changes.Changed("let through", flow("DROPPED", "REACHED", True)))
    row = next(each for each in every if each.code == code)
    text = changes.document(row, REPORT, "cisco").content(90).plain
    assert row.look.label in text
    assert row.what.reason in text
    if code in ("opened", "let through"):
        assert ("forbidden" in text) == (code == "opened")
        assert "now           → REACHED" in text


def test_hostile_text_of_a_finding_is_escaped_in_the_document() -> None:
    bad = msgspec.structs.replace(FINDINGS[0], title="".join(HOSTILE), evidence="".join(HOSTILE))
    row = changes.Changed("fixed", Change(bad, "".join(HOSTILE)))
    assert all(line.isprintable() for line in changes.document(row, REPORT, "cisco").content(90).plain.split("\n"))


async def test_a_saved_report_compares_nothing_and_does_not_count_that_as_no_change() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("9")
        await settled(pilot)
        text = shown(app)
        assert "not compared" in text
        assert " 0 " not in text.split("not compared")[1].split("WHY")[0]
        assert "This is a saved report" in text
        assert "open it with `fencewalk tui SITE`" in " ".join(text.split())
        await pilot.press("b")
        await settled(pilot)
        assert isinstance(app.screen, DiffScreen)
        assert any("This is a saved report" in each for each in notes(app))


async def test_what_a_rule_changed_is_shown_and_the_base_is_chosen(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("9")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, DiffScreen)
        codes = [each.code for each in screen.changes]
        assert codes.count("new") == 1
        assert codes.count("fixed") == 1
        assert codes.count("closed") == 1
        text = shown(app)
        for words in (
            "+ new",
            "✓ fixed",
            "? not retested",
            "2 scans to ",
            " against 4 to ",
            "+ new 1   ? not retested 2   = persisting 1   ✓ fixed 1   ✓ closed 1",
        ):
            assert words in text, words
        await pilot.press("slash", *"change:fixed", "enter")
        await pilot.pause()
        assert screen.finding() is None, "what is gone from the report cannot be verified or accepted"
        assert screen.replay(), "and can still be asked by hand"
        await pilot.press("escape", "slash", *"change:new", "enter")
        await pilot.pause()
        found = screen.finding()
        assert found is not None
        assert found in app.report.findings

        await pilot.press("escape", "b")
        await settled_modal(app, pilot)
        scans = app.desk.scans()  # type: ignore[union-attr]
        table = app.screen.query_one(WideTable)
        assert len(table.rows) == len(scans) + 1
        await pilot.press("G", "enter")
        await settled(pilot)
        assert screen.base == scans[0].id
        assert " against 1 to " in shown(app)

        await pilot.press("B")
        await settled_modal(app, pilot)
        await pilot.press("j", "j", "j", "enter")
        await settled(pilot)
        assert screen.until == scans[-3].id
        assert "3 scans to " in shown(app)
        await pilot.press("B")
        await settled_modal(app, pilot)
        assert app.screen.query_one(WideTable).row == 3, "starts on what is chosen now"
        await pilot.press("escape")
        await settled(pilot)
        assert screen.until == scans[-3].id


async def settled_modal(app: FencewalkApp, pilot: object) -> None:
    """Until the window is there: its list is read in a thread."""
    for _ in range(500):
        if isinstance(app.screen, ChooseModal):
            break
        await pilot.pause(0.01)  # type: ignore[attr-defined]
    assert isinstance(app.screen, ChooseModal)
    await pilot.pause()  # type: ignore[attr-defined]


async def test_what_cannot_be_compared_says_why(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("9")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, DiffScreen)
        screen.base = app.desk.scans()[-1].id  # type: ignore[union-attr]
        screen._compare()
        await settled(pilot)
        text = " ".join(shown(app).split())
        assert "there is nothing to compare" in text
        assert "not compared" in text
        assert " 0 " not in text.split("not compared")[1].split("WHY")[0]


async def test_it_is_compared_anew_after_another_assessment_and_only_while_it_is_looked_at(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("9")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, DiffScreen)
        first = screen._diff
        await pilot.press("8")
        await app.reassess()
        await settled(pilot)
        assert screen._diff is first
        await pilot.press("9")
        await settled(pilot)
        assert screen._diff is not first
        second = screen._diff
        await app.reassess()
        await settled(pilot)
        assert screen._diff is not second


def test_the_desk_compares_in_any_thread(tmp_path: Path) -> None:
    desk, found = desk_in(tmp_path), []
    thread = threading.Thread(target=lambda: found.append(desk.changes()))
    thread.start()
    thread.join()
    assert found[0] == desk.changes()
    with pytest.raises(BadInput, match="there is no scan up to that day"):
        desk.changes(until="2020-01-01")
