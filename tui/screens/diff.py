"""Screen 9: what is new, fixed, still there, or was not asked again, between two states of the scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.binding import BindingType
from textual.widgets import Static

from scanner.errors import FencewalkError
from scanner.exporters.words import short_time
from scanner.model.report import FindingRow, Report
from tui import changes
from tui.desk import ScanRow, saved
from tui.doc import Doc
from tui.keymap import bind
from tui.modals.choose import ChooseModal
from tui.query import Column, Row
from tui.rows import Table
from tui.screens.browse import BrowseScreen

if TYPE_CHECKING:
    from scanner.assess.later.compare import Diff
    from tui.acting import ActingApp

_DEFAULT = "the scans before each zone's newest whole scan"
_ALL = "all that came since"
_SCANS = (
    Column(key="when", title="UP TO THE SCAN OF", least=20, most=72),
    Column(key="zone", title="FROM", least=8, most=20),
    Column(key="purpose", title="WHAT", least=6),
    Column(key="id", title="ID", least=8, most=32),
)


class DiffScreen(BrowseScreen):
    TAB = "diff"
    NOUN = "compared"
    EMPTY = "Comparing…"
    HINT = "words, or change:new  change:fixed  sev>=high  zone:guest  port:443"
    SPLIT = "beside"
    KEYS = (*BrowseScreen.KEYS, ("b", "since when"), ("B", "until when"))
    BINDINGS: ClassVar[list[BindingType]] = [bind("base"), bind("newer")]

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.base: str | None = None
        """The scan that it is compared with; None for `_DEFAULT`."""
        self.until: str | None = None
        self.changes: list[changes.Changed] = []
        self._diff: Diff | None = None
        self._of: Report | None = None
        """The assessment that the difference belongs to: after another one it is compared anew."""

    @property
    def _acting(self) -> ActingApp:
        return cast("ActingApp", self.app)

    def table(self) -> Table:
        diff = self._diff
        if diff is not None and self._acting.masked:
            diff = self._acting.masking.rows(diff)
        self.changes = [] if diff is None else changes.changed(diff)
        return changes.table(self.changes)

    def detail(self, row: int) -> Doc:
        return changes.document(self.changes[row], self.report, self.dialect)

    def key(self, row: int) -> str:
        return self.changes[row].key

    def finding_at(self, row: int) -> FindingRow | None:
        """Only what today's report still holds can be acted on."""
        of = self.changes[row].finding
        return None if of is None else next((each for each in self.report.findings if each.id == of.id), None)

    def replay(self) -> str | None:
        row = self._table.row
        of = self.changes[row].finding if row is not None else None
        return None if of is None else of.replay

    def on_mount(self) -> None:
        self.query_one("#list").mount(Static(id="counts", markup=False), before="#caption")
        super().on_mount()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._refresh_changes()

    def renew(self) -> None:
        super().renew()
        if self.is_current:
            self._refresh_changes()

    def _refresh_changes(self) -> None:
        """Compare anew where there was another assessment since; it takes a while, so only for who looks at it."""
        if self._of is not self._acting.report:
            self._compare()

    @work(group="compare", exclusive=True)
    async def _compare(self) -> None:
        """Ask the desk for the difference, in a thread; what was asked before and comes later is not shown."""
        app, desk = self._acting, self.desk
        self._of = app.report
        if desk is None:
            self._say(saved("a comparison of scans"))
            return
        self._say("Comparing…")
        base, until = self.base, self.until
        found = await app.attempted(lambda: desk.changes(base, until))
        if isinstance(found, FencewalkError):
            self._diff = None
            words = str(found).rstrip(".")
            self._say(f"{words[:1].upper()}{words[1:]}. Keys: b names the base, B the end.")
        else:
            self._diff = found
            self._say("Nothing changed, and there is no finding that was not asked again.")
        super().renew()

    def _say(self, words: str) -> None:
        """In place of rows, where there are none."""
        self._table.empty = words
        self._table.refresh()

    def _caption(self, problem: str = "") -> None:
        super()._caption(problem)
        for counts in self.query("#counts").results(Static):
            counts.update(changes.counted(self.changes).text())
        if self._diff is None:
            # No count: nothing was compared, and that is not "0 changes".
            self.query_one("#caption", Static).update(Doc().add(" not compared", "muted").text())

    def aside(self) -> str:
        """What was compared with what."""
        return "" if self._diff is None else changes.scans_words(self._diff)

    @work(group="act", exclusive=True)
    async def action_base(self) -> None:
        """Choose what it is compared with."""
        await self._choose("Compare with", _DEFAULT, newer=False)

    @work(group="act", exclusive=True)
    async def action_newer(self) -> None:
        """Choose up to which scan it is compared."""
        await self._choose("Compare up to", _ALL, newer=True)

    async def _choose(self, title: str, first: str, *, newer: bool) -> None:
        app, desk = self._acting, self.desk
        if desk is None:
            app.say(saved("a comparison of scans"), wrong=True)
            return
        scans = await app.tried(desk.scans)
        if scans is None:
            return
        scans = scans[::-1]
        rows: list[Row] = [(first, "", "", ""), *map(_row, scans)]
        ids = [None, *(each.id for each in scans)]
        now = self.until if newer else self.base
        chosen = await app.push_screen_wait(ChooseModal(title, _SCANS, rows, ids.index(now) if now in ids else 0))
        if chosen is None:
            return
        if newer:
            self.until = ids[chosen]
        else:
            self.base = ids[chosen]
        self._compare()


def _row(scan: ScanRow) -> Row:
    cut = "" if scan.complete else ", unfinished"
    return short_time(scan.started), scan.zone, f"{scan.purpose}{cut}", scan.id
