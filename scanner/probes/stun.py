"""STUN and TURN (RFC 8489) over UDP: a binding request; SOFTWARE names the server."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_COOKIE = 0x2112A442
_ID = b"fencewalk-id"
_SOFTWARE = 0x8022
PAYLOAD = struct.pack("!HHI", 0x0001, 0, _COOKIE) + _ID


def readings(message: bytes) -> tuple[Reading, ...]:
    """`stun` proves the protocol, `stun.software` names the server if it does. Never raises."""
    if len(message) < 20 or message[4:20] != PAYLOAD[4:] or message[:2] not in (b"\x01\x01", b"\x01\x11"):
        return ()
    found = [Reading("stun", message[:512])]
    at = 20
    while at + 4 <= len(message):
        kind, size = struct.unpack_from("!HH", message, at)
        if kind == _SOFTWARE and size:
            found.append(Reading("stun.software", message[at + 4 : at + 4 + size].rstrip(b"\0")[:256]))
            break
        at += 4 + (size + 3 & ~3)
    return tuple(reading for reading in found if reading.raw)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    return readings((yield Read(limit=2048)))


PROBE = Probe(name="stun", transport="udp", ports=(3478,), writes=True, steps=_steps, payload=PAYLOAD)
