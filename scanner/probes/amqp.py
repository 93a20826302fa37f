"""AMQP 0-9-1: the server's properties in Connection.Start, which comes before any login.

Kinds: `amqp` (the frame; or, of a server that speaks another version only, the header in which it says so), and
`amqp.auth` (`required`, where it offers no anonymous login; that it offers one does not say that it lets anybody in).
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_HEADER = b"AMQP\0\0\x09\x01"
_MOST = 8192
_START = b"\0\x0a\0\x0a"
"""Class 10, method 10."""


def talk(peer: Peer) -> Steps:
    """The question and what it says, over whatever the connection is."""
    yield Send(_HEADER)
    data = yield Read(enough=_whole, limit=_MOST)
    if data.startswith(b"AMQP") and len(data) >= 8:
        return (Reading("amqp", data[:8]),)
    if data[:3] != b"\x01\0\0" or data[7:11] != _START:
        return stranger(data, peer.port)
    start = data[: 7 + int.from_bytes(data[3:7], "big")]
    if b"ANONYMOUS" in start[-512:]:
        return (Reading("amqp", start),)
    return (Reading("amqp", start), Reading("amqp.auth", b"required"))


def _whole(data: bytes) -> bool:
    if data.startswith(b"AMQP"):
        return len(data) >= 8
    return len(data) >= 7 and len(data) >= min(_MOST, 8 + int.from_bytes(data[3:7], "big"))


PROBE = Probe(name="amqp", transport="tcp", ports=(5672, 5673), writes=True, steps=talk)
