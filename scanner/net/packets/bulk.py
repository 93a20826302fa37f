"""Probes of many hosts x many questions, built, sent and recognised in arrays. Imports numpy: for large volleys."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence

import numpy as np

from scanner.net.packets.bulk_asks import ECHO, Ask, Asks
from scanner.net.packets.bulk_build import Builder, Slots
from scanner.net.packets.bulk_hosts import NO_HOP, Hosts, Indices, Marks, Proof, Signed, packed
from scanner.net.packets.bulk_keys import Arrivals, Key, joined
from scanner.net.packets.bulk_parse import Parser
from scanner.net.packets.ring import Ring
from scanner.net.packets.transmit import SLOTS, Transmit

__all__ = ["NO_HOP", "Arrivals", "Ask", "Asks", "BulkWire", "Hosts", "Key", "check", "packed"]

_ICMP_KINDS = {4: (8, 13), 16: (128,)}
_AT_ONCE = 4096
_MOST = 1 << 15
"""Frames that one call of `receive` reads, about, so that its caller can look at the clock."""
_WORTH_IT = 512
_GATHER = 0.004
"""Seconds. A batch costs as much as 1,000 packets in it, so a small one waits for more; the kernel has the times."""


class BulkWire:
    """N hosts of one IP version x Q questions. A probe is known by its index: host index * Q + question index.

    `ports`: source ports of ours, one an attempt; `attempts`: how many there may be (256 at most; as many as ports
    where TCP or UDP is asked). `identifier`: 16 bits of ICMP. `macs`: what `hosts.hops` counts. Several threads may
    send, each with a Transmit of its own, while one receives. ValueError for input that does not fit together.
    """

    def __init__(
        self,
        ring: Ring,
        hosts: Hosts,
        asks: Asks,
        macs: Sequence[bytes],
        ports: range,
        attempts: int,
        identifier: int,
        sequences: Marks | None = None,
    ) -> None:
        """`sequences`: the number that each question's SYN carries, where a keyed one of our own will not do."""
        check(hosts, asks)
        if not 0 < attempts <= 256 or (bool((asks.kinds < ECHO).any()) and len(ports) < attempts):
            raise ValueError("there is one source port for each attempt, and 256 attempts at most")
        self._ring = ring
        proof = Proof(len(hosts.addresses), len(asks)) if sequences is None else Signed(len(hosts.addresses), sequences)
        self._builder = Builder(hosts, asks, ports, identifier, proof, macs)
        self._parser = Parser(hosts, asks, ports, attempts, identifier, proof)
        self._attempts = attempts
        self._width = len(asks)
        self._reached = hosts.hops != NO_HOP
        self._all_reached = bool(self._reached.all())
        self._slots: weakref.WeakKeyDictionary[Transmit, Slots] = weakref.WeakKeyDictionary()
        self._frames = np.frombuffer(ring.memory, np.uint8).reshape(ring.frames, ring.size)

    @property
    def keys(self) -> Sequence[Key]:
        """What `Arrivals.code` counts; it grows."""
        return self._parser.keys

    def send(self, indices: Indices, attempt: int, transmit: Transmit) -> int:
        """Send these probes, those to hosts without a next hop left out. How many were sent.

        Fewer than were to be only when the Transmit was stopped. NetworkFailed as Transmit says.
        """
        if not 0 <= attempt < self._attempts:
            raise ValueError(f"there are {self._attempts} attempts, counted from 0")
        if not self._all_reached:
            indices = indices[self._reached[indices // self._width]]
        slots = self._slots.get(transmit)
        if slots is None or transmit.user is not self:
            transmit.user = self
            slots = self._slots[transmit] = self._builder.lay_out(transmit)
        sent = 0
        for start in range(0, len(indices), SLOTS):
            part = indices[start : start + SLOTS]
            self._builder.fill(slots, part, attempt)
            done = transmit.send(len(part))
            sent += done
            if done < len(part):
                break
        return sent

    def receive(self, timeout: float) -> Arrivals:
        """The answers that have arrived; waits up to `timeout` seconds for the first packet.

        NetworkFailed when the interface went away.
        """
        if timeout > 0 and self._ring.wait(timeout) and self._ring.ready(_WORTH_IT) < _WORTH_IT:
            time.sleep(min(timeout, _GATHER))
        parts = []
        left = _MOST
        while left > 0 and (count := self._ring.ready(_AT_ONCE)):
            to_end = self._ring.frames - self._ring.head
            found = self._parser.parse(self._frames[self._ring.head : self._ring.head + count])
            self._ring.release(count)
            left -= count
            if len(found.index):
                parts.append(found)
            if count < min(_AT_ONCE, to_end):
                break
        return joined(self.keys, parts)


def check(hosts: Hosts, asks: Asks) -> None:
    """ValueError where hosts or questions cannot be used as they are."""
    shape = hosts.addresses.shape
    if len(shape) != 2 or shape[1] not in (4, 16) or not shape[0] or hosts.sources.shape != shape:
        raise ValueError("addresses and sources are (N, 4) or (N, 16) bytes, and at least one")
    if hosts.hops.shape != shape[:1]:
        raise ValueError("every host has one next hop")
    for place in np.flatnonzero(asks.kinds >= ECHO).tolist():
        if asks[place].port not in _ICMP_KINDS[shape[1]]:
            raise ValueError(f"ICMP type {asks[place].port} is no question to an address of {shape[1]} bytes")
