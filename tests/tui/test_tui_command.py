from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from sample import sample_report

from scanner.errors import BadInput
from tui.command import COMMAND, load_report


def test_a_saved_report_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(sample_report()))
    loaded = load_report(path)
    assert loaded.summary == sample_report().summary
    assert [each.id for each in loaded.findings] == [each.id for each in sample_report().findings]
    assert len(loaded.hosts) == len(sample_report().hosts)


def test_a_saved_report_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(sample_report(), client="Evil\x1b[2J\u202eInc")))
    assert load_report(path).client == "Evil\\x1b[2J\\u202eInc"
    assert all(name.isprintable() for host in load_report(path).hosts for name in host.names)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"", "no fencewalk report"),
        (b"{}", "no fencewalk report"),
        (b"<xml/>", "no fencewalk report"),
        (b"\xff\xfe", "no fencewalk report"),
        (b'{"schema": "one"}', "no fencewalk report"),
    ],
)
def test_what_is_no_report_is_one_sentence(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=says) as caught:
        load_report(path)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 2


def test_without_a_terminal_it_names_the_command_that_needs_none() -> None:
    result = CliRunner().invoke(COMMAND, ["site.yaml"])
    assert isinstance(result.exception, BadInput)
    assert "fencewalk assess" in str(result.exception)


def test_the_command_line_starts_without_textual() -> None:
    code = "import sys, tui.command; sys.exit(any(name.split('.')[0] in ('textual', 'rich') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
