"""ActiveMQ's own protocol: the WireFormatInfo with which it greets. Artemis waits for the client to speak first."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Steps
from scanner.probes.greeting import listening

_SECONDS = 4.0
"""It greets at once: whoever says nothing by then waits for a client that speaks first."""


def _steps(peer: Peer) -> Steps:
    return (yield from listening(peer, _SECONDS))


PROBE = Probe(name="openwire", transport="tcp", ports=(61616,), writes=False, steps=_steps)
