"""Another laptop's store comes in whole, once, and for one site only; what is wrong with it is one sentence."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.errors import BadInput
from scanner.model.observation import Alive, Arrival, HostSeen, Listening, Observation, PortState, Silence, Vantage
from scanner.model.site import Site, Zone
from scanner.plan import Plan, make_plan
from scanner.ports import Ports
from scanner.store import Journal, Store
from scanner.store.merge import Taken, merge

SITE = Site(client="c", site="s", zones=(Zone("a", ("10.0.1.0/24",)), Zone("b", ("10.0.2.0/24",))))


def plan(zone: str = "a") -> Plan:
    return make_plan(SITE, Vantage(zone, "eth0", "10.0.1.250" if zone == "a" else "10.0.2.250"), Ports((22,)))


def seen(number: int) -> PortState:
    return PortState(f"10.0.2.{number}", "tcp", "22", "open", "syn-ack", float(number))


def write(journal: Journal, unit: str, *rows: Observation, done: bool = True) -> None:
    for each in rows:
        journal.write(unit, each)
    journal.flush(finished=unit if done else None)


def scanned(path: Path, zone: str = "a", client: str = "c", rows: int = 3, complete: bool = True) -> str:
    with Store(path) as store:
        journal = store.begin(client, "s", plan(zone), "raw")
        write(journal, "knock-0", *map(seen, range(rows)))
        if complete:
            journal.complete()
        return journal.scan.id


def take(into: Path, source: Path) -> list[tuple[str, int]]:
    with Store(into) as store:
        taken: tuple[Taken, ...] = merge(store, source, "c", "s")
    return [(each.fate, each.rows) for each in taken]


def contents(path: Path) -> object:
    with Store(path, create=False) as store:
        return store.sessions("c", "s")


def state(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        each.name: (each.stat().st_mtime_ns, hashlib.sha256(each.read_bytes()).hexdigest())
        for each in folder.iterdir()
    }  # fmt: skip


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder / "theirs.sqlite"


def test_sessions_come_in_as_they_are_and_once(tmp_path: Path, theirs: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    scanned(ours, "a")
    scanned(theirs, "b", rows=5)
    scanned(theirs, "b", client="somebody else")
    before = state(theirs.parent)
    assert take(ours, theirs) == [("new", 5)]
    assert state(theirs.parent) == before, "the other store is not touched, and nothing lies beside it"
    with Store(ours, create=False) as store, Store(theirs, create=False) as other:
        assert store.sites() == [("c", "s")]
        assert set(other.sessions("c", "s")) < set(store.sessions("c", "s"))
    once = contents(ours)
    assert take(ours, theirs) == [("known", 0)]
    assert contents(ours) == once


def test_both_ways_give_the_same_sessions(tmp_path: Path, theirs: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    scanned(ours, "a")
    scanned(theirs, "b")
    take(ours, theirs)
    take(theirs, ours)
    assert contents(ours) == contents(theirs)


def test_a_canary_session_comes_in_and_grows(tmp_path: Path, theirs: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    with Store(theirs) as store:
        journal = store.begin("c", "s", plan("b"), "canary", "canary")
        write(journal, "listen", Listening("10.0.2.250", "tcp", "1-65535", "packets", 10.0, 12.0), done=False)
        assert take(ours, theirs) == [("new", 1)]
        more = Arrival("10.0.2.250", "tcp", "443", "a1b2", "10.0.1.250", "connection", 13.0)
        write(journal, "listen", more, done=False)
        assert take(ours, theirs) == [("grown", 1)]
        journal.complete()
    assert take(ours, theirs) == [("grown", 0)]
    assert take(ours, theirs) == [("known", 0)]
    assert contents(ours) == contents(theirs)


def test_an_unfinished_scan_that_was_gone_on_with_is_brought_up_to_date_and_older_copies_change_nothing(
    tmp_path: Path, theirs: Path
) -> None:
    ours, copy = tmp_path / "ours.sqlite", tmp_path / "copy.sqlite"
    scanned(theirs, rows=2, complete=False)
    take(ours, theirs)
    shutil.copy(theirs, copy)
    with Store(theirs) as store:
        journal = store.unfinished("c", "s", "a")
        assert journal is not None
        write(journal, "knock-1", seen(9))
        journal.complete()
    assert take(ours, theirs) == [("grown", 1)]
    assert take(ours, copy) == [("known", 0)]
    assert contents(ours) == contents(theirs)
    with Store(ours) as store:
        assert store.unfinished("c", "s", "a") is None


def test_a_scan_that_both_went_on_with_stays_as_it_is_here(tmp_path: Path, theirs: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    scanned(theirs, rows=2, complete=False)
    take(ours, theirs)
    for path, number in ((ours, 7), (theirs, 8)):
        with Store(path) as store:
            journal = store.unfinished("c", "s", "a")
            assert journal is not None
            write(journal, "knock-1", seen(number))
    before = contents(ours)
    assert take(ours, theirs) == [("differs", 0)]
    assert contents(ours) == before


def test_more_stretches_of_listening_than_a_canary_has_are_refused(tmp_path: Path, theirs: Path) -> None:
    with Store(theirs) as store:
        journal = store.begin("c", "s", plan("b"), "canary", "canary")
        rows = [Listening("10.0.2.250", "tcp", "22", "packets", float(since), 900.0) for since in range(65)]
        write(journal, "listen", *rows, *rows)
    with pytest.raises(BadInput, match="more rows than any canary tells"):
        take(tmp_path / "ours.sqlite", theirs)


def test_many_rows_come_in_without_a_loss(tmp_path: Path, theirs: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    with Store(theirs) as store:
        journal = store.begin("c", "s", plan(), "raw")
        write(journal, "u", *(seen(number % 250) for number in range(12_345)))
    assert take(ours, theirs) == [("new", 12_345)]
    assert contents(ours) == contents(theirs)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_merge import plan, seen, write
from scanner.store import Store
store = Store(Path({path!r}))
journal = store.begin("c", "s", plan(), "raw")
write(journal, "knock-0", *map(seen, range(4)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_only_stands_in_the_log_of_a_killed_scan_comes_in(tmp_path: Path, theirs: Path) -> None:
    code = KILLED.format(tests=str(Path(__file__).parent), path=str(theirs))
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    wal = theirs.with_name("theirs.sqlite-wal")
    assert wal.stat().st_size
    before = state(theirs.parent)
    assert take(tmp_path / "ours.sqlite", theirs) == [("new", 4)]
    assert state(theirs.parent) == before


def test_a_store_on_a_disk_that_may_only_be_read_comes_in(tmp_path: Path, theirs: Path) -> None:
    scanned(theirs)
    theirs.chmod(0o400)
    os.chmod(theirs.parent, 0o500)
    try:
        assert take(tmp_path / "ours.sqlite", theirs) == [("new", 3)]
    finally:
        os.chmod(theirs.parent, 0o700)


def sql(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        for each in statements:
            db.execute(each)
        db.commit()


BODY = "UPDATE observations SET body = '{}' WHERE number = 2"
SPOILED = [
    ("a newer format", "PRAGMA user_version = 99", "written by a newer fencewalk (store format 99); update fencewalk"),
    ("no format", "PRAGMA user_version = 0", "no store of scan data that this version can read"),
    ("a table missing", "DROP TABLE units", "no store of scan data that this version can read"),
    ("a row that is none", BODY.format("{"), "the scan data in it is damaged"),
    ("an address that is none", BODY.format('{"kind":"host","address":"x","how":"arp","at":1}'), "damaged"),
    ("a row nested without end", BODY.format('{"zzz":' + "[" * 100_000), "damaged"),
    ("a time that is none", BODY.format('{"kind":"host","address":"10.0.0.1","how":"arp","at":1e300}'), "damaged"),
    ("ports that are none",
     BODY.format('{"kind":"silence","addresses":"10.0.0.1","transport":"tcp","ports":"1-999999999","tries":2,"at":1}'),
     "ports are none"),
    ("ports that run backwards",
     BODY.format('{"kind":"silence","addresses":"10.0.0.1","transport":"tcp","ports":"9-3","tries":2,"at":1}'),
     "ports are none"),
    *((f"asked {asked}", BODY.format(
        '{"kind":"arrival","address":"10.0.0.1","transport":"tcp","ports":"22","nonce":"beef","source":"10.0.0.2",'
        '"how":"packet","at":1,"asked":"' + asked + '"}'), "a port that was asked is none")
      for asked in ("x", "99999999999", "65536", "9-3")),
    *((f"a TTL of {ttl}", BODY.format(
        '{"kind":"port","address":"10.0.0.1","transport":"tcp","ports":"22","state":"open","reason":"syn-ack","at":1,'
        f'"ttl":{ttl}}}'), "no TTL") for ttl in (-5, 256)),
    ("a canary on a whole network",
     BODY.format('{"kind":"listening","addresses":"10.0.0.0-10.255.255.255","transport":"tcp","ports":"22",'
                 '"how":"packets","since":1,"at":2}'), "more addresses than any"),
    ("addresses without end",
     BODY.format('{"kind":"alive","addresses":"::-ffff::","transport":"icmp","port":8,"reason":"echo-reply","at":1}'),
     "more addresses than any scan asks"),
    ("no bytes", "UPDATE observations SET body = 5 WHERE number = 2", "damaged"),
    ("a scan that is none", "UPDATE scans SET body = '[]'", "damaged"),
    ("a scan by another name", "UPDATE scans SET id = 'ff'", "a scan's id is not its own"),
    ("another site only", "UPDATE scans SET client = 'Other \x1b[2J'", r"no scan of c / s (it holds Other \x1b[2J"),
    ("nothing", "DELETE FROM scans", "holds no scan of c / s (it holds nothing)"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "said"), [each[1:] for each in SPOILED], ids=[each[0] for each in SPOILED])
def test_a_spoiled_store_is_refused_whole(tmp_path: Path, theirs: Path, statement: str, said: str) -> None:
    ours = tmp_path / "ours.sqlite"
    scanned(ours)
    scanned(theirs, "b")
    before = contents(ours)
    sql(theirs, "PRAGMA foreign_keys = OFF", statement)
    with pytest.raises(BadInput) as caught:
        take(ours, theirs)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(theirs))
    assert str(caught.value).isprintable()
    assert contents(ours) == before


def test_a_view_in_the_place_of_a_table_is_never_run(tmp_path: Path, theirs: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT"
    sql(
        theirs,
        "PRAGMA user_version = 1",
        f"CREATE VIEW scans AS {endless} x AS id, 'c' AS client, 's' AS site, 1 AS started, '' AS body, '' AS plan "
        "FROM n",
        "CREATE TABLE observations (number, scan, unit, body)",
        "CREATE TABLE units (scan, unit)",
    )
    with pytest.raises(BadInput, match="no store of scan data"):
        take(tmp_path / "ours.sqlite", theirs)


FOREIGN = [
    ("another database", None, "some other program's database"),
    ("half a header", b"SQLite format 3\0" + b"\xff" * 200, "theirs.sqlite: "),
    ("text", b"no database, only text\n" * 50, "it is no store of scan data"),
]


@pytest.mark.parametrize(("raw", "said"), [each[1:] for each in FOREIGN], ids=[each[0] for each in FOREIGN])
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, theirs: Path, raw: bytes | None, said: str) -> None:
    if raw is None:
        sql(theirs, "CREATE TABLE bookmarks (url)")
    else:
        theirs.write_bytes(raw)
    with pytest.raises(BadInput) as caught:
        take(tmp_path / "ours.sqlite", theirs)
    assert said in str(caught.value)


def test_a_store_that_is_cut_off_is_damaged(tmp_path: Path, theirs: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    scanned(ours)
    scanned(theirs, rows=3000)
    raw = theirs.read_bytes()
    theirs.write_bytes(raw[: len(raw) // 2])
    before = contents(ours)
    with pytest.raises(BadInput, match=r"theirs\.sqlite: "):
        take(ours, theirs)
    assert contents(ours) == before


def test_a_store_is_not_imported_into_itself(tmp_path: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    scanned(ours)
    link = tmp_path / "link.sqlite"
    link.symlink_to(ours)
    for each in (ours, link):
        with pytest.raises(BadInput, match="is the store itself"):
            take(ours, each)
    with pytest.raises(BadInput, match="no such file"):
        take(ours, tmp_path / "nothing.sqlite")
    with pytest.raises(BadInput, match="is no ordinary file"):
        take(ours, tmp_path)


def test_all_kinds_of_rows_of_ours_are_sound(tmp_path: Path, theirs: Path) -> None:
    ours = tmp_path / "ours.sqlite"
    rows: list[Observation] = [
        HostSeen("fd00::1", "ndp", 5.0, mac="02:00:00:00:00:01", names=("x",)),
        PortState("10.0.2.1", "udp", "1-9,53", "closed", "icmp-3-3", 5.5, source="10.0.2.1"),
        PortState("10.0.2.1", "icmp", "8", "open", "echo-reply", 5.5, via="by-10.0.0.7"),
        Alive("10.0.2.1-10.0.2.9", "tcp", 443, "syn-ack", 6.0),
        Silence("10.0.2.10-10.0.2.20,fd00::5", "tcp", "1-65535", 2, 7.0),
    ]
    with Store(theirs) as store:
        journal = store.begin("c", "s", plan(), "raw")
        write(journal, "u", *rows)
    assert take(ours, theirs) == [("new", len(rows))]
    assert contents(ours) == contents(theirs)
