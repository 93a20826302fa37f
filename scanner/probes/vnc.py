"""VNC: the protocol version, and the kinds of login that it offers. None is tried."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import classify, listen

_VERSION = re.compile(rb"RFB (\d{3})\.(\d{3})\n")


def _steps(peer: Peer) -> Steps:
    data = yield from listen(4.0)
    readings = classify(data, peer.port)
    found = _VERSION.match(data)
    if not found:
        return readings
    third = int(found[1]) == 3 and int(found[2]) < 7
    yield Send(b"RFB 003.003\n" if third else b"RFB 003.008\n")
    offer = yield Read(enough=lambda seen: bool(seen) and len(seen) >= (4 if third else 1 + seen[0]), limit=256)
    count = 0 if third else sum(offer[:1])
    kinds = offer[3:4] if third else offer[1 : 1 + count]
    # One byte a kind: 1 is no login at all, 2 the VNC password.
    # A count that large is no list of kinds: the server says something else.
    plausible = kinds.strip(b"\0") and count <= 32
    return (*readings, Reading("vnc.security", kinds)) if plausible else readings


PROBE = Probe(name="vnc", transport="tcp", ports=(5900, 5901, 5902), writes=True, steps=_steps)
