"""What the laptop's network is made of: its interfaces, and the hop that a packet takes first."""

from __future__ import annotations

import ipaddress
from typing import Literal

from scanner.model.base import Frozen
from scanner.model.site import Zone

UNKNOWN = "unknown"
"""`Hop.via` of a system that does not tell ordinary programs its routes: some gateway, and nobody knows which."""


class Interface(Frozen, frozen=True):
    """A network interface of the laptop."""

    name: str
    index: int
    mac: str | None
    """None for an interface without link-layer addresses (tun, loopback)."""
    addresses: tuple[str, ...]
    """With their prefix: `10.20.10.5/24`. Canonical, IPv4 first, in the kernel's order."""
    up: bool
    """Switched on and with a carrier."""
    resolves: bool = True
    """Whether next hops have to be resolved by ARP or NDP."""

    def address_in(self, zone: Zone, version: int) -> str | None:
        """The first address (no prefix) of that IP version that lies in one of the zone's subnets."""
        plain = (each.partition("/")[0] for each in self.addresses)
        return next((each for each in plain if version_of(each) == version and zone.holds(each)), None)

    def has(self, address: str) -> bool:
        return any(each.partition("/")[0] == address for each in self.addresses)

    def link_local(self) -> str | None:
        """The IPv6 link-local address, from which neighbours are asked."""
        return next((each.partition("/")[0] for each in self.addresses if each.startswith("fe80:")), None)

    def on_link(self, address: str) -> bool:
        """Whether one of the interface's own prefixes holds the address."""
        ip = ipaddress.ip_address(address)
        networks = (ipaddress.ip_interface(each).network for each in self.addresses)
        return any(ip in each for each in networks if each.version == ip.version)


class Hop(Frozen, frozen=True):
    """How a packet to an address leaves the laptop; for a set of addresses `""` stands for the address itself."""

    kind: Literal["self", "on-link", "routed"]
    source: str
    """The laptop's address that it carries."""
    via: str
    """Whom to hand it to on the link: the address itself, the gateway, or UNKNOWN."""

    def to(self, address: str) -> Hop:
        """The same for one address of the set."""
        if self.source and self.via:
            return self
        return Hop(self.kind, self.source or address, self.via or address)


def version_of(address: str) -> int:
    return 6 if ":" in address else 4
