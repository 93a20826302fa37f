"""`fencewalk canary` without its screen: what is listened on, by which means, and where it is kept."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from scanner.canary_plan import every_port, with_canary
from scanner.errors import BadInput, NoPrivilege, OutOfScope
from scanner.model.addresses import AddressSet
from scanner.model.base import Frozen
from scanner.model.nonce import Signer
from scanner.model.observation import Vantage
from scanner.model.site import Site
from scanner.net.canary.mute import Mute
from scanner.net.canary.watch import Ears, Watch, gateways_of
from scanner.net.privileges import drop
from scanner.net.route import Hop, interface_named, vantage_for
from scanner.net.rules import authorization_refusal
from scanner.plan import Plan, make_plan, scope_of, subnets
from scanner.ports import Ports
from scanner.store import Journal, Store

__all__ = ["Canary", "Opened", "asked", "canary_for", "every_port", "opened"]

UNIT = "canary"
_MENDS = "; with sudo a canary sees whatever arrives, whether it is answered or not"


class Canary(Frozen, frozen=True):
    """What one canary is to listen on."""

    site: Site
    vantage: Vantage
    addresses: tuple[str, ...]
    """Its own ones that lie in its zone."""
    ports: Ports

    @property
    def zones(self) -> AddressSet:
        """Whose packets may be ours, and are answered: the site's, within its scope."""
        return AddressSet(
            span for zone in self.site.zones for span in (subnets(zone.subnets) & scope_of(self.site)).spans
        )


def canary_for(
    site: Site, zone: str, interface: str | None, ports: Ports, today: Callable[[], datetime.date]
) -> Canary:
    """Where the laptop stands, checked. OutOfScope where it may not listen today, or not there."""
    found = site.zone(zone)
    if found is None:
        names = ", ".join(each.name for each in site.zones)
        raise BadInput(f"--zone {zone}: the site file has no such zone; its zones are {names}")
    refused = authorization_refusal(site, today())
    if refused is not None:
        raise OutOfScope(refused)
    vantage = vantage_for(found, interface)
    scope = scope_of(site)
    own = [each.partition("/")[0] for each in interface_named(vantage.interface).addresses]
    addresses = tuple(each for each in own if found.holds(each) and each in scope)
    if not addresses:
        raise OutOfScope(
            f"{vantage.interface} {vantage.address}: the site file's scope does not hold the laptop's own address in "
            f"{zone}; nothing may be sent there, so that no probe could arrive"
        )
    return Canary(site, vantage, addresses, ports)


def asked(plan: Plan, site: Site, addresses: tuple[str, ...], ports: Ports, store: Store | None) -> Plan:
    """The plan of a scan that asks these canaries, with a nonce that no other scan in the store has."""
    if not addresses:
        return plan
    used = {session.nonce for session in store.scans(site.client, site.site)} if store is not None else set()
    # 65,536 of them, and a store holds a few hundred scans.
    nonce = next(each for each in (os.urandom(2).hex() for _ in range(1 << 20)) if each not in used)
    return with_canary(plan, site, addresses, ports, nonce)


class Opened(Frozen, frozen=True):
    """A canary that listens. `said`: what whoever started it should know."""

    watch: Watch
    ears: Ears
    journal: Journal
    said: tuple[str, ...]


def opened(canary: Canary, where: Path, stack: contextlib.ExitStack) -> Opened:
    """Open everything that takes a privilege, begin a session in the store at `where`, and give the privilege up.

    What `stack` is given ends with it, the session apart.
    """
    site, vantage = canary.site, canary.vantage
    interface = interface_named(vantage.interface)
    signer = Signer(site.client, site.site)
    own = AddressSet.of(canary.addresses)
    zone = site.zone(vantage.zone)
    away = canary.zones - subnets(zone.subnets if zone else ())
    gateways = gateways_of(interface, vantage, away - own)
    said: list[str] = []
    ears = _packet_ears(canary, signer, gateways, stack, said)
    store = stack.enter_context(Store(where))
    # Whoever becomes somebody else here may write the store all the same, or is told so.
    drop([where])
    if ears is None:
        from scanner.net.canary.sockets import SocketEars

        ears = by_sockets = SocketEars(interface, canary.addresses, canary.ports, signer, gateways)
        said += by_sockets.said
    watch = Watch(ears, interface, bool(gateways))
    stack.callback(watch.close)
    if not gateways:
        said.append("no route leads to another zone from here: that the link works is only seen by its carrier")
    journal = store.begin(site.client, site.site, make_plan(site, vantage, Ports()), "canary", "canary")
    return Opened(watch, ears, journal, tuple(said))


def _packet_ears(
    canary: Canary, signer: Signer, gateways: Sequence[Hop], stack: contextlib.ExitStack, said: list[str]
) -> Ears | None:
    """None where this user or this system has no packet sockets."""
    import socket

    if not hasattr(socket, "AF_PACKET"):
        said.append("packets are seen on Linux only: ordinary sockets listen here, and see what they can answer")
        return None
    from scanner.net.canary.ears import PacketEars

    interface = interface_named(canary.vantage.interface)
    try:
        ears = PacketEars(
            interface, canary.addresses, canary.ports, signer, canary.zones, canary.site.scope.max_rate, gateways
        )
    except NoPrivilege:
        said.append(f"this user may not see packets: ordinary sockets listen{_MENDS}")
        return None
    stack.callback(ears.close)
    mute = stack.enter_context(Mute(interface.name, canary.addresses, canary.zones))
    ears.muted = not mute.reason
    if mute.reason:
        said.append(f"the laptop's kernel answers as well, with resets: {mute.reason}")
    return ears
