"""What the keys of a finding do: evidence, path, verification, exception, ticket. Windows ask; the desk acts."""

from __future__ import annotations

import asyncio
import datetime
import os
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from textual import work
from textual.app import App

from scanner.errors import FencewalkError
from scanner.model.report import FindingRow, Report
from tui.copying import copied
from tui.desk import Desk, saved
from tui.doc import safe
from tui.fixes import DIALECTS
from tui.mask import Mask
from tui.modals.accept import AcceptModal
from tui.modals.evidence import EvidenceModal
from tui.modals.path import PathModal
from tui.modals.ticket import TicketModal
from tui.modals.verifying import VerifyingModal
from tui.screens.base import ReportScreen
from tui.state import Place

T = TypeVar("T")


class ActingApp(App[None]):
    """The part of the application that acts on findings; `FencewalkApp` holds the screens."""

    report: Report
    """As it was assessed."""
    shown: Report
    """As the screens show it: masked while the user masks."""
    masking: Mask
    """Remembers who bears which pseudonym."""
    desk: Desk | None

    @property
    def dialect(self) -> str:
        """The firewall whose rules the screens show."""
        return DIALECTS[0]

    @abstractmethod
    async def take(self, report: Report) -> None:
        """Show this report on every screen from now on."""

    @property
    def masked(self) -> bool:
        """Whether the screens show pseudonyms."""
        return self.shown is not self.report

    @property
    def today(self) -> datetime.date:
        """The day that the report was judged as of; this day where it does not say so."""
        try:
            return datetime.date.fromisoformat(self.report.generated[:10])
        except ValueError:
            return datetime.datetime.now(datetime.UTC).date()

    def say(self, text: str, *, wrong: bool = False) -> None:
        """A notification. The text may hold what a network or a file said."""
        self.notify(safe(text), severity="warning" if wrong else "information", markup=False)

    def copy_text(self, text: str, what: str) -> None:
        """To the clipboard, by whatever way there is; `what` it is begins the sentence that says so."""
        if self.is_headless:
            self.copy_to_clipboard(text)
            self.say(f"{what} copied.")
        else:
            self._copy_out(text, what)

    @work(group="copy")
    async def _copy_out(self, text: str, what: str) -> None:
        asked, said = await asyncio.to_thread(copied, text, os.environ, web=self.is_web)
        if asked:
            self.copy_to_clipboard(text)
        self.say(f"{what} {said}")

    def own(self, finding: FindingRow) -> FindingRow:
        """The finding as it was assessed, of one that may be masked."""
        if self.shown is self.report:
            return finding
        at = next(at for at, each in enumerate(self.shown.findings) if each.id == finding.id)
        return self.report.findings[at]

    def _finding(self, what: str) -> FindingRow | None:
        screen = self.screen
        found = screen.finding() if isinstance(screen, ReportScreen) else None
        if found is None:
            self.say(f"No {what} here: go to a finding.", wrong=True)
        return found

    def _desk(self, what: str) -> Desk | None:
        if self.desk is None:
            self.say(saved(what), wrong=True)
        return self.desk

    async def attempted(self, act: Callable[[], T]) -> T | FencewalkError:
        """What `act` gives, done in a thread, or the error that says why it cannot."""
        try:
            return await asyncio.to_thread(act)
        except FencewalkError as error:
            return error

    async def tried(self, act: Callable[[], T]) -> T | None:
        """What `act` gives, done in a thread; what it cannot do is said, and gives None."""
        found = await self.attempted(act)
        if isinstance(found, FencewalkError):
            self.say(str(found), wrong=True)
            return None
        return found

    async def reassess(self) -> None:
        """Judge all that the store holds now, and show it everywhere."""
        if self.desk is not None and (report := await self.tried(self.desk.reassess)) is not None:
            await self.take(report)

    def action_evidence(self) -> None:
        if (found := self._finding("evidence")) is not None:
            self.push_screen(EvidenceModal(self.shown, found), self._led)

    def action_path(self) -> None:
        if (found := self._finding("path")) is not None:
            self.push_screen(PathModal(self.shown, found), self._led)

    def _led(self, place: Place | None) -> None:
        """A window was left for a place that a box in it leads to."""
        screen = self.screen
        if place is not None and isinstance(screen, ReportScreen):
            screen.post_message(screen.Goto(place))

    @work(group="act", exclusive=True)
    async def action_ticket(self) -> None:
        screen = self.screen
        found = screen.chosen() if isinstance(screen, ReportScreen) else ()
        if not found:
            self.say("No ticket here: go to a finding.", wrong=True)
            return
        text = await self.push_screen_wait(TicketModal(self.shown, found, self.dialect))
        if text is not None:
            self.copy_text(text, "Ticket")

    @work(group="act", exclusive=True)
    async def action_verify(self) -> None:
        if (found := self._finding("verification")) is None or (desk := self._desk("a verification")) is None:
            return
        if await self.push_screen_wait(VerifyingModal(desk, self.own(found), found)) is not None:
            await self.reassess()

    @work(group="act", exclusive=True)
    async def action_except(self) -> None:
        screen = self.screen
        found = screen.chosen() if isinstance(screen, ReportScreen) else ()
        if not found:
            self.say("Nothing to accept here: go to a finding.", wrong=True)
            return
        if (desk := self._desk("an exception")) is None:
            return
        # What stands now is the client's words, which are not for a masked screen to show nor a pseudonym to replace.
        before = found[0].exception if self.shown is self.report else None
        form = await self.push_screen_wait(AcceptModal(found, self.today, before))
        if form is None:
            return
        places = {each.id: at for at, each in enumerate(self.shown.findings)} if self.masked else {}
        ids = tuple(self.report.findings[places[each.id]].id if places else each.id for each in found)
        where = await self.tried(partial(desk.accept, ids, form.owner, form.reason, form.until, form.approved_by))
        if where is not None:
            self.say(where)
            await self.reassess()
