"""SIP (telephones, PBXs) over TCP."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger
from scanner.probes.header_text import ended
from scanner.probes.sip_text import options, sip_readings


def _steps(peer: Peer) -> Steps:
    yield Send(options("TCP"))
    data = yield Read(enough=ended, limit=8192)
    return sip_readings(data) or stranger(data, peer.port)


PROBE = Probe(name="sip.tcp", transport="tcp", ports=(5060, 5080), writes=True, steps=_steps)
