"""A scan finds everything that is there and nothing else, on networks that lose, limit and drop packets.

Each is the real command on real packets; what the store holds is compared with the truth as sets. A closed port that
is taken for silent hides a hole in the fence, so closed ports count as well as open ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.packet_lab import LOSS, PacketLab, hosts, policer, silent
from benchmarks.scan_command import Found
from netns import IN_LAB
from recall_lab import Watch, host, keys, make_site

pytestmark = IN_LAB

OPEN = (3, 8, 13, 20)
UDP_OPEN = (53, 123)
ALL = tuple(map(host, range(1, 255)))
SIX = tuple(f"fd10:1::{each:x}" for each in range(1, 65))


@pytest.fixture(scope="module")
def raised() -> Iterator[PacketLab]:
    with PacketLab() as lab:
        lab.listen("b", OPEN, UDP_OPEN)
        yield lab


@pytest.fixture
def lab(raised: PacketLab) -> PacketLab:
    raised.reset()
    return raised


def agrees(seen: Found, opened: set[str], closed: set[str], silence: set[str]) -> None:
    """Every port is in the set where it belongs, and in no other."""
    for name, got, truth in (
        ("open", seen.open, opened),
        ("closed", seen.closed, closed),
        ("silent", seen.silent, silence),
        ("other", seen.other, set()),
    ):
        missing, false = sorted(truth - got), sorted(got - truth)
        counts = f"{len(missing)} of {len(truth)} missing, {len(false)} false"
        assert (missing, false) == ([], []), f"{name}: {counts}: missing {missing[:5]}, false {false[:5]}"


def living(addresses: tuple[str, ...], ports: range) -> tuple[set[str], set[str]]:
    """Open and closed ports of hosts that answer everything."""
    opened = keys(addresses, set(ports) & set(OPEN))
    return opened, keys(addresses, ports) - opened


@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_a_quiet_network_either_engine(lab: PacketLab, tmp_path: Path, engine: str) -> None:
    opened, closed = living(ALL, range(1, 21))
    agrees(make_site(lab, tmp_path).scan("--ports", "1-20", "--engine", engine), opened, closed, set())


@pytest.mark.parametrize("turn", range(3))
def test_two_packets_in_a_hundred_lost_each_way(lab: PacketLab, tmp_path: Path, turn: int) -> None:
    lab.rules("r", LOSS)
    opened, closed = living(ALL, range(1, 21))
    agrees(make_site(lab, tmp_path).scan("--ports", "1-20"), opened, closed, set())


def test_behind_a_policer(lab: PacketLab, tmp_path: Path) -> None:
    """Ten thousand probes where five thousand a second pass: an engine that does not slow down loses half of them."""
    lab.rules("r", policer(5000, 200))
    opened, closed = living(ALL, range(1, 41))
    agrees(make_site(lab, tmp_path).scan("--ports", "1-40"), opened, closed, set())


def test_hosts_that_drop_everything_or_all_but_their_services(lab: PacketLab, tmp_path: Path) -> None:
    drops = hosts(silent("10.1.0.100-10.1.0.179", but=OPEN), silent("10.1.0.180-10.1.0.254"))
    lab.rules("b", drops)
    opened, closed = living(ALL[:99], range(1, 21))
    guarded = keys(ALL[99:179], OPEN)
    agrees(
        make_site(lab, tmp_path).scan("--ports", "1-20"),
        opened | guarded,
        closed,
        keys(ALL[99:], range(1, 21)) - guarded,
    )


def test_a_policer_and_loss_and_hosts_that_drop(lab: PacketLab, tmp_path: Path) -> None:
    """All at once: what is lost at the policer is not taken for the hosts' silence."""
    lab.rules("r", policer(5000, 200).replace("oifname", "numgen random mod 1000 < 10 drop; oifname"))
    lab.rules("b", hosts(silent("10.1.0.128-10.1.0.254")))
    opened, closed = living(ALL[:127], range(1, 21))
    agrees(make_site(lab, tmp_path).scan("--ports", "1-20"), opened, closed, keys(ALL[127:], range(1, 21)))


