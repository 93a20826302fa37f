"""PostgreSQL: whether it offers TLS, and what it says to a user that does not exist. No password is tried.

The server names its version only after a login, so what is read says that it is PostgreSQL and how it guards itself.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.probes.greeting import LINE, stranger

_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_PARAMETERS = b"user\0fencewalk\0database\0fencewalk\0\0"
_METHODS = {0: b"trust", 3: b"password", 5: b"md5", 7: b"gssapi", 9: b"sspi", 10: b"scram"}
"""What the server asks for; `trust`: nothing."""
_STARTUP = struct.pack("!II", 8 + len(_PARAMETERS), 0x30000) + _PARAMETERS


def _steps(peer: Peer) -> Steps:
    readings: tuple[Reading, ...] = ()
    yield Send(_SSL_REQUEST)
    data = yield Read(enough=bool, limit=LINE)
    if data == b"S":
        certificate = yield StartTls()
        if not certificate:
            return (Reading("postgresql", b"S"),)
        readings = (Reading("tls.cert", certificate),)
    elif data != b"N":
        # A server too old for TLS answers the request itself with an error packet.
        return (Reading("postgresql", data),) if _message(data) else stranger(data, peer.port)
    yield Send(_STARTUP)
    data = yield Read(enough=_whole, limit=LINE)
    if not _message(data):
        return (*readings, Reading("postgresql", b"SSLRequest refused"))
    readings = (*readings, Reading("postgresql", data[:LINE]))
    if data[:1] == b"R":
        code = int.from_bytes(data[5:9], "big")
        readings = (*readings, Reading("postgresql.auth", _METHODS.get(code, b"method-%d" % code)))
    return readings


def _message(data: bytes) -> bool:
    """Whether this starts with an error (E), or a request to authenticate (R), of a believable size."""
    if data[:1] not in (b"E", b"R") or len(data) < 9:
        return False
    size = int.from_bytes(data[1:5], "big")
    return 8 <= size <= 4096 and (data[:1] == b"R" or data[5:6] in (b"S", b"C", b"M"))


def _whole(data: bytes) -> bool:
    return len(data) >= 5 and len(data) > min(int.from_bytes(data[1:5], "big"), LINE)


PROBE = Probe(name="postgresql", transport="tcp", ports=(5432, 5433), writes=True, steps=_steps)
