"""Software inventories and the hosts that they are of: joined by what fits one, never by a guess."""

from __future__ import annotations

import datetime
import time

import pytest
from assess.scene import DB, LAPTOP, OFFICE, SERVERS, TODAY, port, session, site, spoke

from scanner.assess import assess
from scanner.model.baseline import Baseline, Branch, DistroFix, Knowledge, Source
from scanner.model.observation import HostSeen, Installed, Item, Observation, Session, Shown
from scanner.model.report import HostRow, InventoryRow, Report

READ = Source("https://example.com/advisory", TODAY)
OPENSSH = Baseline(
    product="openssh",
    vendor="openbsd",
    title="OpenSSH",
    scheme="openssh",
    repackaged=True,
    branches=(Branch("*", READ, "9.8p1"),),
    fixes=(DistroFix("debian:12", "1:9.2p1-2+deb12u3", READ, TODAY - datetime.timedelta(30)),),
)
SQL = Baseline("sql_server", "microsoft", "SQL Server", "mssql", False, (Branch("15.0.4xxx", READ, "15.0.4430.1"),))
KNOWS = Knowledge(
    baselines=(OPENSSH, SQL),
    packages={
        "debian:12": {"curl": (DistroFix("debian:12", "7.88.1-10+deb12u8", READ, TODAY),)},
        "el:8": {"bind": (DistroFix("el:8", "32:9.11.36-16.el8", READ, TODAY),)},
    },
)
PC, PC_MAC, DB_MAC = "10.0.3.20", "00:15:5d:01:02:03", "00:15:5d:09:09:09"
DAY = 86_400.0


def seen(address: str, mac: str, *names: str) -> HostSeen:
    return HostSeen(address, "arp", 1001.0, mac=mac, names=names)


