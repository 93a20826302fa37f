"""Gearman's job server: `version` of its administration protocol, which has no login."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger


def _steps(peer: Peer) -> Steps:
    yield Send(b"version\n")
    data = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=1024)
    if data.startswith(b"OK ") and data[3:4].isdigit():
        return (Reading("gearman", data.partition(b"\n")[0].rstrip()),)
    return stranger(data, peer.port)


PROBE = Probe(name="gearman", transport="tcp", ports=(4730,), writes=True, steps=_steps)
