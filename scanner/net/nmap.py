"""The nmap engine: Nmap knocks, run by python-nmap; its raw XML goes to our one reader, as python-nmap's loses data.

`-d3` makes Nmap list every port with the TTL of its answer. Summed up, a reset by the firewall and one by the target
would look the same.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Generator, Iterator
from typing import Literal

import msgspec

from scanner.errors import NoPrivilege
from scanner.importers.nmap_run import NmapRun
from scanner.importers.nmap_xml import observations
from scanner.model.addresses import AddressSet, addresses_text, ports_of, ports_text
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Limitation, Progress, Silence, Vantage
from scanner.net.nmap_process import NmapProcess, check_interface

_UNIT_PROBES = 20_000
_UNIT_ADDRESSES = 256
_LONGEST_PORTS = 60_000
"""Characters in which the ports of one run are written."""
_CONNECT_PACKETS = 4

_Scan = Literal["syn", "connect", "udp"]


class _Unit(msgspec.Struct, frozen=True):
    """One run of Nmap: addresses of one family, one kind of scan."""

    addresses: tuple[str, ...]
    ports: tuple[int, ...]
    scan: _Scan

    @property
    def probes(self) -> int:
        return len(self.addresses) * len(self.ports)


def knock(request: Knock, pace: Pace, vantage: Vantage) -> Generator[Event, None, None]:
    """The same rows as the other engines give, once for each unit of at most `_UNIT_PROBES` probes.

    BadInput: Nmap is not installed. NoPrivilege: UDP without root. NetworkFailed: Nmap gave up, in its words. Closing
    the iterator kills Nmap.
    """
    raw = _can_raw()
    if request.udp and not raw:
        raise NoPrivilege("nmap asks UDP ports only as root: run fencewalk with sudo, or use --engine connect")
    units = list(_units(request, "syn" if raw and not request.gentle else "connect"))
    if not units:
        return
    yield from _limitations({unit.scan for unit in units})
    total, done = sum(unit.probes for unit in units), 0
    for unit in units:
        pace.take(1)
        flags = arguments(unit.scan, request, pace.rate, vantage.interface, ":" in unit.addresses[0])
        process = NmapProcess(unit.addresses, unit.ports, flags)
        try:
            while not process.ended():
                yield Progress("knock", done, total, time.time())
            run, complaint = process.result()
        finally:
            process.kill()
        yield from _events(unit, run, complaint, request.tries)
        done += unit.probes
        yield Progress("knock", done, total, time.time())


def arguments(scan: _Scan, request: Knock, rate: float, interface: str, ipv6: bool) -> list[str]:
    """Nmap's flags for one unit; BadInput for an interface name that could be read as something else."""
    check_interface(interface)
    flags = ["-n", "-Pn", "--reason", "-d3", {"syn": "-sS", "connect": "-sT", "udp": "-sU"}[scan]]
    # Nmap counts probes: a connect is several packets, and to a SYN's answer the kernel adds a reset.
    packets = _CONNECT_PACKETS if scan == "connect" else 1
    flags += ["--max-rate", f"{max(0.1, rate * 0.9 / packets):.6g}", "--max-retries", str(max(0, request.tries - 1))]
    flags += ["-e", interface]
    if ipv6:
        flags.append("-6")
    if not _can_raw():
        flags.append("--unprivileged")
    if request.gentle:
        flags += ["--max-parallelism", "1", "--scan-delay", "100ms"]
    return flags


def _events(unit: _Unit, run: NmapRun, complaint: str, tries: int) -> Iterator[Event]:
    """The run's rows, and a word about each address that it has no ports of."""
    yield from observations(run, tries)
    asked = {_bare(each): each for each in unit.addresses}
    reported = {_bare(host.address): host for host in run.hosts}
    # Nmap looks for a neighbour before it knocks, whatever it is told: nobody there is silence on every port.
    down = [each for bare, each in asked.items() if bare in reported and reported[bare].status == "down"]
    transport: Literal["tcp", "udp"] = "udp" if unit.scan == "udp" else "tcp"
    if down:
        yield Silence(addresses_text(down), transport, ports_text(unit.ports), tries, run.ended or time.time())
    left = [each for bare, each in asked.items() if bare not in reported or reported[bare].timed_out]
    if left:
        yield Limitation(
            f"{transport} ports of {addresses_text(left)}",
            f"nmap left them out: {complaint or 'no reason'}",
            time.time(),
        )


def _limitations(scans: set[_Scan]) -> Iterator[Limitation]:
    now = time.time()
    if "connect" in scans:
        what = "TTL and sender of TCP answers, and which ICMP error came"
        yield Limitation(what, "nmap -sT learns only the kernel's error number", now)
    yield Limitation("late answers", "nmap stops waiting before a router says host-unreachable, some 3 s later", now)


def _units(request: Knock, tcp_scan: _Scan) -> Iterator[_Unit]:
    """What is asked together: addresses of one family that are asked the same ports, those that are known left out."""
    checked = AddressSet.parse(request.addresses)
    kinds: tuple[tuple[Literal["tcp", "udp"], _Scan, tuple[int, ...]], ...] = (
        ("tcp", tcp_scan, request.tcp),
        ("udp", "udp", request.udp),
    )
    for transport, scan, ports in kinds:
        known: dict[str, set[int]] = {}
        for address, kind, text in request.known:
            if kind == transport:
                known.setdefault(address, set()).update(ports_of(text))
        groups: dict[tuple[int, ...], list[str]] = {}
        for address in checked:
            settled = known.get(address)
            left = tuple(port for port in ports if port not in settled) if settled else ports
            groups.setdefault(left, []).append(address)
        for left, addresses in groups.items():
            for some in _command_lines(left):
                size = 1 if request.gentle else max(1, min(_UNIT_ADDRESSES, _UNIT_PROBES // len(some)))
                for family in ([a for a in addresses if ":" not in a], [a for a in addresses if ":" in a]):
                    for start in range(0, len(family), size):
                        yield _Unit(tuple(family[start : start + size]), some, scan)


def _command_lines(ports: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """In as few parts as are short enough in writing: one argument may have 128 KiB, and scattered ports need more."""
    if len(ports_text(ports)) <= _LONGEST_PORTS:
        if ports:
            yield ports
        return
    half = len(ports) // 2
    yield from _command_lines(ports[:half])
    yield from _command_lines(ports[half:])


def _bare(text: str) -> str:
    return str(ipaddress.ip_address(text.partition("%")[0]))


def _can_raw() -> bool:
    """Whether Nmap can open raw sockets: it goes by the user, and our own capabilities do not reach it."""
    if os.geteuid() != 0:
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW):
            return True
    except PermissionError:
        return False
