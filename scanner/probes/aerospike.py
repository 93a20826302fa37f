"""Aerospike: `build` of its info protocol."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_COMMAND = b"build\n"
_START = b"\x02\x01"
_ASK = _START + len(_COMMAND).to_bytes(6, "big") + _COMMAND


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=lambda seen: len(seen) >= 8 + int.from_bytes(seen[2:8], "big"), limit=1024)
    if data.startswith(_START) and data[8:].startswith(b"build\t"):
        return (Reading("aerospike", data[8 : 8 + LINE].rstrip()),)
    return stranger(data, peer.port)


PROBE = Probe(name="aerospike", transport="tcp", ports=(3000,), writes=True, steps=_steps)
