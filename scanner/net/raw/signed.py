"""Probes to a canary: what they are signed with, and how they get around the laptop when it is both ends."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

import msgspec

from scanner.model.addresses import AddressSet
from scanner.model.nonce import Signer
from scanner.model.observation import Vantage
from scanner.net.route import Hop, Interface, interfaces, ways

ITSELF = "the canary is this laptop: its kernel would keep the connection to itself; scan with sudo"
_SIBLINGS = (1, -1, 2, -2, 5, -5, 9, -9)


class Signature(msgspec.Struct, frozen=True):
    """A scan's signature."""

    signer: Signer
    nonce: str

    def sequence(self, port: int) -> int:
        """Of a SYN; `sequence(0) ^ port` is the same number."""
        return self.signer.sequence(self.nonce, port)

    def payload(self, port: int) -> bytes:
        """Of an echo request, whose type is the port."""
        return self.signer.payload(self.nonce, port)

    def payloads(self, ports: Iterable[int]) -> Mapping[int, bytes]:
        """Of datagrams, by port."""
        return {port: self.signer.payload(self.nonce, port) for port in ports}


def around(addresses: AddressSet, interface: Interface, vantage: Vantage) -> tuple[tuple[AddressSet, Hop | None], ...]:
    """The ways to canaries by that interface. Where one is the laptop itself, on another interface, the kernel would
    keep the packet to itself: it goes the way of the address beside it. None where nothing leads there."""
    found: list[tuple[AddressSet, Hop | None]] = []
    for part, hop in ways(addresses, interface, vantage):
        if hop is None or hop.kind != "self":
            found.append((part, hop))
            continue
        for each in part:
            one = AddressSet.of([each])
            found.append((one, None if interface.has(each) else _beside(each, interface, vantage)))
    return tuple(found)


def own(addresses: str) -> AddressSet:
    """Those that are the laptop's own, by whichever interface."""
    mine = AddressSet.of(each.partition("/")[0].partition("%")[0] for one in interfaces() for each in one.addresses)
    return AddressSet.parse(addresses) & mine


def _beside(address: str, interface: Interface, vantage: Vantage) -> Hop | None:
    ip = ipaddress.ip_address(address)
    for step in _SIBLINGS:
        for _, hop in ways(AddressSet.of([str(ip + step)]), interface, vantage):
            if hop is not None and hop.kind == "routed":
                return hop
    return None
