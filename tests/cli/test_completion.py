"""What a shell gets when somebody presses the tab key."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class
from typed import Run, simulated

from scanner.cli import group


def completed(*words: str) -> list[str]:
    """The last word is the one that is being typed."""
    kind = get_completion_class("bash")
    assert kind is not None
    found = kind(group, {}, "fencewalk", "_FENCEWALK_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [each.value if each.type == "plain" else f"<{each.type}>" for each in found]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated("flat-office", tmp_path_factory.mktemp("flat")).parent


def test_commands_sites_zones_findings_and_formats(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "other.yaml").write_text("a: 1\n")
    zones = completed("scan", "site.yaml", "--from", "")
    assert "completion" in completed("comp")
    assert completed("assess", "") == ["site.yaml"]
    assert completed("assess", f"{folder}/s") == [f"{folder}/site.yaml"]
    assert completed("assess", "nothing") == ["<file>"]
    assert zones
    assert completed("scan", "site.yaml", "--from", zones[0][:2]) == [
        each for each in zones if each[:2] == zones[0][:2]
    ]
    assert completed("canary", "site.yaml", "--zone", "") == zones
    assert completed("import", "site.yaml", "x.xml", "--from", "") == zones
    findings = completed("verify", "site.yaml", "")
    assert findings
    assert completed("except", "site.yaml", findings[0][:-1])[0][:-1] == findings[0][:-1]
    assert {"json=", "html="} <= set(completed("assess", "site.yaml", "-o", ""))
    assert completed("assess", "site.yaml", "-o", "json=x") == ["<file>"]


@pytest.mark.parametrize("text", ["", "client: [", "client: a\nsite: b\nzones: 7\n", "\0"])
def test_what_cannot_be_read_completes_nothing(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.yaml").write_text(text)
    assert completed("scan", "site.yaml", "--from", "") == []
    assert completed("verify", "site.yaml", "") == []
    assert completed("scan", "--from", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_its_shell_takes(run: Run, shell: str) -> None:
    code, out, err = run("completion", shell)
    assert (code, err) == (0, "")
    assert "_FENCEWALK_COMPLETE" in out
    if shell == "bash" and shutil.which("bash"):
        subprocess.run(["bash", "-n"], input=out, text=True, check=True)


def test_the_program_itself_answers_the_shell(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scanner.cli"], capture_output=True, text=True, check=False, cwd=folder,
        env={"_FENCEWALK_COMPLETE": "bash_complete", "COMP_WORDS": "fencewalk scan site.yaml --fr", "COMP_CWORD": "3",
             "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.split() == ["plain,--from"]
    assert not done.stderr
