"""`fencewalk init` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import Run, sentence

from scanner.session import load_site

ZONES = ("--zone", "front-desk=127.77.0.0/29", "--zone", "servers=127.78.0.0/29")


def test_it_writes_a_site_file_that_every_other_command_reads(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    code, out, err = run("init", path, "--client", "Harbor: Dental", "--site", "main", *ZONES)
    assert (code, out) == (0, ""), err
    site = load_site(path)
    assert (site.client, site.site) == ("Harbor: Dental", "main")
    assert [each.name for each in site.zones][:2] == ["front-desk", "servers"]
    assert site.zones[1].trust == "critical"
    assert "scan" in err
    code, _, err = run("scan", path, "--from", "front-desk")
    assert code == 2
    assert "uthoris" in err or "uthoriz" in err or "no interface" in err


def test_it_overwrites_nothing_unless_it_is_forced(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("mine")
    code, _, err = run("init", path, *ZONES)
    assert code == 2
    assert "is there already; --force" in sentence(err)
    assert path.read_text() == "mine"
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "nowhere.yaml")
    assert run("init", link, *ZONES)[0] == 2
    assert run("init", path, "--force", *ZONES)[0] == 0
    assert load_site(path).client == "Name of the client"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.yaml", "site.yaml"]


def test_it_prints_where_it_is_asked_to(run: Run) -> None:
    code, out, err = run("init", "-", *ZONES)
    assert (code, err) == (0, "")
    assert "- {name: front-desk, subnets: [127.77.0.0/29], trust: user}" in out


WRONG = [
    (("nowhere/site.yaml",), "there is no folder nowhere"),
    ((".",), "is a folder"),
    (("-", "--zone", "x"), "write NAME=SUBNET"),
    (("-", "--zone", "x=10.0.0.5/24"), "10.0.0.0/24"),
    (("-", "--zone", "a=10.0.0.0/24", "--zone", "b=10.0.0.0/25"), "overlaps"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(each[0]) for each in WRONG])
def test_what_cannot_be_written_is_one_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("init", *words)
    assert (code, out) == (2, "")
    assert said in sentence(err)
    assert not list(tmp_path.iterdir())
