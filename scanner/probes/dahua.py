"""Dahua's discovery (DHIP): model, firmware and vendor, as one JSON text."""

from __future__ import annotations

import re
import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_HEAD = 32
_BODY = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}\n'
PAYLOAD = struct.pack("<4s4sQIIII", b"\x20\0\0\0", b"DHIP", 0, len(_BODY), 0, len(_BODY), 0) + _BODY
_KINDS = (
    ("dahua.version", re.compile(rb'"Version"\s*:\s*"([^"]{1,128})"')),
    ("dahua.model", re.compile(rb'"(?:DeviceType|DetailType)"\s*:\s*"([^"]{1,128})"')),
    ("dahua.vendor", re.compile(rb'"Vendor"\s*:\s*"([^"]{1,128})"')),
)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=8192)
    if len(data) <= _HEAD or data[4:8] != b"DHIP":
        return ()
    body = data[_HEAD:]
    found = [Reading("dahua", body[:4096])]
    for kind, pattern in _KINDS:
        if match := pattern.search(body):
            found.append(Reading(kind, match[1]))
    return tuple(found)


PROBE = Probe(name="dahua", transport="udp", ports=(37810,), writes=True, steps=_steps, payload=PAYLOAD)
