"""Link-local addresses as evidence: the same text seen from two zones is two hosts, so each says whose link it is on.

Only isolated zones need it. Where neighbours may talk to each other, nobody asks such an address, and it tells nothing
that the routable one does not tell better.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from scanner.assess.facts.view import View
from scanner.model.addresses import AddressSet, is_link_local, on_link_of
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Session
from scanner.model.site import Zone

LINK_LOCAL = AddressSet.parse("fe80::/10")


def placed(session: Session, zone: Zone) -> Session:
    """The same session, its link-local addresses said to be of that zone's link if the zone is isolated."""
    if not zone.isolated:
        return session
    return Session(session.scan, tuple(_placed(each, zone.name) for each in session.observations))


def _placed(each: Observation, zone: str) -> Observation:
    if isinstance(each, PortState) and is_link_local(each.address):
        source = on_link_of(each.source, zone) if each.source and is_link_local(each.source) else each.source
        return msgspec.structs.replace(each, address=on_link_of(each.address, zone), source=source)
    if isinstance(each, HostSeen | Conversation) and is_link_local(each.address):
        return msgspec.structs.replace(each, address=on_link_of(each.address, zone))
    return each


def same_host(view: View, address: str) -> Iterator[str]:
    """The routable addresses of the neighbour that a link-local one belongs to, by the MAC; of others none."""
    host = view.hosts.get(address) if is_link_local(address) else None
    if host is not None and host.mac:
        yield from (a for a, each in view.hosts.items() if each.mac == host.mac and not is_link_local(a))


def left_out(view: View, asked: AddressSet, routers: set[str]) -> AddressSet:
    """The neighbours' link-local addresses that answered to their neighbour and were asked nothing else."""
    return AddressSet.of(a for a in view.hosts if "%" in a and a not in routers and a not in asked)
