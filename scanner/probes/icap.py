"""ICAP (RFC 3507): what content filters and mail gateways hand their pages to; OPTIONS for a service that nobody has.

Kinds: `icap` (status line and headers of the answer), `icap.server` (the header Server), `icap.service` (Service).
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

LINE = 2048
_HEADERS = (
    (re.compile(rb"(?im)^Server:[ \t]*([^\r\n]{1,256})"), "icap.server"),
    (re.compile(rb"(?im)^Service:[ \t]*([^\r\n]{1,256})"), "icap.service"),
)


def readings(data: bytes) -> tuple[Reading, ...]:
    """What an answer says, `()` if it is none. Never raises."""
    if not data.startswith(b"ICAP/1."):
        return ()
    head = data.partition(b"\r\n\r\n")[0][:LINE].rstrip()
    found = [Reading("icap", head)]
    for pattern, kind in _HEADERS:
        if said := pattern.search(head):
            found.append(Reading(kind, said[1].strip()))
    return tuple(reading for reading in found if reading.raw)


def _steps(peer: Peer) -> Steps:
    host = f"[{peer.address}]" if ":" in peer.address else peer.address
    where = f"{host}:{peer.port}"
    ask = f"OPTIONS icap://{where}/fencewalk ICAP/1.0\r\nHost: {where}\r\nEncapsulated: null-body=0\r\n\r\n"
    yield Send(ask.encode())
    data = yield Read(enough=lambda said: b"\r\n\r\n" in said or b"\n\n" in said, limit=8192)
    return readings(data) or stranger(data, peer.port)


PROBE = Probe(name="icap", transport="tcp", ports=(1344, 11344), writes=True, steps=_steps)
