"""What every host of a bulk volley is asked: its questions in arrays, for there may be all 65,535 ports and more."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from scanner.model.base import Transport
from scanner.net.packets.bulk_hosts import Indices

import numpy as np  # isort: skip  (bulk_hosts sets what numpy reads when it is loaded)
import numpy.typing as npt  # isort: skip

SYN, ACK, UDP, ECHO, STAMP = range(5)
_TRANSPORTS: tuple[Transport, ...] = ("tcp", "tcp", "udp", "icmp", "icmp")
_TIMESTAMP = 13


class Ask(msgspec.Struct, frozen=True):
    """One question, put to every host. `port` of icmp is the type: 8 (echo), 13 (timestamp), 128 (echo, IPv6)."""

    transport: Transport
    port: int
    payload: bytes = b""
    """Of a UDP datagram."""
    ack: bool = False
    """TCP: an ACK out of the blue instead of a SYN, to see whether anybody is there."""


class Asks:
    """Questions in their order. ValueError where there is none, or one twice."""

    def __init__(self, kinds: npt.NDArray[np.uint8], ports: Indices, payloads: dict[int, bytes]) -> None:
        """`kinds`: SYN to STAMP; `payloads`: of UDP questions, by their places."""
        self.kinds = kinds
        self.ports = ports
        self._payloads = payloads
        if not len(kinds) or len(np.unique(kinds.astype(np.int64) << 16 | ports)) != len(kinds):
            raise ValueError("there is at least one question, and none twice")

    @classmethod
    def of(cls, asks: Sequence[Ask]) -> Asks:
        kinds = [
            (ACK if each.ack else SYN) if each.transport == "tcp"
            else UDP if each.transport == "udp" else STAMP if each.port == _TIMESTAMP else ECHO
            for each in asks
        ]  # fmt: skip
        payloads = {place: each.payload for place, each in enumerate(asks) if each.payload}
        return cls(np.array(kinds, np.uint8), np.array([each.port for each in asks], np.int64), payloads)

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, place: int) -> Ask:
        kind = int(self.kinds[place])
        return Ask(_TRANSPORTS[kind], int(self.ports[place]), self._payloads.get(place, b""), kind == ACK)

    def places(self, kind: int) -> Indices:
        """Where the questions of a kind are."""
        return np.flatnonzero(self.kinds == kind)

    def known(self) -> dict[tuple[Transport, int, bool], int]:
        """The place of each question that is no SYN, by transport, port and whether it is an ACK."""
        others = {place: self[place] for place in np.flatnonzero(self.kinds != SYN).tolist()}
        return {(each.transport, each.port, each.ack): place for place, each in others.items()}
