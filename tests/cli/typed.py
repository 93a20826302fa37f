"""Commands as a user types them: a site that is safe to type them for, and what comes back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scanner.cli import main
from scanner.cli.schema import schema_of

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

# Loopback addresses only: a test that goes wrong must not become a scan of whatever network this machine stands in.
SITE = """\
client: Test
site: here
authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
zones:
  - {name: loop, subnets: [127.0.0.0/29]}
  - {name: far, subnets: [127.77.0.0/29]}
"""
Run = Callable[..., tuple[int, str, str]]
"""Of a command's words: its exit code, stdout and stderr."""


def simulated(topology: str, folder: Path) -> Path:
    """The site file of a sample client in that folder, with a simulated scan from every zone in the store beside it."""
    with pytest.raises(SystemExit) as ended:
        main(["demo", topology, "--simulate", "--no-tui", "--out", str(folder)])
    assert ended.value.code == 0
    return folder / "site.yaml"


@cache
def judge_of(what: str) -> Draft202012Validator:
    """By the schema that `fencewalk schema` prints."""
    # A second of processor time, of which a worker has no need that has none of these tests.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema_of(what))


def visited(topology: str, folder: Path) -> Path:
    """The same as `simulated`, copied from where it was done for another test."""
    shutil.copytree(_simulated_once(topology), folder, dirs_exist_ok=True)
    return folder / "site.yaml"


@cache
def _simulated_once(topology: str) -> Path:
    folder = tempfile.TemporaryDirectory()
    _KEPT.append(folder)
    return simulated(topology, Path(folder.name)).parent


_KEPT: list[tempfile.TemporaryDirectory[str]] = []
"""They go when the process ends."""


def sentence(err: str) -> str:
    """The one line that a user gets: no traceback, no second line."""
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("fencewalk: ")
    return lines[0]
