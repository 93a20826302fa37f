"""TeamSpeak 3's query interface: the greeting, then `version`, which anybody may ask."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, classify

GREETING = b"TS3\n\r"


def _steps(peer: Peer) -> Steps:
    greeting = yield Read(enough=lambda seen: seen.count(b"\n\r") >= 2, limit=2048)
    if not greeting.startswith(GREETING):
        return classify(greeting, peer.port)
    yield Send(b"version\n")
    answer = yield Read(enough=lambda seen: b"error id=" in seen and seen.endswith(b"\n\r"), limit=2048)
    yield Send(b"quit\n")
    said = answer if answer.startswith(b"version=") else greeting
    return (Reading("teamspeak", said.strip(b"\r\n")[:LINE]),)


PROBE = Probe(name="teamspeak", transport="tcp", ports=(10011,), writes=True, steps=_steps)
