"""munin-node: the greeting, then `version`. A node that does not know us closes before it says a word."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.exchange import line
from scanner.probes.greeting import LINE, classify

GREETING = b"# munin node at "


def _steps(peer: Peer) -> Steps:
    greeting = yield Read(enough=line, limit=1024)
    if not greeting.startswith(GREETING):
        return classify(greeting, peer.port)
    yield Send(b"version\n")
    answer = yield Read(enough=line, limit=1024)
    said = answer if b"version: " in answer else greeting
    return (Reading("munin", said.rstrip(b"\r\n")[:LINE]),)


PROBE = Probe(name="munin", transport="tcp", ports=(4949,), writes=True, steps=_steps)
