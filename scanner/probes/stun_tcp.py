"""STUN and TURN over TCP."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger
from scanner.probes.stun import PAYLOAD, readings


def questions(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(enough=lambda seen: len(seen) >= 20 + int.from_bytes(seen[2:4], "big"), limit=2048)
    return readings(data) or stranger(data, peer.port)


PROBE = Probe(name="stun.tcp", transport="tcp", ports=(3478,), writes=True, steps=questions)
