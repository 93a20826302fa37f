"""PPTP (RFC 2637): the start of a control connection, whose answer names the host, the vendor and the firmware."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_COOKIE = 0x1A2B3C4D
_SIZE = 156
_START = struct.pack("!HHIHHHHIIHH", _SIZE, 1, _COOKIE, 1, 0, 0x0100, 0, 3, 3, 0, 0).ljust(28, b"\0") + bytes(128)


def _steps(peer: Peer) -> Steps:
    yield Send(_START)
    data = yield Read(enough=lambda seen: len(seen) >= _SIZE, limit=_SIZE)
    if is_reply(data):
        return (Reading("pptp", data[:_SIZE]),)
    return stranger(data, peer.port)


def is_reply(data: bytes) -> bool:
    """Whether this is a Start-Control-Connection-Reply."""
    return len(data) == _SIZE and data[2:10] == struct.pack("!HIH", 1, _COOKIE, 2)


PROBE = Probe(name="pptp", transport="tcp", ports=(1723,), writes=True, steps=_steps)
