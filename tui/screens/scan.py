"""Screen 7: scans. From which zones one can be made now, and the one that is under way, as it goes."""

from __future__ import annotations

import asyncio
import shlex
from collections import deque
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.timer import Timer
from textual.widgets import Static

from scanner.errors import FencewalkError
from scanner.exporters.words import short_time
from scanner.model.report import Report
from tui.desk import Desk, Ended, Item, Outcome, Run, Said, Standing, saved
from tui.doc import Doc
from tui.live import COLUMNS, Live
from tui.mask import HIDDEN
from tui.modals.fields import SafeInput
from tui.modals.pause import Choice, PauseModal
from tui.modals.start import StartForm, StartModal
from tui.progress import progress, vantage
from tui.query import Column, Row
from tui.reader import Reader
from tui.rows import Table, address_order
from tui.screens.browse import BrowseScreen
from tui.status import STANDINGS
from tui.table import WideTable

if TYPE_CHECKING:
    from tui.acting import ActingApp

TICK = 0.1
"""Seconds: what has come is drawn so often."""
_AT_ONCE, _LOG = 4000, 200
"""Items that are taken in between two looks at the keyboard (the others wait for the next tick); lines of the log."""
_FOUND = tuple(
    column if column.key != "host" else Column(key="host", title="ADDRESS", least=15, most=39, order=address_order)
    for column in COLUMNS
)
_VANTAGES = (
    Column(key="zone", title="FROM", least=10, most=24),
    Column(key="state", title="STATE", least=10, match="label"),
    Column(key="interface", title="ON", least=6, most=16),
    Column(key="host", title="ADDRESS", least=11, most=39, order=address_order),
    Column(key="last", title="WHOLE SCAN UTC", least=16, most=20),
    Column(key="unfinished", title="UNFINISHED", least=10, most=40),
)


