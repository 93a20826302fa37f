"""What is measured: each case a network, what is asked of it, what is true of it, and the goal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import msgspec
from benchmarks.packet_lab import LOSS, SINK, PacketLab, Segment, hosts, policer, silent
from benchmarks.scan_command import site_text

Kind = Literal["arp", "echo", "syn", "connect", "sink", "memory"]

_DICE = random.Random(20261122)
LOW_PORTS = tuple(sorted(_DICE.sample(range(1, 1001), 24)))
HIGH_PORTS = tuple(sorted(_DICE.sample(range(1001, 65536), 24)))
WIDE_PORTS = (LOW_PORTS[3], LOW_PORTS[17], *(each for each in range(200, 230) if each not in LOW_PORTS))[:20]
"""Twenty ports, two of them open: what a /16 is asked."""
LISTENING = (*LOW_PORTS, *HIGH_PORTS)
SPARSE = tuple(sorted(f"10.1.{each >> 8}.{each & 255}" for each in _DICE.sample(range(1, 65535), 65534 // 20)))
TWENTY_BIT = "10.2.0.250/20"
UP_206 = tuple(f"10.2.{each >> 8}.{each & 255}" for each in _DICE.sample(range(1, 4095), 207) if each != 250)[:206]
UP_16 = tuple(f"10.2.0.{each}" for each in _DICE.sample(range(1, 250), 16))

NET_24 = tuple(f"10.1.0.{each}" for each in range(1, 255))
NET6 = tuple(f"fd10:1::{each:x}" for each in range(1, 255))
LAPTOP = {"laptop": ("10.0.0.0/30",)}
LAPTOP6 = {"laptop": ("10.0.0.0/30", "fd10::/64")}


class Goal(msgspec.Struct, frozen=True):
    """What the figure has to be; what is None is no goal. Whatever the times, the result has to be exact."""

    text: str
    tuned: float | None = None
    """Of the time of Nmap with `--min-rate`."""
    plain: float | None = None
    """Of the time of Nmap -T4."""
    seconds: float | None = None
    masscan_rate: float | None = None
    """Of masscan's packets a second."""
    megabytes: float | None = None


class Case(msgspec.Struct, frozen=True):
    name: str
    title: str
    kind: Kind
    goal: Goal
    truth: frozenset[str]
    network: Callable[[], PacketLab | Segment]
    prepare: Callable[[PacketLab], None] = lambda lab: None
    zone: str = "laptop"
    site: str = ""
    targets: str = ""
    """As Nmap writes them."""
    ranges: str = ""
    """As masscan writes them; empty where masscan and zmap cannot do it."""
    ports: str = ""
    nmap: str = "-sS -Pn"
    plain: bool = True
    """Whether Nmap -T4 is run; where it would take minutes beyond counting, it is not."""
    own_runs: int = 0
    """Runs of fencewalk, where more are needed than of the others."""


def _pairs(addresses: tuple[str, ...], ports: tuple[int, ...] = LOW_PORTS) -> frozenset[str]:
    return frozenset(f"{address}/tcp/{port}" for address in addresses for port in ports)


@contextmanager
def raised(case: Case) -> Iterator[PacketLab | Segment]:
    """The case's network, ready to be scanned."""
    with case.network() as lab:
        if isinstance(lab, PacketLab):
            lab.listen("b", LISTENING)
            case.prepare(lab)
        yield lab


_ALL_16 = frozenset(f"10.1.{each >> 8}.{each & 255}" for each in range(1, 65535))
_SITE_24 = site_text({**LAPTOP, "far": ("10.1.0.0/24",)}, include=("10.1.0.0/24",))
_SITE_16 = site_text({**LAPTOP, "far": ("10.1.0.0/16",)}, include=("10.1.0.0/16",))
_SITE_1 = site_text({**LAPTOP, "far": ("10.1.0.9/32",)}, include=("10.1.0.9/32",))
_SITE_6 = site_text({**LAPTOP6, "far": ("fd10:1::/118",)}, include=("fd10:1::/118",), critical=NET6)
_SEGMENT = {"arp24": "10.2.0.0/24", "arp20": "10.2.0.0/20"}
_254 = {"site": _SITE_24, "targets": "10.1.0.1-254", "ranges": "10.1.0.1-10.1.0.254", "ports": "1-1000"}
_16 = {"site": _SITE_16, "targets": "10.1.0.0/16", "ranges": "10.1.0.0/16"}
_RATIO = "at most {} of tuned Nmap"


def _segment(name: str, title: str, own: str, up: tuple[str, ...], goal: Goal) -> Case:
    subnet = _SEGMENT[name]
    return Case(
        name, title, "arp", goal, frozenset(up), lambda: Segment(own, up), zone="segment",
        site=site_text({"segment": (subnet,)}), targets=subnet, nmap=f"-sn -PR --exclude {own.partition('/')[0]}",
    )  # fmt: skip