SCANNED = (
    session(SERVERS, seen(DB, DB_MAC, "db.corp.example"), port(DB, 22, "open", ttl=64),
            spoke(DB, 22, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")),
    session(OFFICE, seen(PC, PC_MAC, "PC1"), seen("10.0.3.21", "00:15:5d:01:02:04", "twice"),
            seen("10.0.3.22", "00:15:5d:01:02:05", "twice.corp.example"), started=2000.0),
)  # fmt: skip


def listed(
    *items: Item,
    names: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    macs: tuple[str, ...] = (),
    taken: float = 100 * DAY,
    kind: str = "rmm-csv",
    source: str = "f.csv",
    os: str = "",
    version: str = "",
) -> Installed:
    return Installed(names, addresses, macs, source, kind, taken, items or (Item("7-Zip", "23.01"),), os, version)


def report(*inventories: Installed, sessions: tuple[Session, ...] = SCANNED, knows: Knowledge = KNOWS) -> Report:
    return assess(site(), sessions, knows, TODAY, inventories=inventories)


def host(found: Report, name: str) -> HostRow:
    return next(each for each in found.hosts if each.id == name)


def one(found: Report) -> InventoryRow:
    (row,) = found.inventories
    return row


PC_ID, DB_ID = f"{OFFICE}/{PC}", f"{SERVERS}/{DB}"
JOINED = [
    ("MAC address", listed(macs=(PC_MAC,), addresses=(DB,), names=("pc1",)), PC_ID),
    ("address", listed(addresses=("192.168.9.9", PC)), PC_ID),
    ("name", listed(names=("pc1",)), PC_ID),
    ("name", listed(names=("PC1.corp.example",), addresses=("192.168.9.9",)), PC_ID),
    ("name", listed(names=("DB",)), DB_ID),
    ("name", listed(names=("db.corp.example",)), DB_ID),
    ("address, which no scan saw", listed(names=("new",), addresses=("10.0.3.99",)), f"{OFFICE}/10.0.3.99"),
]


@pytest.mark.parametrize(("by", "inventory", "of"), JOINED, ids=[f"{by}: {of}" for by, _, of in JOINED])
def test_joined(by: str, inventory: Installed, of: str) -> None:
    found = report(inventory)
    assert (one(found).state, one(found).hosts, one(found).reason) == ("joined", (of,), f"by its {by}")
    assert [(each.product, each.version) for each in host(found, of).software] == [("7-Zip", "23.01")]
    assert [each.id for each in found.hosts if each.software] == [of]


UNPLACED = [
    ("its address fits several hosts", listed(addresses=(PC, DB))),
    ("its name fits several hosts", listed(names=("twice",))),
    ("has the MAC address", listed(macs=("00:15:5d:77:77:77",), addresses=(PC,), names=("other",))),
    ("its addresses are in no zone", listed(addresses=("192.168.9.9",), names=("nobody",))),
    ("no scan saw its name", listed(names=("db.other.example",))),
    ("no scan saw its name", listed(names=("nobody",))),
    ("the scanning laptop's", listed(addresses=(LAPTOP[OFFICE],))),
]


@pytest.mark.parametrize(("why", "inventory"), UNPLACED, ids=[f"{why}: {each.names}" for why, each in UNPLACED])
def test_not_guessed_and_not_dropped_in_silence(why: str, inventory: Installed) -> None:
    found = report(inventory)
    assert (one(found).state, one(found).hosts) == ("unplaced", ())
    assert why in one(found).reason
    assert len(found.hosts) == len(report().hosts)
    assert not any(each.software for each in found.hosts)


def test_two_machines_of_a_file_with_one_name_are_not_mixed() -> None:
    left = listed(Item("a", "1"), names=("PC1",), macs=("00:15:5d:77:77:71",))
    right = listed(Item("b", "1"), names=("PC1",), macs=("00:15:5d:77:77:72",))
    found = report(left, right)
    assert {each.state for each in found.inventories} == {"unplaced"}
    assert not any(each.software for each in found.hosts)


def test_the_newest_of_each_format_counts() -> None:
    old = listed(Item("Git", "1"), names=("PC1",), taken=DAY, source="old.csv")
    new = listed(Item("Git", "2"), names=("PC1",), taken=2 * DAY, source="new.csv")
    other = listed(Item("7-Zip", "23"), names=("PC1",), taken=DAY, kind="winget-json", source="w.json")
    for given in ((old, new, other), (other, new, old)):
        found = report(*given)
        assert {(each.product, each.version) for each in host(found, PC_ID).software} == {("Git", "2"), ("7-Zip", "23")}
        states = {each.source: each.state for each in found.inventories}
        assert states == {"old.csv": "superseded", "new.csv": "joined", "w.json": "joined"}


def test_a_machine_that_moved_stands_where_the_newest_inventory_says() -> None:
    old = listed(names=("laptop",), addresses=("10.0.3.60",), taken=DAY)
    new = listed(names=("laptop",), addresses=("10.0.3.61",), taken=2 * DAY)
    found = report(old, new)
    assert [each.id for each in found.hosts if each.software] == [f"{OFFICE}/10.0.3.61"]


def test_the_inventory_decides_where_a_banner_cannot() -> None:
    package = Item("openssh-server", "1:9.2p1-2+deb12u3", "", "debian:12", True)
    bare = session(
        SERVERS, seen(DB, DB_MAC, "db"), port(DB, 22, "open", ttl=64), spoke(DB, 22, b"SSH-2.0-OpenSSH_9.2p1")
    )
    before = report(sessions=(bare,)).patches
    assert [(each.verdict, each.reason) for each in before] == [("UNKNOWN", "backport-possible")]
    after = report(listed(package, names=("db",)), sessions=(bare,)).patches
    assert [(each.verdict, each.version) for each in after] == [("COMPLIANT", "9.2p1-2+deb12u3")] or [
        (each.verdict, each.version) for each in after
    ] == [("COMPLIANT", "1:9.2p1-2+deb12u3")]
    assert set(after[0].seen_by) == {"network", "inventory"}


def test_only_what_a_fact_speaks_of_is_judged() -> None:
    items = [Item(f"lib-{n}", "1.0-1", "", "debian:12", True) for n in range(2000)]
    known = (
        Item("curl", "7.88.1-10+deb12u7", "", "debian:12", True),
        Item("libcurl4", "7.88.1-10+deb12u7", "", "debian:12", True, "curl"),
        Item("chromium", "1", "", "debian:12", True),
    )
    found = report(listed(*items, *known, addresses=(PC,)))
    assert len(host(found, PC_ID).software) == 2003
    mine = [each for each in found.patches if each.host == PC_ID]
    assert {each.verdict for each in mine} == {"NON_COMPLIANT"}
    assert 1 <= len(mine) <= 2


def test_an_update_that_another_one_replaced_is_not_judged() -> None:
    found = report(
        listed(
            Item("Microsoft SQL Server 2019 (64-bit)", "15.0.2000.5", "Microsoft", "windows"),
            Item("Hotfix 4261 for SQL Server 2019 (KB5007182) (64-bit)", "15.0.4261.1", "Microsoft", "windows"),
            Item("Hotfix 4430 for SQL Server 2019 (KB5054833) (64-bit)", "15.0.4430.1", "Microsoft", "windows"),
            addresses=(PC,),
        )
    )
    mine = [(each.version, each.verdict) for each in found.patches if each.host == PC_ID]
    assert mine == [("15.0.4430.1", "COMPLIANT")]


def test_another_scanners_word_is_added_and_never_overrules_ours() -> None:
    raw = (
        b'<service name="ssh" product="OpenSSH" version="7.4" method="probed" conf="10">'
        b"<cpe>cpe:/a:openbsd:openssh:7.4</cpe></service>"
    )
    shown = (Shown("tcp", 22, raw), Shown("tcp", 2222, raw))
    nmap = Installed(("db",), (DB,), (), "old.xml (Nmap)", "nmap-inventory", 100 * DAY, shown=shown)
    found = report(nmap)
    assert (one(found).state, one(found).items) == ("joined", 2)
    mine = {each.port: each for each in found.patches if each.host == DB_ID}
    assert {port: each.version for port, each in mine.items()} == {22: "9.2p1-2+deb12u2", 2222: "7.4"}
    assert "old.xml (Nmap) of 1970-04-11" in mine[2222].evidence
    assert mine[2222].verdict != "COMPLIANT"
    assert set(mine[2222].seen_by) == {"network"}
    assert len(host(found, DB_ID).services) == len(host(report(), DB_ID).services)


def test_the_system_is_told_where_no_scan_could() -> None:
    found = report(listed(addresses=("10.0.3.99",), os="Microsoft Windows 10 Pro", version="10.0.19045.5000"))
    row = host(found, f"{OFFICE}/10.0.3.99")
    assert row.os == "Microsoft Windows 10 Pro"
    assert row.software[0].version == "10.0.19045.5000"
    assert not [each for each in found.findings if each.kind == "unknown-device"]


def test_inventories_alone_make_a_report_and_change_its_digest() -> None:
    found = report(listed(names=("new",), addresses=("10.0.3.99",)), sessions=())
    assert [each.id for each in found.hosts] == [f"{OFFICE}/10.0.3.99"]
    assert {each.verdict for each in found.cells} == {"UNTESTED"}
    assert found.digests.observations != report(sessions=()).digests.observations


def test_the_order_of_inventories_does_not_matter() -> None:
    given = [each for _, each, _ in JOINED] + [each for _, each in UNPLACED]
    assert report(*given) == report(*reversed(given))


def test_a_thousand_seats_are_joined_in_seconds() -> None:
    hosts: list[Observation] = [seen(f"10.0.3.{n}", f"00:15:5d:00:00:{n:02x}", f"pc{n}") for n in range(1, 201)]
    scanned = (session(OFFICE, *hosts),)
    items = tuple(Item(f"Program {n}", f"{n}.0", "Vendor", "windows") for n in range(500))
    machines = [listed(*items, names=(f"PC{n}",), macs=(f"00:15:5d:00:00:{n:02x}",)) for n in range(1, 201)]
    began = time.process_time()
    plain = report(sessions=scanned)
    without = time.process_time() - began
    began = time.process_time()
    found = report(*machines, sessions=scanned)
    assert time.process_time() - began < without + 4
    assert sum(len(each.software) for each in found.hosts) == 100_000
    assert found.patches == plain.patches
