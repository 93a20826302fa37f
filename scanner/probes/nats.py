"""NATS: the INFO with which it greets.

Kinds: `nats` (the line), `nats.auth` (`none`, `required`), `nats.tls` (`offered`, `required`).
"""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Steps
from scanner.probes.greeting import listening

_SECONDS = 4.0
"""It greets at once: whoever says nothing by then waits for a client that speaks first."""


def _steps(peer: Peer) -> Steps:
    return (yield from listening(peer, _SECONDS))


PROBE = Probe(name="nats", transport="tcp", ports=(4222,), writes=False, steps=_steps)
