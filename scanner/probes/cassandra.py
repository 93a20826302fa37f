"""Cassandra and what speaks its protocol (CQL): what it supports; then, if it asks for no login, its release.

Kinds: `cassandra` (the body of SUPPORTED), `cassandra.release` (the value of release_version), `cassandra.auth`
(`none`, `required`). CQL_VERSION is the language's and no version of the product.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_VERSION = 4
"""Of the protocol: from Cassandra 2.2 to 5.0, and ScyllaDB."""
_ERROR, _STARTUP, _READY, _AUTHENTICATE, _OPTIONS, _SUPPORTED, _QUERY, _RESULT = 0, 1, 2, 3, 5, 6, 7, 8
_MOST = 8192


def _frame(opcode: int, body: bytes = b"") -> bytes:
    return struct.pack("!BBhBI", _VERSION, 0, 0, opcode, len(body)) + body


def _string(text: bytes) -> bytes:
    return struct.pack("!H", len(text)) + text


_HELLO = _frame(_STARTUP, struct.pack("!H", 1) + _string(b"CQL_VERSION") + _string(b"3.0.0"))
_SELECT = b"SELECT release_version FROM system.local"
_ASK = _frame(_QUERY, struct.pack("!I", len(_SELECT)) + _SELECT + struct.pack("!HB", 1, 0))


def _steps(peer: Peer) -> Steps:
    yield Send(_frame(_OPTIONS))
    data = yield Read(enough=_whole, limit=_MOST)
    if not _is(data, _SUPPORTED) or b"CQL_VERSION" not in data:
        return stranger(data, peer.port)
    readings: tuple[Reading, ...] = (Reading("cassandra", data[9 : 9 + LINE]),)
    yield Send(_HELLO)
    data = yield Read(enough=_whole, limit=_MOST)
    if _is(data, _AUTHENTICATE):
        return (*readings, Reading("cassandra.auth", b"required"))
    if not _is(data, _READY):
        return readings
    readings = (*readings, Reading("cassandra.auth", b"none"))
    yield Send(_ASK)
    release = _cell((yield Read(enough=_whole, limit=_MOST)))
    return (Reading("cassandra.release", release), *readings) if release else readings


def _is(data: bytes, opcode: int) -> bool:
    return len(data) >= 9 and data[0] == 0x80 | _VERSION and data[4] == opcode


def _cell(data: bytes) -> bytes:
    """The only value of the only row of a RESULT, `b""` if this is none: it stands at the end."""
    size = int.from_bytes(data[5:9], "big")
    if not _is(data, _RESULT) or len(data) < 9 + size or data[9:13] != b"\0\0\0\x02":
        return b""
    body = data[9 : 9 + size]
    for length in range(3, 65):
        if body[-length - 8 : -length] == struct.pack("!II", 1, length):
            return body[-length:]
    return b""


def _whole(data: bytes) -> bool:
    return len(data) >= 9 and len(data) >= min(_MOST, 9 + int.from_bytes(data[5:9], "big"))


PROBE = Probe(name="cassandra", transport="tcp", ports=(9042, 9043), writes=True, steps=_steps)
