"""NTP: a client's question for the time, then the read-only question for the server's own variables."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_CLIENT = b"\xe3" + bytes(47)
"""Leap unknown, version 4, mode 3; no time of ours in it."""
_READ_VARIABLES = b"\x16\x02" + b"\x00\x01" + bytes(8)
"""Version 2, mode 6, opcode 2. One datagram back: it amplifies nothing worth the name."""


def _steps(peer: Peer) -> Steps:
    yield Send(_CLIENT)
    answer = yield Read(limit=1024)
    if len(answer) < 48 or answer[0] & 7 not in (4, 5):
        return ()
    yield Send(_READ_VARIABLES)
    variables = yield Read(limit=1024, seconds=1.0)
    readings = (Reading("ntp", answer[:48]),)
    if len(variables) > 12 and variables[0] & 7 == 6:
        text = variables[12:].rstrip(b"\0")
        return (*readings, Reading("ntp.readvar", text)) if text else readings
    return readings


PROBE = Probe(name="ntp", transport="udp", ports=(123,), writes=True, steps=_steps, payload=_CLIENT)