def test_hosts_that_limit_their_resets(lab: PacketLab, tmp_path: Path) -> None:
    """Each sends 200 RSTs a second at most: slower probes find all closed ports, faster ones call them silent."""
    lab.rules(
        "b",
        "set sources { type ipv4_addr; flags dynamic; size 512; }",
        "chain output { type filter hook output priority 0; "
        "tcp flags & rst == rst update @sources { ip saddr limit rate over 200/second burst 20 packets } drop; }",
    )
    opened, closed = living(ALL[:8], range(1, 201))
    site = make_site(lab, tmp_path, far=("10.1.0.0/28",), exclude=("10.1.0.9/32", "10.1.0.10/31", "10.1.0.12/30"))
    agrees(site.scan("--ports", "1-200"), opened, closed, set())


def test_over_ipv6(lab: PacketLab, tmp_path: Path) -> None:
    site = make_site(lab, tmp_path, far=("fd10:1::/118",), critical=SIX)
    seen = site.scan("--ports", "1-20")
    named = {key for key in keys(SIX, range(1, 21)) if key in seen.open | seen.closed | seen.silent}
    opened, closed = living(SIX, range(1, 21))
    assert named == opened | closed
    agrees(Found(seen.alive, seen.open & named, seen.closed & named, seen.silent & named, seen.other), opened, closed,
           set())  # fmt: skip


def test_over_ipv6_with_loss(lab: PacketLab, tmp_path: Path) -> None:
    lab.rules("r", LOSS)
    opened, closed = living(SIX, range(1, 21))
    seen = make_site(lab, tmp_path, far=("fd10:1::/118",), critical=SIX).scan("--ports", "1-20")
    assert opened - seen.open == set()
    assert closed - seen.closed == set()
    assert {key for key in seen.open if key not in opened and int(key.rpartition("/")[2]) not in OPEN} == set()


def test_udp_where_the_kernel_limits_its_icmp(tmp_path: Path) -> None:
    """A kernel tells of some closed ports each second and of the others never: those are silent, nobody guesses."""
    ports = range(50, 60)
    addresses = tuple(map(host, range(1, 31)))
    everything = keys(addresses, ports, "udp")
    opened = keys(addresses, set(ports) & set(UDP_OPEN), "udp")
    with PacketLab(limits=True, six=False) as lab:
        lab.listen("b", OPEN, UDP_OPEN)
        site = make_site(lab, tmp_path, far=("10.1.0.0/27",), max_rate=20_000)
        with Watch(lab, answers=True) as watch:
            seen = site.scan("--ports", "U:50-59")
    told = {each.quoted for each in watch.packets if not each.sent and each.kind == "icmp" and each.quoted}
    assert seen.open == opened
    assert seen.closed == told & everything
    assert seen.silent == everything - opened - seen.closed
    assert seen.silent, "the kernel limited nothing: this test proves nothing"
    assert not seen.other


def test_udp_ports_of_one_host_whose_kernel_limits_its_icmp(tmp_path: Path) -> None:
    """Given the second that each takes, all closed ports are told, and what is dropped is not among them."""
    ports, dropped = range(50, 66), {60, 61, 62}
    with PacketLab(limits=True, six=False) as lab:
        lab.listen("b", OPEN, UDP_OPEN)
        lab.rules("r", "chain forward { type filter hook forward priority 0; udp dport 60-62 drop; }")
        site = make_site(lab, tmp_path, far=("10.1.0.1/32",), max_rate=20_000)
        with Watch(lab, answers=True) as watch:
            seen = site.scan("--ports", "U:50-65")
    at = [each.at for each in watch.packets if not each.sent and each.kind == "icmp" and each.quoted]
    opened, silent = keys([host(1)], {53}, "udp"), keys([host(1)], dropped, "udp")
    agrees(seen, opened, keys([host(1)], ports, "udp") - opened - silent, silent)
    assert max(at) - min(at) > 2, "the kernel limited nothing: this test proves nothing"
