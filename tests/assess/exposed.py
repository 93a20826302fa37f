"""What the tests of exposures share: one host that says something, and the exposures that the report has of it."""

from __future__ import annotations

import msgspec
from assess.scene import LAPTOP, OFFICE, SERVERS, TODAY, site

from scanner.assess import assess
from scanner.controls import bundled
from scanner.model.base import Transport
from scanner.model.baseline import Knowledge
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading, Scan, Session, Vantage
from scanner.model.report import FindingRow, Report
from scanner.model.site import Approved, Site

KNOWN = Knowledge(baselines=(), controls=bundled())
HOST = {OFFICE: "10.0.3.20", SERVERS: "10.0.2.20"}
Said = tuple[str, bytes]


def approving(*tools: str) -> Site:
    """The scene's site, with a list of the remote-access tools that may be there."""
    return msgspec.structs.replace(site(critical=()), approved=Approved(remote_access=tools))


def service(
    address: str, port: int, *said: Said, transport: Transport = "tcp", tls: bool = False
) -> tuple[Observation, ...]:
    """An open port, and a conversation with it."""
    readings = tuple(Reading(kind, raw) for kind, raw in said)
    received = sum(len(each.raw) for each in readings) + 1
    return (
        PortState(address, transport, str(port), "open", "syn-ack", 1001.0, 64, address, tries=1),
        Conversation(address, transport, port, "probe", "answered", 1002.0, readings, tls=tls, received=received),
    )


def visit(zone: str, *observations: Observation, address: str = "") -> Session:
    """A whole session from a zone that has no router of interest."""
    vantage = Vantage(zone, "eth0", address or LAPTOP[zone])
    scan = Scan(f"{zone}-1", vantage, "raw", "", 1000.0, ended=1060.0, complete=True)
    seen = {each.address for each in observations if isinstance(each, PortState)}
    alive = (HostSeen(each, "arp", 1000.0) for each in sorted(seen))
    return Session(scan, (*alive, *observations))


def report(*sessions: Session, scene: Site | None = None) -> Report:
    return assess(scene or site(critical=()), sessions, KNOWN, TODAY)


def exposures(*sessions: Session, scene: Site | None = None) -> list[FindingRow]:
    return [each for each in report(*sessions, scene=scene).findings if each.kind == "exposure"]


def alone(
    *said: Said, port: int = 4000, zone: str = SERVERS, transport: Transport = "tcp", tls: bool = False
) -> list[FindingRow]:
    """The exposures of one host with one service. VNC is approved of, so that only what is wrong with it is told."""
    scene = approving("VNC")
    return exposures(visit(zone, *service(HOST[zone], port, *said, transport=transport, tls=tls)), scene=scene)
