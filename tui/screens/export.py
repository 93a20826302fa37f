"""Screen 0: the report as files, in which formats, where, and with or without the client's data."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from textual import work
from textual.binding import BindingType

from scanner.errors import FencewalkError
from scanner.model.report import Report
from scanner.model.text import plural
from tui import exporting
from tui.desk import saved
from tui.doc import Doc
from tui.exporting import Format
from tui.keymap import bind
from tui.modals.where import Where, WhereModal
from tui.rows import Table
from tui.screens.browse import BrowseScreen

if TYPE_CHECKING:
    from tui.acting import ActingApp


class ExportScreen(BrowseScreen):
    TAB = "export"
    NOUN = "formats"
    EMPTY = saved("writing reports")
    HINT = "words, such as csv"
    SPLIT = "below"
    KEYS = (("↑↓", "move"), ("Space", "mark"), ("o", "write"), ("n", "where"), ("z", "mask"), ("/", "filter"))
    BINDINGS: ClassVar[list[BindingType]] = [bind("write"), bind("where")]

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.formats: list[Format] = []
        self.folder = Path()
        self._named: dict[tuple[bool, str], str] = {}
        """(masked, format) -> the file's name that somebody gave."""
        self._states: dict[tuple[bool, str], Format] = {}
        """What was written, or could not be."""

    @property
    def _acting(self) -> ActingApp:
        return cast("ActingApp", self.app)

    @property
    def masked(self) -> bool:
        """Whether what is on the screens, and so what is written, is masked."""
        return self._acting.masked

    def _told(self, text: str) -> str:
        """Our own words about files; a folder may be called as the client is."""
        return self._acting.masking.text(text) if self.masked else text

    def table(self) -> Table:
        desk = self.desk
        self.formats = []
        if desk is not None:
            if self.folder == Path():
                self.folder = desk.site.absolute().parent
            known, masked = desk.formats(), self.masked
            names = exporting.proposed(known, desk.site.stem, self.report.generated[:10], masked)
            for name, (title, _) in known.items():
                file = self._named.get((masked, name), names[name])
                before = self._states.get((masked, name))
                row = Format(name, title, file)
                if before is not None and before.file == file:
                    row = msgspec.structs.replace(row, state=before.state, failed=before.failed)
                self.formats.append(row)
        return exporting.table(self.formats, {each.name: self._exists(each) for each in self.formats})

    def _exists(self, row: Format) -> bool:
        return (self.folder / row.file).exists()

    def detail(self, row: int) -> Doc:
        each = self.formats[row]
        return exporting.document(
            each, self._told(str(self.folder)), self._exists(each), self.masked, self.replay() or ""
        )

    def key(self, row: int) -> str:
        return self.formats[row].name

    def aside(self) -> str:
        """Where they go, and what is in them."""
        if self.desk is None:
            return ""
        return f"into {self._told(str(self.folder))}, client data {'masked' if self.masked else 'as it is'}"

    def _targets(self) -> list[Format]:
        return [self.formats[row] for row in self._table.targets]

    def replay(self) -> str | None:
        desk = self.desk
        if desk is None or self.masked or not self.formats:
            return None
        return exporting.command(desk.site, desk.store, desk.today, self._targets(), self.folder)

    @work(group="act", exclusive=True)
    async def action_where(self) -> None:
        """Ask for the folder and the name of the file under the cursor."""
        row = self._table.row
        if self.desk is None or row is None:
            self._acting.say(saved("writing reports"), wrong=True)
            return
        of = self.formats[row]
        where = await self._acting.push_screen_wait(WhereModal(of.title, Where(self.folder, of.file)))
        if where is not None:
            self.folder = where.folder
            self._named[self.masked, of.name] = where.file
            self.renew()

    @work(group="write", exclusive=True)
    async def action_write(self) -> None:
        """Write what is marked, or the format under the cursor."""
        app, desk = self._acting, self.desk
        if desk is None:
            app.say(saved("writing reports"), wrong=True)
            return
        wanted, masked, folder, report = self._targets(), self.masked, self.folder, app.report
        for each in wanted:
            self._states[masked, each.name] = msgspec.structs.replace(each, state="writing…", failed=False)
        self.renew()
        lacks = 0
        # One by one: what cannot be written keeps nothing else from being written.
        for each in wanted:
            path = folder / each.file
            said = await app.attempted(partial(desk.export, [(each.name, path)], masked=masked, report=report))
            failed = isinstance(said, FencewalkError)
            words = str(said) if isinstance(said, FencewalkError) else "; ".join(said)
            state = f"{'not written' if failed else 'written'}: {self._told(words.removeprefix(f'{path}: '))}"
            self._states[masked, each.name] = msgspec.structs.replace(each, state=state, failed=failed)
            lacks += failed
            if failed or len(wanted) == 1:
                app.say(self._told(words), wrong=failed)
            self.renew()
        if len(wanted) > 1:
            app.say(f"{plural(len(wanted) - lacks, 'report')} written to {self._told(str(folder))}.", wrong=bool(lacks))
