"""The nodes of a topology as stacks: which addresses they hold, what listens on them, whom they let in. Pure."""

from __future__ import annotations

import ipaddress

import msgspec

from scanner.lab.filtering import Packet
from scanner.lab.topology import Host, Router, Service

TIMESTAMP = 13
"""The ICMP type of a timestamp request, which Linux answers as it answers echo."""


class Node(msgspec.Struct, frozen=True, eq=False):
    """Anything with a network stack: a router, a host, or a laptop (which has neither `router` nor `host`)."""

    name: str
    legs: dict[str, tuple[str, ...]]
    addresses: frozenset[str]
    gateways: tuple[str, ...] = ()
    router: Router | None = None
    host: Host | None = None

    @property
    def forwards(self) -> bool:
        return self.router is not None or (self.host is not None and self.host.forwarding)

    @property
    def services(self) -> tuple[Service, ...]:
        owner = self.router or self.host
        return owner.services if owner else ()


def pinged(host: Host, kind: int) -> bool:
    """Whether the host's own firewall lets an ICMP request of that type in: `ping` speaks of echo only."""
    return host.closed != "drop" if kind == TIMESTAMP else host.ping


def listens(node: Node, packet: Packet) -> Service | None:
    """What of the node's takes the packet."""
    asked = packet.transport, packet.dport
    return next((each for each in node.services if (each.transport, each.number) == asked), None)


def link_local(mac: str) -> str:
    """The IPv6 address that Linux makes of a MAC (modified EUI-64)."""
    raw = bytes.fromhex(mac.replace(":", ""))
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([raw[0] ^ 2]) + raw[1:3] + b"\xff\xfe" + raw[3:]))


def make_node(
    name: str,
    legs: dict[str, tuple[str, ...]],
    gateways: tuple[str, ...] = (),
    *,
    router: Router | None = None,
    host: Host | None = None,
) -> Node:
    legs = {segment: tuple(_canonical(each) for each in addresses) for segment, addresses in legs.items()}
    addresses = frozenset(each for leg in legs.values() for each in leg)
    return Node(name, legs, addresses, tuple(map(_canonical, gateways)), router, host)


def _canonical(text: str) -> str:
    return str(ipaddress.ip_address(text))
