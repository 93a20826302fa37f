"""IPv6 link-local addresses of neighbours, asked where neighbours are to be kept apart.

Client isolation is often a filter for IPv4 that IPv6 passes by, and every IPv6 host has an address that needs no router
and no prefix, whether or not anybody planned for IPv6. So in an `isolated` zone the link is asked for such addresses,
and they are asked their ports. Whose they are only a MAC says; the guard judges by it.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.addresses import AddressSet, is_link_local
from scanner.model.network import Knock, Network, Pace, Sweep
from scanner.model.observation import Event, HostSeen
from scanner.model.site import Site
from scanner.plan import Plan, subnets

LINK_LOCAL_UNIT = "link-local"


def asks_near(plan: Plan, site: Site) -> bool:
    """Whether a session from there asks link-local addresses at all."""
    zone = site.zone(plan.vantage.zone)
    ports = plan.all_ports
    return zone is not None and zone.isolated and bool(ports.tcp or ports.udp)


def near(plan: Plan, site: Site, alive: AddressSet, network: Network, pace: Pace) -> Iterator[Event]:
    """The neighbours that are alive show their MACs once more, and the link its link-local addresses; then these are
    asked, but for the routers' own, which are there to be talked to. One unit of work: a guard that is new since an
    interruption has to see the MACs itself."""
    zone = site.zone(plan.vantage.zone)
    assert zone is not None
    found: dict[str, str | None] = {}
    routers: set[str | None] = set()
    sweep = Sweep(on_link=str(alive & subnets(zone.subnets)), names=False, link_local=True)
    for event in network.sweep(sweep, pace):
        if isinstance(event, HostSeen):
            if event.how == "gateway":
                routers.add(event.mac)
            elif event.how not in ("self", "named") and is_link_local(event.address):
                found[event.address] = event.mac or found.get(event.address)
        yield event
    asked = AddressSet.of(address for address, mac in found.items() if mac is None or mac not in routers)
    if asked:
        ports, patience = plan.all_ports, plan.manners.patience
        yield from network.knock(Knock(str(asked), ports.tcp, ports.udp, echo=True, patience=patience), pace)
