"""The Scan screen: start, watch, pause, go on, leave; and that five hundred things a second do not hold it up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from desks import ToldDesk, ToldRun
from sample import sample_report
from textual.pilot import Pilot
from textual.widgets import Static

from scanner.model.observation import Conversation, HostSeen, Limitation, Outlook, PortState, Progress, Reading, Work
from tui.app import FencewalkApp
from tui.desk import Ended, Item, Outcome, Said, Standing
from tui.modals.fields import Field, SafeInput
from tui.modals.pause import PauseModal
from tui.modals.start import StartModal
from tui.modals.verifying import VerifyingModal
from tui.screens.scan import ScanScreen
from tui.table import WideTable

HERE = Standing("guest", "eth1", "10.50.0.9")
UNFINISHED = Standing("guest", "eth1", "10.50.0.9", unfinished="scan 0f3a of 2026-11-20 14:05")
AWAY = Standing("servers", last="2026-11-01T08:00:00Z")
REFUSED = Standing("voice", "eth2", "10.40.0.9", refused="no authorisation for today")
HOSTILE = b"\x1b]0;OWNED\x07[/x]\xe2\x80\xae SSH-2.0-x"


def events(count: int, at: float = 1e9) -> Iterator[Item]:
    yield Outlook((Work("knock-0", (("guest", count), ("servers", count))),), at)
    for number in range(count):
        host = f"10.{50 + number // 62_500}.{number // 250 % 250}.{number % 250}"
        yield PortState(host, "tcp", "22", "open", "syn-ack", at + number, 64, tries=1 + (number % 4 == 0))
        if number % 50 == 0:
            yield Progress("knock", number, count, at + number, 500.0, 1, "guest, servers", "knock-0")


def app_with(*standings: Standing, runs: Callable[[str, bool, Sequence[str]], ToldRun]) -> FencewalkApp:
    report = sample_report()
    return FencewalkApp(report, ToldDesk(report, standings, runs))


def desk_of(app: FencewalkApp) -> ToldDesk:
    assert isinstance(app.desk, ToldDesk)
    return app.desk


async def until(pilot: Pilot[None], what: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        await pilot.pause(0.02)


async def opened(pilot: Pilot[None]) -> ScanScreen:
    await pilot.press("7")
    screen = pilot.app.screen
    assert isinstance(screen, ScanScreen)
    await until(pilot, lambda: screen.standings)
    return screen


async def started(pilot: Pilot[None]) -> ScanScreen:
    screen = await opened(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, StartModal))
    await pilot.press("ctrl+s")
    await until(pilot, lambda: screen.live is not None)
    return screen


def shown(screen: ScanScreen, selector: str) -> str:
    return str(screen.query_one(selector, Static).content)


async def test_a_scan_is_started_watched_to_its_end_and_judged() -> None:
    told = [
        Said("raw engine"),
        HostSeen("10.50.0.1", "arp", 1e9, "aa:bb:cc:dd:ee:ff"),
        *events(120),
        Conversation("10.50.0.1", "tcp", 22, "ssh", "answered", 1e9, (Reading("ssh", b"SSH-2.0-OpenSSH_9.6"),)),
        Limitation("IPv6 was not looked at", "no address", 1e9),
    ]
    app = app_with(HERE, runs=lambda *_: ToldRun(told))
    async with app.run_test(size=(120, 45)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: screen.ended is not None)
        await until(pilot, lambda: desk_of(app).assessed == 1)
        assert desk_of(app).asked == [("guest", False, ("--ports", "top:200"))]
        table = screen.query_one("#found", WideTable)
        assert len(table.rows) == len(screen._found) == 122
        assert ("22", "guest") in {(row[5], row[3]) for row in table.rows}
        assert any("openssh 9.6" in row[4] for row in table.rows)
        text = shown(screen, "#progress")
        assert "● complete" in text
        assert "121 live addresses · 120 open ports · 1 service answered" not in text, "10.50.0.1 is one host"
        assert "120 live addresses · 120 open ports · 1 service answered · 25.0 % of 120 answers" in text
        assert "! IPv6 was not looked at: no address" in text
        assert "raw engine" in screen._log


async def test_who_stands_at_the_end_of_the_table_stays_there_and_who_does_not_is_left_alone() -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun(events(100_000), rate=800))
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await started(pilot)
        table = screen.query_one("#found", WideTable)
        await until(pilot, lambda: len(table.rows) > 300)
        assert table.cursor == len(table.view) - 1
        await pilot.press("k", "k", "k")
        row = table.row
        before = len(table.rows)
        await until(pilot, lambda: len(table.rows) > before + 200)
        assert table.row == row


async def test_ctrl_c_pauses_from_any_screen_and_asks() -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun(events(5000), rate=500))
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: screen._found)
        await pilot.press("2", "ctrl+c")
        await until(pilot, lambda: isinstance(app.screen, PauseModal) and screen.ended is not None)
        assert screen.ended == Ended("paused", "what was found is kept", True)
        found = len(screen._found)
        await pilot.press("g")
        await until(pilot, lambda: len(desk_of(app).asked) == 2)
        assert desk_of(app).asked[1] == ("guest", True, ())
        assert 0 < found < 5000
        # And once more: stay.
        await until(pilot, lambda: screen.run is not None and screen._found)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: isinstance(app.screen, PauseModal))
        await pilot.press("escape")
        await until(pilot, lambda: screen.run is None and not isinstance(app.screen, PauseModal))
        assert len(desk_of(app).asked) == 2
        assert app.is_running


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_whoever_leaves_during_a_scan_leaves_it_at_a_checkpoint(key: str) -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun(events(5000), rate=500))
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: screen._found)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, PauseModal))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
        assert screen.ended is not None
        assert screen.ended.how == "paused"


async def test_without_a_scan_q_quits_at_once() -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun([]))
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await pilot.press("q")
        await until(pilot, lambda: app._exit)


async def test_a_program_that_ends_otherwise_closes_the_scan() -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun(events(5000), rate=500))
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: screen._found)
        app.exit()
    assert desk_of(app).runs[0].closed == 1


@pytest.mark.parametrize(
    ("standing", "words"),
    [(AWAY, "not plugged into servers"), (REFUSED, "no authorisation for today")],
    ids=["elsewhere", "refused"],
)
async def test_where_no_scan_can_start_it_says_why(standing: Standing, words: str) -> None:
    app = app_with(standing, runs=lambda *_: ToldRun([]))
    async with app.run_test(size=(100, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app._notifications)
        assert [words in each.message for each in app._notifications] == [True]
        assert desk_of(app).asked == []
        assert ("not plugged into" if standing is AWAY else words) in (screen.focus_text() or "")


async def test_a_saved_report_has_no_scans() -> None:
    app = FencewalkApp(sample_report())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("7", "enter", "ctrl+c")
        screen = app.screen
        assert isinstance(screen, ScanScreen)
        assert "This is a saved report" in screen.query_one("#table", WideTable).empty
        assert screen.live is None


async def test_the_unfinished_scan_is_offered_first() -> None:
    app = app_with(UNFINISHED, runs=lambda *_: ToldRun([]))
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StartModal))
        await pilot.press("enter")
        await until(pilot, lambda: screen.ended is not None)
        assert desk_of(app).asked == [("guest", True, ())]


async def test_how_it_is_scanned_is_chosen_and_checked() -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun([]))
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StartModal))
        modal = app.screen
        assert isinstance(modal, StartModal)
        modal.query_one(SafeInput).value = "22,99999"
        await pilot.press("ctrl+s")
        assert pilot.app.screen is modal
        assert "99999" in modal.query_one(Field).hint
        modal.query_one(SafeInput).value = "22,U:53"
        await pilot.press("tab", "space", "tab", "space")  # thorough, then polite, which forbids it
        await pilot.press("ctrl+s")
        await until(pilot, lambda: desk_of(app).asked)
        assert desk_of(app).asked == [("guest", False, ("--ports", "22,U:53", "--polite"))]


async def test_a_scan_that_fails_says_why() -> None:
    end = Ended("failed", "the interface eth1 has gone", True)
    app = app_with(HERE, runs=lambda *_: ToldRun([Said("connect engine")], end=end))
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: screen.ended is not None)
        assert "! failed" in shown(screen, "#progress")
        await until(pilot, lambda: any("the interface eth1 has gone" in each.message for each in app._notifications))


async def test_hostile_answers_are_shown_as_text() -> None:
    answer = Conversation("10.50.0.1", "tcp", 22, "ssh", "answered", 1e9, (Reading("ssh", HOSTILE),))
    told: list[Item] = [
        Said("\x1b]0;OWNED\x07[/x]"),
        HostSeen("10.50.0.1", "mdns", 1e9, names=("\x1b[31mOWNED[/x]",)),
        answer,
    ]
    told.append(Limitation("\x9b[/x]", "\x1b[5mOWNED", 1e9))
    app = app_with(HERE, runs=lambda *_: ToldRun(told, end=Ended("failed", "\x1b[5mOWNED[/x]")))
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: screen.ended is not None)
        await pilot.pause(0.2)
        picture = app.export_screenshot()
        assert "OWNED" in picture
        assert not set(map(chr, (*range(0x09), *range(0x0B, 0x20), 0x7F, 0x9B))) & set(picture)


async def test_masked_it_shows_no_address_and_no_answer() -> None:
    told: list[Item] = [HostSeen("10.50.0.1", "arp", 1e9, "aa:bb:cc:dd:ee:ff"), Said("10.50.0.1 answers")]
    app = app_with(HERE, runs=lambda *_: ToldRun([*told, *events(3)]))
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: screen.ended is not None)
        await pilot.press("z")
        table = screen.query_one("#found", WideTable)
        await until(pilot, lambda: all("10.50." not in cell for row in table.rows for cell in row))
        assert len(table.rows) == len(screen._found) == 4
        assert "10.50.0.1" not in (screen.focus_text() or "")
        await pilot.press("z")
        await until(pilot, lambda: any("10.50.0.1" in cell for row in table.rows for cell in row))


async def test_five_hundred_things_a_second_leave_the_screen_quick() -> None:
    """The cursor moves at once, and the loop is never held up for long; in processor time a second costs a fraction."""
    app = app_with(HERE, runs=lambda *_: ToldRun(events(100_000), rate=500))
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await started(pilot)
        await until(pilot, lambda: len(screen._found) > 500)
        began, spent = time.monotonic(), time.process_time()
        before = len(screen._found)
        slow: list[float] = []
        while time.monotonic() - began < 3:
            at = time.process_time()
            await asyncio.sleep(0.01)
            slow.append(time.process_time() - at)
        spent, seconds = time.process_time() - spent, time.monotonic() - began
        came = len(screen._found) - before
        assert came / seconds > 300, "they all come"
        assert spent / seconds < 0.8
        assert max(slow) < 0.25
        await screen.run.pause()  # type: ignore[union-attr]
        await until(pilot, lambda: screen.ended is not None)


@pytest.mark.parametrize("outcome", [Outcome("gone", "the fence refuses it now"), Ended("failed", "no privilege")])
async def test_a_verification_says_what_came_of_it(outcome: Item) -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun([Said("asking again")], end=outcome))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5", "r")
        await until(pilot, lambda: isinstance(app.screen, VerifyingModal) and app.screen.over)
        text = str(app.screen.query_one("#verifying-text", Static).content)
        assert "asking again" in text
        assert ("✓ GONE" in text) == isinstance(outcome, Outcome)
        assert outcome.reason in text  # type: ignore[union-attr]
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, VerifyingModal))
        await pilot.pause(0.1)
        assert desk_of(app).assessed == isinstance(outcome, Outcome)


async def test_a_verification_can_be_stopped() -> None:
    app = app_with(HERE, runs=lambda *_: ToldRun([Said(str(each)) for each in range(1000)], rate=20))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("5", "r")
        await until(pilot, lambda: isinstance(app.screen, VerifyingModal))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, VerifyingModal))
        assert desk_of(app).assessed == 0
