"""STUN and TURN inside TLS."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, StartTls, Steps
from scanner.probes.stun_tcp import questions


def _steps(peer: Peer) -> Steps:
    yield StartTls()
    return (yield from questions(peer))


PROBE = Probe(name="stun.tls", transport="tcp", ports=(5349,), writes=True, steps=_steps, tls=True)
