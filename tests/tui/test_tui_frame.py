"""What is the same on every screen: tabs, the way back, the report that changes, views, the palette, copying."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest
from sample import sample_report
from tables import for_every
from test_tui_screens import shown
from textual.widgets import Input

from scanner.model.report import Report
from tui.app import SCREENS, FencewalkApp
from tui.commands import name_of
from tui.fixes import DIALECTS
from tui.keymap import ACTIONS, TABS
from tui.modals.name import NameModal
from tui.reader import Reader
from tui.screens.bars import TabBar
from tui.screens.base import ReportScreen
from tui.screens.browse import BrowseScreen
from tui.state import Place, State
from tui.table import WideTable
from tui.theme import PALETTES

SAMPLE = sample_report()


def place(app: FencewalkApp) -> Place:
    assert isinstance(app.screen, ReportScreen)
    return app.screen.place()


def says(app: FencewalkApp) -> str:
    """The newest notification."""
    return str(list(app._notifications)[-1].message)


@for_every("width", [60, 61, 72, 80, 81, 100, 120, 160])
@for_every("active", [*TABS, "fixes"])
def test_ten_tabs_fit_whatever_the_width(width: int, active: str) -> None:
    bar = TabBar(active, {"hosts": 12345, "gaps": 100_000, "patches": 99})
    labels = bar.labels(width)
    assert [tab for tab, _ in labels][: len(TABS)] == list(TABS)
    assert sum(len(label) for _, label in labels) < width
    assert [label.split()[0] for _, label in labels][: len(TABS)] == [*"1234567890"]
    assert dict(labels)[active].split()[-1].startswith(active.capitalize()) or width >= 120
    assert all(len(label) >= (4 if width >= 80 else 2) for _, label in labels)


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (140, 45)])
async def test_digits_and_clicks_lead_to_the_same_ten_screens(size: tuple[int, int]) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=size) as pilot:
        for at, tab in enumerate(TABS, 1):
            await pilot.press(str(at % 10))
            await pilot.pause()
            assert app.current_mode == tab
            assert tab.capitalize() in shown(app).splitlines()[1]
        for tab in TABS:
            bar = app.screen.query_one(TabBar)
            start = 0
            for each, label in bar.labels(size[0]):
                if each == tab:
                    break
                start += len(label)
            await pilot.click(TabBar, offset=(start + 1, 0))
            await pilot.pause()
            assert app.current_mode == tab


async def test_the_way_back_and_forward() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("5", "slash", *"kind:exposure", "enter", "j")
        await pilot.pause()
        gaps = place(app)
        assert gaps.filter == "kind:exposure"
        assert gaps.key is not None
        await pilot.press("2", "j", "j")
        await pilot.pause()
        hosts = place(app)
        await pilot.press("4", "left_square_bracket")
        await pilot.pause()
        assert place(app) == hosts
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert place(app) == gaps
        await pilot.press("g", "slash", "escape")
        await pilot.press("right_square_bracket", "right_square_bracket")
        await pilot.pause()
        assert app.current_mode == "matrix"
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert says(app) == "Nowhere to go forward to."
        await pilot.press(*["left_square_bracket"] * 5)
        await pilot.pause()
        assert app.current_mode == "overview"
        assert says(app) == "Nowhere to go back to."


def grown(report: Report, drop: int) -> Report:
    """The report after another scan: some hosts and findings before the others, some gone."""
    host = msgspec.structs.replace(report.hosts[0], id="guest/10.20.50.1", addresses=("10.20.50.1",), zone="guest")
    new = msgspec.structs.replace(report.findings[0], id="new-one", title="A new gap")
    return msgspec.structs.replace(report, hosts=(host, *report.hosts[drop:]), findings=(new, *report.findings[drop:]))


@pytest.mark.parametrize("tab", [each for each, screen in SCREENS.items() if issubclass(screen, BrowseScreen)])
async def test_a_new_report_leaves_the_cursor_on_the_same_thing(tab: str) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await app.action_show(tab)
        await pilot.press("j", "j", "j", "s")
        await pilot.pause()
        before = place(app)
        table = app.screen.query_one(WideTable)
        sort = table.sorted_by
        await app.take(grown(SAMPLE, 1))
        await pilot.pause()
        assert place(app) == before
        assert table.sorted_by == sort
        assert not [each for each in range(len(table.rows)) if each not in table.view]
        if tab in ("hosts", "gaps"):
            assert before.key is not None
            assert "A new gap" in str(table.rows) or "10.20.50.1" in str(table.rows)


async def test_a_screen_out_of_sight_takes_the_report_when_it_is_shown() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("2", "j", "j", "5", "1")
        await pilot.pause()
        await app.take(grown(SAMPLE, 0))
        assert "13" in shown(app).splitlines()[1] or "2 Hosts" in shown(app)
        await pilot.press("2")
        await pilot.pause()
        assert "13 hosts" in shown(app)
        assert place(app).key == SAMPLE.hosts[2].id
        await pilot.press("5")
        await pilot.pause()
        assert "16 findings" in shown(app)
        # Fewer rows than the cursor's line had.
        few = msgspec.structs.replace(SAMPLE, hosts=SAMPLE.hosts[:1], findings=())
        await pilot.press("G")
        await app.take(few)
        await pilot.press("2")
        await pilot.pause()
        assert "1 host" in shown(app)
        assert place(app).key == SAMPLE.hosts[0].id
        await app.take(SAMPLE)
        await pilot.pause()
        assert "12 hosts" in shown(app)


async def test_a_filter_outlives_a_new_report_and_its_loss_of_every_row() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("5", "slash", *"telnet", "enter")
        await pilot.pause()
        await app.take(msgspec.structs.replace(SAMPLE, findings=SAMPLE.findings[:2]))
        await pilot.pause()
        assert "0 of" in shown(app)
        assert "filter: telnet" in shown(app)
        await pilot.press("e", "p", "x", "t", "y", "enter")
        await app.take(SAMPLE)
        await pilot.pause()
        assert "1 of 15 findings  filter: telnet" in shown(app)


async def test_masked_everywhere_at_once_and_back() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("2", "j", "j", "j", "5", "j", "j")
        await pilot.pause()
        before = place(app)
        await pilot.press("z")
        await pilot.pause(0.2)
        await app.workers.wait_for_complete()
        await pilot.pause()
        for key in "1234567890f":
            await pilot.press(key)
            await pilot.pause()
            text = shown(app)
            for secret in ("Harbor", "10.20.20.10", "practice-db"):
                assert secret not in text, (key, secret)
        await pilot.press("5", "y")
        await pilot.pause()
        assert app.clipboard
        assert "10.20." not in app.clipboard
        await pilot.press("z")
        await pilot.pause(0.2)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "Harbor Dental" in shown(app)
        assert place(app).tab == before.tab
        assert app.shown is app.report


async def test_a_view_is_kept_and_shown_again(tmp_path: Path) -> None:
    app = FencewalkApp(SAMPLE, state=State(tmp_path))
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("5", "slash", *"sev>=high", "enter", "s", "ctrl+s")
        await pilot.pause()
        assert isinstance(app.screen, NameModal)
        await pilot.press("enter")
        assert "It needs a name" in shown(app)
        await pilot.press(*"Monday", "enter")
        await pilot.pause()
        assert "Kept as Monday" in says(app)
        await pilot.press("1", "ctrl+s")
        await pilot.pause()
        assert "no table here" in says(app)
    again = FencewalkApp(SAMPLE, state=State(tmp_path))
    async with again.run_test(size=(140, 45)) as pilot:
        await pilot.press("ctrl+p", *"view monday", "enter")
        await pilot.pause()
        assert again.current_mode == "gaps"
        assert "9 of 15 findings  filter: sev>=high" in shown(again)
        assert again.screen.query_one(Input).value == "sev>=high"
        assert again.screen.query_one(WideTable).sorted_by is not None
        again.drop_view("Monday")
        assert State(tmp_path).views == {}


async def test_theme_and_firewall_are_kept(tmp_path: Path) -> None:
    app = FencewalkApp(SAMPLE, state=State(tmp_path))
    async with app.run_test() as pilot:
        app.theme = "fencewalk-light"
        await pilot.press("5", "d")
        await pilot.pause()
    again = FencewalkApp(SAMPLE, state=State(tmp_path))
    async with again.run_test():
        assert (again.theme, again.dialect) == ("fencewalk-light", DIALECTS[1])
    (tmp_path / "tui.json").write_text('{"theme": "no-such", "dialect": "no-such"}')
    odd = FencewalkApp(SAMPLE, state=State(tmp_path))
    async with odd.run_test():
        assert odd.theme in PALETTES
        assert odd.dialect == DIALECTS[0]


def test_a_report_that_does_not_say_its_day_is_of_this_one() -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    app = FencewalkApp(msgspec.structs.replace(SAMPLE, generated="[/x] no day"))
    assert 0 <= (app.today - today).days <= 1
    assert FencewalkApp(SAMPLE).today == datetime.date(2026, 11, 6)


async def test_a_broken_file_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "views.json").write_text("{")
    app = FencewalkApp(SAMPLE, state=State(tmp_path))
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "views.json" in says(app)


@pytest.mark.parametrize(("key", "what"), [("r", "a verification"), ("x", "an exception")])
async def test_a_saved_report_says_why_it_cannot(key: str, what: str) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test() as pilot:
        await pilot.press("5", key)
        await pilot.pause()
        assert says(app) == f"This is a saved report: {what} takes the site file; open it with `fencewalk tui SITE`."


async def test_where_there_is_no_finding_the_keys_of_findings_say_so() -> None:
    empty = msgspec.structs.replace(SAMPLE, findings=(), patches=(), hosts=())
    app = FencewalkApp(empty)
    async with app.run_test() as pilot:
        for tab in ("2", "5", "6", "f"):
            await pilot.press(tab)
            for key in "epxtr":
                app.clear_notifications()
                await pilot.press(key)
                await pilot.pause()
                assert "go to a finding" in says(app), (tab, key)
                assert isinstance(app.screen, ReportScreen)


async def test_f_leads_to_the_change_that_closes_the_finding() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        closed = {each for step in SAMPLE.remediation for each in step.closes}
        await pilot.press("5")
        for each in SAMPLE.findings[:4]:
            await app.action_show("gaps")
            screen = app.screen
            assert isinstance(screen, ReportScreen)
            if not screen.point_at(each.id):
                continue
            await pilot.press("f")
            await pilot.pause()
            assert app.current_mode == "fixes"
            fixes = app.screen
            assert isinstance(fixes, SCREENS["fixes"])
            row = fixes.query_one(WideTable).row
            if each.id in closed:
                assert row is not None
                assert each.id in fixes.fixes[row].closes  # type: ignore[attr-defined]
            else:
                assert "No change in the plan closes this finding" in says(app)
            await pilot.press("left_square_bracket")
            await pilot.pause()
            assert place(app).key == each.id


async def test_what_is_read_is_copied_as_text() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("5", "enter", "Y")
        await pilot.pause()
        assert app.clipboard == app.screen.query_one("#reader", Reader).plain.rstrip("\n") + "\n"
        assert "REPLAY" in app.clipboard
        assert says(app) == "Text copied."


async def test_the_palette_has_every_action_of_every_screen() -> None:
    app = FencewalkApp(SAMPLE)
    met: set[str] = set()
    async with app.run_test(size=(140, 45)) as pilot:
        for tab in SCREENS:
            await app.action_show(tab)
            await pilot.pause()
            here = {name_of(active.binding) for active in app.screen.active_bindings.values()} - {None, "palette"}
            offered = {each.title for each in app.get_system_commands(app.screen)}
            assert {str(name).capitalize().replace("-", " ") for name in here} <= offered
            assert "Theme" in offered
            met |= {str(name) for name in here}
        # On one screen or another every action that has a name can be done.
        assert set(ACTIONS) - met == {"palette"}


async def test_an_action_of_the_palette_is_done_where_the_user_was() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("5", "ctrl+p", *"reverse", "enter")
        await pilot.pause()
        assert app.current_mode == "gaps"
        assert app.screen.query_one(WideTable).sorted_by is not None
        await pilot.press("colon", *"filter", "enter")
        await pilot.pause()
        assert app.screen.query_one(Input).has_focus


async def test_ctrl_c_without_a_scan_says_how_to_quit_and_quits_nothing() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test() as pilot:
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert says(app) == "Nothing is under way. q quits."
        assert not app._exit


async def test_enter_goes_from_the_gap_to_its_text_and_on_to_the_change() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("5", "enter")
        await pilot.pause()
        assert app.current_mode == "gaps"
        assert app.screen.query_one(Reader).has_focus
        await pilot.press("enter")
        await pilot.pause()
        assert app.current_mode == "fixes"


async def test_a_file_of_views_from_elsewhere_is_not_trusted(tmp_path: Path) -> None:
    bad = {
        "[/x]\x1b[31m\u202e": {"tab": "gaps", "table": {"filter": "[/y]\x1b]0;x\x07"}},
        "nowhere": {"tab": "[/z]\x1b[2J"},
        "odd": {"tab": "gaps", "table": {"filter": "sev>=zzz"}},
        "columns": {"tab": "hosts", "table": {"columns": ["none", "host"], "sort": "none"}},
    }
    (tmp_path / "views.json").write_bytes(msgspec.json.encode(bad))
    app = FencewalkApp(SAMPLE, state=State(tmp_path))
    async with app.run_test(size=(140, 45)) as pilot:
        assert app.state.problems == []
        await pilot.press("ctrl+p", *"view")
        await pilot.pause(0.3)
        text = shown(app)
        assert "View [/x]\\x1b[31m\\u202e" in text
        assert "[/z]\\x1b[2J" in text
        await pilot.press("escape")
        for name in app.state.views:
            await app.open_view(name)
            await pilot.pause()
            assert all(line.isprintable() for line in shown(app).splitlines()), name
        assert app.current_mode == "hosts"
        said = [str(each.message) for each in app._notifications]
        assert any("there is no such screen" in each for each in said)
        assert any("The view odd cannot be shown: sev>= takes" in each for each in said)
        assert all(each.isprintable() for each in said)
