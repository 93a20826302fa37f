"""A link and a tally's questions as a bulk wire."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence

from scanner.model.addresses import AddressSet
from scanner.net.packets import bulk_asks
from scanner.net.packets.bulk import NO_HOP, Arrivals, Asks, BulkWire, Hosts
from scanner.net.packets.bulk import packed as all_packed
from scanner.net.packets.bulk_hosts import Indices
from scanner.net.packets.link import Link
from scanner.net.packets.transmit import Transmit
from scanner.net.raw.resolve import packed
from scanner.net.raw.signed import Signature
from scanner.net.raw.small_wire import ACK
from scanner.net.volley.tally import Question

import numpy as np  # isort: skip  (bulk_hosts sets what numpy reads when it is loaded)

_TIMESTAMP, _ECHO6 = 13, 128
Span = tuple[int, int, str, Sequence[bytes | None]]
"""Places in the addresses' order, the source address, and the MAC of all or of each (None: nothing can be sent)."""


class LinkWire:
    """A BulkWire on a link, for the senders of a volley."""

    def __init__(self, link: Link, wire: BulkWire) -> None:
        self._link = link
        self._wire = wire
        self._transmits: list[Transmit] = link.transmits()
        self.senders = len(self._transmits)

    def stop_when(self, stop: Callable[[], bool]) -> None:
        """What the senders look at between two calls to the kernel."""
        for each in self._transmits:
            each.stop = stop

    def send_many(self, indices: Indices, attempt: int, sender: int) -> None:
        self._wire.send(indices, attempt, self._transmits[sender])

    def receive_many(self, timeout: float) -> tuple[Arrivals, float]:
        heard = self._wire.receive(timeout)
        read = time.time()
        if self._link.ring.ready(1):
            read = float(heard.at.max()) if len(heard.at) else 0.0
        return heard, read

    def check(self) -> None:
        self._link.check()


def bulk_wire(
    link: Link,
    addresses: AddressSet,
    spans: Sequence[Span],
    questions: Sequence[Question],
    payloads: Mapping[int, bytes],
    sign: Signature | None = None,
) -> LinkWire:
    """A wire for `questions` to `addresses` (one IP version). `sign`: TCP and UDP only, to canaries."""
    version = addresses.spans[0][0]
    hosts = all_packed(addresses, version)
    sources = np.zeros_like(hosts)
    hops = np.full(len(hosts), NO_HOP, np.uint16)
    numbers: dict[bytes, int] = {}
    for start, stop, source, macs in spans:
        if source:
            sources[start:stop] = np.frombuffer(packed(source), np.uint8)
        found = [NO_HOP if mac is None else numbers.setdefault(mac, len(numbers)) for mac in macs]
        hops[start:stop] = found[0] if len(found) == 1 else found
    asks = _asks(questions, version, payloads)
    sequences = None if sign is None else np.uint64(sign.sequence(0)) ^ asks.ports.astype(np.uint64)
    identifier = int.from_bytes(os.urandom(2), "big")
    wire = BulkWire(
        link.ring, Hosts(hosts, sources, hops), asks, list(numbers) or [b""], link.ports, len(link.ports), identifier,
        sequences,
    )  # fmt: skip
    return LinkWire(link, wire)


def _asks(questions: Sequence[Question], version: int, payloads: Mapping[int, bytes]) -> Asks:
    transports, numbers = zip(*questions, strict=True)
    ports = np.array(numbers, np.int64)
    kinds = np.where(ports >= ACK, np.uint8(bulk_asks.ACK), np.uint8(bulk_asks.SYN))
    said = {}
    if transports.count("tcp") < len(transports):
        for place, (transport, port) in enumerate(questions):
            if transport == "udp":
                kinds[place] = bulk_asks.UDP
                said[place] = payloads.get(port, b"")
            elif transport == "icmp":
                kinds[place] = bulk_asks.STAMP if port == _TIMESTAMP else bulk_asks.ECHO
                if version == 6:
                    ports[place] = _ECHO6
    ports[kinds == bulk_asks.ACK] -= ACK
    return Asks(kinds, ports, said)
