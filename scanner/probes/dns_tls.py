"""DNS over TLS: the same questions inside."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, StartTls, Steps
from scanner.probes.dns_tcp import questions


def _steps(peer: Peer) -> Steps:
    yield StartTls()
    return (yield from questions(peer))


PROBE = Probe(name="dns.version.tls", transport="tcp", ports=(853,), writes=True, steps=_steps, tls=True)
