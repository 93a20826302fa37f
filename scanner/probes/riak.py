"""Riak: RpbGetServerInfoReq of its protocol buffers interface."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_ASK, _ANSWER = b"\0\0\0\x01\x07", 8


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=lambda seen: len(seen) >= 5 and len(seen) >= _size(seen), limit=1024)
    if len(data) > 9 and data[4] == _ANSWER and len(data) == _size(data) and data[5:6] == b"\x0a":
        return (Reading("riak", data[5:]),)
    return stranger(data, peer.port)


def _size(data: bytes) -> int:
    return min(1024, 4 + int.from_bytes(data[:4], "big"))


PROBE = Probe(name="riak", transport="tcp", ports=(8087,), writes=True, steps=_steps)