def _routed(name: str, title: str, kind: Kind, goal: Goal, truth: frozenset[str], **more: object) -> Case:
    return Case(name, title, kind, goal, truth, lambda: PacketLab(six=name == "syn6"), **more)  # type: ignore[arg-type]


_FILTERED = hosts(silent("10.1.0.128-10.1.0.254", but=LISTENING))
_HALF = hosts(silent("10.1.0.128-10.1.0.255"))
_PROBES_24 = 254 * 1000

CASES: tuple[Case, ...] = (
    _segment("arp24", "ARP /24, 16 up", "10.2.0.250/24", UP_16, Goal("exact")),
    _segment("arp20", "ARP /20, 206 up", TWENTY_BIT, UP_206, Goal(_RATIO.format(0.5), tuned=0.5)),
    _routed(
        "icmp-live", "ICMP /16, all live", "echo", Goal(_RATIO.format(0.25), tuned=0.25), _ALL_16,
        nmap="-sn -PE", **_16,
    ),
    _routed(
        "icmp-sparse", "ICMP /16, 5% live", "echo", Goal(_RATIO.format(0.12), tuned=0.12), frozenset(SPARSE),
        prepare=lambda lab: lab.only(SPARSE), nmap="-sn -PE", **_16,
    ),
    _routed(
        "syn-one", "SYN 1 x 65,535", "syn", Goal("no slower than tuned Nmap", tuned=1.0),
        _pairs(("10.1.0.9",), LISTENING), site=_SITE_1, targets="10.1.0.9", ranges="10.1.0.9", ports="1-65535",
    ),
    _routed(
        "syn-live", "SYN 254 x 1000, all live", "syn", Goal(_RATIO.format(0.5), tuned=0.5), _pairs(NET_24), **_254,
    ),
    _routed(
        "syn-half", "SYN 254 x 1000, half of the hosts drop everything", "syn",
        Goal("at most 0.3 of tuned Nmap, 0.03 of -T4", tuned=0.3, plain=0.03), _pairs(NET_24[:127]),
        prepare=lambda lab: lab.rules("b", _HALF), **_254,
    ),
    _routed(
        "syn-filtered", "SYN 254 x 1000, half of the hosts drop all but their open ports", "syn",
        Goal(_RATIO.format(0.3), tuned=0.3), _pairs(NET_24), prepare=lambda lab: lab.rules("b", _FILTERED), **_254,
    ),
    _routed(
        "syn-dropped", "SYN 254 x 1000, everything dropped", "syn", Goal("exact"), frozenset(),
        prepare=lambda lab: lab.rules("b", hosts("ip daddr 10.1.0.0/16 drop;")), plain=False,
        **{**_254, "ranges": ""},
    ),
    _routed(
        "syn-wide", "SYN /16 x 20, all live", "syn", Goal(_RATIO.format(0.25), tuned=0.25),
        _pairs(tuple(_ALL_16), WIDE_PORTS[:2]), plain=False, ports=",".join(map(str, sorted(WIDE_PORTS))), **_16,
    ),
    _routed(
        "connect-live", "connect 254 x 1000, all live", "connect", Goal("no slower than tuned Nmap", tuned=1.0),
        _pairs(NET_24), nmap="-sT -Pn", **{**_254, "ranges": ""},
    ),
    _routed(
        "loss", "SYN 254 x 1000, 2% loss each way", "syn", Goal("exact in ten runs of ten"), _pairs(NET_24),
        prepare=lambda lab: lab.rules("r", LOSS), own_runs=10, **_254,
    ),
    _routed(
        "policer", "SYN 254 x 1000 behind a policer of 20,000 packets/s", "syn",
        Goal(f"at most {1.1 * _PROBES_24 / 20_000:.1f} s (1.1 of the ideal)", seconds=1.1 * _PROBES_24 / 20_000),
        _pairs(NET_24), prepare=lambda lab: lab.rules("r", policer(20_000, 1000)), **_254,
    ),
    _routed(
        "syn6", "SYN 254 x 1000 over IPv6, all live", "syn", Goal("exact"), _pairs(NET6), site=_SITE_6,
        targets=",".join(NET6), ports="1-1000", nmap="-6 -sS -Pn",
    ),
    _routed(
        "sink", "packets/s into a sink, 14 x 65,535", "sink", Goal("at least 1.25 of masscan", masscan_rate=1.25),
        frozenset(), prepare=lambda lab: lab.rules("r", SINK, family="netdev"),
        site=site_text({**LAPTOP, "far": ("10.1.0.0/28",)}, include=("10.1.0.0/28",), max_rate=10_000_000),
        ranges="10.1.0.0/28", ports="1-65535",
    ),
    _routed(
        "memory", "peak memory, SYN /16 x 1000, all live", "memory", Goal("under 500 MB", megabytes=500),
        _pairs(tuple(_ALL_16)), ports="1-1000", **_16,
    ),
)  # fmt: skip
