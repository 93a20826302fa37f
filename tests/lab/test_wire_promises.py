"""What a scan promises about its packets, read off the wire by the router and not out of the code."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from benchmarks.packet_lab import ROUTER, PacketLab, hosts, silent
from benchmarks.scan_command import Found, found, sorted_out
from loaded import Running
from netns import IN_LAB
from recall_lab import Watch, busiest, host, keys, make_site

from scanner.model.addresses import contains, ports_of
from scanner.model.observation import Observation, PortState

pytestmark = IN_LAB

OPEN = (3, 8, 13, 20, 333)
ALL = tuple(map(host, range(1, 255)))
ATTEMPTS = 3
"""A machine under load holds a process up for longer than these limits: one undisturbed attempt has to keep them."""


@pytest.fixture(scope="module")
def raised() -> Iterator[PacketLab]:
    with PacketLab(six=False) as lab:
        lab.listen("b", OPEN)
        yield lab


@pytest.fixture
def lab(raised: PacketLab) -> PacketLab:
    raised.reset()
    return raised


def wait_for(watch: Watch, packets: int, process: Running) -> None:
    deadline = time.monotonic() + 300
    while watch.seen < packets:
        assert process.poll() is None, "the scan ended before that"
        assert time.monotonic() < deadline, f"{watch.seen} packets in five minutes"
        time.sleep(0.002)


def test_ctrl_c_ends_the_sending_within_a_tenth_of_a_second(lab: PacketLab, tmp_path: Path) -> None:
    late: list[float] = []
    site = make_site(lab, tmp_path, max_rate=20_000)
    for _ in range(ATTEMPTS):
        site.store.unlink(missing_ok=True)
        with Watch(lab) as watch, site.started("--ports", "1-2000") as process:
            wait_for(watch, 6000, process)
            asked = time.time()
            process.send_signal(signal.SIGINT)
            process.wait(300)
            time.sleep(0.3)
        assert process.returncode == 130
        probes = [each.at for each in watch.sent("syn", "icmp", "udp")]
        assert any(asked - 3 < at < asked for at in probes), "it was not sending"
        late.append(max(probes) - asked)
        seen = found(site.store)
        assert seen.open
        assert seen.open <= keys(ALL, OPEN)
        if late[-1] <= 0.1:
            break
    assert min(late) <= 0.1, late
    assert max(late) <= 3.0, late


def test_nothing_leaves_for_anybody_who_is_not_in_scope(lab: PacketLab, tmp_path: Path) -> None:
    excluded = ("10.1.0.7/32", "10.1.0.64/28", "10.1.1.128/25")
    site = make_site(lab, tmp_path, far=("10.1.0.0/23",), exclude=excluded, max_rate=50_000)
    with Watch(lab) as watch:
        seen = site.scan("--ports", "1-20")
    may = {f"10.1.{net}.{last}" for net in (0, 1) for last in range(256)} - {"10.1.0.0", "10.1.1.255"}
    may = {each for each in may if not contains(excluded, each)}
    assert {each.target for each in watch.sent("arp")} <= {ROUTER, "10.0.0.2"}
    # Who is on the laptop's own link may be asked by multicast that no router passes on.
    far = {each.target for each in watch.sent() if each.kind != "arp" and not contains(("224.0.0.0/24",), each.target)}
    assert far == may
    assert seen.open == keys(may, [port for port in OPEN if port <= 20])
    assert {each.kind for each in watch.sent()} <= {"arp", "icmp", "syn", "rst", "udp"}
    assert {each.port for each in watch.sent("syn")} <= {*range(1, 21), *DISCOVERY}


DISCOVERY = (21, 22, 23, 25, 53, 80, 110, 135, 139, 143, 443, 445, 515, 631, 3389, 8080, 9100)
"""Ports by which a host is looked for that answers no echo."""


@pytest.mark.parametrize("rate", [3000, 20_000])
def test_no_tenth_of_a_second_carries_more_than_its_share(lab: PacketLab, tmp_path: Path, rate: int) -> None:
    """All packets count, what the kernel sends for us (RST) and retries included."""
    lab.rules("b", hosts(silent("10.1.0.100-10.1.0.254")))
    most: list[int] = []
    site = make_site(lab, tmp_path, far=("10.1.0.0/25",), max_rate=rate)
    for _ in range(ATTEMPTS):
        with Watch(lab) as watch:
            site.scan("--ports", f"1-{rate // 200}")
        times = [each.at for each in watch.sent()]
        assert len(times) >= 126 * rate // 200
        most.append(busiest(sorted(times)))
        if most[-1] <= rate / 10:
            break
    assert min(most) <= rate / 10, most
    assert max(most) <= rate / 10 * 1.1 + 2, most


class Marks(msgspec.Struct, frozen=True):
    """What a store says is done: ports of units that ran to their end, and ports that answered, whatever the unit."""

    units: frozenset[str]
    finished: Found
    so_far: Found
    pinged: frozenset[str]
    """Who answered every ping."""


def marks(store: Path) -> Marks:
    decode = msgspec.json.Decoder(Observation).decode
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
        units = frozenset(unit for (unit,) in db.execute("SELECT unit FROM units"))
        rows = [(unit, decode(body)) for unit, body in db.execute("SELECT unit, body FROM observations")]
    db.close()
    pings: dict[str, set[int]] = {}
    for _, row in rows:
        if isinstance(row, PortState) and row.transport == "icmp" and row.state != "silent":
            pings.setdefault(row.address, set()).update(ports_of(row.ports))
    pinged = frozenset(address for address, asked in pings.items() if asked >= {8, 13})
    return Marks(
        units, sorted_out(row for unit, row in rows if unit in units), sorted_out(row for _, row in rows), pinged
    )


def test_resumed_it_asks_no_silent_port_of_a_finished_unit_again(lab: PacketLab, tmp_path: Path) -> None:
    """A unit is cut for the rate at which the scan was planned, so it is planned slowly and carried out fast."""
    quiet = [*range(10, 30), *range(110, 130)]
    lab.rules("b", hosts(silent("10.1.0.10-10.1.0.29"), silent("10.1.0.110-10.1.0.129")))
    flags = ("--ports", "1-200")
    with Watch(lab) as watch, make_site(lab, tmp_path, max_rate=2000).started(*flags) as process:
        wait_for(watch, 50, process)
        process.kill()
        process.wait(300)
    site = make_site(lab, tmp_path, max_rate=50_000)
    with Watch(lab), site.started(*flags, "--resume") as process:
        deadline = time.monotonic() + 300
        while "knock-0" not in marks(site.store).units:
            assert process.poll() is None, "it ended before"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.2)
        process.kill()
        process.wait(300)
    kept = marks(site.store)
    assert not kept.units & {"knock-1", "knock-2"}, "it was killed too late"
    with Watch(lab) as after:
        seen = site.go_on(*flags, "--resume")
    asked = {f"{each.target}/tcp/{each.port}" for each in after.sent("syn")}
    assert kept.finished.silent == keys(map(host, quiet[:20]), range(1, 201))
    assert not asked & kept.finished.silent
    assert asked >= keys(map(host, quiet[20:]), range(1, 201))
    assert seen.silent >= keys(map(host, quiet), range(1, 201))


@pytest.mark.parametrize("turn", range(2))
def test_killed_and_resumed_it_asks_nothing_twice_that_is_done(lab: PacketLab, tmp_path: Path, turn: int) -> None:
    """SIGKILL at some moment; then what the router sees of the resumed scan is held against the store's marks."""
    lab.rules("b", hosts(silent("10.1.0.200-10.1.0.254")))
    ports, opened = range(1, 201), [port for port in OPEN if port <= 200]
    flags = ("--ports", "1-200")
    site = make_site(lab, tmp_path, max_rate=15_000)
    moment = random.randrange(8_000, 40_000)
    print(f"killed after {moment} packets")
    with Watch(lab) as before, site.started(*flags) as process:
        wait_for(before, moment, process)
        process.kill()
        process.wait(300)
    kept = marks(site.store)
    answered = kept.so_far.open | kept.so_far.closed
    assert answered, "it was killed before anything was kept"
    with Watch(lab) as after:
        seen = site.go_on(*flags, "--resume")
    asked = {f"{each.target}/tcp/{each.port}" for each in after.sent("syn")}
    finished = kept.finished.open | kept.finished.closed | kept.finished.silent
    assert not asked & finished, f"{len(asked & finished)} of {len(finished)} ports of finished units are asked again"
    assert not asked & answered, f"{len(asked & answered)} of {len(answered)} ports that had answered are asked again"
    if "sweep" in kept.units:
        echoed = {each.target for each in after.sent("icmp")} & kept.pinged
        assert len(echoed) <= 1, "only something known good is asked once more, as a control"
    assert seen.open == keys(ALL[:199], opened)
    assert seen.closed == keys(ALL[:199], ports) - seen.open
