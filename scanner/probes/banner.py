"""Listen, and write nothing: for services that speak first, on whatever port they are, and for fragile hosts."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Steps
from scanner.probes.greeting import listening

_GREETED = frozenset({21, 22, 23, 25, 110, 119, 143, 587})
"""Ports where a service may look up who we are before it greets."""


def _steps(peer: Peer) -> Steps:
    # On a port without a likely protocol most services wait for the client, so the wait is short.
    return (yield from listening(peer, seconds=6.0 if peer.port in _GREETED else 2.5))


PROBE = Probe(name="banner", transport="tcp", ports=(), writes=False, fallback=True, steps=_steps)
