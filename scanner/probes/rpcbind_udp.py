"""The port mapper over UDP. An exposed one answers a small question at length, so that it is a reflector as well."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.rpcbind import DUMP, readings


def _steps(peer: Peer) -> Steps:
    yield Send(DUMP)
    return readings((yield Read(limit=65507)))


PROBE = Probe(name="rpcbind.udp", transport="udp", ports=(111,), writes=True, steps=_steps, payload=DUMP)
