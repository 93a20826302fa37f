"""Radmin: the question for its way of logging in. No login follows."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_ASK = bytes.fromhex("01000000010000000808")
_ANSWER = bytes.fromhex("0100000025")
"""Version of the frame, and 37 for its length."""
_WHOLE = 46


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=lambda said: len(said) >= _WHOLE, limit=512, seconds=2.0)
    if data.startswith(_ANSWER) and len(data) >= 10 and data[7] < 16 and data[9:10] == b"\x08":
        return (Reading("radmin", data[:_WHOLE]),)
    return stranger(data, peer.port)


PROBE = Probe(name="radmin", transport="tcp", ports=(4899,), writes=True, steps=_steps)
