"""Scans from the screens, with real packets: started, paused, gone on with; by the pilot, then on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import msgspec
import pytest
from netns import why_not
from verdict_lab import site_file
from verify_networks import network

from scanner import session
from scanner.lab.namespaces import raise_lab
from scanner.model.observation import PortState
from scanner.store import Store

pytestmark = pytest.mark.lab
PILOT = str(Path(__file__).with_name("live_pilot.py"))
PORTS = "1-6000"
"""Enough to be caught in the middle."""
CONTROL = re.compile(
    rb"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1bP[^\x1b]*\x1b\\"
)


@pytest.fixture(autouse=True)
def _lab() -> None:
    if (reason := why_not()) is not None:
        pytest.skip(reason)


def journalled(site: Path) -> tuple[bool, set[int]]:
    """Whether the one scan is whole, and the open TCP ports that it saw beyond its own zone."""
    with Store(session.store_path(site, None), create=False) as store:
        loaded = session.load_site(site)
        scans = [each for each in store.sessions(loaded.client, loaded.site) if each.scan.purpose == "scan"]
        assert len(scans) == 1, "gone on with, and not begun anew"
        rows = [each for each in scans[0].observations if isinstance(each, PortState)]
        ports = {int(each.ports) for each in rows if each.state == "open" and each.address.startswith("10.98.2.")}
        return scans[0].scan.complete, ports & {22, 443, 5432}


def test_a_scan_is_paused_and_gone_on_with_from_the_screens(tmp_path: Path) -> None:
    topology = network()
    site = site_file(topology, tmp_path)
    with raise_lab(topology) as lab:
        done = lab.run("guest", [sys.executable, PILOT, str(site), "guest", PORTS], capture_output=True, timeout=400)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    told = msgspec.json.decode(done.stdout)
    assert told["zones"] == [["guest", True], ["servers", False]]
    assert told["watching"]
    assert (told["first"]["how"], told["first"]["resumable"]) == ("paused", True)
    assert told["second"] == {"how": "complete"}
    assert 3 < told["rows at the pause"] < told["rows"] == told["table"]
    assert any("going on with scan" in line for line in told["log"])
    assert told["gaps"]
    assert told["verified"]["word"] == "confirmed"
    assert journalled(site) == (True, {22, 443, 5432})


class Terminal:
    """A program on a pseudo-terminal: what is typed, and what it shows."""

    def __init__(self, command: list[str], columns: int = 120, rows: int = 40) -> None:
        self.main, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {key: each for key, each in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, env=env, start_new_session=True
        )
        os.close(child)
        self.output = b""

    def type(self, keys: bytes, *shown: str, seconds: float = 120) -> None:
        """Type, and wait until these words have been shown since."""
        since = len(self.output)
        if keys:
            os.write(self.main, keys)
        end = time.monotonic() + seconds
        while missing := [each for each in shown if each not in self.text(since)]:
            assert time.monotonic() < end, f"{missing} not in {self.text(since)[:3000]}"
            self._read(0.2)

    def text(self, since: int) -> str:
        return CONTROL.sub(b"", self.output[since:]).decode("utf-8", "replace")

    def _read(self, seconds: float) -> bool:
        try:
            if select.select([self.main], [], [], seconds)[0]:
                self.output += os.read(self.main, 65536)
        except OSError:
            return False
        return True

    def ended(self) -> int:
        end = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < end:
            self._read(0.2)
        assert self.process.poll() is not None, self.text(0)[-3000:]
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.main)


def start(terminal: Terminal) -> None:
    """A scan from the zone under the cursor, until it has found something."""
    terminal.type(b"\r", "Start a scan", "200 TCP ports")
    terminal.type(b"\x15", "no port")
    terminal.type(PORTS.encode(), "6,000 TCP ports")
    terminal.type(b"\x13", "scanning", "packets/s", "tcp/22")


def test_on_a_terminal_ctrl_c_pauses_at_a_checkpoint_and_the_next_visit_ends_it(tmp_path: Path) -> None:
    topology = network()
    site = site_file(topology, tmp_path)
    with raise_lab(topology) as lab:
        command = lab.command("guest", [sys.executable, "-m", "scanner.cli", "tui", str(site)])
        terminal = Terminal(command)
        try:
            terminal.type(b"", "Own lab", "Not tested")
            terminal.type(b"7", "2 zones to scan from", "10.98.1.")
            start(terminal)
            terminal.type(b"\x03", "Pause", "can be gone on with")
            terminal.type(b"q")
            assert terminal.ended() == 0
            assert b"Traceback" not in terminal.output
        finally:
            terminal.close()
        whole, _ = journalled(site)
        assert not whole
        terminal = Terminal(command)
        try:
            terminal.type(b"", "Own lab")
            terminal.type(b"7", "UNFINISHED", "scan ")
            terminal.type(b"\r", "did not end")
            terminal.type(b"\r", "scanning")
            terminal.type(b"", "The scan from guest is complete", seconds=240)
            terminal.type(b"q")
            assert terminal.ended() == 0
        finally:
            terminal.close()
    assert journalled(site) == (True, {22, 443, 5432})


def test_a_screen_that_is_killed_leaves_its_scan_at_a_checkpoint(tmp_path: Path) -> None:
    topology = network()
    site = site_file(topology, tmp_path)
    with raise_lab(topology) as lab:
        terminal = Terminal(lab.command("guest", [sys.executable, "-m", "scanner.cli", "tui", str(site)]))
        try:
            terminal.type(b"", "Own lab")
            terminal.type(b"7", "10.98.1.")
            start(terminal)
            os.kill(terminal.process.pid, signal.SIGKILL)
            terminal.process.wait()
        finally:
            terminal.close()
        end = time.monotonic() + 60
        while running := scans_of(site):
            assert time.monotonic() < end, running
            time.sleep(0.1)
        done = lab.run(
            "guest",
            [sys.executable, "-m", "scanner.cli", "scan", str(site), "--from", "guest", "--resume"],
            capture_output=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr.decode()
    assert b"going on with scan" in done.stderr
    assert journalled(site) == (True, {22, 443, 5432})


def scans_of(site: Path) -> list[int]:
    """Processes that scan that site."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"scan" in words and str(site).encode() in words:
            found.append(int(each.parent.name))
    return found
