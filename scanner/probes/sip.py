"""SIP (telephones, PBXs) over UDP."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.sip_text import options, sip_readings

PAYLOAD = options("UDP")


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    return sip_readings((yield Read(limit=8192)))


PROBE = Probe(name="sip", transport="udp", ports=(5060,), writes=True, steps=_steps, payload=PAYLOAD)
