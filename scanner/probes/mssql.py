"""SQL Server: the version in the answer to TDS PRELOGIN, which comes before any login.

Kinds: `mssql` (the version, `15.0.2000.5`), `mssql.tls` (`required`, `offered`, `not-offered`: the whole session; the
login itself is encrypted wherever it is offered).
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

# Tokens VERSION (offset 11, 6 bytes) and ENCRYPTION (offset 17, 1 byte), the end mark, then their values: encryption
# off, that is of the login only, which makes the server say what it has and what it insists on.
_OPTIONS = b"\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff" + bytes(6) + b"\x00"
_ENCRYPTION = {b"\0": b"offered", b"\x01": b"offered", b"\x02": b"not-offered", b"\x03": b"required"}
_PRELOGIN = struct.pack("!BBHHBB", 0x12, 1, 8 + len(_OPTIONS), 0, 0, 0) + _OPTIONS


def _steps(peer: Peer) -> Steps:
    yield Send(_PRELOGIN)
    data = yield Read(enough=lambda seen: len(seen) >= 4 and len(seen) >= int.from_bytes(seen[2:4], "big"), limit=4096)
    told = _tokens(data)
    text = _version(told.get(0, b""))
    if not text:
        return stranger(data, peer.port)
    encryption = _ENCRYPTION.get(told.get(1, b"")[:1])
    return (Reading("mssql", text), Reading("mssql.tls", encryption)) if encryption else (Reading("mssql", text),)


def _tokens(data: bytes) -> dict[int, bytes]:
    """The values of a PRELOGIN answer by their token, empty if this is none. Never raises."""
    if len(data) < 20 or data[0] != 0x04:
        return {}
    body, told = data[8:], {}
    for at in range(0, min(len(body) - 4, 40), 5):
        token = body[at]
        if token == 0xFF:
            break
        offset, size = struct.unpack_from("!HH", body, at + 1)
        told[token] = body[offset : offset + size]
    return told


def _version(value: bytes) -> bytes:
    if len(value) != 6:
        return b""
    major, minor, build, sub = struct.unpack("!BBHH", value)
    return b"%d.%d.%d.%d" % (major, minor, build, sub) if major else b""


PROBE = Probe(
    name="mssql", transport="tcp", ports=(1433, 1434, 14330, 14333), writes=True, steps=_steps, last_resort="binary"
)
