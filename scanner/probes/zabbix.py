"""Zabbix: an agent's own version, a passive check, which agents answer only to the servers that they know."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

MAGIC = b"ZBXD"
_HEAD = 13


def packet(data: bytes) -> bytes:
    """Without compression and without the large form."""
    return MAGIC + b"\x01" + struct.pack("<II", len(data), 0) + data


def whole(seen: bytes) -> bool:
    return len(seen) >= _HEAD and len(seen) >= _HEAD + int.from_bytes(seen[5:9], "little")


def _steps(peer: Peer) -> Steps:
    yield Send(packet(b"agent.version"))
    data = yield Read(enough=whole, limit=4096)
    if not data.startswith(MAGIC) or len(data) <= _HEAD:
        return stranger(data, peer.port)
    said = data[_HEAD:].partition(b"\0")[0]
    return (Reading("zabbix.agent", said[:LINE] or MAGIC), Reading("zabbix.agent.access", b"open"))


PROBE = Probe(name="zabbix.agent", transport="tcp", ports=(10050,), writes=True, steps=_steps)
