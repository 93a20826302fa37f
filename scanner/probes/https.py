"""HTTP inside TLS: the certificate, and one GET of `/`. On a TLS port that is not HTTP the certificate remains."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.probes.greeting import stranger
from scanner.probes.http_text import answered, http_readings, request


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    yield Send(request(peer))
    data = yield Read(enough=answered, limit=65536, seconds=4.0)
    return (Reading("tls.cert", certificate), *(http_readings(data) or stranger(data, peer.port)))


PROBE = Probe(
    name="https",
    transport="tcp",
    ports=(443, 8443, 4443, 9443, 10443, 5001, 5986, 8006, 2376, 6443, 7443, 8834, 8883, 9419, 9392, 10250, 16993),
    writes=True,
    tls=True,
    fallback=True,
    steps=_steps,
)
