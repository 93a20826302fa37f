"""Bolt, the protocol of Neo4j: HELLO, whose answer names the server. No credentials are sent.

Kinds: `neo4j.server` (its name, `Neo4j/5.15.0`), `neo4j.handshake` (the agreed version of the protocol),
`neo4j.auth` (`none`, `required`; from 5.1 on the answer to HELLO does not say).
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_MAGIC = b"\x60\x60\xb0\x17"
# 5.4 down to 5.1, where HELLO carries no login; 4.4 down to 4.2; 4.1; 3.
_OFFERED = b"\0\x03\x04\x05" + b"\0\x02\x04\x04" + b"\0\0\x01\x04" + b"\0\0\0\x03"
_AGENT = b"\x8auser_agent\x8bfencewalk/1"
_HELLO = b"\xb1\x01\xa1" + _AGENT
_HELLO_NOBODY = b"\xb1\x01\xa2" + _AGENT + b"\x86scheme\x84none"
_SUCCESS, _FAILURE = b"\xb1\x70", b"\xb1\x7f"


def _steps(peer: Peer) -> Steps:
    yield Send(_MAGIC + _OFFERED)
    agreed = yield Read(enough=lambda seen: len(seen) >= 4, limit=1024)
    if len(agreed) != 4 or agreed[:2] != b"\0\0" or agreed[3] not in (3, 4, 5) or agreed[2] > 4:
        return stranger(agreed, peer.port)
    later = agreed[3] == 5
    hello = _HELLO if later else _HELLO_NOBODY
    yield Send(len(hello).to_bytes(2, "big") + hello + b"\0\0")
    data = yield Read(enough=lambda seen: seen.endswith(b"\0\0"), limit=2048)
    readings = (Reading("neo4j.handshake", agreed),)
    if data[2:4] == _FAILURE and b"Unauthorized" in data:
        return (*readings, Reading("neo4j.auth", b"required"))
    if data[2:4] != _SUCCESS:
        return readings
    name = _string(data, b"\x86server")
    named = (Reading("neo4j.server", name),) if name else ()
    return (*named, *readings) if later else (*named, *readings, Reading("neo4j.auth", b"none"))


def _string(data: bytes, key: bytes) -> bytes:
    """The string behind a key of a map, `b""` if there is none."""
    at = data.find(key) + len(key)
    if at < len(key) or at >= len(data):
        return b""
    if data[at] & 0xF0 == 0x80:
        return data[at + 1 : at + 1 + (data[at] & 0x0F)]
    return data[at + 2 : at + 2 + data[at + 1]] if data[at] == 0xD0 and at + 1 < len(data) else b""


PROBE = Probe(name="neo4j", transport="tcp", ports=(7687,), writes=True, steps=_steps)
