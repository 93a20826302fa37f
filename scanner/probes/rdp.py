"""RDP: which security the server picks when offered all, and its certificate. Nobody logs in."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.probes.greeting import stranger

_TLS, _CREDSSP = 1, 2
_NEGOTIATE = struct.pack("<BBHI", 1, 0, 8, _TLS | _CREDSSP)
_REQUEST = b"\x03\x00" + struct.pack("!H", 19) + b"\x0e\xe0\0\0\0\0\0" + _NEGOTIATE


def _steps(peer: Peer) -> Steps:
    yield Send(_REQUEST)
    data = yield Read(enough=lambda seen: len(seen) >= 4 and len(seen) >= int.from_bytes(seen[2:4], "big"), limit=1024)
    if len(data) < 11 or data[:2] != b"\x03\x00" or data[5] != 0xD0:
        return stranger(data, peer.port)
    chosen = security(data)
    readings = (Reading("rdp", data[:64]), Reading("rdp.security", chosen))
    if chosen in (b"tls", b"nla"):
        certificate = yield StartTls()
        if certificate:
            return (*readings, Reading("tls.cert", certificate))
    return readings


def security(data: bytes) -> bytes:
    """`nla` (a login before the desktop), `tls`, `rdp` (its own, weak), or `refused-N` with the server's code."""
    if len(data) < 19 or data[11] not in (2, 3):
        return b"rdp"
    value = int.from_bytes(data[15:19], "little")
    if data[11] == 3:
        return b"refused-%d" % value
    if value & (_CREDSSP | 8):
        return b"nla"
    return b"tls" if value & _TLS else b"rdp"


PROBE = Probe(name="rdp", transport="tcp", ports=(3389, 3390), writes=True, steps=_steps)
