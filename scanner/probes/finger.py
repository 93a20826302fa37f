"""Finger: an empty line, which asks who is logged on. The answer says what the machine tells to anybody."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_ANSWER = re.compile(rb"(?i)\blogg?(?:ed[ -]?(?:on|in)|in)\b|\bno ?one\b|finger|\busers?\b|\bidle\b|\bline +user\b")


def _steps(peer: Peer) -> Steps:
    yield Send(b"\r\n")
    data = yield Read(enough=lambda seen: len(seen) >= LINE, limit=LINE, seconds=3.0)
    if found := stranger(data, peer.port):
        return found
    return (Reading("finger", data.strip()[:LINE]),) if _ANSWER.search(data) else ()


PROBE = Probe(name="finger", transport="tcp", ports=(79,), writes=True, steps=_steps)
