"""What a host's own TCP gives away is taken from its own zone's vantage, and from nobody who answers in its name."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import FW, GUEST, MACS, OFFICE, SERVERS, session, site

from scanner.assess.facts.evidence import Evidence
from scanner.assess.machines.inventory import Inventory
from scanner.model.observation import HostSeen, Observation, PortState

HOST = "10.0.2.20"
OWN = HostSeen(HOST, "arp", 1000.0, mac="00:1b:21:00:00:20")
ANSWER = PortState(HOST, "tcp", "80,443", "open", "syn-ack", 1001.0, 64, HOST, 64240)
LINUX = "its TCP answers look like Linux's"


def said_of(*seen: Observation, zone: str = SERVERS) -> tuple[str, ...]:
    """The evidence of the system of the host."""
    inventory = Inventory(Evidence(site(critical=()), (session(OFFICE), session(zone, *seen))))
    found = [each for each in inventory.machines if HOST in each.addresses]
    return inventory.device(found[0], lambda mac: None).system.evidence if found else ()


def changed(**fields: object) -> PortState:
    return msgspec.structs.replace(ANSWER, **fields)


def test_a_neighbours_handshake_hints_at_its_system() -> None:
    assert said_of(OWN, ANSWER) == (LINUX,)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param((OWN, changed(ttl=63)), id="through a router"),
        pytest.param((OWN, changed(ttl=None)), id="an engine that sees no TTL"),
        pytest.param((OWN, changed(window=None)), id="an engine that sees no window"),
        pytest.param((OWN, changed(reason="connected")), id="the laptop's own stack shook hands"),
        pytest.param((OWN, changed(via="sport-53")), id="dressed probes"),
        pytest.param((OWN, changed(state="closed", reason="rst")), id="a reset has no window of its own"),
        pytest.param((OWN, changed(source=FW[SERVERS])), id="somebody else's answer"),
        pytest.param(
            (HostSeen(HOST, "arp", 1000.0, mac=MACS[SERVERS]), ANSWER), id="a router answers ARP for its neighbours"
        ),
        pytest.param(
            (OWN, ANSWER, changed(ports="22", ttl=128, window=8192)), id="answers of two stacks say nothing together"
        ),
    ],
)
def test_nothing_is_taken_from_others(seen: tuple[Observation, ...]) -> None:
    assert said_of(*seen) == ()


def test_another_zones_vantage_says_nothing_of_the_stack() -> None:
    """A firewall that shakes hands for it may have any TTL."""
    assert said_of(ANSWER, zone=GUEST) == ()
    inventory = Inventory(Evidence(site(critical=()), (session(SERVERS, OWN), session(GUEST, ANSWER))))
    machine = inventory.by_address[HOST]
    assert inventory.device(machine, lambda mac: None).system.evidence == ()
