"""Ctrl-C on the wire: the packets stop, and what was seen is kept."""

from __future__ import annotations

import datetime
import functools
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from live_lab import Lab

from scanner.importers.document import document_text
from scanner.model.observation import HostSeen
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.store import Store

pytestmark = [pytest.mark.lab]

DAY = datetime.date.today()
RATE = 20_000
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
"""Linux's numbers; Python does not name them."""
SITE = Site(
    client="c",
    site="s",
    zones=(Zone("near", ("10.91.1.0/28",)), Zone("far", ("10.91.2.0/24",))),
    authorization=Authorization("owner", DAY - datetime.timedelta(1), DAY + datetime.timedelta(1)),
    scope=Scope(max_rate=RATE),
)


def scan(folder: Path, *flags: str) -> list[str]:
    site = str(folder / "site.yaml")
    command = [sys.executable, "-m", "scanner.cli", "scan", site, "--from", "near", "--no-identify", "--no-names"]
    return [*command, "--ports", "80,2000-3999", "--patience", "0.5", *flags]


def interrupted(folder: Path, sign: int, enough: int) -> tuple[int, int, str]:
    """Packets that left for the far zone after the signal was sent, the scan's exit status and what it said."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)  # nothing is to be lost
        wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        wire.bind(("eth0", 0))
        wire.settimeout(0.3)
        with subprocess.Popen(scan(folder), stderr=subprocess.PIPE, text=True) as process:
            left = departures(wire, time.monotonic() + 120, most=enough)
            assert len(left) == enough, "it never got going"
            asked_to_stop = time.time()
            process.send_signal(sign)
            _, said = process.communicate(timeout=300)
            left = departures(wire, time.monotonic() + 10)
            return sum(each > asked_to_stop for each in left), process.returncode, said


def departures(wire: socket.socket, until: float, most: int | None = None) -> list[float]:
    """Kernel times of frames to the far zone, until there are so many, or (None) no more of any."""
    times: list[float] = []
    while (most is None or len(times) < most) and time.monotonic() < until:
        try:
            frame, ancillary, _, source = wire.recvmsg(64, 256)
        except TimeoutError:
            if most is None:
                break
            continue
        if source[2] == socket.PACKET_OUTGOING and frame[30:33] == bytes((10, 91, 2)):
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            times.append(seconds + nanoseconds / 1e9)
    return times


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_falls_silent_keeps_what_it_saw_and_says_how_to_go_on(
    lab: Lab, tmp_path: Path, sign: int
) -> None:
    (tmp_path / "site.yaml").write_text(document_text(SITE))
    after, status, said = lab.run("laptop", functools.partial(interrupted, tmp_path, sign, 6000))
    assert status == 130, said
    assert "--resume" in said
    assert "Traceback" not in said
    assert after <= RATE / 10
    with Store(tmp_path / "site.fencewalk.sqlite", create=False) as store:
        [cut] = store.sessions("c", "s")
    assert not cut.scan.complete
    assert any(isinstance(each, HostSeen) and each.address == "10.91.1.1" for each in cut.observations)
