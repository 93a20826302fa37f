"""Redis inside TLS: the certificate, then as in `redis`."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, StartTls, Steps
from scanner.probes.redis import talk


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    return (*(yield from talk(peer)), Reading("tls.cert", certificate))


PROBE = Probe(name="rediss", transport="tcp", ports=(6380,), writes=True, steps=_steps, tls=True)
