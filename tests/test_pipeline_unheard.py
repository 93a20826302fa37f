"""Which silent UDP ports are talked to all the same, as their answers come from where no port scan looks."""

from __future__ import annotations

import pytest

from scanner.model.addresses import AddressSet
from scanner.model.network import Talk
from scanner.model.observation import Alive, Event, HostSeen, PortState
from scanner.model.site import Scope, Site, Zone
from scanner.pipeline import _Found
from scanner.probes import elsewhere

LINK = AddressSet.parse("10.0.1.0/24")
ALL = AddressSet.parse("10.0.1.0/24,10.0.2.0/24")
NEAR, FAR = "10.0.1.7", "10.0.2.7"


def state(address: str, transport: str, port: int, said: str, source: str | None = None) -> PortState:
    return PortState(address, transport, str(port), said, "x", 1.0, source=source or address)  # type: ignore[arg-type]


def talks(*events: tuple[str, Event], asked: AddressSet = ALL, ports: tuple[int, ...] = (53, 69, 9999)) -> set[Talk]:
    found = _Found(ALL, identify=True)
    for unit, event in events:
        found.take(unit, event)
    zones = (Zone("near", ("10.0.1.0/24",)), Zone("far", ("10.0.2.0/24",)))
    site = Site("x", "x", zones, scope=Scope(fragile=("10.0.2.128/25",)))
    return set(found.unheard(ports, asked, LINK, site))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], set()),
        ([("sweep", HostSeen(NEAR, "arp", 1.0))], {(NEAR, 69), (NEAR, 9999)}),
        ([("knock-0", state(FAR, "tcp", 22, "open"))], {(FAR, 69)}),
        ([("knock-0", state(FAR, "icmp", 8, "open"))], {(FAR, 69)}),
        ([("sweep", Alive(FAR, "icmp", 8, "echo-reply", 1.0))], {(FAR, 69)}),
        ([("knock-0", state(FAR, "tcp", 22, "closed"))], set()),
        ([("knock-0", state(FAR, "tcp", 22, "open", "10.0.2.1"))], set()),
        ([("knock-0", state(NEAR, "tcp", 22, "open")), ("knock-0", state(NEAR, "udp", 69, "closed"))], {(NEAR, 9999)}),
        ([("knock-0", state(NEAR, "tcp", 22, "open")), ("knock-0", state(NEAR, "udp", 69, "silent"))],
         {(NEAR, 69), (NEAR, 9999)}),
        ([("knock-0", state("10.0.2.200", "tcp", 22, "open"))], set()),
        ([("knock-0", state("10.0.3.7", "tcp", 22, "open"))], set()),
    ],
    ids=["nobody", "on the link", "beyond it", "echoes", "many echo", "only closed", "somebody else said so",
         "closed there", "silent there", "fragile", "not asked"],
)  # fmt: skip
def test_who_is_talked_to(events: list[tuple[str, Event]], expected: set[tuple[str, int]]) -> None:
    assert talks(*events) == {Talk(address, "udp", port) for address, port in expected}


def test_only_ports_that_were_asked() -> None:
    assert talks(("knock-0", state(NEAR, "tcp", 22, "open")), ports=(53,)) == set()


def test_which_they_are() -> None:
    assert elsewhere().keys() == {69, 9999}
    assert elsewhere()[9999].own == 9999
