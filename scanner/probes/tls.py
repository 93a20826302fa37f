"""TLS of a protocol that speaks first inside it (IMAPS, SMTPS, FTPS): the certificate, the greeting, what follows."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, StartTls, Steps
from scanner.probes.greeted import further
from scanner.probes.greeting import classify, listen


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    greeting = yield from listen(3.0)
    readings = classify(greeting, peer.port)
    more = (yield from further(readings[0], secure=True)) if readings else ()
    return (Reading("tls.cert", certificate), *readings, *more)


PROBE = Probe(
    name="tls",
    transport="tcp",
    ports=(993, 995, 465, 990, 563, 992, 6514, 5061, 853, 8883),
    writes=True,
    tls=True,
    steps=_steps,
)
