"""RethinkDB: the first answer of its handshake names the server's version; the login would come after it."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_MAGIC = (0x34C2BDC3).to_bytes(4, "little")
"""Version 1.0 of the protocol."""


def _steps(peer: Peer) -> Steps:
    yield Send(_MAGIC)
    data = yield Read(enough=lambda seen: b"\0" in seen, limit=2048)
    if data.startswith(b"{") and b'"server_version"' in data:
        return (Reading("rethinkdb", data.partition(b"\0")[0][:LINE]),)
    return stranger(data, peer.port)


PROBE = Probe(name="rethinkdb", transport="tcp", ports=(28015,), writes=True, steps=_steps)
