"""IRC inside TLS: the certificate, then as `irc` asks."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, StartTls, Steps
from scanner.probes.irc import visit


def _steps(peer: Peer) -> Steps:
    certificate = yield StartTls()
    if not certificate:
        return ()
    greeting = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=8192, seconds=1.0)
    return (Reading("tls.cert", certificate), *(yield from visit(greeting)))


PROBE = Probe(name="ircs", transport="tcp", ports=(6697, 6679), writes=True, tls=True, steps=_steps)
