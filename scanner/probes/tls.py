"""TLS of a protocol that speaks first inside it (IMAPS, SMTPS, FTPS, LDAPS): the certificate, then the greeting."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, StartTls, Steps
from scanner.probes.greeting import classify, listen


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    greeting = yield from listen(3.0)
    return (Reading("tls.cert", certificate), *classify(greeting, peer.port))


PROBE = Probe(
    name="tls",
    transport="tcp",
    ports=(993, 995, 465, 990, 636, 3269, 992, 6514, 5061, 853, 3268, 8883),
    writes=True,
    tls=True,
    steps=_steps,
)
