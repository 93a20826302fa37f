"""The journal keeps what was seen, through kills and several writers, and refuses what is no store."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sqlite3
from pathlib import Path

import pytest

from scanner.errors import BadInput
from scanner.model.observation import PortState, Vantage
from scanner.model.site import Site, Zone
from scanner.plan import Plan, make_plan
from scanner.ports import Ports
from scanner.store import Store

SITE = Site(client="c", site="s", zones=(Zone("a", ("10.0.1.0/24",)), Zone("b", ("10.0.2.0/24",))))


def plan(zone: str = "a") -> Plan:
    return make_plan(SITE, Vantage(zone, "eth0", "10.0.1.250" if zone == "a" else "10.0.2.250"), Ports((22,)))


def seen(number: int) -> PortState:
    return PortState(f"10.0.2.{number}", "tcp", "22", "open", "syn-ack", float(number))


def test_observations_come_back_as_they_went_in(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        journal = store.begin("c", "s", plan(), "raw")
        for number in range(5):
            journal.write("knock-0", seen(number))
        journal.flush(finished="knock-0")
        assert journal.done("knock-0")
        assert not journal.done("knock-1")
        journal.complete()
    with Store(tmp_path / "s.sqlite", create=False) as store:
        [session] = store.sessions("c", "s")
        assert session.observations == tuple(map(seen, range(5)))
        assert session.scan.complete
        assert store.unfinished("c", "s", "a") is None
        assert store.sessions("someone", "else") == ()
        assert store.sites() == [("c", "s")]


def test_an_unfinished_scan_is_found_with_its_plan(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        store.begin("c", "s", plan("b"), "raw").complete()
        left = store.begin("c", "s", plan(), "raw")
        again = store.unfinished("c", "s", "a")
        assert again is not None
        assert (again.scan.id, again.plan) == (left.scan.id, plan())
        assert store.unfinished("c", "s", "b") is None


def _write_and_die(path: Path) -> None:
    with Store(path) as store:
        journal = store.begin("c", "s", plan(), "raw")
        journal.write("knock-0", seen(1))
        journal.flush()
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_was_flushed_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    process = multiprocessing.get_context("fork").Process(target=_write_and_die, args=(path,))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    with Store(path, create=False) as store:
        [session] = store.sessions("c", "s")
        assert session.observations == (seen(1),)
        assert not session.scan.complete


def _write_many(path: Path, zone: str) -> None:
    with Store(path) as store:
        journal = store.begin("c", "s", plan(zone), "raw")
        for number in range(50):
            journal.write("u", seen(number))
            journal.flush()
        journal.complete()


def test_several_sessions_write_to_one_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(path, zone)) for zone in "abab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 4
    with Store(path, create=False) as store:
        assert [len(each.observations) for each in store.sessions("c", "s")] == [50] * 4


@pytest.mark.parametrize(
    "content", [b"this is no database at all, only text\n" * 50, b"SQLite format 3\x00" + b"\xff" * 200]
)
def test_a_file_that_is_no_store_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"s\.sqlite"):
        Store(path)


def test_a_store_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no scan data"):
        Store(tmp_path / "s.sqlite", create=False)
    assert not (tmp_path / "s.sqlite").exists()


@pytest.mark.parametrize("body", ["{", '{"zzz":' + "[" * 100_000], ids=["broken off", "nested without end"])
@pytest.mark.parametrize("table", ["scans", "observations"])
def test_a_damaged_row_is_refused_in_a_sentence(tmp_path: Path, table: str, body: str) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        journal = store.begin("c", "s", plan(), "raw")
        journal.write("knock-0", seen(1))
        journal.flush()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE {table} SET body = ?", (body,))
        db.commit()
    with Store(path, create=False) as store, pytest.raises(BadInput, match=r"s\.sqlite.*damaged.*--store"):
        store.sessions("c", "s")


def test_a_plan_of_another_version_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store.begin("c", "s", plan(), "raw")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("""UPDATE scans SET plan = '{"sweep": {"on_link": ["10.0.1.1"]}}'""")
        db.commit()
    with Store(path) as store:
        with pytest.raises(BadInput, match=r"another version of fencewalk.*without --resume"):
            store.unfinished("c", "s", "a")
        assert len(store.sessions("c", "s")) == 1, "what it saw is there all the same"


def test_what_took_long_is_on_the_disk_itself_and_short_units_wait_for_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite syncs the log at a commit only where it is told to; what is told is what this asks for."""

    def synced(seconds: float) -> list[str]:
        told: list[str] = []
        monkeypatch.setattr("scanner.store.journal._SYNC_SECONDS", seconds)
        with Store(tmp_path / f"{seconds}.sqlite") as store:
            journal = store.begin("c", "s", plan(), "raw")
            store._db.set_trace_callback(told.append)
            journal.write("knock-0", seen(1))
            journal.flush()
            journal.write("knock-0", seen(2))
            journal.flush(finished="knock-0")
            journal.complete()
            store._db.set_trace_callback(None)
        return [each.partition("=")[2] for each in told if each.startswith("PRAGMA synchronous")]

    assert synced(-1.0) == ["NORMAL", "FULL", "FULL"]
    assert synced(3600.0) == ["NORMAL", "NORMAL", "FULL"]
