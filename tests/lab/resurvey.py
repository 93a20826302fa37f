"""A simulated network surveyed twice, and findings of it verified, by the machine's own clock."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from scanner import samples, session, verify
from scanner.assess.later.settled import Outcome
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import Topology
from scanner.model.observation import Vantage
from scanner.model.report import FindingRow, Report
from scanner.net.guard import Guard
from scanner.net.pace import TokenBucket
from scanner.ports import Ports, parse_ports
from scanner.session import ScanRequest
from scanner.store import Store

ZONES = ("guest", "servers")


def standing(topology: Topology, zone: str) -> Vantage:
    addresses = topology.laptop(zone)
    return Vantage(zone, "simulated", addresses[0], next((each for each in addresses if ":" in each), None))


def guarded(topology: Topology, zone: str) -> Guard:
    network = SimulatedNetwork(topology, zone, time.time)
    return Guard(network, topology.site, standing(topology, zone), lambda: topology.today, time.time)


def survey(topology: Topology, folder: Path, zones: Iterable[str] = ZONES) -> Path:
    """Each zone scanned, first for who is there and then for ports; the site file."""
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())
    with Store(session.store_path(site, None)) as store:
        for ports in (Ports(), parse_ports(topology.scan.ports)):
            for zone in zones:
                thorough = topology.scan.thorough and bool(ports.tcp)
                request = ScanRequest(
                    site=topology.site, zone=zone, ports=ports, thorough=thorough, today=lambda: topology.today
                )
                journal = session.open_journal(request, standing(topology, zone), store)
                for _ in session.scan(guarded(topology, zone), topology.site, journal):
                    pass
    return site


def verify_from(topology: Topology, site: Path, zone: str, finding: str) -> Outcome:
    """What `fencewalk verify` would say in that zone."""
    with Store(session.store_path(site, None)) as store:
        sessions = store.sessions(topology.site.client, topology.site.site)
        known = verify.knowing(session.load_site(site), topology.today)
        case = verify.case_for(known, sessions, finding)
        vantage = verify.stand(case, None, lambda name, _: standing(topology, zone) if name == zone else None)
        if vantage is None:
            return verify.elsewhere(case, [zone])
        journal = verify.begin(case, vantage, store, "raw")
        for _ in verify.carry_out(case, guarded(topology, zone), journal, TokenBucket(100_000)):
            pass
    return verify.found_out(site, None, case, journal)


def report_of(topology: Topology, site: Path) -> Report:
    return session.assess_site(site, None, topology.today)


def only(report: Report, kind: str, port: int | None = None, from_: str | None = None) -> FindingRow:
    """The one finding of that kind; of a port and a zone where these are named."""
    (found,) = [
        each
        for each in report.findings
        if each.kind == kind and port in (None, each.port) and from_ in (None, each.from_)
    ]
    return found