class ScanScreen(BrowseScreen):
    TAB = "scan"
    NOUN = "zones to scan from"
    EMPTY = saved("a scan")
    HINT = "words, or zone:guest  port:443  host:10.20."
    SPLIT = "below"
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("↑↓", "move"), ("open", "scan from here"), ("filter", "filter"), ("sort", "sort"),
    )  # fmt: skip
    WATCHING: ClassVar[tuple[tuple[str, str], ...]] = (
        ("pause", "pause"), ("back", "zones"), ("open", "log"), ("filter", "filter"), ("sort", "sort"),
    )  # fmt: skip

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.standings: tuple[Standing, ...] = ()
        self.zone = ""
        """Where the scan that is shown was made from."""
        self.live: Live | None = None
        self.run: Run | None = None
        """The scan under way."""
        self.ended: Ended | None = None
        self._done: asyncio.Future[Ended] | None = None
        self._pausing = False
        self._asking = False
        self._waiting: deque[Item] = deque()
        self._found: list[Row] = []
        """As it is, whatever is masked."""
        self._log: deque[str] = deque(maxlen=_LOG)
        """The newest line first."""
        self._timer: Timer | None = None
        self._shown_masked = False

    # What is on the screen

    def body(self) -> ComposeResult:
        columns, rows = self.table()
        with Container(id="split"):
            with Vertical(id="list"):
                yield Static(id="progress", markup=False)
                yield Static(id="caption", markup=False)
                yield WideTable(columns, rows, empty=self.EMPTY, id="table")
                yield WideTable(_FOUND, (), empty="Nothing is found yet.", id="found")
                yield SafeInput(id="filter", placeholder=self.HINT, select_on_focus=False)
            yield Reader(id="reader")

    def on_mount(self) -> None:
        super().on_mount()
        self._timer = self.set_interval(TICK, self._tick, pause=True)
        self._look_round()

    async def on_unmount(self) -> None:
        # Whatever ends the program: the scan stops at a checkpoint, and is waited for.
        if self.run is not None:
            await self.run.aclose()

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._look_round()

    @property
    def watching(self) -> bool:
        """Whether a scan is shown, and not the zones."""
        return self.has_class("-watching")

    @property
    def _table(self) -> WideTable:
        return self.query_one("#found" if self.watching else "#table", WideTable)

    @property
    def _acting(self) -> ActingApp:
        return cast("ActingApp", self.app)

    def table(self) -> Table:
        return _VANTAGES, [self._vantage(each) for each in self.standings]

    def _vantage(self, each: Standing) -> Row:
        if self.run is not None and each.zone == self.zone:
            state = "scanning"
        elif each.refused is not None:
            state = "refused"
        else:
            state = "here" if each.interface is not None else "not here"
        return (
            each.zone,
            STANDINGS[state].label,
            each.interface or "",
            self._told(each.address or "", each.zone),
            short_time(each.last).removesuffix(" UTC") if each.last else "never",
            each.unfinished or "",
        )

    def key(self, row: int) -> str:
        return "\t".join(self._found[row]) if self.watching else self.standings[row].zone

    def detail(self, row: int) -> Doc:
        each = self.standings[row]
        doc = vantage(Doc(), each, self._told)
        if (command := self.replay()) is not None:
            doc.title("The same by hand").line(command, hang=2)
        return doc

    def replay(self) -> str | None:
        row = self.query_one("#table", WideTable).row
        desk = self.desk
        if desk is None or row is None or self._acting.masked:
            return None
        words = ["scan", str(desk.site), "--from", self.standings[row].zone, "--store", str(desk.store)]
        return f"sudo fencewalk {shlex.join(words)}"

    def aside(self) -> str:
        if self.watching:
            return ""
        here = sum(each.ready for each in self.standings)
        return f"the laptop stands in {here or 'none'} of them" if self.standings else ""

    def _caption(self, problem: str = "") -> None:
        self.NOUN = "found" if self.watching else ScanScreen.NOUN  # type: ignore[misc]
        super()._caption(problem)

    def _told(self, text: str, zone: str = "") -> str:
        """Masked where the screens are."""
        return self._acting.masking.text(text, zone) if self._acting.masked and text else text

    def renew(self) -> None:
        table = self.query_one("#table", WideTable)
        table.replace(*self.table())
        if self._acting.masked != self._shown_masked:
            self._shown_masked = self._acting.masked
            self.query_one("#found", WideTable).replace(_FOUND, [self._masked(each) for each in self._found])
        self._draw()
        self._look_round()

    def _masked(self, row: Row) -> Row:
        if not self._acting.masked:
            return row
        time, what, address, zone, _, port = row
        return (time, what, self._told(address, zone), zone, HIDDEN, port)

    def _read(self, row: int | None) -> None:
        if self.watching:
            self._key = None if row is None else self.key(row)
        else:
            super()._read(row)

    @on(WideTable.Highlighted)
    def _of_the_other(self, event: WideTable.Highlighted) -> None:
        """The table that is not shown has nothing to say; what it said may come late."""
        if event.table is not self._table or (event.row or 0) >= len(event.table.rows):
            event.prevent_default()

    def redraw(self) -> None:
        if self.watching:
            self._draw()
        else:
            super().redraw()

    # From where a scan can be made

    @work(group="zones", exclusive=True)
    async def _look_round(self) -> None:
        desk = self.desk
        if desk is None:
            return
        found = await self._acting.attempted(desk.zones)
        if isinstance(found, FencewalkError):
            self._acting.say(str(found), wrong=True)
        elif self.is_mounted and found != self.standings:
            # The cursor begins where a scan can be made.
            here = None if self.standings else next((at for at, each in enumerate(found) if each.ready), None)
            self.standings = found
            self.query_one("#table", WideTable).replace(*self.table(), here)
            if not self.watching:
                self._caption()
                self._read(self._table.row)

    @on(WideTable.Chosen)
    def _chosen(self, event: WideTable.Chosen) -> None:
        if self.watching:
            self.set_class(self.has_class("-single"), "-reading")
            self.query_one(Reader).focus()
            event.prevent_default()
            return
        event.prevent_default()
        self._enter(self.standings[event.row])

    @work(group="start", exclusive=True)
    async def _enter(self, each: Standing) -> None:
        """Into the scan that is under way from there, or into a new one."""
        desk = self.desk
        if desk is None:
            self._acting.say(saved("a scan"), wrong=True)
        elif self.run is not None and each.zone == self.zone:
            self._watch(True)
        elif self.run is not None:
            self._acting.say(f"A scan from {self.zone} is under way: pause it first.", wrong=True)
        elif each.refused is not None:
            self._acting.say(each.refused, wrong=True)
        elif each.interface is None:
            self._acting.say(f"The laptop is not plugged into {each.zone}: no scan can start from there.", wrong=True)
        else:
            form = await self._acting.push_screen_wait(StartModal(each))
            if form is not None and self.run is None:
                self._start(desk, each.zone, form)

    def _start(self, desk: Desk, zone: str, form: StartForm) -> None:
        try:
            self.live = Live(desk.zone_of())
        except FencewalkError as error:
            self._acting.say(str(error), wrong=True)
            return
        self.zone, self.ended, self._pausing = zone, None, False
        self._waiting.clear()
        self._found.clear()
        self._log.clear()
        self._done = asyncio.get_running_loop().create_future()
        self.run = desk.scan(zone, resume=form.resume, flags=form.flags)
        self.query_one("#found", WideTable).replace(_FOUND, ())
        self._watch(True)
        self._listen(self.run)
        if self._timer is not None:
            self._timer.resume()

    # The scan under way

    @work(group="follow")
    async def _listen(self, run: Run) -> None:
        """What comes waits for the next tick, so that the screen is drawn ten times a second however much comes."""
        async for item in run:
            self._waiting.append(item)

    def _tick(self) -> None:
        live = self.live
        if live is None or not self._waiting:
            return
        rows: list[Row] = []
        log = len(self._log), self._log[0] if self._log else ""
        for _ in range(min(_AT_ONCE, len(self._waiting))):
            item = self._waiting.popleft()
            if isinstance(item, Said):
                self._log.appendleft(item.text)
            elif isinstance(item, Ended):
                self._end(item)
            elif not isinstance(item, Outcome):
                before = len(live.limits)
                rows.extend(live.see(item))
                for limit in live.limits[before:]:
                    self._log.appendleft(f"! {limit.what}: {limit.reason}")
        if rows:
            self._found.extend(rows)
            table = self.query_one("#found", WideTable)
            at_end = table.cursor >= len(table.view) - 1
            table.extend([self._masked(each) for each in rows])
            if at_end and table.sorted_by is None:
                table.action_to_end(1)  # whoever looks at the newest goes on doing so
        self._draw(log != (len(self._log), self._log[0] if self._log else ""))

    def _end(self, ended: Ended) -> None:
        self.ended, self.run = ended, None
        if self._timer is not None:
            self._timer.pause()
        if self._done is not None and not self._done.done():
            self._done.set_result(ended)
        words = {"complete": "is complete", "paused": "is paused", "failed": f"failed: {ended.reason}"}
        self._acting.say(self._told(f"The scan from {self.zone} {words[ended.how]}"), wrong=ended.how == "failed")
        self._look_round()
        self.post_message(self.Changed())

    def _draw(self, logged: bool = True) -> None:
        """`logged`: the log has changed too."""
        live = self.live
        if live is None or not self.is_mounted:
            return
        spare = self.size.height - 14
        bars = max(2, min(10, spare // 2))
        width = max(20, self.size.width - 2)
        doc = progress(live, self.zone, width, bars, ended=self.ended, pausing=self._pausing, told=self._told)
        self.query_one("#progress", Static).update(doc.content(width))
        if self.watching and logged:
            self.query_one(Reader).show(self._log_doc(), top=False)

    def _log_doc(self) -> Doc:
        doc = Doc().add("LOG", "accent", bold=True).line("  the newest first", "muted")
        for text in self._log:
            doc.line(self._told(text), "amber" if text.startswith("! ") else "text", hang=2)
        return doc

    def _watch(self, on: bool) -> None:
        self.set_class(on, "-watching")
        self.remove_class("-reading")
        self._caption()
        self._draw()
        self._read(self._table.row)
        self._table.focus()
        self._keys_of_the_focus()

    def keys_now(self) -> tuple[tuple[str, str], ...]:
        return self.WATCHING if self.watching else self.KEYS

    def action_back(self) -> None:
        """Out of the log, out of the filter, then from the scan to the zones; the scan goes on."""
        table = self._table
        inside = self.has_class("-reading") or self.query_one(Reader).has_focus
        if self.watching and not inside and not table.query_text and not self._input.has_class("-open"):
            self._watch(False)
            self.query_one("#table", WideTable).replace(*self.table())
        else:
            super().action_back()

    # Pause, go on, leave

    async def pause(self) -> bool:
        if self.run is None:
            return False
        if not self._asking:
            self._pause()
        return True

    @work(group="pause")
    async def _pause(self) -> None:
        if await self._ask() == "leave":
            self.app.exit()

    async def may_quit(self) -> bool:
        return self.run is None or (not self._asking and await self._ask() == "leave")

    async def _ask(self) -> Choice:
        """Pause at a checkpoint, and ask what then; going on is done here."""
        run, done, desk = self.run, self._done, self.desk
        if run is None or done is None or desk is None:
            return "stay"
        self._asking = self._pausing = True
        try:
            await run.pause()
            choice = await self._acting.push_screen_wait(PauseModal(self.zone, done))
            if choice == "go on":
                ended = await done
                if ended.how == "paused" or ended.resumable:
                    self._start(desk, self.zone, StartForm(resume=True))
            return choice
        finally:
            self._asking = False

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self._draw()
