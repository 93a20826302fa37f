"""NTP: a client's question for the time, then the read-only question for the server's own variables."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_CLIENT = b"\xe3" + bytes(47)
"""Leap unknown, version 4, mode 3; no time of ours in it."""
_READ_VARIABLES = b"\x16\x02" + b"\x00\x01" + bytes(8)
"""Version 2, mode 6, opcode 2. One datagram back: it amplifies nothing worth the name."""
_NAME = b"version\0"
_READ_VERSION = _READ_VARIABLES[:10] + b"\0\x07" + _NAME
"""The same for one variable, where it fell off the first datagram of the answer."""
_MORE = 0x20


def _steps(peer: Peer) -> Steps:
    yield Send(_CLIENT)
    answer = yield Read(limit=1024)
    if len(answer) < 48 or answer[0] & 7 not in (4, 5):
        return ()
    yield Send(_READ_VARIABLES)
    variables = yield Read(limit=1024, seconds=1.0)
    readings = (Reading("ntp", answer[:48]),)
    if not (text := _text(variables)):
        return readings
    if b"version=" not in text and variables[1] & _MORE:
        yield Send(_READ_VERSION)
        text = _text((yield Read(limit=1024, seconds=1.0))) or text
    return (*readings, Reading("ntp.readvar", text))


def _text(packet: bytes) -> bytes:
    """The variables in an answer of mode 6, `b""` for what is none or says that it is an error."""
    if len(packet) <= 12 or packet[0] & 7 != 6 or packet[1] & 0x40:
        return b""
    return packet[12:].rstrip(b"\0")


PROBE = Probe(name="ntp", transport="udp", ports=(123,), writes=True, steps=_steps, payload=_CLIENT)
