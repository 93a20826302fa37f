"""`fencewalk baselines`: what it prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli import group

GOOD = """\
product: nginx
vendor: nginx
title: nginx
scheme: dotted
repackaged: true
branches:
  - name: "1.30"
    minimum: "1.30.2"
    eol: 2027-04-30
    source: {url: https://endoflife.date/nginx, retrieved: 2026-08-22}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(group, ["baselines", *map(str, arguments)])


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("", "", 0, ""),
        ("scheme: dotted", "scheme: roman", 1, "unusable: nginx: roman is no version scheme"),
        ("https://endoflife.date/nginx", "http://x", 1, "unsourced: nginx branch 1.30: its source http://x is no"),
        ('"1.30.2"', '"1.29.2"', 1, "contradictory: nginx branch 1.30: its minimum 1.29.2 belongs to none listed"),
        ("product: nginx", "product: abacus", 0, "odd: abacus: no fingerprint gives this name; only an inventory can"),
        ("2026-08-22", "2026-01-01", 0, "stale: nginx: 1 of 1 branches that are supported"),
        ("2026-08-22", "2026-09-16", 1, "unsourced: nginx branch 1.30: its source was read on 2026-09-16, which is"),
    ],
)
def test_lint_of_a_file(tmp_path: Path, old: str, new: str, code: int, said: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(old, new) if old else GOOD)
    result = run("lint", file, "--today", "2026-09-15")
    assert result.exit_code == code, result.output
    assert result.stdout.startswith(said)
    assert bool(result.stdout) == bool(said)


def test_lint_of_what_comes_with_the_package() -> None:
    result = run("lint", "--today", "2026-11-22")
    assert result.exit_code == 0, result.stdout
    assert "nothing wrong" in result.stderr
    assert {line.split(":")[0] for line in result.stdout.splitlines()} <= {"stale", "odd"}


def test_lint_against_endoflife(tmp_path: Path) -> None:
    file, feed = tmp_path / "mine.yaml", tmp_path / "full.json"
    file.write_text(GOOD)
    product = {"name": "nginx", "label": "nginx", "releases": [{"name": "1.30", "isEol": False, "eolFrom": None}]}
    feed.write_text(
        json.dumps({"schema_version": "1.2.1", "generated_at": "2026-08-22T00:00:00Z", "result": [product]})
    )
    result = run("lint", file, "--endoflife", feed, "--today", "2026-09-15")
    assert result.exit_code == 1
    assert "its support ends 2027-04-30, and endoflife.date says that it is supported" in result.stdout
    product["releases"] = [{"name": "1.30", "isEol": False, "eolFrom": "2027-04-30"}]
    feed.write_text(
        json.dumps({"schema_version": "1.2.1", "generated_at": "2026-08-22T00:00:00Z", "result": [product]})
    )
    assert run("lint", file, "--endoflife", feed, "--today", "2026-09-15").exit_code == 0


def test_what_a_file_hides_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("scheme: dotted", 'scheme: "\\e[31mred"'))
    assert "\\x1b[31mred" in run("lint", file, "--today", "2026-09-15").stdout


def test_list_names_every_product() -> None:
    from scanner.baselines import bundled

    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted(each.product for each in bundled())
