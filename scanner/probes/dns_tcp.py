"""DNS over TCP: the server's own version."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.dns_text import QUERY, is_answer, version
from scanner.probes.greeting import stranger


def _steps(peer: Peer) -> Steps:
    yield Send(len(QUERY).to_bytes(2, "big") + QUERY)
    data = yield Read(enough=lambda seen: len(seen) >= 2 + int.from_bytes(seen[:2], "big"), limit=4096)
    message = data[2:]
    if text := version(message):
        return (Reading("dns.version", text[:1024]),)
    return (Reading("dns", message[:512]),) if is_answer(message) else stranger(data, peer.port)


PROBE = Probe(name="dns.version.tcp", transport="tcp", ports=(53,), writes=True, steps=_steps)
