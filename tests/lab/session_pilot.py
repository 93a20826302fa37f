"""A technician's visit, where this process stands: from the first look to the report, by keys alone. Prints what came
of each step."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from live_pilot import until
from textual.pilot import Pilot
from textual.widgets import Input

from scanner.model.report import is_open
from tui.app import FencewalkApp
from tui.modals.accept import AcceptModal
from tui.modals.evidence import EvidenceModal
from tui.modals.fields import SafeInput
from tui.modals.name import NameModal
from tui.modals.path import PathModal
from tui.modals.start import StartModal
from tui.modals.ticket import TicketModal
from tui.modals.verifying import VerifyingModal
from tui.reader import Reader
from tui.screens.diff import DiffScreen
from tui.screens.gaps import GapsScreen
from tui.screens.scan import ScanScreen
from tui.site_desk import SiteDesk
from tui.state import State

Told = dict[str, object]


class Visit:
    """Keys are typed, and what the screens then say is kept."""

    def __init__(self, app: FencewalkApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.told = app, pilot, Told()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def until(self, what: Callable[[], object]) -> None:
        await until(self.pilot, what)

    async def opened(self, *keys: str, window: type) -> None:
        await self.press(*keys)
        await self.until(lambda: isinstance(self.app.screen, window))

    def gaps(self) -> GapsScreen:
        screen = self.app.screen
        assert isinstance(screen, GapsScreen), screen
        return screen

    def text(self) -> str:
        """What is read in the window or the pane."""
        return self.app.screen.query_one(Reader).plain

    def state(self) -> str | None:
        """Of the gap that the visit is about, in the report of now."""
        found = next((each for each in self.app.report.findings if each.id == self.told["gap"]), None)
        return None if found is None else "open" if is_open(found) else "accepted"

    async def scan(self) -> None:
        await self.press("7")
        screen = self.app.screen
        assert isinstance(screen, ScanScreen)
        await self.until(lambda: screen.standings)
        # The cursor is where the laptop stands.
        await self.opened("enter", window=StartModal)
        self.app.screen.query_one(SafeInput).value = "22,443,5432"
        before = self.app.report
        await self.press("ctrl+s")
        await self.until(lambda: screen.ended is not None)
        self.told["scan"] = msgspec.to_builtins(screen.ended)
        await self.until(lambda: self.app.report is not before)

    async def triage(self) -> None:
        await self.press("5", "slash")
        self.app.screen.query_one("#filter", Input).value = "sev>=high zone:guest !excepted"
        await self.press("enter")
        self.told["filtered"] = [row.title for row in self.gaps().chosen()]
        await self.press("escape", "4", "enter")
        await self.until(lambda: isinstance(self.app.screen, GapsScreen) and self.app.screen._table.query_text)
        self.told["drilled"] = self.gaps()._table.query_text
        while (found := self.gaps().finding()) is None or (found.port, found.kind) != (22, "segmentation-gap"):
            await self.press("down")
        self.told["gap"] = found.id
        await self.opened("e", window=EvidenceModal)
        self.told["evidence"] = self.text()
        await self.press("escape")
        await self.opened("p", window=PathModal)
        self.told["path"] = self.text()
        await self.press("right", "enter")
        self.told["path leads to"] = msgspec.to_builtins(self.app.place())
        await self.press("left_square_bracket")

    async def act(self) -> None:
        # Esc leads out of the pair, back to the Matrix.
        await self.press("escape", "5")
        await self.opened("t", window=TicketModal)
        await self.press("y")
        await self.until(lambda: self.app.clipboard)
        self.told["ticket"] = self.app.clipboard
        await self.press("y")
        await self.until(lambda: self.app.clipboard != self.told["ticket"])
        self.told["copied"] = self.app.clipboard
        # What is accepted waits for no change, and has no ticket.
        await self.opened("x", window=AcceptModal)
        await self.press(*"Lee", "tab", *"moves", "tab", *"30d", "ctrl+s")
        await self.until(lambda: self.state() == "accepted")
        await self.opened("r", window=VerifyingModal)
        window = self.app.screen
        assert isinstance(window, VerifyingModal)
        await self.until(lambda: window.over)
        self.told["verified"] = msgspec.to_builtins(window._outcome)
        before = self.app.report
        await self.press("escape")
        await self.until(lambda: self.app.report is not before)
        await self.press("z")
        await self.until(lambda: self.app.masked)
        await self.press("Y")
        await self.until(lambda: self.app.clipboard != self.told["copied"])
        self.told["masked"] = self.app.clipboard
        await self.press("z")
        await self.until(lambda: not self.app.masked)

    async def keep(self) -> None:
        await self.press("slash")
        self.app.screen.query_one("#filter", Input).value = "excepted"
        await self.press("enter")
        await self.opened("ctrl+s", window=NameModal)
        await self.press(*"mine", "enter")
        await self.press("escape")
        await self.app.open_view("mine")
        self.told["view"] = [self.gaps()._table.query_text, [each.id for each in self.gaps().chosen()]]
        await self.press("8", "X")
        await self.press("y")
        await self.until(lambda: self.state() == "open")

    async def hand_over(self, folder: Path) -> None:
        await self.press("0", "slash")
        self.app.screen.query_one("#filter", Input).value = "format=json"
        await self.press("enter")
        await self.press("home", "o")
        await self.until(lambda: [*folder.glob("*.json")])
        await self.press("9")
        screen = self.app.screen
        assert isinstance(screen, DiffScreen)
        await self.until(lambda: screen.changes)
        self.told["diff"] = [row[:3] for row in screen._table.rows]


async def play(site: Path) -> Told:
    desk = SiteDesk(site)
    app = FencewalkApp(desk.reassess(), desk, state=State(site.parent / "config"))
    async with app.run_test(size=(120, 40)) as pilot:
        visit = Visit(app, pilot)
        await visit.scan()
        await visit.triage()
        await visit.act()
        await visit.keep()
        await visit.hand_over(site.parent)
        await visit.press("q")
        await visit.until(lambda: app._exit)
    return visit.told


if __name__ == "__main__":
    print(msgspec.json.encode(asyncio.run(play(Path(sys.argv[1])))).decode())
