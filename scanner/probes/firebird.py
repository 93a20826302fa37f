"""Firebird: which protocol it accepts. Its version comes only after a login, so what is read says that it is Firebird.

Kind `firebird`: the answer to op_connect.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_CONNECT, _ATTACH, _VERSION, _GENERIC = 1, 19, 3, 1
_ACCEPTS = {3: 16, 94: 28, 98: 28}
"""How many bytes an acceptance has at least, by its operation: accept, accept_data, cond_accept."""
_GO_ON = b"\0\0\0\x5c" + bytes(16)
"""cont_auth, with nothing in it: the server wants to see the plug-ins for logins before it accepts (3.0 and later)."""
_PROTOCOLS = (10, 0x800B, 0x800C, 0x800D)
_OFFERED = b"".join(struct.pack("!5I", number, _GENERIC, 2, 5, 2 + at) for at, number in enumerate(_PROTOCOLS))
# Neither a database nor a user is named.
_ASK = struct.pack("!7I", _CONNECT, _ATTACH, _VERSION, _GENERIC, 0, len(_PROTOCOLS), 0) + _OFFERED


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=lambda seen: len(seen) >= 16, limit=1024)
    operation, number = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big") & 0xFFFF
    if len(data) >= _ACCEPTS.get(operation, 1 << 16) and number in _PROTOCOLS and data[8:12] == b"\0\0\0\x01":
        return (Reading("firebird", data[:256]),)
    if data == _GO_ON:
        return (Reading("firebird", data),)
    return stranger(data, peer.port)


PROBE = Probe(name="firebird", transport="tcp", ports=(3050, 3051), writes=True, steps=_steps)
