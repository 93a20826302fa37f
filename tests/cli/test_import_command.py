"""`fencewalk import` as it is typed, and the notes on a policy that assess and scan tell."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from typed import Run, sentence, simulated

from scanner.importers.document import read_document
from scanner.model.site import Site

SITE = """\
client: Test
site: here
authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
zones:
  - {name: loop, subnets: [127.0.0.0/29]}
  - {name: far, subnets: [127.77.0.0/29], trust: critical}   # the safe
  - {name: guest, subnets: [127.78.0.0/29], trust: untrusted}
"""
TABLE = "from\\to,loop,far,guest\nLoop,,443,no\nguest,,,-\n"
RULE = "{from: loop, to: far, services: [tcp/443], reason: zones.csv line 2}"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "zones.csv"
    path.write_text(TABLE)
    return path


def test_a_matrix_is_printed_to_be_pasted(run: Run, site: Path, table: Path) -> None:
    code, out, err = run("import", site, table)
    assert (code, out) == (0, f"allow:\n  - {RULE}\n")
    assert "1 rule to `allow` to add" in err
    assert "the matrix has no row for far" in err
    assert site.read_text() == SITE
    assert read_document(SITE + out, Site, "s").allow[0].services == ("tcp/443",)


def test_a_matrix_is_written_once_and_the_file_stays_what_it_was(run: Run, site: Path, table: Path) -> None:
    site.chmod(0o640)
    code, out, _ = run("import", site, table, "--write")
    assert (code, out) == (0, "")
    assert site.read_text() == f"{SITE}\nallow:\n  - {RULE}\n"
    assert stat.S_IMODE(site.stat().st_mode) == 0o640
    once = site.read_text()
    code, out, err = run("import", site, table, "--write")
    assert (code, out) == (0, "")
    assert "nothing to add" in err
    assert site.read_text() == once
    assert sorted(each.name for each in site.parent.iterdir()) == ["site.yaml", "zones.csv"]


def test_contradictions_are_named_and_nothing_is_written(run: Run, site: Path, table: Path) -> None:
    site.write_text(SITE + "allow: [{from: '*', to: guest, services: [tcp/80]}]\n")
    before = site.read_text()
    code, out, err = run("import", site, table, "--write")
    assert code == 2
    assert not out
    assert "zones.csv line 2, loop → guest: forbids what allow[0] (* → guest tcp/80) allows" in err
    assert "1 contradiction" in err.splitlines()[-1]
    assert site.read_text() == before
    assert run("import", site, table)[0] == 0


NO_IMPORT = [
    ("nothing there", None, "no such file"),
    ("an empty file", b"", "the file is empty"),
    ("a text", b"good morning\n", "neither another tool's scan, an inventory, a matrix of zones (CSV) nor a store"),
    ("a site file", SITE.encode(), "is a site file (YAML)"),
    ("Nmap's XML", b'<?xml version="1.0"?>\n<nmaprun args="x"></nmaprun>', "`nmap -sV -oX FILE` names"),
    ("a matrix of other zones", b"x,lobby\nguest,yes\n", "zones.csv:1: column 2: 'lobby' is no zone of the site file"),
    ("an escape", b"x,far\n\x1b]0;x\x07,yes\n", r"'\x1b]0;x\x07' is no zone"),
    ("half a database", b"SQLite format 3\0" + b"x" * 90, "zones.csv: "),
]


@pytest.mark.parametrize(("raw", "said"), [each[1:] for each in NO_IMPORT], ids=[each[0] for each in NO_IMPORT])
def test_what_cannot_be_imported_is_one_sentence(
    run: Run, site: Path, tmp_path: Path, raw: bytes | None, said: str
) -> None:
    path = tmp_path / "zones.csv"
    if raw is not None:
        path.write_bytes(raw)
    code, out, err = run("import", site, path)
    assert code == 2
    assert not out
    assert said in sentence(err)
    assert site.read_text() == SITE


def test_a_site_file_is_not_taken_over_into_itself(run: Run, site: Path) -> None:
    code, _, err = run("import", site, site)
    assert code == 2
    assert "is the site file itself" in sentence(err)


def test_write_is_for_a_matrix_and_files_are_wanted(run: Run, site: Path, tmp_path: Path) -> None:
    store = tmp_path / "other.sqlite"
    store.write_bytes(b"SQLite format 3\0")
    code, _, err = run("import", site, store, "--write")
    assert code == 2
    assert "--write is for the rules of a matrix" in sentence(err)
    assert run("import", site)[0] == 2
    assert "import" in run("--help")[1]


def test_two_laptops_scans_are_one_report(run: Run, tmp_path: Path) -> None:
    """One laptop has scanned, and the other one's report is the same."""
    here, there = tmp_path / "here", tmp_path / "there"
    site = simulated("law-firm", here)
    store = site.with_suffix(".fencewalk.sqlite")
    there.mkdir()
    other = there / "laptop two.sqlite"
    assert run("assess", site, "-o", f"json={tmp_path / 'one.json'}", "--today", "2026-11-20")[0] == 0
    whole = (tmp_path / "one.json").read_text()
    os.rename(store, other)
    code, out, err = run("import", site, other)
    assert (code, out) == (0, "")
    sessions = len(json.loads(whole)["vantages"])
    assert f"{sessions} sessions with" in err
    assert sum("observation" in each for each in err.splitlines()) == sessions + 1
    assert run("assess", site, "-o", "json=-", "--today", "2026-11-20")[1] == whole
    code, _, err = run("import", site, other)
    assert code == 0
    assert err.count("is here already") == sessions
    site.write_text(site.read_text().replace("client: ", "client: Not "))
    code, _, err = run("import", site, other)
    assert code == 2
    assert "holds no scan of Not" in sentence(err)


def test_what_is_odd_about_a_policy_is_told_by_assess_and_scan_and_in_the_report(run: Run, tmp_path: Path) -> None:
    site = simulated("flat-office", tmp_path)
    with site.open("a") as file:
        file.write("\ndeny:\n- {from: '*', to: 10.99.99.99, services: [tcp/1]}\n")
    said = "deny[0] (* → 10.99.99.99 tcp/1) names 10.99.99.99, which is in no zone: it decides nothing there"
    code, _, err = run("assess", site, "-o", f"json={tmp_path / 'it.json'}")
    assert code == 0
    assert f"fencewalk: {site}: {said}" in err.splitlines()
    assert {"rule": "deny[0]", "kind": "outside", "text": said} in json.loads((tmp_path / "it.json").read_text())[
        "policy_notes"
    ]
    zone = read_document(site.read_text(), Site, "s").zones[0].name
    assert f"fencewalk: {site}: {said}" in run("scan", site, "--from", zone, "--dry-run")[2].splitlines()


def test_the_published_schema_speaks_of_groups_and_denials(run: Run) -> None:
    code, out, _ = run("schema", "site")
    found = json.loads(out)["$defs"]
    assert code == 0
    assert found["Site"]["properties"]["deny"]["items"]["$ref"].endswith("/Rule")
    assert set(found["Groups"]["properties"]) == {"zones", "services"}
