"""SPICE: a client's first message and the server's answer to it, which comes before any password.

Kinds: `spice` (the answer), `spice.security` (`tls-required`: it takes no client without TLS).
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger
from scanner.probes.greeting_infrastructure import SPICE, spice_size

_MAIN = 1
_AUTHENTICATION, _MINI_HEADER = 1 << 0 | 1 << 1 | 1 << 2, 1 << 3
_LINK = struct.pack("<IBBIII", 0, _MAIN, 0, 1, 0, 18) + struct.pack("<I", _AUTHENTICATION | _MINI_HEADER)
"""No session to join, the main channel, and what each client can do; no list of the channel's own abilities."""
QUESTION = SPICE + struct.pack("<III", 2, 2, len(_LINK)) + _LINK
_NEED_SECURED = 5


def _whole(seen: bytes) -> bool:
    return len(seen) >= min(spice_size(seen), 2048)


def _steps(peer: Peer) -> Steps:
    # What a client would say next is its password, even where none is set: it ends here.
    yield Send(QUESTION)
    data = yield Read(enough=_whole, limit=2048)
    if not data.startswith(SPICE) or len(data) < 20:
        return stranger(data, peer.port)
    refused = int.from_bytes(data[16:20], "little")
    security = (Reading("spice.security", b"tls-required"),) if refused == _NEED_SECURED else ()
    return (Reading("spice", data[:20]), *security)


PROBE = Probe(name="spice", transport="tcp", ports=(5930, *range(5900, 5910)), writes=True, steps=_steps)
