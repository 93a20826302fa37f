"""Every screen as it stands, at two sizes and in every theme.

`snapshots/SCREEN-WxH.txt` is what is drawn and in which part of the palette; one file serves all themes, since they
must not differ in anything else. FENCEWALK_SNAPSHOTS=write writes them anew: read what changed before you keep it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from picturing import illegible, lines, picture, words
from scenes import SCENES, press, until
from still_desk import StillDesk, whole_report
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input
from textual.worker import WorkerCancelled

from tui.app import FencewalkApp
from tui.reader import Reader
from tui.theme import PALETTES

SIZES = ((80, 24), (140, 45))
FOLDER = Path(__file__).parent / "snapshots"
WRITE = os.environ.get("FENCEWALK_SNAPSHOTS") == "write"


class Shot(NamedTuple):
    picture: str
    illegible: tuple[tuple[str, str, str, float], ...]


Shots = dict[tuple[str, str], Shot]
"""Scene and theme -> what is drawn."""


async def rest(pilot: Pilot[None]) -> None:
    """Until nothing more is to be drawn."""
    await pilot.pause()
    for worker in [each for each in pilot.app.workers if each.group in _BRIEF]:
        with contextlib.suppress(WorkerCancelled):
            await worker.wait()
    await pilot.pause()
    await until(pilot, lambda: settled(pilot.app))


def settled(app: App[None]) -> bool:
    """Whether what is read is drawn for the room that it has: a bar to scroll by takes some of it, a frame later."""
    readers = [each for each in app.screen.query(Reader) if each.display]
    return all(each._drawn_for == each.scrollable_content_region.width for each in readers)


_BRIEF = ("zones", "compare", "listing", "warm", "look", "reassess", "mask", "write")
"""Workers that end by themselves; that of a window goes on until it is closed."""


async def walk(size: tuple[int, int]) -> Shots:
    """All of it in one application."""
    report, shots = whole_report(), {}
    app = FencewalkApp(report, StillDesk(report))
    async with app.run_test(size=size) as pilot:
        for scene in SCENES:
            for key in scene.into:
                await press(pilot, [key])
                await rest(pilot)
            for line in app.screen.query(Input):
                # One half of a second it is there, the other it is not.
                line.cursor_blink = False
            await until(pilot, lambda shown=scene.shown: shown in words(app))  # type: ignore[misc]
            for name in scene.themes:
                app.theme = name
                await pilot.pause()
                shots[scene.name, name] = Shot(picture(drawn := lines(app), PALETTES[name]), tuple(illegible(drawn)))
            await pilot.press(*scene.out)
            app.clear_notifications()
            await rest(pilot)
    return shots


@functools.cache
def shots(size: tuple[int, int]) -> Shots:
    return asyncio.run(walk(size))


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def sized(name: str, size: tuple[int, int]) -> str:
    return f"{name}-{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", [each.name for each in SCENES])
def test_a_screen_is_as_it_was(name: str, size: tuple[int, int]) -> None:
    path = FOLDER / f"{sized(name, size)}.txt"
    drawn = shots(size)[name, "fencewalk-dark"].picture
    if WRITE:
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8"), "see this file's first lines"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("theme", PALETTES)
def test_themes_differ_in_their_colours_only(theme: str, size: tuple[int, int]) -> None:
    found = shots(size)
    for scene in SCENES:
        if theme in scene.themes:
            assert found[scene.name, theme].picture == found[scene.name, "fencewalk-dark"].picture, scene.name


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("theme", PALETTES)
def test_every_word_can_be_read(theme: str, size: tuple[int, int]) -> None:
    found = shots(size)
    bad = {(name, *each) for (name, drawn_in), shot in found.items() if drawn_in == theme for each in shot.illegible}
    assert not bad


def test_no_snapshot_is_left_of_a_screen_that_is_gone() -> None:
    named = {f"{sized(scene.name, size)}.txt" for scene in SCENES for size in SIZES}
    assert {each.name for each in FOLDER.glob("*.txt")} == named
