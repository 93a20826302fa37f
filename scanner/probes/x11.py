"""X11: whether a stranger is let in, and who made the server. Where one is let in, the connection ends there."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_SETUP = b"l\0" + b"\x0b\0\0\0" + bytes(6)
"""Protocol 11.0, the low byte first, and no authorization."""
_REFUSED, _LET_IN, _MORE = 0, 1, 2
_KEPT = 1024


def _steps(peer: Peer) -> Steps:
    yield Send(_SETUP)
    data = yield Read(enough=_enough, limit=_KEPT)
    if not is_x11(data):
        return stranger(data, peer.port)
    auth = b"none" if data[0] == _LET_IN else b"required"
    return (Reading("x11", data[:_KEPT]), Reading("x11.auth", auth))


def is_x11(data: bytes) -> bool:
    """Whether this begins as the answer to a connection's setup (X protocol, 8)."""
    if len(data) < 8 or data[0] not in (_REFUSED, _LET_IN, _MORE):
        return False
    if data[2:6] != b"\x0b\0\0\0":
        return False
    return data[0] != _LET_IN or len(data) >= 40


def _enough(data: bytes) -> bool:
    """The vendor's name is behind 40 bytes; the windows and pixmap formats that follow say nothing to us."""
    if len(data) < 8:
        return False
    if data[0] != _LET_IN:
        return len(data) >= 8 + 4 * int.from_bytes(data[6:8], "little")
    return len(data) >= 40 + int.from_bytes(data[24:26], "little")


PROBE = Probe(name="x11", transport="tcp", ports=tuple(range(6000, 6010)), writes=True, steps=_steps)
