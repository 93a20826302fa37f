"""A desk whose scans are told beforehand: what the screens make of it, without a network or a process."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scanner.assess.later.compare import Diff
from scanner.errors import BadInput
from scanner.model.report import Report
from tui.desk import Ended, Item, ScanRow, Standing


class ToldRun:
    """Gives these items, `rate` a second if that is not 0, and then how it ended; a pause ends it where it is."""

    def __init__(self, items: Iterable[Item], rate: float = 0.0, end: Item | None = None) -> None:
        self._items = iter(items)
        self._rate, self._end = rate, end
        self._pausing = asyncio.Event()
        self._given = 0
        self._began = 0.0
        self._over = False
        self.closed = 0

    def __aiter__(self) -> ToldRun:
        return self

    async def __anext__(self) -> Item:
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        if self._over:
            raise StopAsyncIteration
        if self._rate:
            due = self._began + self._given / self._rate - loop.time()
            if due > 0:
                await asyncio.wait({asyncio.ensure_future(self._pausing.wait())}, timeout=due)
        item = None if self._pausing.is_set() else next(self._items, None)
        self._given += 1
        if item is not None:
            return item
        self._over = True
        if self._pausing.is_set():
            return Ended("paused", "what was found is kept", True)
        return self._end or Ended("complete")

    async def pause(self) -> None:
        self._pausing.set()

    async def aclose(self) -> None:
        self.closed += 1
        await self.pause()


class ToldDesk:
    """Implements `tui.desk.Desk` for scans and verifications; all else is refused."""

    def __init__(
        self, report: Report, standings: Sequence[Standing], runs: Callable[[str, bool, Sequence[str]], ToldRun]
    ) -> None:
        self.site, self.store = Path("site.yaml"), Path("site.fencewalk.sqlite")
        self.today: datetime.date | None = None
        self.report, self.standings, self._runs = report, tuple(standings), runs
        self.asked: list[tuple[str, bool, tuple[str, ...]]] = []
        self.assessed = 0
        self.runs: list[ToldRun] = []

    def zones(self) -> tuple[Standing, ...]:
        return self.standings

    def zone_of(self) -> Callable[[str], str]:
        return lambda address: "guest" if address.startswith("10.50.") else ""

    def scan(self, zone: str, *, resume: bool, flags: Sequence[str] = ()) -> ToldRun:
        self.asked.append((zone, resume, tuple(flags)))
        self.runs.append(self._runs(zone, resume, flags))
        return self.runs[-1]

    def verify(self, finding: str) -> ToldRun:
        return self.scan(finding, resume=False)

    def accept(
        self, finding: str | tuple[str, ...], owner: str, reason: str, until: datetime.date, approved_by: str = ""
    ) -> str:
        raise BadInput("not here")

    def retract(self, finding: str) -> str:
        raise BadInput("not here")

    def reassess(self) -> Report:
        self.assessed += 1
        return self.report

    def scans(self) -> tuple[ScanRow, ...]:
        return ()

    def changes(self, base: str | None = None, until: str | None = None) -> Diff:
        raise BadInput("not here")

    def formats(self) -> dict[str, tuple[str, str]]:
        return {}

    def export(
        self, formats: Sequence[tuple[str, Path]], *, masked: bool, report: Report | None = None
    ) -> tuple[str, ...]:
        raise BadInput("not here")
