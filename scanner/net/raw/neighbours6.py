"""IPv6 hosts of the own link that no list names: they are asked all at once, and the laptop's own table is read.

Two questions go to the group of all nodes. An echo request, which a third of systems (Windows among them) leaves
unanswered when it comes by multicast; and a packet with an unknown destination option, whose refusal RFC 8200 demands
of every host. Each goes out from a link-local and from routable addresses, as a host answers from an address of the
same scope: that is how its routable address becomes known. Multicast listener queries are left alone, since switches
that snoop would take this laptop for the link's querier.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterator
from typing import Literal

import msgspec

from scanner.model.observation import HostSeen, Vantage
from scanner.net.packets import frames
from scanner.net.packets.link import Packet
from scanner.net.raw.resolve import packed, text
from scanner.net.route import Interface, neighbours

_MOST_HOSTS = 4096
_MOST_SOURCES = 4
_UNROUTED = frozenset({64, 128, 255})
"""Hop limits that systems start with: an answer with another has crossed a router, whose MAC it then carries."""

_Asked = Literal["echo", "option"]
_How = Literal["echo-reply", "icmp-error"]


class Neighbours6:
    """One asking of the link. Whoever holds the link sends `probes`, and passes on what arrives to `hear`.

    Nothing waits here; hosts answer within milliseconds, so half a second after the last probe is plenty.
    """

    def __init__(self, interface: Interface, vantage: Vantage, option: bool = True) -> None:
        """`option`: ask by the unknown option as well."""
        self._option = option
        self._interface = interface
        self._sources = [packed(each) for each in sources(interface, vantage)]
        self._own = {each.partition("/")[0] for each in interface.addresses}
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._secret = os.urandom(8)
        self._cookie = os.urandom(4)
        self._sent: dict[tuple[bytes, _Asked], float] = {}
        self._seen: dict[str, _How] = {}

    def probes(self) -> Iterator[tuple[int, bytes, bytes]]:
        """(ethertype, destination MAC, packet) of each probe, to be sent as soon as it is taken.

        None without an IPv6 address to ask from. They may be taken again: whoever answered is not reported twice.
        """
        mac = frames.group_mac(frames.ALL_NODES) if self._interface.resolves else b""
        for source in self._sources:
            echo = frames.echo(source, frames.ALL_NODES, self._identifier, 1, self._secret)
            option = frames.refused_option(frames.ICMP6, self._cookie)
            # The echo behind the option is for hosts that skip what they do not know.
            asked: tuple[tuple[_Asked, int, bytes], ...] = (
                ("echo", frames.ICMP6, echo),
                ("option", frames.DESTINATION_OPTIONS, option + echo),
            )
            for kind, protocol, data in asked if self._option else asked[:1]:
                self._sent[source, kind] = time.time()
                yield frames.ETH_IP6, mac, frames.ip_head(source, frames.ALL_NODES, protocol, len(data)) + data

    def hear(self, packet: Packet) -> HostSeen | None:
        """The host that answers with this packet; None for any other packet, however mangled.

        A host comes once, and a second time where it refused the option first and echoed after that.
        """
        said = self._answer(packet.data) if packet.ethertype == frames.ETH_IP6 else None
        if said is None or not _usable(said.host):
            return None
        address = text(said.host)
        before = self._seen.get(address)
        if address in self._own or before in ("echo-reply", said.how) or len(self._seen) >= _MOST_HOSTS:
            return None
        self._seen[address] = said.how
        mac = packet.mac.hex(":") if packet.mac and said.ttl in _UNROUTED else None
        # Of an error no TTL is kept: some systems send errors with another than everything else.
        ttl = said.ttl if said.how == "echo-reply" else None
        return HostSeen(address, said.how, packet.at, mac, ttl, round(max(0.0, packet.at - said.sent) * 1000, 3))

    def candidates(self) -> tuple[str, ...]:
        """IPv6 neighbours that the kernel knows and that have not answered here.

        Its entries grow old without being removed, so that a candidate is no host before it answers a solicitation.
        """
        found = [each for each in neighbours(self._interface) if ":" in each and _usable(packed(each))]
        return tuple(each for each in found if each not in self._seen and each not in self._own)[:_MOST_HOSTS]

    def _answer(self, data: bytes) -> _Answer | None:
        refused = frames.option_refused(data)
        if refused is not None:
            sent = self._sent.get((refused.asker, "option"))
            if sent is None or refused.cookie != self._cookie or refused.target != frames.ALL_NODES:
                return None
            return _Answer(refused.host, "icmp-error", refused.ttl, sent)
        said = frames.heard(data)
        if said is None or said.reason != "echo-reply" or said.local != self._identifier or said.proof != 1:
            return None
        sent = self._sent.get((data[24:40], "echo"))
        if sent is None or data[48:56] != self._secret:
            return None
        return _Answer(said.target, "echo-reply", said.ttl, sent)


class _Answer(msgspec.Struct, frozen=True):
    host: bytes
    how: _How
    ttl: int
    sent: float


def sources(interface: Interface, vantage: Vantage) -> tuple[str, ...]:
    """The interface's IPv6 addresses to ask from, one of each prefix: the vantage's and the link-local one first."""
    first = (vantage.address6, interface.link_local())
    chosen: dict[ipaddress.IPv6Network | ipaddress.IPv4Network, str] = {}
    for each in interface.addresses:
        address = each.partition("/")[0]
        if ":" in address and (address in first or ipaddress.ip_interface(each).network not in chosen):
            chosen[ipaddress.ip_interface(each).network] = address
    return tuple(sorted(chosen.values(), key=lambda each: each not in first))[:_MOST_SOURCES]


def _usable(address: bytes) -> bool:
    """Whether it can be a host's own address: neither a group nor unspecified nor loopback."""
    return address[0] != 0xFF and address[:15] != bytes(15)
