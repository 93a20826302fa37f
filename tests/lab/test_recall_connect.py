"""The connect engine finds everything on networks that limit and lose packets, and on systems that are not Linux."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.packet_lab import LOSS, PacketLab, policer
from benchmarks.scan_command import FENCEWALK, Found, found
from netns import IN_LAB
from recall_lab import Site, host, keys, make_site

pytestmark = IN_LAB

OPEN, UDP_OPEN = (3, 8, 13, 20), (53, 123)
ALL = tuple(map(host, range(1, 255)))
FENCE = """chain forward {
    type filter hook forward priority 0;
    tcp dport 5 drop
    tcp dport 6 ip daddr 10.1.0.1-10.1.0.9 reject with tcp reset
    tcp dport 7 reject with icmp admin-prohibited
    tcp dport 9 meta nfproto ipv6 reject with icmpv6 admin-prohibited
    ip daddr 10.1.0.20-10.1.0.29 drop
}"""


@pytest.fixture(scope="module")
def raised() -> Iterator[PacketLab]:
    with PacketLab() as lab:
        lab.listen("b", OPEN, UDP_OPEN)
        yield lab


@pytest.fixture
def lab(raised: PacketLab) -> PacketLab:
    raised.reset()
    return raised


def complete(seen: Found, ports: range) -> None:
    opened = keys(ALL, set(ports) & set(OPEN))
    closed = keys(ALL, ports) - opened
    missing = sorted((opened - seen.open) | (closed - seen.closed))
    assert not missing, f"{len(missing)} of {len(opened | closed)}, such as {missing[:5]}"
    false = (seen.open - opened) | (seen.closed - closed) | seen.silent | seen.other
    assert not false, f"{len(false)} false, such as {sorted(false)[:5]}"


@pytest.mark.parametrize("rate", [500, 2000], ids=lambda rate: f"{rate} a second")
def test_behind_a_policer(lab: PacketLab, tmp_path: Path, rate: int) -> None:
    """An engine that does not slow down takes one port in fifty for silent at 2,000 a second, and at 500 on a busy
    machine one in ten."""
    lab.rules("r", policer(rate, rate // 10))
    ports = range(1, rate // 100 + 1)
    complete(make_site(lab, tmp_path).scan("--ports", f"1-{ports[-1]}", "--engine", "connect"), ports)


@pytest.mark.parametrize("turn", range(3))
def test_two_packets_in_a_hundred_lost_each_way(lab: PacketLab, tmp_path: Path, turn: int) -> None:
    lab.rules("r", LOSS)
    ports = range(1, 11)
    complete(make_site(lab, tmp_path).scan("--ports", "1-10", "--engine", "connect"), ports)


def test_a_policer_and_loss(lab: PacketLab, tmp_path: Path) -> None:
    lab.rules("r", policer(2000, 200).replace("oifname", "numgen random mod 1000 < 20 drop; oifname"))
    ports = range(1, 11)
    complete(make_site(lab, tmp_path).scan("--ports", "1-10", "--engine", "connect"), ports)


def scan_elsewhere(site: Site, poller: str, *flags: str) -> Found:
    """The same scan on a system that has nothing of what only Linux has (`net/elsewhere.py`)."""
    for each in site.store.parent.glob(f"{site.store.name}*"):
        each.unlink()
    command = site.command(*flags)
    launcher = Path(__file__).parents[1] / "net" / "elsewhere.py"
    place = command.index(str(FENCEWALK))
    command[place : place + 1] = [sys.executable, str(launcher), poller]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return found(site.store)


@pytest.mark.parametrize("poller", ["epoll", "poll", "select"])
def test_without_what_only_linux_has_it_finds_the_same(lab: PacketLab, tmp_path: Path, poller: str) -> None:
    lab.rules("r", FENCE)
    site = make_site(lab, tmp_path, far=("10.1.0.0/27", "fd10:1::/124"), critical=("fd10:1::1", "fd10:1::2"))
    flags = ("--ports", "1-20,U:50-55", "--engine", "connect")
    usual, other = site.scan(*flags), scan_elsewhere(site, poller, *flags)
    assert other.open == usual.open
    assert other.closed == usual.closed
    assert other.silent == usual.silent
    assert other.other == usual.other
    assert all((usual.open, usual.closed, usual.silent, usual.other)), "a kind of answer is missing from the test"
    assert {each for each in usual.open if each.startswith("fd10:")}
