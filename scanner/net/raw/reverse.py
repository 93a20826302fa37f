"""Reverse DNS: what a resolver calls addresses that gave a sign of life. Ordinary sockets, for any engine.

Nothing is sent but to the resolver, and its answers count only for what it was asked. What it says are names, never
hosts.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator

import msgspec

from scanner.model.addresses import AddressSet
from scanner.model.network import Pace
from scanner.model.observation import Event, HostSeen, Limitation, Progress, Vantage
from scanner.net.carrier import Carrier
from scanner.net.raw import namewire
from scanner.net.raw.namewire import PTR
from scanner.net.route import Interface, next_hop, source_for
from scanner.net.sockets.opening import endpoint, open_socket, ready

PORT = 53
MOST_ADDRESSES = 4096
_MOST_SECONDS = 30.0
_AT_ONCE = 32
"""Questions without an answer: a small resolver that forwards them holds some hundred."""
_PATIENCE = 2.0
"""Seconds for one answer: a resolver that asks others gives up later, but then knows nothing either."""
_TRIES = 2
_DEAD = 4
"""Questions that were asked in vain from the start, after which the resolver is not asked any more."""
_MOST_NAMES = 8
_LONGEST_NAME = 255
_TICK = 0.25


class _Asked(msgspec.Struct):
    address: str
    until: float
    tries: int


def look_up(
    addresses: AddressSet, resolver: str, vantage: Vantage, interface: Interface, pace: Pace
) -> Iterator[Event]:
    """Names as `named`, `said_by` the resolver. A Limitation where it answers nothing, or there are too many to ask.

    `addresses`: whether they may be asked about, and the resolver be asked, is the caller's business.
    """
    hop = next_hop(resolver, interface, source_for(6 if ":" in resolver else 4, vantage))
    if hop is None:
        yield _unknown(f"this vantage has no route to the resolver {resolver}")
        return
    carrier = Carrier(interface)
    sock = open_socket(hop.source, "" if hop.kind == "self" else interface.name, socket.SOCK_DGRAM)
    try:
        # Only what comes from there is handed over.
        sock.connect(endpoint(resolver, PORT, interface))
        yield from _Lookups(sock, resolver, carrier, pace).run(addresses)
    except OSError:
        carrier.check()
        yield _unknown(f"the laptop cannot send to the resolver {resolver}")
    finally:
        sock.close()


class _Lookups:
    def __init__(self, sock: socket.SocketType, resolver: str, carrier: Carrier, pace: Pace) -> None:
        self._sock = sock
        self._resolver = resolver
        self._carrier = carrier
        self._pace = pace
        self._asked: dict[int, _Asked] = {}
        self._answers = 0
        self._vain = 0

    def run(self, addresses: AddressSet) -> Iterator[Event]:
        some = next(addresses.chunks(MOST_ADDRESSES), AddressSet())
        waiting = deque(_Asked(each, 0.0, 0) for each in some)
        total, tick = len(some), time.monotonic()
        end = tick + _MOST_SECONDS
        while waiting or self._asked:
            now = time.monotonic()
            if now > end or (not self._answers and self._vain >= _DEAD):
                break
            while waiting and len(self._asked) < _AT_ONCE:
                self._ask(waiting.popleft())
            yield from self._answered(_TICK / 5)
            now = time.monotonic()
            for number in [each for each, asked in self._asked.items() if asked.until < now]:
                asked = self._asked.pop(number)
                if asked.tries < _TRIES:
                    waiting.append(asked)
                else:
                    self._vain += 1
            if now - tick > _TICK:
                tick = now
                yield Progress("sweep", total - len(waiting) - len(self._asked), total, time.time())
        if not self._answers and total:
            self._carrier.check()
            yield _unknown(f"the resolver {self._resolver} does not answer")
        elif waiting or self._asked or len(some) < len(addresses):
            left = len(waiting) + len(self._asked) + len(addresses) - len(some)
            yield _unknown(f"the resolver {self._resolver} was not asked about {left} addresses: too many for one scan")

    def _ask(self, asked: _Asked) -> None:
        number = int.from_bytes(os.urandom(2), "big")
        while number in self._asked:
            number = int.from_bytes(os.urandom(2), "big")
        asked.tries += 1
        question = namewire.question(number, [(namewire.reverse(asked.address), PTR)], recurse=True)
        self._pace.take(1)
        asked.until = time.monotonic() + _PATIENCE
        self._asked[number] = asked
        # An earlier question was refused, or the socket is full: this one is asked again.
        with contextlib.suppress(ConnectionRefusedError, BlockingIOError):
            self._sock.send(question)

    def _answered(self, timeout: float) -> Iterator[HostSeen]:
        ready([self._sock], selectors.EVENT_READ, timeout)
        for _ in range(_AT_ONCE):
            try:
                data = self._sock.recv(namewire.MOST_BYTES)
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                self._vain += 1
                return
            if len(data) < 12 or not data[2] & 0x80:
                continue
            asked = self._asked.pop(int.from_bytes(data[:2], "big"), None)
            if asked is None:
                continue
            self._answers += 1
            names = _names(data, asked.address)
            if names:
                yield HostSeen(asked.address, "named", time.time(), names=names, said_by=f"dns {self._resolver}")


def _names(data: bytes, address: str) -> tuple[str, ...]:
    """The names of the address in an answer, few and short ones."""
    said = namewire.message(data)
    found: list[str] = []
    for each in said.records if said is not None else ():
        if each.kind != PTR:
            continue
        about = namewire.reversed_address(each.name)
        # A part of a /24 may be delegated by an alias (RFC 2317), whose name is no address's.
        alias = about is None and [label.lower() for label in each.name[-2:]] == ["in-addr", "arpa"]
        name = namewire.written(each.target)[:_LONGEST_NAME]
        if (about == address or alias) and name and name not in found:
            found.append(name)
    return tuple(found[:_MOST_NAMES])


def _unknown(reason: str) -> Limitation:
    return Limitation("names by reverse DNS", reason, time.time())
