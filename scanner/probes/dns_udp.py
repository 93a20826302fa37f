"""DNS over UDP: the server's own version. A server that refuses to say shows by its refusal that it speaks DNS."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.dns_text import QUERY, is_answer, version


def _steps(peer: Peer) -> Steps:
    yield Send(QUERY)
    message = yield Read(limit=4096)
    if text := version(message):
        return (Reading("dns.version", text[:1024]),)
    return (Reading("dns", message[:512]),) if is_answer(message) else ()


PROBE = Probe(name="dns.version", transport="udp", ports=(53,), writes=True, steps=_steps, payload=QUERY)
