"""`fencewalk import` of software inventories, as it is typed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typed import Run, sentence

SITE = """\
client: Harbor Dental
site: here
authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
zones:
  - {name: loop, subnets: [10.76.0.0/29]}
  - {name: far, subnets: [10.77.0.0/29], trust: critical}
"""
CSV = (
    "Device Name,IP Address,Operating System,Software Name,Version\n"
    "DC01,10.77.0.2,Microsoft Windows Server 2019,7-Zip 23.01 (x64),23.01\n"
    "PC9,192.168.77.4,Windows 10,Google Chrome,120.0\n"
)
DPKG = "base-files\t12.4+deb12u7\nopenssh-server\t1:9.2p1-2+deb12u3\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "soft.csv"
    path.write_text(CSV)
    os.utime(path, (1_780_000_000, 1_780_000_000))
    return path


def test_an_inventory_comes_in_once_and_says_what_became_of_it(run: Run, site: Path, table: Path) -> None:
    code, out, err = run("import", site, table)
    assert (code, out) == (0, "")
    assert "DC01, 1 piece of software: is host far/10.77.0.2, which no scan saw yet" in err
    assert "PC9, 1 piece of software: of no host that is known yet: its addresses are in no zone" in err
    assert "taken on 2026-05-28, by the file's modification time; --taken DAY says otherwise" in err
    assert "soft.csv: 2 pieces of software of 2 machines taken over" in err
    os.utime(table, (1_790_000_000, 1_790_000_000))
    code, _, err = run("import", site, table)
    assert code == 0
    assert "is here already; nothing was changed" in err
    code, _, err = run("import", site, table, "--taken", "2026-06-02")
    assert "taken on 2026-06-02" in err

    code, out, err = run("assess", site, "-o", "json=-", "--today", "2026-06-03")
    assert code == 0
    assert "the inventory of PC9 is of no host" in err
    report = json.loads(out)
    assert [each["state"] for each in report["inventories"]].count("superseded") == 1
    (host,) = report["hosts"]
    assert (host["id"], host["names"]) == ("far/10.77.0.2", ["DC01"])
    assert {(each["product"], each["version"]) for each in host["software"]} == {
        ("Microsoft Windows Server 2019", ""),
        ("7-Zip", "23.01"),
    }


def test_a_file_that_names_no_machine_needs_a_host(run: Run, site: Path, tmp_path: Path) -> None:
    path = tmp_path / "packages.txt"
    path.write_text(DPKG)
    code, _, err = run("import", site, path)
    assert code == 2
    assert "does not say whose software it is; name the machine with --host" in sentence(err)
    code, _, err = run("import", site, path, "--host", "10.77.0.2", "--host", "web1")
    assert code == 0
    assert "web1, 2 pieces of software: is host far/10.77.0.2" in err
    assert "lists packages that were removed" in err
    code, _, err = run("import", site, path, "--host", "10.77.0.3")
    assert "is host far/10.77.0.3" in err
    code, out, _ = run("assess", site, "-o", "json=-")
    assert [(each["id"], len(each["software"])) for each in json.loads(out)["hosts"]] == [
        ("far/10.77.0.2", 3),
        ("far/10.77.0.3", 3),
    ]


def test_another_laptops_inventories_come_with_its_store(run: Run, site: Path, table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    assert run("import", site, table, "--store", other)[0] == 0
    code, _, err = run("import", site, other)
    assert code == 0
    assert "inventory" in err
    assert "(rmm-csv): 2 observations" in err
    assert "has no zone" not in err
    assert "(rmm-csv): is here already" in run("import", site, other)[2]
    assert len(json.loads(run("assess", site, "-o", "json=-")[1])["inventories"]) == 2


REFUSED = [
    ("a day to come", ("--taken", "2199-01-01"), "--taken 2199-01-01: is a day to come"),
    ("no day", ("--taken", "today"), "write the day as YYYY-MM-DD"),
    ("no distribution", ("--distro", "Debian"), "--distro Debian: write name and release"),
    ("a host for many", ("--host", "web1"), "names 2 machines itself"),
    ("a map that is not there", ("--map", "nothing.yaml"), "nothing.yaml: no such file"),
]


@pytest.mark.parametrize(("flags", "said"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_flags_that_cannot_be_used(run: Run, site: Path, table: Path, flags: tuple[str, ...], said: str) -> None:
    code, out, err = run("import", site, table, *flags)
    assert (code, out) == (2, "")
    assert said in sentence(err)


def test_flags_of_inventories_are_for_inventories(run: Run, site: Path, tmp_path: Path) -> None:
    matrix = tmp_path / "zones.csv"
    matrix.write_text("from\\to,loop,far\nloop,,443\n")
    code, _, err = run("import", site, matrix, "--host", "web1")
    assert code == 2
    assert "are for software inventories; none is named" in sentence(err)


def test_rubbish_is_one_sentence_with_file_and_line(run: Run, site: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[{"DisplayName": "x"},\n nonsense]')
    code, _, err = run("import", site, path, "--host", "a")
    assert code == 2
    assert "list.json:2: not JSON" in sentence(err)
    assert not (tmp_path / "site.fencewalk.sqlite").exists() or "holds no" in run("assess", site)[2]


def test_a_map_is_a_file_of_its_own(run: Run, site: Path, tmp_path: Path) -> None:
    path, mapping = tmp_path / "l.csv", tmp_path / "map.yaml"
    path.write_text("Rechner;IP;Programm;Stand\nPC1;10.77.0.4;7-Zip;23.01\n")
    mapping.write_text("columns: {host: Rechner, address: IP, name: Programm, version: Stand}\ndelimiter: ';'\n")
    assert run("import", site, path)[0] == 2
    code, _, err = run("import", site, path, "--map", mapping)
    assert code == 0
    assert "PC1, 1 piece of software: is host far/10.77.0.4" in err
    mapping.write_text("columns: {hosts: Rechner}\n")
    code, _, err = run("import", site, path, "--map", mapping)
    assert code == 2
    assert "map.yaml:1" in sentence(err)
