"""A bug inside the screens, or in what they started: one sentence, the name of a file, and the terminal as it was."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from test_tui_terminal import Step, converse, said

BROKEN = """
import sys
import click
from sample import sample_report
from still_desk import StillDesk
from scanner.cli import group, main
from tui.app import FencewalkApp, run_app

class Broken(StillDesk):
    def zones(self):
        secret = "a-password-of-the-client"
        raise RuntimeError("zones \\x1b[7777m[/x] broken")

class BrokenApp(FencewalkApp):
    def action_keys(self):
        secret = "a-password-of-the-client"
        raise RuntimeError("zones \\x1b[7777m[/x] broken")

import tui.app
tui.app.FencewalkApp = BrokenApp
report = sample_report()
group.add_command(click.command("broken")(lambda: run_app(report, Broken(report))))
main(["broken"])
"""


@pytest.mark.parametrize("key", [b"7", b"?"], ids=["in a worker", "in a key"])
def test_a_bug_is_one_sentence_and_a_file(key: bytes, tmp_path: Path) -> None:
    here = Path(__file__).parent
    folders = (here, here.parent / "exporters", here.parent, here.parents[1])
    env = {name: each for name, each in os.environ.items() if name != "NO_COLOR"}
    env |= {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(map(str, folders)), "TMPDIR": str(tmp_path)}
    env |= {"XDG_CONFIG_HOME": str(tmp_path)}
    output, code = converse([sys.executable, "-c", BROKEN], [Step(key, ("please report it",))], env)
    assert code == 70, output[-2000:]
    text = said(output)
    assert "fencewalk: a bug, sorry: RuntimeError: zones \\x1b[7777m[/x] broken" in text
    assert "Traceback" not in text
    assert "a-password" not in text
    assert b"7777m" not in output.replace(b"\\x1b[7777m", b"")
    [kept] = re.findall(r"Its details are in (\S+\.log);", text)
    assert "RuntimeError" in Path(kept).read_text(encoding="utf-8")
    assert b"\x1b[?1049l" in output, "the terminal is the user's again"
