"""The server of the Android Debug Bridge, which rules the devices behind it: its protocol's version."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_ASK = b"000chost:version"
_ANSWER = re.compile(rb"OKAY0004[0-9a-f]{4}\Z")


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=lambda seen: len(seen) >= 12, limit=64)
    if not _ANSWER.match(data):
        return stranger(data, peer.port)
    return (Reading("adb", data), Reading("adb.auth", b"none"))


PROBE = Probe(name="adb", transport="tcp", ports=(5037,), writes=True, steps=_steps)
