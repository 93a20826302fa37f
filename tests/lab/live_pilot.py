"""A scan started, paused and gone on with from the screens, and a finding verified, where this process stands: prints
what came of it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from textual.pilot import Pilot

from tui.app import FencewalkApp
from tui.modals.fields import SafeInput
from tui.modals.pause import PauseModal
from tui.modals.verifying import VerifyingModal
from tui.screens.scan import ScanScreen
from tui.site_desk import SiteDesk
from tui.table import WideTable


async def until(pilot: Pilot[None], what: Callable[[], object], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise TimeoutError
        await pilot.pause(0.2)


async def play(site: Path, zone: str, ports: str) -> dict[str, object]:
    desk = SiteDesk(site)
    app = FencewalkApp(desk.reassess(), desk)
    told: dict[str, object] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("7")
        screen = app.screen
        assert isinstance(screen, ScanScreen)
        await until(pilot, lambda: screen.standings)
        told["zones"] = [(each.zone, each.ready) for each in screen.standings]
        while screen.standings[screen._table.row or 0].zone != zone:
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not screen)
        app.screen.query_one(SafeInput).value = ports
        await pilot.press("ctrl+s")
        await until(pilot, lambda: screen.live is not None and len(screen._found) > 3)
        told["watching"] = screen.watching
        # Elsewhere it goes on.
        await pilot.press("2")
        before = len(screen._found)
        await until(pilot, lambda: len(screen._found) > before or screen.ended)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: isinstance(app.screen, PauseModal))
        await until(pilot, lambda: screen.ended is not None)
        told["first"] = msgspec.to_builtins(screen.ended)
        told["rows at the pause"] = len(screen._found)
        await pilot.press("g")
        await until(pilot, lambda: screen.run is not None)
        await until(pilot, lambda: screen.run is None, 150)
        told["second"] = msgspec.to_builtins(screen.ended)
        told["rows"] = len(screen._found)
        told["table"] = len(screen.query_one("#found", WideTable).rows)
        told["log"] = list(screen._log)
        await until(pilot, lambda: any(each.complete for each in app.report.vantages))
        told["gaps"] = [each.id for each in app.report.findings if each.kind == "segmentation-gap"]
        await pilot.press("5", "r")
        await until(pilot, lambda: isinstance(app.screen, VerifyingModal) and app.screen.over)
        verifying = app.screen
        assert isinstance(verifying, VerifyingModal)
        told["verified"] = msgspec.to_builtins(verifying._outcome)
    return told


if __name__ == "__main__":
    print(msgspec.json.encode(asyncio.run(play(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))).decode())
