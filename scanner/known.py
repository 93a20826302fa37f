"""What the sessions so far tell the plan of the next one. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.addresses import addresses_of
from scanner.model.observation import Alive, HostSeen, PortState, Session


def known_addresses(sessions: Iterable[Session]) -> set[str]:
    """Addresses that showed a host to any of them, the laptop's own ones apart."""
    found: set[str] = set()
    laptops: set[str | None] = set()
    for session in sessions:
        laptops |= {session.scan.vantage.address, session.scan.vantage.address6}
        for each in session.observations:
            if isinstance(each, Alive):
                found.update(addresses_of(each.addresses))
            elif (isinstance(each, HostSeen) and each.how not in ("self", "named")) or (
                isinstance(each, PortState) and each.state in ("open", "closed")
            ):
                found.add(each.address)
    return {each for each in found if each not in laptops}


def open_doors(sessions: Iterable[Session]) -> dict[str, int]:
    """The lowest TCP port of each address that was seen open."""
    found: dict[str, int] = {}
    for session in sessions:
        for each in session.observations:
            if isinstance(each, PortState) and each.transport == "tcp" and each.state == "open" and not each.via:
                first = int(each.ports.partition(",")[0].partition("-")[0])
                found[each.address] = min(first, found.get(each.address, first))
    return found
