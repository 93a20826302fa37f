"""The terminal UI with very many findings, as its user feels it: time from a key to the picture.

    python tests/benchmarks/bench_tui.py [FINDINGS...]

A hundred thousand findings in the whole application, and a million in the table alone, while 500 more come every
second. Times are of the clock; beside them the processor's, as other programs may run on the same cores: a promise is
broken where both are late. A stall is how long the screen's loop did nothing for its user: the lesser of clock and
processor between two beats of a task that wants to run every five milliseconds. Each size is measured in a process of
its own, drawn without a terminal, 140 x 45.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import operator
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from textual import events
from textual.app import App, ComposeResult

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import large_report

from tui import rows
from tui.app import FencewalkApp
from tui.query import QueryError, parse
from tui.reader import Reader
from tui.screens.gaps import GapsScreen
from tui.table import WideTable
from tui.theme import PALETTES, textual_theme

SIZE = (140, 45)
WHOLE, TABLE = 100_000, 1_000_000
COMING = 500
"""Findings a second, in ten batches."""
TYPED = (
    "guest", "zone-03", "sev>=high", "sev=critical zone:zone-03", "port:443,22 !excepted", "host:10.1.", "risk>=70",
    "10.0.33.4", "reaches ssh", "!zone-01 kind:exposure", "control:pci sev>medium", "state:open from=zone-05",
)  # fmt: skip
"""Filters, typed a character at a time."""


class Took(msgspec.Struct, frozen=True):
    """Milliseconds."""

    clock: float
    processor: float


class Stalls:
    """A task that wants to run every five milliseconds, and how much later it did."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        clock, processor = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(0.005)
            now, used = time.perf_counter(), time.process_time()
            self.longest = max(self.longest, min(now - clock - 0.005, used - processor) * 1000)
            clock, processor = now, used


