from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path, PurePath

import pytest
from sample import sample_report
from textual.pilot import Pilot
from textual.widgets import Input
from triage_site import TODAY, app_in, notes, settled, shown

from scanner.exporters import exporters
from tui import exporting
from tui.app import FencewalkApp
from tui.exporting import Format, proposed
from tui.modals.fields import Field
from tui.modals.where import Where, WhereModal
from tui.screens.export import ExportScreen

KNOWN = {"json": ("JSON", ".json"), "csv": ("Findings", ".csv"), "patches-csv": ("Versions", ".csv")}


def test_files_are_named_after_site_and_day_and_apart() -> None:
    assert proposed(KNOWN, "main-office", "2026-11-20", masked=False) == {
        "json": "main-office-2026-11-20.json",
        "csv": "main-office-2026-11-20.csv",
        "patches-csv": "main-office-2026-11-20-patches-csv.csv",
    }
    real = {name: (each.title, each.suffix) for name, each in exporters().items()}
    names = proposed(real, "site", "2026-11-20", masked=False)
    assert len(set(names.values())) == len(real)


def test_a_masked_report_never_takes_the_place_of_the_real_one_nor_bears_the_sites_name() -> None:
    names = {masked: proposed(KNOWN, "harbor", "2026-11-20", masked=masked) for masked in (False, True)}
    assert not set(names[True].values()) & set(names[False].values())
    assert all("masked" in each and "harbor" not in each for each in names[True].values())


@pytest.mark.parametrize("stem", ["../../etc", "a b;rm", "\x1b[2J", "", "…", "a\u202eb"])
def test_a_strange_name_of_a_site_makes_a_plain_one(stem: str) -> None:
    for name in proposed(KNOWN, stem, "2026-11-20", masked=False).values():
        assert "/" not in name
        assert name.isprintable()
        assert not name.startswith((".", "-")) or stem.startswith(".")


def test_the_command_line_says_the_same_and_survives_a_shell() -> None:
    rows = [Format("html", "Report", "a b.html"), Format("json", "JSON", "r.json")]
    text = exporting.command(PurePath("/s p/site.yaml"), PurePath("/s p/x.sqlite"), None, rows, PurePath("/out it's"))
    assert shlex.split(text) == [
        "fencewalk", "assess", "/s p/site.yaml", "--store", "/s p/x.sqlite", "-o", "html=/out it's/a b.html", "-o",
        "json=/out it's/r.json",
    ]  # fmt: skip


async def opened(app: FencewalkApp, pilot: Pilot[None]) -> ExportScreen:
    await pilot.press("0")
    await pilot.pause()
    assert isinstance(app.screen, ExportScreen)
    return app.screen


async def test_a_saved_report_says_what_it_takes(tmp_path: Path) -> None:
    app = FencewalkApp(sample_report())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot)
        assert "This is a saved report: writing reports takes the site file" in " ".join(shown(app).split())
        await pilot.press("o", "n")
        await settled(pilot)
        assert len([each for each in notes(app) if "This is a saved report" in each]) == 2


async def test_what_is_marked_is_written_and_it_says_where(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(app, pilot)
        assert {each.name for each in screen.formats} == set(exporters())
        assert f"into {tmp_path}, client data as it is" in shown(app)
        before = set(tmp_path.iterdir())
        await pilot.press(
            "slash", *"format=json", "enter", "space", "escape", "slash", *"format=html", "enter", "space", "escape"
        )
        await pilot.pause()
        assert screen.replay() is not None
        await pilot.press("o")
        await settled(pilot)
        wrote = set(tmp_path.iterdir()) - before
        assert {each.name for each in wrote} == {f"site-{TODAY}.json", f"site-{TODAY}.html"}
        report = json.loads((tmp_path / f"site-{TODAY}.json").read_bytes())
        assert len(report["findings"]) == len(app.report.findings)
        assert notes(app) == [f"2 reports written to {tmp_path}."]
        states = {each.name: each.state for each in screen.formats if each.state}
        assert set(states) == {"json", "html"}
        assert all(each.startswith("written: ") and "kB" in each for each in states.values())
        await pilot.press("u", "slash", *"format=json", "enter", "o")
        await settled(pilot)
        assert f"site-{TODAY}.json: JSON" in notes(app)[-1]


async def test_the_command_that_is_copied_writes_the_same_file(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("slash", *"format=json", "enter", "o")
        await settled(pilot)
        path = tmp_path / f"site-{TODAY}.json"
        written = path.read_bytes()
        words = shlex.split(screen.replay() or "")
        path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "scanner.cli", *words[1:]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert path.read_bytes() == written


async def test_what_cannot_be_written_keeps_nothing_else_from_being_written(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    (tmp_path / f"site-{TODAY}.json").mkdir()
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press(
            "slash",
            *"format=json",
            "enter",
            "space",
            "escape",
            "slash",
            *"format=html",
            "enter",
            "space",
            "escape",
            "o",
        )
        await settled(pilot)
        assert (tmp_path / f"site-{TODAY}.html").is_file()
        (bad,) = [each for each in screen.formats if each.failed]
        assert bad.name == "json"
        assert bad.state.startswith("not written: is a folder")
        assert any("is a folder" in each for each in notes(app))
        assert notes(app)[-1] == f"1 report written to {tmp_path}."


async def test_another_folder_is_for_every_format_and_a_name_for_one(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    (out := tmp_path / "out").mkdir()
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("slash", *"format=html", "enter", "n")
        await pilot.pause()
        assert isinstance(app.screen, WhereModal)
        app.screen.query_one("#folder Input", Input).value = str(out)
        app.screen.query_one("#file Input", Input).value = "for-the-owner.html"
        await pilot.press("enter")
        await settled(pilot)
        assert screen.folder == out
        files = {each.name: each.file for each in screen.formats}
        assert files["html"] == "for-the-owner.html"
        assert files["json"] == f"site-{TODAY}.json"
        await pilot.press("o")
        await settled(pilot)
        assert [each.name for each in out.iterdir()] == ["for-the-owner.html"]
        await screen.run_action("write")
        await settled(pilot)
        assert "html" in {each.name for each in screen.formats if each.state}


@pytest.mark.parametrize(
    ("folder", "file", "words"),
    [
        ("/nowhere/at/all", "a.html", "there is no such folder"),
        (".", "", "name the file"),
        (".", "..", "name the file"),
        (".", "../a.html", "only its name"),
    ],
)
async def test_a_place_that_is_none_is_not_taken(folder: str, file: str, words: str) -> None:
    app = FencewalkApp(sample_report())
    left: list[Where | None] = []
    async with app.run_test(size=(100, 30)) as pilot:
        await app.push_screen(WhereModal("x", Where(Path(folder), file)), left.append)
        await pilot.pause()
        assert words in " ".join(each.hint for each in app.screen.query(Field))
        await pilot.press("enter")
        await pilot.pause()
        assert left == []
        await pilot.press("escape")
        await pilot.pause()
        assert left == [None]


async def test_what_is_there_would_be_replaced_and_says_so(tmp_path: Path) -> None:
    app = app_in(tmp_path)
    (tmp_path / f"site-{TODAY}.html").write_text("old")
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(app, pilot)
        assert "is there already" in shown(app)
        assert "would be replaced" not in shown(app)
        await pilot.press(*["down"] * list(exporters()).index("html"))
        assert "is there, and would be replaced" in shown(app)
