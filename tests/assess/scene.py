"""Hand-made evidence: sessions of a laptop in small zones, to ask the judge about."""

from __future__ import annotations

import datetime

from scanner.assess.facts.evidence import Evidence
from scanner.assess.machines.inventory import Inventory
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.flows import Judge
from scanner.model.baseline import Knowledge
from scanner.model.observation import (
    Conversation,
    HostSeen,
    Observation,
    PortState,
    Reading,
    Scan,
    Session,
    Silence,
    State,
    Vantage,
)
from scanner.model.site import Critical, Rule, Site, Zone

TODAY = datetime.date(2026, 11, 20)
GUEST, SERVERS, OFFICE = "guest", "servers", "office"
DB = "10.0.2.10"
FW = {GUEST: "10.0.1.1", SERVERS: "10.0.2.1", OFFICE: "10.0.3.1"}
MACS = {GUEST: "02:00:00:00:00:01", SERVERS: "02:00:00:00:00:02", OFFICE: "02:00:00:00:00:03"}
"""Of the firewall's legs."""
LAPTOP = {GUEST: "10.0.1.250", SERVERS: "10.0.2.250", OFFICE: "10.0.3.250"}
NOTHING_KNOWN = Knowledge(baselines=())


def site(
    allow: tuple[Rule, ...] = (),
    require: tuple[Rule, ...] = (),
    critical: tuple[Critical, ...] = (Critical("Database", (DB,), ("tcp/5432",)),),
    isolated: bool = False,
) -> Site:
    return Site(
        client="Scene",
        site="test",
        zones=(
            Zone(GUEST, ("10.0.1.0/24",), trust="untrusted", isolated=isolated),
            Zone(SERVERS, ("10.0.2.0/24", "fd00:2::/64"), trust="critical"),
            Zone(OFFICE, ("10.0.3.0/24",), trust="user"),
        ),
        allow=allow,
        require=require,
        critical=critical,
    )


def session(zone: str, *observations: Observation, started: float = 1000.0, complete: bool = True) -> Session:
    """A session from `zone` whose laptop resolved its router."""
    scan = Scan(
        id=f"{zone}-{started:.0f}",
        vantage=Vantage(zone, "eth0", LAPTOP[zone]),
        engine="raw",
        plan="",
        started=started,
        ended=started + 60,
        complete=complete,
    )
    gateway = HostSeen(FW[zone], "gateway", max(started, 1000.0) + 50, mac=MACS[zone])
    return Session(scan, (gateway, *observations))


def port(
    address: str,
    ports: str | int,
    state: State,
    reason: str = "",
    ttl: int | None = 63,
    source: str | None = "",
    rtt_ms: float | None = 1.0,
    tries: int = 2,
    transport: str = "tcp",
) -> PortState:
    defaults = {"open": "syn-ack", "closed": "rst", "silent": "no-response", "rejected": "icmp-3-13"}
    return PortState(
        address=address,
        transport=transport,  # type: ignore[arg-type]
        ports=str(ports),
        state=state,
        reason=reason or defaults.get(state, "icmp-3-1"),
        at=1001.0,
        ttl=None if state == "silent" else ttl,
        source=None if state == "silent" else address if source == "" else source,
        rtt_ms=rtt_ms,
        tries=tries,
    )


def echo(address: str, ttl: int = 63, source: str = "") -> PortState:
    return port(address, 8, "open", "echo-reply", ttl, source, transport="icmp")


def spoke(
    address: str, number: int, raw: bytes = b"SSH-2.0-Test", kind: str = "ssh", tls: bool = False
) -> Conversation:
    return Conversation(
        address, "tcp", number, kind, "answered", 1002.0, (Reading(kind, raw),), tls=tls, received=len(raw)
    )


def mute(address: str, number: int) -> Conversation:
    return Conversation(address, "tcp", number, "banner", "silent", 1002.0)


def silence(addresses: str, ports: str, tries: int = 2, transport: str = "tcp") -> Silence:
    return Silence(addresses, transport, ports, tries, 1003.0)  # type: ignore[arg-type]


def at_home(*services: int, address: str = DB) -> Session:
    """The servers' own zone sees the database: up, echoing, and with these ports open."""
    rows: list[Observation] = [
        HostSeen(address, "arp", 1000.0, mac="02:00:00:00:00:10"),
        HostSeen(address, "echo-reply", 1000.0, ttl=64),
        *(port(address, each, "open", ttl=64) for each in services),
        *(spoke(address, each) for each in services),
        port(address, "81", "closed", ttl=64),
    ]
    return session(SERVERS, *rows)


def judge(scene: Site, *sessions: Session) -> tuple[Evidence, Policy, Judge]:
    evidence, policy = Evidence(scene, sessions), Policy(scene)
    return evidence, policy, Judge(evidence, policy, Inventory(evidence).two_legged)
