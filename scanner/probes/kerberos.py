"""Kerberos over TCP: is there a key centre?"""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger
from scanner.probes.kerberos_text import AS_REQUEST, readings


def _steps(peer: Peer) -> Steps:
    yield Send(len(AS_REQUEST).to_bytes(4, "big") + AS_REQUEST)
    data = yield Read(enough=lambda seen: len(seen) >= 4 and len(seen) >= 4 + int.from_bytes(seen[:4], "big"))
    return readings(data[4:]) or stranger(data, peer.port)


PROBE = Probe(name="kerberos", transport="tcp", ports=(88,), writes=True, steps=_steps)
