"""Inventories that a moved address, a dock or a second instance would put where they do not belong."""

from __future__ import annotations

import pytest
from assess.scene import DB, OFFICE, SERVERS, port, session, spoke
from assess.test_inventories_joined import DB_ID, DB_MAC, PC, PC_ID, PC_MAC, listed, one, report, seen

from scanner.model.observation import Installed, Item

OTHER, OTHER_MAC = "10.0.3.21", "00:15:5d:01:02:04"
BARE, BARE_MAC = "10.0.3.23", "00:15:5d:01:02:06"
DHCP = "10.0.3.24"
OTHER_ID, BARE_ID, DHCP_ID = f"{OFFICE}/{OTHER}", f"{OFFICE}/{BARE}", f"{OFFICE}/{DHCP}"
SCANNED = (
    session(SERVERS, seen(DB, DB_MAC, "db.corp.example"), port(DB, 22, "open", ttl=64), spoke(DB, 22)),
    session(
        OFFICE,
        seen(PC, PC_MAC, "PC1"),
        seen(OTHER, OTHER_MAC, "PC2"),
        seen(BARE, BARE_MAC),
        seen(DHCP, "00:15:5d:01:02:07", "dhcp-10-0-3-24.corp.example"),
        started=2000.0,
    ),
)
ALONE = {
    "its name is that of another host than its address": (listed(names=("PC1",), addresses=(OTHER,)), PC_ID, "name"),
    "nobody's name": (listed(names=("PC9",), addresses=(OTHER,)), None, f"{OTHER} is called pc2"),
    "a dock's MAC address": (listed(names=("PC1",), addresses=(PC,), macs=(OTHER_MAC,)), PC_ID, "name"),
    "a dock's MAC address and no more": (
        listed(names=("PC1",), macs=(OTHER_MAC,)), None, f"{OTHER_ID} has {OTHER_MAC}, and {PC_ID} has its name",
    ),
    "a dock's MAC address, an unknown name": (
        listed(names=("PC9",), macs=(OTHER_MAC,), addresses=(OTHER,)), None, "is called pc2",
    ),
    "a MAC address here and an address there": (
        listed(macs=(BARE_MAC,), addresses=(PC,)), None, f"its address is that of {PC_ID}",
    ),
    "a name and a MAC address that agree": (
        listed(names=("PC2",), macs=(OTHER_MAC,), addresses=(PC,)), OTHER_ID, "MAC address",
    ),
    "all that agrees": (listed(names=("DB",), macs=(DB_MAC,), addresses=(DB,)), DB_ID, "MAC address"),
    "a host without a name": (listed(names=("PC9",), addresses=(BARE,)), BARE_ID, "address"),
    "a name that only says the address": (listed(names=("PC9",), addresses=(DHCP,)), DHCP_ID, "address"),
}  # fmt: skip


@pytest.mark.parametrize(("inventory", "of", "told"), ALONE.values(), ids=ALONE)
def test_a_name_is_heard_before_an_address(inventory: Installed, of: str | None, told: str) -> None:
    row = one(report(inventory, sessions=SCANNED))
    assert row.hosts == (() if of is None else (of,))
    assert told in row.reason


SHARED = {
    "MAC address": (listed(names=("A",), macs=(BARE_MAC,)), listed(names=("B",), macs=(BARE_MAC,))),
    "address": (listed(names=("A",), addresses=(BARE,)), listed(names=("B",), addresses=(BARE,))),
}


@pytest.mark.parametrize("two", SHARED.values(), ids=SHARED)
def test_two_machines_of_a_file_never_land_on_one_host(two: tuple[Installed, Installed]) -> None:
    found = report(*two, sessions=SCANNED)
    assert [(each.hosts, "of several machines" in each.reason) for each in found.inventories] == [((), True)] * 2
    assert not any(each.software for each in found.hosts)


def test_one_machine_that_a_file_lists_twice_is_one() -> None:
    two = listed(names=("A",), macs=(BARE_MAC,)), listed(Item("Git", "2"), names=("a.corp",), macs=(BARE_MAC,))
    assert {each.hosts for each in report(*two, sessions=SCANNED).inventories} == {(BARE_ID,)}


def test_who_had_the_address_before_does_not_join() -> None:
    old = listed(names=("A",), addresses=(BARE,), taken=86_400.0, source="old.json", kind="winget-json")
    new = listed(names=("B",), addresses=(BARE,))
    for given in ((old, new), (new, old)):
        rows = {each.source: (each.hosts, each.reason) for each in report(*given, sessions=SCANNED).inventories}
        assert rows == {
            "f.csv": ((BARE_ID,), "by its address"),
            "old.json": ((), f"{BARE} is B's by another inventory"),
        }


ENGINE, RTM, OLD, FIXED = "SQL Server 2019 Database Engine Services", "15.0.2000.5", "15.0.4261.1", "15.0.4430.1"
INSTANCES = [
    ((FIXED,), (), "COMPLIANT"),
    ((FIXED,), (FIXED,), "COMPLIANT"),
    ((FIXED,), (RTM, FIXED), "UNKNOWN"),
    ((OLD, FIXED), (OLD, FIXED), "UNKNOWN"),
    ((FIXED,), ("14.0.1000.169", FIXED), "COMPLIANT"),
    ((OLD,), (RTM, OLD), "NON_COMPLIANT"),
]


@pytest.mark.parametrize(("updates", "engines", "verdict"), INSTANCES)
def test_an_instance_is_not_acquitted_by_anothers_update(
    updates: tuple[str, ...], engines: tuple[str, ...], verdict: str
) -> None:
    items = [Item(f"Hotfix {each} for SQL Server 2019 (64-bit)", each, "", "windows") for each in updates]
    items += [Item(ENGINE, each, "", "windows") for each in engines]
    found = report(listed(*items, addresses=(PC,)))
    assert [each.verdict for each in found.patches if each.host == PC_ID] == [verdict]
