"""What takes a copied text: the terminal, a program of the desktop, a file."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import msgspec
import pytest
from sample import sample_report
from test_tui_terminal import CLIPBOARD, Step, converse, said

from tui.copying import OSC52_BYTES, Way, by_tool, copied, file_path, to_file, way


def tool(folder: Path, name: str, body: str) -> Path:
    """A program on the path."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-256color"}, Way(True)),
        ({"TERM": "tmux-256color", "TMUX": "x", "VTE_VERSION": "6800"}, Way(True)),
        ({"TERM": "xterm-256color", "VTE_VERSION": "6800"}, Way(False)),
        ({"TERM": "xterm-256color", "VTE_VERSION": "8300"}, Way(True)),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, Way(False)),
        ({"TERM": "linux"}, Way(False)),
        ({"TERM": "vt100"}, Way(False)),
        ({"TERM": "dumb"}, Way(False)),
        ({}, Way(False)),
        ({"TERM": "xterm", "WAYLAND_DISPLAY": "wayland-0"}, Way(True, ("wl-copy",))),
        ({"TERM": "linux", "DISPLAY": ":0"}, Way(False, ("xclip", "-selection", "clipboard"))),
        ({"TERM": "xterm", "DISPLAY": ":0", "SSH_CONNECTION": "a b c d"}, Way(True)),
        ({"TERM": "linux", "DISPLAY": ":0", "SSH_TTY": "/dev/pts/1"}, Way(False)),
    ],
)
def test_the_way_is_judged_by_the_environment(tmp_path: Path, environ: dict[str, str], expected: Way) -> None:
    for name in ("wl-copy", "xclip"):
        tool(tmp_path / "bin", name, "exit 0")
    assert way({**environ, "PATH": str(tmp_path / "bin")}) == expected


def test_a_program_of_the_desktop_gets_the_text(tmp_path: Path) -> None:
    tool(tmp_path / "bin", "wl-copy", f"/bin/cat > {tmp_path}/taken")
    environ = {
        "TERM": "linux",
        "WAYLAND_DISPLAY": "w",
        "PATH": str(tmp_path / "bin"),
        "FENCEWALK_CONFIG": str(tmp_path),
    }
    path = tmp_path / "bin" / "wl-copy"
    assert by_tool((str(path),), "nft add rule ✕\n")
    assert (tmp_path / "taken").read_text() == "nft add rule ✕\n"
    assert way(environ).tool == ("wl-copy",)


@pytest.mark.parametrize("body", ["exit 1", "sleep 30"])
def test_a_program_that_fails_or_hangs_is_no_way(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.copying._SECONDS", 0.3)
    assert not by_tool((str(tool(tmp_path, "xclip", f"PATH=/bin:/usr/bin; {body}")),), "x")
    assert not by_tool((str(tmp_path / "missing"),), "x")


def test_where_nothing_takes_it_there_is_a_file_for_the_user_alone(tmp_path: Path) -> None:
    environ = {"TERM": "linux", "PATH": "", "FENCEWALK_CONFIG": str(tmp_path / "own")}
    asked, said = copied("secret\n", environ)
    path = tmp_path / "own" / "copied.txt"
    assert not asked
    assert str(path) in said
    assert path.read_text() == "secret\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert file_path(environ) == path


def test_the_terminal_is_asked_for_what_terminals_take(tmp_path: Path) -> None:
    environ = {"TERM": "xterm", "PATH": "", "FENCEWALK_CONFIG": str(tmp_path)}
    assert copied("x" * OSC52_BYTES, environ) == (True, "copied.")
    assert list(tmp_path.iterdir()) == []
    asked, said = copied("ä" * (OSC52_BYTES // 2 + 1), environ)
    assert not asked
    assert "copied.txt" in said
    assert not copied("x", environ, web=True)[0], "a browser takes nothing"


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in to_file(tmp_path / "file" / "copied.txt", "x")


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """An environment with a folder of the user's own and nothing of the machine's desktop."""
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(sample_report()))
    unwanted = ("NO_COLOR", "DISPLAY", "WAYLAND_DISPLAY", "TMUX", "VTE_VERSION", "TERM_PROGRAM")
    env = {key: each for key, each in os.environ.items() if key not in unwanted}
    return {**env, "TERM": "linux", "FENCEWALK_CONFIG": str(tmp_path / "own")}


def test_on_a_terminal_without_a_clipboard_a_copy_is_in_a_file(tmp_path: Path, own: dict[str, str]) -> None:
    command = [sys.executable, "-m", "scanner.cli", "tui", "--report", str(tmp_path / "report.json")]
    output, code = converse(command, [Step(b"5", ("findings",)), Step(b"y", ("copied.txt",)), Step(b"q")], own)
    assert code == 0
    assert CLIPBOARD.findall(output) == []
    copied = (tmp_path / "own" / "copied.txt").read_text()
    assert copied in [each.replay for each in sample_report().findings]


def test_keys_that_cannot_be_read_are_one_sentence_and_exit_2(tmp_path: Path, own: dict[str, str]) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "keys.yaml").write_text("fliter: x\n")
    command = [sys.executable, "-m", "scanner.cli", "tui", "--report", str(tmp_path / "report.json")]
    output, code = converse(command, [], own)
    assert code == 2
    assert "keys.yaml: fliter: there is no action of this name; did you mean filter?" in " ".join(said(output).split())
    assert b"Traceback" not in output
