"""Scans a topology as its `scan:` says, simulated or with real packets, and judges it as of its day."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from loaded import fencewalk

from scanner import samples, session
from scanner.lab.namespaces import Lab, raise_lab
from scanner.lab.topology import Topology
from scanner.model.report import FlowRow, Report
from scanner.ports import Ports, parse_ports
from scanner.store import Store

CASES = Path(__file__).parent / "verdicts"
ONE_AT_A_TIME = threading.Lock()
"""For everything but the scans: msgspec crashes where two threads meet the same type for the first time."""


def load(name: str) -> Topology:
    return samples.load_topology(str(CASES / f"{name}.yaml"))


def zones_of(topology: Topology) -> tuple[str, ...]:
    return topology.scan.zones or tuple(each.name for each in topology.site.zones)


def passes(topology: Topology) -> tuple[str, ...]:
    """First only who is there, where only known hosts are asked: over IPv6, by way of a neighbour, and dressed."""
    six = any(":" in each for zone in topology.site.zones for each in zone.subnets)
    known = six or topology.scan.thorough or any(len(host.legs) > 1 for host in topology.hosts)
    return ("none", "") if known else ("",)


def site_file(topology: Topology, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())
    return site


def simulated(topology: Topology, folder: Path) -> Report:
    site = site_file(topology, folder)
    with Store(session.store_path(site, None)) as store:
        for ports in passes(topology):
            asked = Ports() if ports else parse_ports(topology.scan.ports)
            for zone in zones_of(topology):
                for _ in samples.scan_simulated(topology, zone, asked, store):
                    pass
    return session.assess_site(site, None, topology.today)


def scan_command(topology: Topology, site: Path, zone: str, ports: str = "", *flags: str) -> list[str]:
    """What a technician types in a zone."""
    return [sys.executable, "-m", "scanner.cli", *_scan(topology, site, zone, ports, *flags)]


def _scan(topology: Topology, site: Path, zone: str, ports: str, *flags: str) -> list[str]:
    command = ["scan", str(site), "--from", zone]
    thorough = ["--thorough"] if topology.scan.thorough and not ports else []
    return [*command, "--ports", ports or topology.scan.ports, *thorough, *flags]


def scan(lab: Lab, topology: Topology, site: Path, zones: Iterable[str], ports: str = "", *flags: str) -> None:
    """From these zones at once, to the end."""
    asked = [(zone, _scan(topology, site, zone, ports, *flags)) for zone in zones]
    with ThreadPoolExecutor(len(asked)) as pool:
        for done in pool.map(lambda each: fencewalk(lab, each[0], *each[1]), asked):
            assert done.returncode == 0, done.stderr


def real(topology: Topology, folder: Path) -> Report:
    with ONE_AT_A_TIME, ExitStack() as stack:
        site = site_file(topology, folder)
        # Ours stays open: whoever opens or closes a store first or last locks it for a moment.
        stack.enter_context(Store(session.store_path(site, None)))
        lab = stack.enter_context(raise_lab(topology))
        ending = stack.pop_all()
    with ending:
        for ports in passes(topology):
            scan(lab, topology, site, zones_of(topology), ports)
    with ONE_AT_A_TIME:
        return session.assess_site(site, None, topology.today)


def flow(report: Report, from_: str, address: str, transport: str, port: int, via: str = "") -> FlowRow:
    """The one row of the report on this flow."""
    wanted = (from_, address, transport, port, via)
    (found,) = [f for f in report.reachability if (f.from_, f.address, f.transport, f.port, f.via) == wanted]
    return found
