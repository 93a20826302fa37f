"""STOMP: CONNECT without credentials; none are tried.

Kinds: `stomp` (the headers of the answer), `stomp.auth` (`none`, `required`).
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_CONNECT = b"CONNECT\naccept-version:1.0,1.1,1.2\nhost:/\n\n\0"
_DISCONNECT = b"DISCONNECT\n\n\0"
_LOGIN = re.compile(rb"refused|denied|log ?in|passcode|credential|authenticat|not authorized|security", re.IGNORECASE)


def _steps(peer: Peer) -> Steps:
    yield Send(_CONNECT)
    data = yield Read(enough=lambda seen: b"\0" in seen, limit=4096)
    frame = data.partition(b"\0")[0].lstrip(b"\r\n").replace(b"\r\n", b"\n")
    if frame.startswith(b"CONNECTED\n"):
        yield Send(_DISCONNECT)
        return (Reading("stomp", frame.partition(b"\n\n")[0][:LINE]), Reading("stomp.auth", b"none"))
    if frame.startswith(b"ERROR\n") and b":" in frame:
        refused = (Reading("stomp.auth", b"required"),) if _LOGIN.search(frame[:LINE]) else ()
        return (Reading("stomp", frame[:LINE]), *refused)
    return stranger(data, peer.port)


PROBE = Probe(name="stomp", transport="tcp", ports=(61613, 61616, 61612), writes=True, steps=_steps)