async def took(act: Callable[[], object], done: Callable[[], bool], app: App[None]) -> Took:
    """From an act until it is done and drawn."""
    clock, processor = time.perf_counter(), time.process_time()
    act()
    while not done():
        # Not at once again: the thread that filters needs the interpreter.
        await asyncio.sleep(0.003)
    painted = asyncio.Event()
    app.screen.call_after_refresh(painted.set)
    await painted.wait()
    return Took((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)


def press(app: App[None], key: str) -> None:
    app.post_message(events.Key(key, key if len(key) == 1 else None))


@contextlib.asynccontextmanager
async def beside(*tasks: Awaitable[None]) -> AsyncIterator[None]:
    running = [asyncio.ensure_future(task) for task in tasks]
    try:
        yield
    finally:
        for each in running:
            each.cancel()
        for each in running:
            with contextlib.suppress(asyncio.CancelledError):
                await each


async def coming(table: WideTable, also: list[object] | None, first: int) -> None:
    """New findings, at an even pace."""
    batch = COMING // 10
    start = time.perf_counter()
    for number in range(1_000_000):
        found = list(large_report.findings(batch, first + number * batch))
        if also is not None:
            also.extend(found)
        table.extend(rows.gaps(found)[1])
        await asyncio.sleep(max(0.0, start + (number + 1) / 10 - time.perf_counter()))


async def typing(app: App[None], table: WideTable, apply: Callable[[str], None]) -> list[Took]:
    """Each filter letter by letter, as long as it has sense; the next letter when the table has followed."""
    times = []
    for text in TYPED:
        for end in range(1, len(text) + 1):
            part = text[:end]
            try:
                parse(part, table.columns)
            except QueryError:
                continue
            times.append(await took(lambda part=part: apply(part), lambda: not table.busy, app))  # type: ignore[misc]
        apply("")
        await asyncio.sleep(0.02)
    return times


async def walking(app: App[None], table: WideTable, steps: int) -> list[Took]:
    times = []
    for number in range(steps):
        moved = partial(operator.ne, table.row)
        key = ("j", "j", "j", "pagedown", "k")[number % 5]
        times.append(await took(partial(press, app, key), lambda: moved(table.row), app))  # noqa: B023
        await asyncio.sleep(0.01)
    return times


async def reading(app: App[None], table: WideTable, steps: int) -> list[Took]:
    """Until the text beside the table is that of the row."""
    reader, times = app.screen.query_one(Reader), []
    for _ in range(steps):
        before = reader.plain
        times.append(await took(lambda: press(app, "j"), lambda: reader.plain != before, app))  # noqa: B023
        await asyncio.sleep(0.05)
    return times


async def whole(count: int) -> list[tuple[str, str, bool]]:
    """The application with so many findings."""
    report = large_report.report(count)
    held = memory()
    clock, processor = time.perf_counter(), time.process_time()
    app = FencewalkApp(report)
    async with app.run_test(size=SIZE) as pilot:
        first = Took((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)
        gaps = await took(lambda: press(app, "5"), lambda: isinstance(app.screen, GapsScreen) and ready(app), app)
        screen = app.screen
        assert isinstance(screen, GapsScreen)
        table = screen.query_one(WideTable)
        await asyncio.sleep(2)
        stalls = Stalls()
        findings: list[object] = screen.findings  # type: ignore[assignment]
        async with beside(coming(table, findings, count), stalls.beat()):
            filters = await typing(app, table, lambda text: screen.show_filter(text))
            steps = await walking(app, table, 150)
            texts = await reading(app, table, 50)
        arrived = len(table.rows) - len(rows.gap_findings(report))
        used = memory() - held
        await pilot.pause()
    return [
        line("overview first painted", [first], 1000),
        line("gaps first painted", [gaps], 1000),
        line(f"filter, {COMING} a second coming", filters, 100),
        line("cursor, likewise", steps, 50),
        line("the text that it is on, likewise", texts, None),
        ("longest stall", f"{stalls.longest:8.0f} ms", True),
        ("findings that came", f"{arrived:8}   ", arrived > 0),
        ("memory beside the report", f"{used:8.0f} MB", True),
    ]


def ready(app: App[None]) -> bool:
    found = app.screen.query(WideTable)
    return bool(found) and found.first().size.height > 0


class Stage(App[None]):
    """The table alone."""

    def __init__(self, count: int) -> None:
        super().__init__()
        for palette in PALETTES.values():
            self.register_theme(textual_theme(palette))
        self.theme = next(iter(PALETTES))
        columns, made = rows.gaps(list(large_report.findings(count)))
        self.made = len(made)
        self.table = WideTable(columns, made, empty="")

    def compose(self) -> ComposeResult:
        yield self.table


async def alone(count: int) -> list[tuple[str, str, bool]]:
    """The table with so many rows."""
    held = memory()
    app = Stage(count)
    gc.collect()
    gc.freeze()
    clock, processor = time.perf_counter(), time.process_time()
    async with app.run_test(size=SIZE):
        first = Took((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)
        table = app.table
        cold = await took(lambda: table.filter("10.0.33.4"), lambda: not table.busy, app)
        table.filter("")
        await asyncio.sleep(6)
        stalls = Stalls()
        async with beside(stalls.beat()):
            filters = await typing(app, table, table.filter)
        quiet, stalls.longest = stalls.longest, 0.0
        async with beside(coming(table, None, count), stalls.beat()):
            while_coming = await typing(app, table, table.filter)
            steps = await walking(app, table, 100)
        sorts = [await took(lambda at=at: table.sort(at), lambda: not table.busy, app) for at in (0, 1, 2, 7)]  # type: ignore[misc]
        used = memory() - held
    return [
        line("table first painted", [first], 1000),
        line("first filter, nothing prepared", [cold], None),
        line("filter", filters, 300),
        line(f"filter, {COMING} a second coming", while_coming, 300),
        line("cursor, likewise", steps, 50),
        line("sort by a column", sorts, None),
        ("longest stall", f"{max(quiet, stalls.longest):8.0f} ms, promised 100", max(quiet, stalls.longest) <= 100),
        ("memory, rows included", f"{used:8.0f} MB", True),
    ]


def line(what: str, times: Sequence[Took], promised: float | None) -> tuple[str, str, bool]:
    """The time that nineteen of twenty stay within, and whether it is within what was promised."""
    nineteen = max(0, -(-len(times) * 95 // 100) - 1)
    clocks, processors = sorted(each.clock for each in times), sorted(each.processor for each in times)
    clock, processor = clocks[nineteen], processors[nineteen]
    words = f"{clock:8.0f} ms"
    if len(times) > 1:
        words += f" (p95 of {len(times)}; longest {clocks[-1]:.0f})"
    words += f", {processor:.0f} ms of a processor"
    # Clock and processor both late: otherwise the machine had other things to do.
    kept = promised is None or min(clock, processor) <= promised
    return what, words + ("" if promised is None else f", promised {promised:.0f}"), kept


def memory() -> float:
    """Peak of the process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: Sequence[str]) -> int:
    if len(arguments) == 2 and arguments[0] in ("whole", "alone"):
        found = asyncio.run({"whole": whole, "alone": alone}[arguments[0]](int(arguments[1])))
        for what, words, kept in found:
            print(f"  {what:32} {words}{'' if kept else '  NOT KEPT'}", flush=True)
        return int(not all(kept for _, _, kept in found))
    sizes = [int(each) for each in arguments] or [WHOLE, TABLE]
    failed = 0
    for size in sizes:
        what = "whole" if size <= WHOLE else "alone"
        print(f"{size:,} findings, {'the application' if what == 'whole' else 'the table alone'}", flush=True)
        failed |= subprocess.run([sys.executable, __file__, what, str(size)], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
