"""SQL Server: the version in the answer to TDS PRELOGIN, which comes before any login."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

# Tokens VERSION (offset 11, 6 bytes) and ENCRYPTION (offset 17, 1 byte), the end mark, then their values.
_OPTIONS = b"\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff" + bytes(6) + b"\x02"
_PRELOGIN = struct.pack("!BBHHBB", 0x12, 1, 8 + len(_OPTIONS), 0, 0, 0) + _OPTIONS


def _steps(peer: Peer) -> Steps:
    yield Send(_PRELOGIN)
    data = yield Read(enough=lambda seen: len(seen) >= 4 and len(seen) >= int.from_bytes(seen[2:4], "big"), limit=4096)
    text = version(data)
    return (Reading("mssql", text),) if text else stranger(data, peer.port)


def version(data: bytes) -> bytes:
    """`15.0.2000.5` of a PRELOGIN answer, `b""` if this is none. Never raises."""
    if len(data) < 20 or data[0] != 0x04:
        return b""
    body = data[8:]
    for at in range(0, min(len(body) - 4, 40), 5):
        token = body[at]
        if token == 0xFF:
            break
        offset, size = struct.unpack_from("!HH", body, at + 1)
        if token == 0 and size == 6 and offset + 6 <= len(body):
            major, minor, build, sub = struct.unpack_from("!BBHH", body, offset)
            return b"%d.%d.%d.%d" % (major, minor, build, sub) if major else b""
    return b""


PROBE = Probe(name="mssql", transport="tcp", ports=(1433, 1434), writes=True, steps=_steps)
