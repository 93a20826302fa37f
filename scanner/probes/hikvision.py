"""Hikvision's discovery (SADP): model, firmware and whether the camera has been given a password yet.

A camera that answers by multicast only is not heard by who asked it alone.
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

PAYLOAD = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b"<Probe><Uuid>46574657-0000-4000-8000-000000000002</Uuid><Types>inquiry</Types></Probe>"
)
_KINDS = (
    ("sadp.version", re.compile(rb"<SoftwareVersion>([^<]{1,128})<")),
    ("sadp.model", re.compile(rb"<DeviceDescription>([^<]{1,128})<")),
    ("sadp.activated", re.compile(rb"<Activated>(true|false)<")),
)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=8192)
    if b"<ProbeMatch" not in data:
        return ()
    found = [Reading("sadp", data[:4096])]
    for kind, pattern in _KINDS:
        if match := pattern.search(data):
            found.append(Reading(kind, match[1]))
    return tuple(found)


PROBE = Probe(name="sadp", transport="udp", ports=(37020,), writes=True, steps=_steps, payload=PAYLOAD)
