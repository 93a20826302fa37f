"""L2TP (RFC 2661): the start of a control connection, whose answer names the host, the vendor and the firmware."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_REQUEST, _REPLY, _STOP = 1, 2, 4
_TUNNEL, _SECOND = 0x4657, 0x4658
"""The port scan's question has begun a tunnel when this probe's turn comes, and nobody opens the same one twice."""


def _pair(kind: int, value: bytes) -> bytes:
    """An attribute that must be understood."""
    return struct.pack("!HHH", 0x8000 | (6 + len(value)), 0, kind) + value


def _message(tunnel: int, sent: int, received: int, *pairs: bytes) -> bytes:
    body = b"".join(pairs)
    return struct.pack("!HHHHHH", 0xC802, 12 + len(body), tunnel, 0, sent, received) + body


def _start(tunnel: int) -> bytes:
    return _message(
        0,
        0,
        0,
        _pair(0, struct.pack("!H", _REQUEST)),
        _pair(2, b"\x01\x00"),
        _pair(3, bytes(3) + b"\x03"),
        _pair(4, bytes(3) + b"\x03"),
        _pair(7, b"fencewalk"),
        _pair(9, struct.pack("!H", tunnel)),
        _pair(10, struct.pack("!H", 4)),
    )


PAYLOAD = _start(_TUNNEL)


def _steps(peer: Peer) -> Steps:
    yield Send(_start(_SECOND))
    data = yield Read(limit=2048)
    pairs = attributes(data)
    if pairs.get(0) not in (struct.pack("!H", _REPLY), struct.pack("!H", _STOP)):
        return ()
    if len(theirs := pairs.get(9, b"")) == 2:
        # A tunnel that was begun is ended in due form, or it would stay until it times out.
        yield Send(
            _message(
                int.from_bytes(theirs, "big"),
                1,
                1,
                _pair(0, struct.pack("!H", _STOP)),
                _pair(9, struct.pack("!H", _SECOND)),
                _pair(1, struct.pack("!H", 6)),
            )
        )
    return (Reading("l2tp", data[:2048]),)


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes of a control message by their numbers, `{}` if this is none. Never raises."""
    if len(data) < 12 or data[0] & 0xCB != 0xC8 or data[1] & 0x0F != 2:
        return {}
    found: dict[int, bytes] = {}
    at = 12
    while at + 6 <= len(data) and len(found) < 64:
        size = int.from_bytes(data[at : at + 2], "big") & 0x3FF
        if size < 6 or at + size > len(data):
            break
        found.setdefault(int.from_bytes(data[at + 4 : at + 6], "big"), data[at + 6 : at + size])
        at += size
    return found


PROBE = Probe(name="l2tp", transport="udp", ports=(1701,), writes=True, steps=_steps, payload=PAYLOAD)
