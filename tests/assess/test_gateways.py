"""Neighbours that carry packets past the fence, and such that only answer for their own far address."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import (
    DB,
    FW,
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

from scanner.assess import assess
from scanner.model.observation import HostSeen, Observation, PortState, Session
from scanner.model.report import FindingRow

NEAR, VIA = "10.0.1.7", "by-10.0.1.7"
FAR_LEG = "10.0.2.7"
NEIGHBOUR = HostSeen(NEAR, "arp", 1000.0, mac="02:00:00:00:00:07")


def by(row: PortState) -> PortState:
    return msgspec.structs.replace(row, via=VIA)


def up(address: str) -> Session:
    return at_home(5432, address=address)


def judged(*sessions: Session) -> list[FindingRow]:
    rows = assess(site(), sessions, NOTHING_KNOWN, TODAY).findings
    return [each for each in rows if each.kind == "dual-homed"]


def guest(*rows: Observation, plain: tuple[Observation, ...] = ()) -> Session:
    quiet = plain or (silence(f"{DB},{FAR_LEG}", "5432"), silence(f"{DB},{FAR_LEG}", "8", transport="icmp"))
    return session(GUEST, NEIGHBOUR, *quiet, *rows)


TARGET_DOWN = by(port("10.0.2.99", 5432, "unreachable", "icmp-3-1", 64, NEAR, 3031.0))


@pytest.mark.parametrize(
    ("rows", "aspect"),
    [
        ((by(port(DB, 5432, "open", ttl=63)), by(echo(DB))), "forwards"),
        ((TARGET_DOWN, silence("10.0.2.99", "5432")), "forwards"),
        ((by(port(DB, 5432, "open", "syn-ack", 63)), TARGET_DOWN, silence("10.0.2.99", "5432")), "forwards"),
    ],
    ids=["the service answered", "it tried to deliver", "both"],
)
def test_a_neighbour_that_forwards_is_one_finding(rows: tuple[Observation, ...], aspect: str) -> None:
    [row] = judged(up(DB), guest(*rows))
    assert (row.severity, row.from_, row.to, row.host) == ("critical", GUEST, SERVERS, f"{GUEST}/{NEAR}")
    assert aspect in row.title
    assert "ip_forward=0" in row.remedy
    assert f"via {NEAR}" in row.replay


def test_a_hairpin_through_the_router_is_no_bridge() -> None:
    """It forwards, but to the router: what comes back comes back plainly, too."""
    plain: tuple[Observation, ...] = (port(DB, 5432, "open", ttl=63), echo(DB))
    assert not judged(up(DB), guest(by(port(DB, 5432, "open", ttl=62)), by(echo(DB, 62)), plain=plain))


def test_what_nobody_asked_plainly_proves_nothing() -> None:
    assert not judged(up(DB), guest(by(port(DB, 8443, "open", ttl=63))))


@pytest.mark.parametrize("twins", [True, False], ids=["one machine by its key", "nothing else known"])
def test_a_machine_that_forwards_and_stands_in_both_zones(twins: bool) -> None:
    """Its answers' way back is the firewall's to close: that it forwards shows on the near side."""
    key = b"\0\0\0\x0bssh-ed25519" + b"k" * 32
    time_up = by(port(DB, 8, "unreachable", "icmp-11-0", 64, NEAR, transport="icmp"))
    home: list[Observation] = [
        HostSeen(FAR_LEG, "arp", 1000.0, mac="02:00:00:00:00:77"),
        port(FAR_LEG, 22, "open", ttl=64),
        spoke(FAR_LEG, 22, key, "ssh.hostkey"),
    ]
    near = (port(NEAR, 22, "open", ttl=64), spoke(NEAR, 22, key if twins else key[:-1] + b"x", "ssh.hostkey"))
    found = [r for r in judged(session(SERVERS, *home), guest(time_up, *near)) if "forwards" in r.title]
    assert len(found) == int(twins)
    assert all((r.from_, r.to, r.severity) == (GUEST, SERVERS, "critical") for r in found)


def test_a_far_leg_that_answers_is_a_weak_host() -> None:
    control = by(port("10.0.2.200", 5432, "silent"))
    rows = (by(port(FAR_LEG, 5432, "open", ttl=64)), by(echo(FAR_LEG, 64)), control)
    row = next(each for each in judged(up(FAR_LEG), guest(*rows)) if "answers" in each.title)
    assert (row.severity, row.host) == ("high", f"{GUEST}/{NEAR}")
    assert "rp_filter" in row.remedy


def test_other_dressings_are_no_bridges() -> None:
    dressed = msgspec.structs.replace(port(DB, 5432, "open", ttl=63), via="sport-53")
    assert not judged(up(DB), guest(dressed))


def test_what_a_user_reaches_among_users_is_less() -> None:
    far = "10.0.3.7"
    home = session(OFFICE, HostSeen(far, "arp", 1000.0, mac="02:00:00:00:00:37"), port(far, 22, "open", ttl=64))
    plain = (silence(far, "22"), silence(far, "8", transport="icmp"))
    [row] = judged(home, guest(by(port(far, 22, "open", ttl=63)), plain=plain))
    assert (row.severity, row.to) == ("high", OFFICE)
    assert FW[OFFICE] not in row.evidence


def test_the_laptops_own_address_in_another_zone_is_nobodys() -> None:
    own = by(port(LAPTOP[SERVERS], 22, "closed", ttl=63))
    assert not judged(up(DB), guest(own, plain=(silence(LAPTOP[SERVERS], "22"),)))


@pytest.mark.parametrize("ttl", [63, 64], ids=["forwards", "weak host"])
def test_a_way_past_the_fence_breaches_the_cell_and_no_denial_on_the_fence_closes_it(ttl: int) -> None:
    unused = silence("10.0.2.50", "5432")
    rows = by(port(DB, 5432, "open", ttl=ttl)), msgspec.structs.replace(unused, via=VIA), unused
    report = assess(site(), [up(DB), guest(*rows)], NOTHING_KNOWN, TODAY)
    [cell] = [each for each in report.cells if (each.from_, each.to) == (GUEST, SERVERS)]
    assert (cell.verdict, cell.forbidden_reached) == ("BREACHED", 1)
    assert [each.kind for each in report.findings if each.kind != "exposure"] == ["dual-homed"]
    assert report.cut is not None
    assert report.cut.denials == ()
    assert report.cut.left
