"""MongoDB: hello, buildInfo, and whether a list of databases needs a login. No login is tried, no data is read.

Kinds: `mongodb.buildinfo` (the document), `mongodb.hello` (the document, where there is no build information),
`mongodb.auth` (`none`, `required`). Servers from 2.4 on answer: the first question goes out in the old form, which all
of them take, and tells which form the rest has to have.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.bson_text import document, values
from scanner.probes.greeting import stranger

_REPLY, _QUERY, _MESSAGE = 1, 2004, 2013
_MOST = 8192
_SPEAKS_MESSAGES = 6
"""The wire version (3.6) from which on OP_MSG is spoken."""
_UNAUTHORIZED = 13


def _query(number: int, command: bytes) -> bytes:
    body = struct.pack("<i", 0) + b"admin.$cmd\0" + struct.pack("<ii", 0, -1) + command
    return struct.pack("<iiii", 16 + len(body), number, 0, _QUERY) + body


def _message(number: int, command: bytes) -> bytes:
    body = struct.pack("<IB", 0, 0) + command
    return struct.pack("<iiii", 16 + len(body), number, 0, _MESSAGE) + body


def _document(data: bytes) -> bytes:
    """The document in a reply, `b""` if this is none."""
    if len(data) < 26:
        return b""
    kind = int.from_bytes(data[12:16], "little")
    at = 36 if kind == _REPLY else 21 if kind == _MESSAGE and data[20] == 0 else len(data)
    size = int.from_bytes(data[at : at + 4], "little")
    return data[at : at + size] if 5 <= size <= len(data) - at or len(data) >= _MOST else b""


def _whole(data: bytes) -> bool:
    return len(data) >= 4 and len(data) >= min(int.from_bytes(data[:4], "little"), _MOST)


def _steps(peer: Peer) -> Steps:
    yield Send(_query(1, document(isMaster=1)))
    data = yield Read(enough=_whole, limit=_MOST)
    hello = _document(data)
    known = values(hello)
    if b"ok" not in known or not ({b"ismaster", b"maxWireVersion", b"maxBsonObjectSize"} & set(known)):
        return stranger(data, peer.port)
    wire = known.get(b"maxWireVersion", 0)
    modern = isinstance(wire, float | int) and wire >= _SPEAKS_MESSAGES
    # With a filter that nothing passes: whether it may be asked is the answer.
    asked = (document(buildInfo=1, db="admin"), document(listDatabases=1, nameOnly=1, filter=_NOTHING, db="admin"))
    if not modern:
        asked = (document(buildInfo=1), document(listDatabases=1))
    answers: list[bytes] = []
    for number, command in enumerate(asked, 2):
        yield Send(_message(number, command) if modern else _query(number, command))
        answers.append(_document((yield Read(enough=_whole, limit=_MOST))))
    build, listed = answers
    named = b"version" in values(build)
    readings = (Reading("mongodb.buildinfo", build) if named else Reading("mongodb.hello", hello),)
    access = _access(values(listed))
    return (*readings, Reading("mongodb.auth", access)) if access else readings


def _access(listed: dict[bytes, bytes | float]) -> bytes:
    if listed.get(b"ok") == 1:
        return b"none"
    said = listed.get(b"errmsg", b"")
    if listed.get(b"code") == _UNAUTHORIZED or (isinstance(said, bytes) and b"unauthorized" in said):
        return b"required"
    return b""


_NOTHING = document(name="")

# No last resort: asked for a page on any port, it says that this is MongoDB's.
PROBE = Probe(name="mongodb", transport="tcp", ports=(27017, 27018, 27019, 27020, 27021), writes=True, steps=_steps)
