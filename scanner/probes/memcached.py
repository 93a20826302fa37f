"""Memcached: `version`."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger


def _steps(peer: Peer) -> Steps:
    yield Send(b"version\r\n")
    data = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=1024)
    if data.startswith(b"VERSION "):
        return (Reading("memcached", data.partition(b"\n")[0].rstrip()),)
    return stranger(data, peer.port)


PROBE = Probe(name="memcached", transport="tcp", ports=(11211,), writes=True, steps=_steps)
