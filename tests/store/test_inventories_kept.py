"""Inventories in the store: kept once, no sessions, and taken over from another laptop's."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from scanner.errors import BadInput
from scanner.model.observation import Installed, Item
from scanner.store import Store
from scanner.store.merge import merge

DC = Installed(("DC01",), ("10.0.2.10",), ("00:15:5d:01:02:03",), "a.csv", "rmm-csv", 1000.0, (Item("7-Zip", "23.01"),))
PC = Installed(("PC1",), (), (), "a.csv", "rmm-csv", 1000.0, (Item("7-Zip", "23.01"), Item("Git", "2")), "Windows 10")


def keep(path: Path, identity: str, *rows: Installed, client: str = "c", site: str = "s") -> bool:
    with Store(path) as store:
        return store.keep_inventory(client, site, identity, rows[0].format, rows)


def kept(path: Path, client: str = "c", site: str = "s") -> tuple[Installed, ...]:
    with Store(path, create=False) as store:
        assert store.sessions(client, site) == ()
        assert store.scans(client, site) == []
        assert store.unfinished(client, site, "") is None
        return store.inventories(client, site)


def test_a_file_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "ours.sqlite"
    assert keep(path, "one", DC, PC)
    assert not keep(path, "one", DC, PC)
    assert kept(path) == (DC, PC)
    assert keep(path, "two", PC)
    assert kept(path) == (DC, PC, PC)


def test_clients_and_sites_are_apart(tmp_path: Path) -> None:
    path = tmp_path / "ours.sqlite"
    assert keep(path, "one", DC)
    assert keep(path, "one", PC, client="d")
    assert keep(path, "one", PC, site="t")
    assert kept(path) == (DC,)
    assert kept(path, "d") == (PC,)
    assert kept(path, "e") == ()


def test_another_laptops_are_taken_over_once(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.sqlite", tmp_path / "theirs.sqlite"
    keep(ours, "one", DC)
    keep(theirs, "one", DC)
    keep(theirs, "two", PC)
    keep(theirs, "three", PC, client="somebody else")
    for fates in (["known", "new"], ["known", "known"]):
        with Store(ours) as store:
            assert sorted(each.fate for each in merge(store, theirs, "c", "s")) == fates
        assert kept(ours) == (DC, PC)
    assert kept(ours, "somebody else") == ()


@pytest.mark.parametrize(
    "row",
    [
        Installed(("x",), ("no address",), (), "f", "rmm-csv", 1.0),
        Installed(("x",), (), ("no mac",), "f", "rmm-csv", 1.0),
        Installed(("x",), (), (), "f", "rmm-csv", 1e12),
        Installed(("x",), (), (), "f", "rmm-csv", 1.0, tuple(Item(str(n)) for n in range(15_001))),
        Installed(("x" * 5000,), (), (), "f", "rmm-csv", 1.0),
        Installed(("x",), (), (), "f", "rmm-csv", 1.0, (Item("n", "v" * 5000),)),
    ],
    ids=["address", "mac", "time", "items", "name", "version"],
)
def test_what_nobody_imported_is_damaged(tmp_path: Path, row: Installed) -> None:
    ours, theirs = tmp_path / "ours.sqlite", tmp_path / "theirs.sqlite"
    with Store(theirs) as store:
        store.keep_inventory("c", "s", "bad", "rmm-csv", [DC])
        store._db.execute("UPDATE observations SET body = ?", (msgspec.json.encode(row),))
    with Store(ours) as store, pytest.raises(BadInput, match="damaged"):
        merge(store, theirs, "c", "s")
    with Store(ours) as store:
        assert store.inventories("c", "s") == ()


def test_a_scans_rows_are_none_of_an_inventory(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.sqlite", tmp_path / "theirs.sqlite"
    keep(theirs, "one", DC)
    with Store(theirs) as store:
        row = b'{"kind":"host","address":"10.0.0.1","how":"arp","at":1.0}'
        store._db.execute("UPDATE observations SET body = ?", (row,))
    with Store(ours) as store, pytest.raises(BadInput, match="damaged"):
        merge(store, theirs, "c", "s")
    with Store(theirs) as store, pytest.raises(BadInput, match="damaged"):
        store.inventories("c", "s")
