"""Erlang's port mapper: the nodes it knows, and where they listen. RabbitMQ, CouchDB and ejabberd run one."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_NAMES = b"\0\x01n"


def _steps(peer: Peer) -> Steps:
    yield Send(_NAMES)
    data = yield Read(enough=lambda seen: False, limit=LINE)
    # The number of its own port, then a line for each node.
    if data[:2] == b"\0\0" and (len(data) == 4 or data[4:].startswith(b"name ")):
        if int.from_bytes(data[:4], "big") == peer.port:
            return (Reading("epmd", data),)
        return ()
    return stranger(data, peer.port)


PROBE = Probe(name="epmd", transport="tcp", ports=(4369,), writes=True, steps=_steps)
