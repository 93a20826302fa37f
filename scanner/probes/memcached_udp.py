"""Memcached over UDP: `version` behind the frame header. That it answers at all makes it an amplifier."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_ASK = b"\x46\x57\0\0\0\x01\0\0version\r\n"
"""Request number, sequence number 0 of 1 datagram, reserved."""


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(limit=1024)
    if data[:2] == _ASK[:2] and data[8:].startswith(b"VERSION "):
        return (Reading("memcached", data[8:].partition(b"\n")[0].rstrip()), Reading("memcached.auth", b"none"))
    return ()


PROBE = Probe(name="memcached.udp", transport="udp", ports=(11211,), writes=True, steps=_steps, payload=_ASK)
