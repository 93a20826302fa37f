"""MikroTik's neighbour discovery (MNDP): identity, RouterOS version and board.

RouterOS may answer to everybody on the link rather than to who asked; then this hears nothing.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

PAYLOAD = bytes(4)
_IDENTITY, _VERSION, _PLATFORM, _BOARD = 5, 7, 8, 12


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    packet = yield Read(limit=2048)
    found: dict[int, bytes] = {}
    at = 4
    while at + 4 <= len(packet):
        kind, size = struct.unpack_from("!HH", packet, at)
        if at + 4 + size > len(packet):
            break
        found.setdefault(kind, packet[at + 4 : at + 4 + size])
        at += 4 + size
    if _VERSION not in found or _IDENTITY not in found:
        return ()
    words = [b" ".join(found.get(each, b"").split()) for each in (_PLATFORM, _VERSION, _BOARD)]
    readings = (
        Reading("mndp", b" ".join(word for word in words if word)[:512]),
        Reading("mndp.name", found[_IDENTITY][:256]),
    )
    return tuple(reading for reading in readings if reading.raw)


PROBE = Probe(name="mndp", transport="udp", ports=(5678,), writes=True, steps=_steps, payload=PAYLOAD)
