"""MQTT inside TLS: the certificate, then as in `mqtt`."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, StartTls, Steps
from scanner.probes.mqtt import talk


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    return (*(yield from talk(peer)), Reading("tls.cert", certificate))


PROBE = Probe(name="mqtts", transport="tcp", ports=(8883, 8884), writes=True, steps=_steps, tls=True)
