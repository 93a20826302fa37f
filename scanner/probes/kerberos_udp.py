"""Kerberos over UDP: is there a key centre?"""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.kerberos_text import AS_REQUEST, readings


def _steps(peer: Peer) -> Steps:
    yield Send(AS_REQUEST)
    return readings((yield Read(limit=4096)))


PROBE = Probe(name="kerberos.udp", transport="udp", ports=(88,), writes=True, steps=_steps, payload=AS_REQUEST)
