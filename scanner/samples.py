"""Sample networks: topologies by name, their site files, and scans of them in memory."""

from __future__ import annotations

import datetime
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from scanner.errors import BadInput
from scanner.importers.document import document_text, read_document
from scanner.model.observation import Event, Vantage
from scanner.ports import Ports
from scanner.session import ScanRequest, open_journal, read_text, scan

if TYPE_CHECKING:
    from scanner.lab.topology import Topology
    from scanner.store import Store

_LAB = ": the site file of this lab"
TOPOLOGIES = Path(__file__).resolve().parent.parent / "topologies"


def topology_names() -> list[str]:
    return sorted(each.stem for each in TOPOLOGIES.glob("*.yaml"))


def load_topology(name: str) -> Topology:
    """A topology that comes with fencewalk, by name, or any file of that format, by path."""
    from scanner.lab.topology import Topology

    path = TOPOLOGIES / f"{name}.yaml"
    if not path.exists():
        path = Path(name)
        if not path.exists():
            raise BadInput(f"{name}: no such topology; there are {', '.join(topology_names())}, or name a file")
    return read_document(read_text(path), Topology, str(path))


def write_lab_site(topology: Topology, path: Path, today: datetime.date) -> None:
    """The site file of a topology, for scanning its lab today: the authorisation is stretched to hold."""
    site = topology.site
    if site.authorization is not None:
        start, until = site.authorization.from_, site.authorization.until
        dated = msgspec.structs.replace(site.authorization, from_=min(start, today), until=max(until, today))
        site = msgspec.structs.replace(site, authorization=dated)
    path.write_text(f"# {topology.title}{_LAB}\n{document_text(site)}", encoding="utf-8")


def is_lab_site(text: str) -> bool:
    """Whether `write_lab_site` wrote the site file."""
    first = text.partition("\n")[0]
    return first.startswith("# ") and first.endswith(_LAB)


def scan_simulated(topology: Topology, zone: str, ports: Ports, store: Store) -> Generator[Event, None, None]:
    """The same job on a topology in memory, guard and journal included."""
    from scanner.lab.simulate import SimulatedNetwork, clock
    from scanner.net.guard import Guard

    now = clock(topology)
    network = SimulatedNetwork(topology, zone, now)
    addresses = topology.laptop(zone)
    vantage = Vantage(
        zone=zone,
        interface="simulated",
        address=addresses[0],
        address6=next((each for each in addresses if ":" in each), None),
    )
    request = ScanRequest(
        site=topology.site,
        zone=zone,
        ports=ports,
        resume=True,
        thorough=topology.scan.thorough and bool(ports.tcp or ports.udp),
        today=lambda: topology.today,
    )
    journal = open_journal(request, vantage, store)
    guard = Guard(network, topology.site, vantage, request.today, now)
    yield from scan(guard, topology.site, journal)
