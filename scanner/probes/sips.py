"""SIP inside TLS."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.probes.greeting import stranger
from scanner.probes.header_text import ended
from scanner.probes.sip_text import options, sip_readings


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    yield Send(options("TLS"))
    data = yield Read(enough=ended, limit=8192)
    return (Reading("tls.cert", certificate), *(sip_readings(data) or stranger(data, peer.port)))


PROBE = Probe(name="sips", transport="tcp", ports=(5061,), writes=True, tls=True, steps=_steps)
