"""A bug inside the screens, or in what they started: one sentence, the name of a file, and the terminal as it was."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import msgspec
import pytest
from sample import sample_report
from test_tui_terminal import Step, converse, said

BROKEN = """
import sys
from textual import work
from scanner.cli import main
from tui.app import FencewalkApp

def bug(app):
    secret = "a-password-of-the-client"
    raise RuntimeError("a \\x1b[7777m[/x] bug")

@work
async def bug_of_a_worker(app):
    bug(app)

FencewalkApp.action_keys, FencewalkApp.action_mask = bug, bug_of_a_worker
main(["tui", "--report", sys.argv[1]])
"""


@pytest.mark.parametrize("key", [b"?", b"z"], ids=["in a key", "in a worker"])
def test_a_bug_is_one_sentence_and_a_file(key: bytes, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_bytes(msgspec.json.encode(sample_report()))
    env = {name: each for name, each in os.environ.items() if name != "NO_COLOR"}
    env |= {"TERM": "xterm-256color", "TMPDIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    script = tmp_path / "broken.py"
    script.write_text(BROKEN, encoding="utf-8")
    output, code = converse([sys.executable, str(script), str(report)], [Step(key, ("please report it",))], env)
    assert code == 70, output[-2000:]
    text = said(output)
    assert "fencewalk: a bug, sorry: RuntimeError: a \\x1b[7777m[/x] bug" in text
    assert "Traceback" not in text
    assert "a-password" not in text
    assert b"7777m" not in output.replace(b"\\x1b[7777m", b"")
    [kept] = re.findall(r"Its details are in (\S+\.log);", text)
    assert "RuntimeError" in Path(kept).read_text(encoding="utf-8")
    assert b"\x1b[?1049l" in output, "the terminal is the user's again"
