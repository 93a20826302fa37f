"""Nmap's version detection, for services that our own conversations and fingerprints leave without a name.

One run a host and few ports, by ordinary connections (which takes no privilege), and a few runs at once. What Nmap says
of a service is kept as its own XML element: it is an opinion, and `scanner.identify.second` judges what of it holds.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator

from scanner.importers.nmap_run import NmapRun
from scanner.importers.nmap_xml import told
from scanner.model.addresses import address_key, ports_text
from scanner.model.network import Converse, Pace, Talk
from scanner.model.observation import Event, Limitation, Progress, Vantage
from scanner.net.nmap_process import NmapProcess, check_interface

INTENSITY = 5
AT_ONCE = 4
"""Runs of Nmap at the same time, each of one host."""
PORTS_A_RUN = 8
RUN_SECONDS = 300
"""A run is given up after so long, and says nothing then: a silent port costs some two minutes."""
_PACKETS_A_PORT = 60
"""Of ours, roughly: ten probes with a connection each. Nmap's own limit counts the port scan only, so that a run is
charged before it starts."""

_Work = tuple[str, tuple[int, ...]]


def versions(request: Converse, pace: Pace, vantage: Vantage) -> Generator[Event, None, None]:
    """What Nmap makes of the TCP ports in `request`. A host of which it knows nothing gives no row.

    BadInput: Nmap is not installed. NetworkFailed: it gave up, in its words. Closing the iterator ends every run.
    """
    check_interface(vantage.interface)
    work = list(_units(request.talks))
    running: dict[NmapProcess, _Work] = {}
    waiting = iter(work)
    ended = 0
    try:
        while ended < len(work):
            while len(running) < AT_ONCE and (unit := next(waiting, None)) is not None:
                for _ in unit[1]:
                    pace.take(_PACKETS_A_PORT)
                running[NmapProcess((unit[0],), unit[1], arguments(unit[0], vantage.interface, pace.rate))] = unit
            for process in [each for each in running if each.ended(0.25 / AT_ONCE)]:
                unit = running.pop(process)
                try:
                    run, complaint = process.result()
                finally:
                    process.kill()
                ended += 1
                yield from _events(unit, run, complaint)
            yield Progress("converse", ended, len(work), time.time())
    finally:
        for process in running:
            process.kill()


def arguments(address: str, interface: str, rate: float) -> list[str]:
    """Nmap's flags for one run."""
    flags = ["-n", "-Pn", "-sT", "--unprivileged", "-sV", "--version-intensity", str(INTENSITY), "-e", interface]
    flags += ["--host-timeout", f"{RUN_SECONDS}s", "--max-retries", "1", "--max-rate", f"{max(0.1, rate / 10):.6g}"]
    return [*flags, "-6"] if ":" in address else flags


def _units(talks: Iterable[Talk]) -> Iterator[_Work]:
    """One host a run, whose address the caller judged; the hosts' first ports before anybody's second."""
    ports: defaultdict[str, set[int]] = defaultdict(set)
    for talk in talks:
        if talk.transport == "tcp":
            ports[talk.address].add(talk.port)
    parts = [
        (start, address, tuple(sorted(mine)[start : start + PORTS_A_RUN]))
        for address, mine in ports.items()
        for start in range(0, len(mine), PORTS_A_RUN)
    ]
    for _, address, some in sorted(parts, key=lambda each: (each[0], address_key(each[1]))):
        yield address, some


def _events(unit: _Work, run: NmapRun, complaint: str) -> Iterator[Event]:
    address, ports = unit
    for host in run.hosts:
        if not host.timed_out:
            yield from told(host, address, frozenset(ports), time.time())
    if not run.hosts or any(host.timed_out for host in run.hosts):
        why = complaint or f"not done within {RUN_SECONDS} s"
        what = f"what Nmap makes of tcp ports {ports_text(ports)} of {address}"
        yield Limitation(what, why, time.time())
