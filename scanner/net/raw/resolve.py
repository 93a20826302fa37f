"""Who is on the own link: ARP and neighbour solicitation, and the way to each address of a request."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from scanner.model.network import Pace
from scanner.model.observation import HostSeen
from scanner.net.packets import frames
from scanner.net.packets.link import Link, Packet
from scanner.net.route import Hop
from scanner.net.volley.congestion import Rtt

_GAP = 0.4
_PATIENCE = 0.8
"""Seconds to wait between tries and after the last, as long as nobody has shown how quickly this link answers."""
_QUICK, _LEAST = 0.02, 0.1
"""The same at least, once somebody has: a link where all answer within milliseconds is not waited for much longer."""
_MISSES, _MOST_TRIES = 0.01, 8
"""Neighbours that may be missing, and tries at the most."""
_GROUP_WAIT = 0.25
"""For answers to a group: many at once, and hosts may take their time so as not to collide."""
_FRESH = 120.0
"""Seconds for which a resolved MAC is believed: a failover may move an address to another."""


class Neighbour(msgspec.Struct, frozen=True):
    """An answer to ARP or to a solicitation."""

    address: str
    mac: bytes
    at: float
    rtt_ms: float


class Target(msgspec.Struct, frozen=True):
    """An address and the way to it."""

    address: str
    packed: bytes
    source: bytes
    mac: bytes | None
    """Of the next hop; empty where the interface needs none, None when nobody answered."""
    routed: bool
    via: str


class Macs:
    """MACs of one link, as they were resolved in this session."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[bytes, float]] = {}

    def get(self, address: str) -> bytes | None:
        mac, since = self._known.get(address, (None, 0.0))
        return mac if time.monotonic() - since < _FRESH else None

    def put(self, address: str, mac: bytes) -> None:
        self._known[address] = (mac, time.monotonic())


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def text(address: bytes) -> str:
    return str(ipaddress.ip_address(address))


def round_trip() -> Rtt:
    """Of a link that nobody has answered on yet."""
    return Rtt(_QUICK, _GAP)


class Listener(Protocol):
    """Somebody else who asks the link and waits for answers at the same time."""

    def probes(self) -> Iterable[tuple[int, bytes, bytes]]:
        """(ethertype, MAC, packet) of what to send."""

    def hear(self, packet: Packet) -> HostSeen | None: ...


def resolve(
    link: Link,
    wanted: Sequence[Hop],
    tries: int,
    pace: Pace,
    other: Listener | None = None,
    rtt: Rtt | None = None,
) -> Iterator[Neighbour | HostSeen | None]:
    """Ask for the MAC of each hop's `via`; every answer once, two MACs that claim one address both.

    What `other` asks and hears shares the waiting. `rtt`: how quickly this link answers, as it is known and as it
    becomes known. None comes at least twice a second, so that the caller can stop.
    """
    mac = bytes.fromhex((link.interface.mac or "").replace(":", ""))
    if not mac:
        return
    link_local = link.interface.link_local()
    asked = {packed(hop.via): _asker(hop, link_local) for hop in wanted}
    sent: dict[bytes, float] = {}
    answered: set[tuple[bytes, bytes]] = set()
    missing = set(asked)
    rtt = round_trip() if rtt is None else rtt
    batch = max(1, min(64, int(pace.rate / 100)))

    def listen(timeout: float) -> Iterator[Neighbour | HostSeen | None]:
        for packet in link.receive(min(timeout, 0.5)):
            found: tuple[bytes, bytes | None] | None = None
            if packet.ethertype == frames.ETH_ARP:
                found = frames.arp_answer(packet.data)
            elif packet.ethertype == frames.ETH_IP6:
                found = frames.advertisement(packet.data)
                if found is None and other is not None and (host := other.hear(packet)) is not None:
                    yield host
            if found is None or found[0] not in sent:
                continue
            address, hardware = found[0], found[1] or packet.mac
            took = max(0.0, packet.at - sent[address])
            if address in missing:
                missing.discard(address)
                rtt.feed(1, took, took)
            if (address, hardware) not in answered:
                answered.add((address, hardware))
                yield Neighbour(text(address), hardware, packet.at, round(took * 1000, 3))
        yield None

    found_by: list[int] = []
    attempt = 0
    while attempt < tries or (attempt < _MOST_TRIES and missing and _missed(found_by) > _MISSES):
        before = len(missing)
        for ethertype, group, data in other.probes() if other is not None else ():
            pace.take(1)
            link.send(ethertype, group, data)
        todo = [each for each in asked if each in missing]
        for start in range(0, len(todo), batch):
            some = [each for each in todo[start : start + batch] if each in missing]
            pace.take(len(some))
            now = time.time()
            sent.update(dict.fromkeys(some, now))
            for each in some:
                if len(each) == 16:
                    link.send(frames.ETH_IP6, *frames.solicitation(mac, asked[each], each))
            if requests := [frames.arp_request(mac, asked[each], each) for each in some if len(each) == 4]:
                link.send_alike(frames.ETH_ARP, frames.BROADCAST, requests)
            yield from listen(0)
        last = attempt >= tries - 1
        if rtt.mean is None:
            wait = _PATIENCE if last else _GAP
        else:
            wait = min(_PATIENCE, max(_LEAST, 2 * rtt.timeout)) if last else rtt.timeout
        end = time.monotonic() + max(wait, _GROUP_WAIT if other is not None else 0.0)
        while (missing or other is not None) and (left := end - time.monotonic()) > 0:
            yield from listen(left)
        attempt += 1
        found_by.append(before - len(missing))
        if not missing and other is None:
            break
    yield from listen(0)
    if missing:
        link.check()


def _missed(found_by: Sequence[int]) -> float:
    """Neighbours that are expected to be missing, by how many answered which try: what later tries find tells the
    loss. Half an answer more than was seen, because few neighbours prove little."""
    answered = sum(found_by)
    if not answered:
        return 0.0
    loss = min(0.5, (answered - found_by[0] + 0.5) / (answered + 1))
    return answered * loss ** len(found_by) / (1 - loss ** len(found_by))


def _asker(hop: Hop, link_local: str | None) -> bytes:
    """The address to ask from: a link-local gateway is asked from the link-local address."""
    return packed((link_local if hop.via.startswith("fe80:") else None) or hop.source)
