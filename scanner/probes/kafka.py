"""Kafka: ApiVersions, which every broker answers before any login; the list of brokers, which only an open one gives.

The protocol shows no version. Kinds: `kafka` (the answer to ApiVersions), `kafka.auth` (`none`).
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_NUMBER = 0x4657
_API_VERSIONS, _METADATA = 18, 3


def _request(api: int, version: int, number: int, body: bytes = b"") -> bytes:
    client = b"fencewalk"
    head = struct.pack("!hhih", api, version, number, len(client)) + client
    return struct.pack("!i", len(head) + len(body)) + head + body


def _steps(peer: Peer) -> Steps:
    yield Send(_request(_API_VERSIONS, 0, _NUMBER))
    data = yield Read(enough=_whole, limit=4096)
    if not _api_versions(data):
        return stranger(data, peer.port)
    # Of no topic at all: the answer names the brokers.
    yield Send(_request(_METADATA, 1, _NUMBER + 1, struct.pack("!i", 0)))
    listed = yield Read(enough=_whole, limit=4096)
    readings = (Reading("kafka", data[:LINE]),)
    if len(listed) > 12 and listed[4:8] == struct.pack("!i", _NUMBER + 1):
        return (*readings, Reading("kafka.auth", b"none"))
    return readings


def _api_versions(data: bytes) -> bool:
    """Whether this is a list of (request, oldest, newest version) in answer to ours."""
    if len(data) < 20 or data[4:10] != struct.pack("!ih", _NUMBER, 0):
        return False
    size, count = int.from_bytes(data[:4], "big"), int.from_bytes(data[10:14], "big")
    if size != 10 + 6 * count or not 4 <= count <= 512:
        return False
    shown = min(count, (len(data) - 14) // 6)
    listed = [struct.unpack_from("!hhh", data, 14 + 6 * at) for at in range(shown)]
    return all(0 <= oldest <= newest for _, oldest, newest in listed)


def _whole(data: bytes) -> bool:
    return len(data) >= 4 and len(data) >= min(4096, 4 + int.from_bytes(data[:4], "big"))


PROBE = Probe(
    name="kafka", transport="tcp", ports=(9092, 9093, 9094, 19092), writes=True, steps=_steps, last_resort="binary"
)
