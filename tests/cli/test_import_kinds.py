"""What `fencewalk import` takes a file for that it cannot take over, and files that are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typed import Run, sentence

ROOT = Path(__file__).resolve().parents[2]
SITE = """\
# a client of ours
---
client: Example
site: main
zones: [{name: a, subnets: [10.0.0.0/24]}]
"""
PROSE = "# Our tool\n\nIt reads a site file:\n\n```yaml\nclient: Example\nsite: main\nzones: []\n```\n"


@pytest.mark.parametrize("name", ["site2.yaml", "site2.txt"])
def test_a_site_file_is_told_by_what_is_in_it(name: str, tmp_path: Path, site: Path, run: Run) -> None:
    (tmp_path / name).write_text(SITE)
    code, _, err = run("import", site, tmp_path / name)
    assert (code, "is a site file (YAML)" in sentence(err)) == (2, True)


@pytest.mark.parametrize("text", [PROSE, (ROOT / "README.md").read_text(encoding="utf-8")], ids=["short", "ours"])
def test_prose_with_a_site_file_in_it_is_none(text: str, tmp_path: Path, site: Path, run: Run) -> None:
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    code, _, err = run("import", site, tmp_path / "README.md")
    assert (code, "site file" in sentence(err)) == (2, False)
    assert "is neither another tool's scan, an inventory, a matrix of zones (CSV) nor a store" in err


def test_pipes_and_devices_are_refused_wherever_a_file_is_named(tmp_path: Path, site: Path, run: Run) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        for arguments in ((site, path), (site, tmp_path / "t.csv", "--map", path), (path, tmp_path / "t.csv")):
            code, out, err = run("import", *arguments)
            assert (code, out, "is no ordinary file" in sentence(err)) == (2, "", True)
