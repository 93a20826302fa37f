"""Hand-made evidence of a canary: what a laptop in the guests' zone sent it, and what it says of that."""

from __future__ import annotations

import msgspec
from assess.scene import FW, GUEST, LAPTOP, SERVERS, judge, session, site

from scanner.assess.facts.view import View
from scanner.assess.verdicts.flows import Judge
from scanner.model.observation import (
    Arrival,
    Conversation,
    HostSeen,
    Listening,
    Observation,
    PortState,
    Reading,
    Scan,
    Session,
    Vantage,
)
from scanner.model.report import MeasuredRow
from scanner.model.site import Rule

NONCE = "beef"
CANARY = LAPTOP[SERVERS]
"""Where it listens."""


def listening(
    ports: str = "1-65535", transport: str = "tcp", how: str = "packets", since: float = 990.0, at: float = 1060.0
) -> Listening:
    return Listening(CANARY, transport, ports, how, since, at)  # type: ignore[arg-type]


def arrival(
    ports: str | int,
    transport: str = "tcp",
    how: str = "packet",
    source: str = LAPTOP[GUEST],
    nonce: str = NONCE,
    at: float = 1001.0,
    via: str = "",
    asked: str = "",
    address: str = CANARY,
) -> Arrival:
    return Arrival(address, transport, str(ports), nonce, source, how, at, via, asked)  # type: ignore[arg-type]


EVERYTHING = (listening(), listening(transport="udp"), listening("8", "icmp"))
ROUTER = HostSeen(FW[SERVERS], "gateway", 1061.0, mac="02:00:00:00:00:02")


def canary(*observations: Observation, router: HostSeen | None = ROUTER, zone: str = SERVERS) -> Session:
    scan = Scan(
        id=f"canary-{zone}",
        vantage=Vantage(zone, "eth1", CANARY),
        engine="canary",
        plan="",
        started=990.0,
        ended=1065.0,
        complete=True,
        purpose="canary",
    )
    return Session(scan, (*((router,) if router else ()), *observations))


def signed(*observations: Observation, nonce: str = NONCE, engine: str = "raw", purpose: str = "scan") -> Session:
    """The guests' session: its router answered at first, and, as `session` has it, after everything."""
    found = session(GUEST, *observations)
    first = msgspec.structs.replace(found.observations[0], at=1000.2)
    scan = msgspec.structs.replace(found.scan, nonce=nonce, engine=engine, purpose=purpose)
    return Session(scan, (first, *observations, found.observations[0]))


def proof(port: int, canarys: bool = True) -> Conversation:
    """A whole connection: the canary signs what it says; whoever else may speak as well."""
    readings = (Reading("canary", b"fencewlk"),) if canarys else ()
    return Conversation(CANARY, "tcp", port, "canary", "answered", 1002.0, readings, received=20)


def measured(*sessions: Session, allow: tuple[Rule, ...] = ()) -> list[MeasuredRow]:
    view, found = judged(*sessions, allow=allow)
    return list(found.measured(view, CANARY))


def judged(*sessions: Session, allow: tuple[Rule, ...] = ()) -> tuple[View, Judge]:
    evidence, _, found = judge(site(allow=allow), *sessions)
    return evidence.views[GUEST], found


def silent(ports: str, transport: str = "tcp", tries: int = 2, at: float = 1010.0, via: str = "") -> PortState:
    return PortState(CANARY, transport, ports, "silent", "no-response", at, tries=tries, via=via)  # type: ignore[arg-type]
