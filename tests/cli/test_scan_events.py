"""What a program that watches a scan reads, and how it stops one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import msgspec
import pytest
from typed import Run, sentence

from scanner.cli._events import EventLines, check_events, event_lines, until_eof
from scanner.errors import BadInput, ScanIncomplete
from scanner.model.observation import Event, HostSeen, Outlook, Progress, Work

EVENTS: list[Event] = [
    HostSeen("10.0.0.1", "arp", 1.0),
    Outlook((Work("knock-0", (("guest", 5),)),), 1.0),
    Progress("knock", 1, 5, 1.0, unit="knock-0"),
]


def read(path: Path) -> list[Event]:
    return [msgspec.json.decode(line, type=Event) for line in path.read_bytes().splitlines()]


def test_each_event_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with event_lines(str(path)) as lines:
        assert lines is not None
        for each in EVENTS * 1000:
            lines.see(each)
    assert read(path) == EVENTS * 1000


def test_they_come_while_the_scan_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with event_lines(str(path)) as lines:
        assert lines is not None
        lines.see(EVENTS[0])
        end = time.monotonic() + 30
        while not path.stat().st_size:
            assert time.monotonic() < end
            time.sleep(0.01)
        assert read(path) == EVENTS[:1]


def test_what_was_seen_before_an_error_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"

    def interrupted() -> None:
        with event_lines(str(path)) as lines:
            assert lines is not None
            lines.see(EVENTS[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert read(path) == EVENTS[:1]


def piped() -> tuple[EventLines, int]:
    reading, writing = os.pipe()
    return EventLines(FileIO(writing, "wb"), "-"), reading


def test_a_slow_reader_does_not_hold_the_scan_up() -> None:
    lines, reading = piped()
    began = time.process_time()
    for each in EVENTS * 20_000:
        lines.see(each)  # far more than a pipe holds
    assert time.process_time() - began < 5
    parts: list[bytes] = []

    def drain() -> None:
        while data := os.read(reading, 1 << 20):
            parts.append(data)

    thread = threading.Thread(target=drain)
    thread.start()
    lines.close(whole=True)
    lines._file.close()
    thread.join(60)
    os.close(reading)
    assert b"".join(parts).count(b"\n") == 60_000


def test_a_reader_that_has_gone_ends_the_scan_resumably() -> None:
    lines, reading = piped()
    os.close(reading)

    def talk() -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            lines.see(EVENTS[0])
            time.sleep(0.01)

    with pytest.raises(ScanIncomplete, match="whoever read it has gone"):
        talk()
    lines.close(whole=False)


def test_a_full_disk_ends_the_scan_resumably() -> None:
    def written() -> None:
        with event_lines("/dev/full") as lines:
            assert lines is not None
            lines.see(EVENTS[0])

    with pytest.raises(ScanIncomplete, match="No space left"):
        written()


def test_a_scan_that_nobody_watches_writes_nothing() -> None:
    with event_lines(None) as lines:
        assert lines is None


def test_where_no_file_can_be_made_it_is_said_first(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.touch()
    for name in (str(tmp_path / "no" / "e"), str(tmp_path), str(site)):
        with pytest.raises(BadInput, match="--events"):
            check_events(name, (site,))
    check_events("-", (site,))
    check_events(str(tmp_path / "e"), (site,))


def test_a_dry_run_has_no_events(run: Run, site: Path) -> None:
    code, _, err = run("scan", site, "--from", "loop", "--dry-run", "--events", "-")
    assert code == 2
    assert "--dry-run" in sentence(err)


def waited(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


@pytest.fixture
def stdin() -> Iterator[int]:
    """Ours is a pipe for a while; what is returned is its other end."""
    kept = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(kept, 0)
    os.close(kept)


def test_the_end_of_stdin_is_a_ctrl_c(stdin: int) -> None:
    threading.Timer(0.1, os.close, (stdin,)).start()
    with pytest.raises(KeyboardInterrupt), until_eof(True):
        waited(30)


def test_what_stands_in_stdin_is_no_end(stdin: int) -> None:
    os.write(stdin, b"anything\n")
    with until_eof(True):
        waited(0.2)
    os.close(stdin)
    waited(0.2)  # and once it is over, the end disturbs nobody


def test_who_did_not_ask_for_it_is_not_stopped(stdin: int) -> None:
    os.close(stdin)
    with until_eof(False):
        waited(0.2)
