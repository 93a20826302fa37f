"""Required flows: found blocked only with proof and by vantage, by TCP, ICMP and IPv6; never where they are denied."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import (
    DB,
    GUEST,
    LAPTOP,
    NOTHING_KNOWN,
    OFFICE,
    SERVERS,
    TODAY,
    at_home,
    echo,
    port,
    session,
    silence,
    site,
    spoke,
)
from tables import for_every

from scanner.assess import assess
from scanner.model.groups import Groups
from scanner.model.observation import HostSeen, Observation, Session
from scanner.model.report import FindingRow
from scanner.model.site import Rule, Site

DB6 = "fd00:2::10"
LAPTOP6 = {GUEST: "fd00:1::fa", OFFICE: "fd00:3::fa"}
GROUPS = Groups(zones={"people": (GUEST, OFFICE)}, services={"logs": ("tcp/6514",), "look": ("icmp/8",)})


def scene(*require: Rule, deny: tuple[Rule, ...] = ()) -> Site:
    """GUEST and OFFICE have IPv6 as well."""
    plain = site()
    zones = tuple(
        msgspec.structs.replace(zone, subnets=(*zone.subnets, f"{LAPTOP6[zone.name][:7]}:/64"))
        if zone.name in LAPTOP6
        else zone
        for zone in plain.zones
    )
    return msgspec.structs.replace(plain, zones=zones, require=require, deny=deny, groups=GROUPS)


def blocked(where: Site, *sessions: Session) -> list[FindingRow]:
    found = assess(where, sessions, NOTHING_KNOWN, TODAY).findings
    return [each for each in found if each.kind == "required-flow-blocked"]


def home(*more: Observation) -> Session:
    """The servers' zone, which sees the collector up on the database's machine, and that it echoes."""
    plain = at_home(6514)
    return Session(plain.scan, (*plain.observations, echo(DB, ttl=64), *more))


ECHO6 = port(DB6, 128, "open", "echo-reply", 64, transport="icmp")
HOME6 = (HostSeen(DB6, "ndp", 1000.0), port(DB6, 6514, "open", ttl=64), spoke(DB6, 6514), ECHO6)


DROPPED = silence(DB, "6514")
MUTE = silence(DB, "8", transport="icmp")

CASES = [
    # (the requirement, what the guest's session saw, source and port of each flow that is found blocked)
    (Rule(GUEST, SERVERS, ("tcp/6514",)), (DROPPED,), [(GUEST, "tcp", 6514)]),
    (Rule("people", SERVERS, ("logs",)), (DROPPED,), [(GUEST, "tcp", 6514)]),
    (Rule("*", DB, ("logs",)), (DROPPED,), [(GUEST, "tcp", 6514)]),
    (Rule(OFFICE, SERVERS, ("tcp/6514",)), (DROPPED,), []),
    (Rule(GUEST, SERVERS, ("tcp/6514",)), (port(DB, 6514, "open"), spoke(DB, 6514)), []),
    (Rule(GUEST, SERVERS, ("tcp/6514",)), (silence(DB, "6514", tries=1),), []),
    (Rule(GUEST, SERVERS, ("tcp/6514",)), (), []),
    (Rule(GUEST, SERVERS, ("icmp",)), (MUTE,), [(GUEST, "icmp", 8)]),
    (Rule(GUEST, SERVERS, ("look",)), (MUTE,), [(GUEST, "icmp", 8)]),
    (Rule(GUEST, SERVERS, ("icmp/8",)), (echo(DB),), []),
    (Rule(GUEST, SERVERS, ("icmp/13",)), (MUTE,), []),
    (Rule(GUEST, DB, ("tcp/6513-6514",)), (DROPPED,), [(GUEST, "tcp", 6514)]),
]  # fmt: skip


@for_every(("need", "seen", "found"), CASES)
def test_a_required_flow_is_blocked_with_proof_or_not_at_all(
    need: Rule, seen: tuple[Observation, ...], found: list[tuple[str, str, int]]
) -> None:
    rows = blocked(scene(need), session(GUEST, *seen), home())
    assert [(each.from_, each.transport, each.port) for each in rows if each.host == f"{SERVERS}/{DB}"] == found
    assert all(each.evidence and each.replay for each in rows)


@pytest.mark.parametrize(
    ("need", "found"),
    [
        (Rule(GUEST, "FD00:2:0::0010", ("tcp/6514", "icmp")), [("icmp", 8), ("tcp", 6514)]),
        (Rule(GUEST, "fd00:2::10", ("icmp/128",)), [("icmp", 8)]),
        (Rule(GUEST, DB, ("tcp/6514",)), []),
        (Rule(GUEST, SERVERS, ("tcp/6514",)), []),
    ],
)
def test_ipv6_is_required_by_itself_however_it_is_written(need: Rule, found: list[tuple[str, int]]) -> None:
    """IPv4 works, IPv6 does not: who requires the zone is served by either."""
    works = port(DB, 6514, "open"), spoke(DB, 6514)
    guest = session(GUEST, *works, silence(DB6, "6514"), silence(DB6, "128", transport="icmp"))
    vantage = msgspec.structs.replace(guest.scan.vantage, address6=LAPTOP6[GUEST])
    router = HostSeen("fd00:1::1", "gateway", 1050.0, mac="02:00:00:00:00:01")
    seen = Session(msgspec.structs.replace(guest.scan, vantage=vantage), (*guest.observations, router))
    rows = blocked(scene(need), seen, home(*HOME6))
    assert sorted((str(each.transport), each.port) for each in rows) == found


@pytest.mark.parametrize(
    ("denial", "left"),
    [
        (Rule(GUEST, SERVERS, ("any",)), 0),
        (Rule("people", "*", ("logs",)), 0),
        (Rule("*", DB, ("tcp",)), 0),
        (Rule(LAPTOP[GUEST], SERVERS, ("any",)), 0),
        (Rule(OFFICE, SERVERS, ("any",)), 1),
        (Rule("*", SERVERS, ("udp",)), 1),
    ],
)
def test_what_a_denial_forbids_is_not_missed(denial: Rule, left: int) -> None:
    need = Rule("*", SERVERS, ("tcp/6514",))
    assert len(blocked(scene(need, deny=(denial,)), session(GUEST, DROPPED), home())) == left


def test_what_is_denied_and_works_all_the_same_is_a_gap() -> None:
    where = scene(Rule("*", SERVERS, ("tcp/6514",)), deny=(Rule("people", SERVERS, ("any",)),))
    seen = session(GUEST, port(DB, 6514, "open"), spoke(DB, 6514))
    found = assess(where, [seen, home()], NOTHING_KNOWN, TODAY)
    assert [each.kind for each in found.findings if each.from_ == GUEST] == ["segmentation-gap"]
    [flow] = [each for each in found.reachability if each.port == 6514 and each.from_ == GUEST and each.address == DB]
    assert (flow.verdict, flow.allowed) == ("REACHED", False)
    assert {each.kind for each in found.policy_notes} == {"contradiction"}
