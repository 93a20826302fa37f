"""PostgreSQL: whether it offers TLS, and what it says to a user that does not exist. No password is tried.

The server names its version only after a login, so what is read says that it is PostgreSQL (or a pool in front of it)
and how it guards itself. Kinds: `postgresql` (an error message if there was one, else the request to authenticate),
`postgresql.auth` (`none`, `required`), `postgresql.method` (`md5`, `scram`, ...), `postgresql.tls` (`offered`,
`not-offered`).
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.probes.greeting import LINE, stranger

_SSL_REQUEST = struct.pack("!II", 8, 80877103)
# A server looks at other parameters after the login only, a pool (PgBouncer) at once: its refusal tells it apart.
_PARAMETERS = b"user\0fencewalk\0database\0fencewalk\0fencewalk.probe\x001\0\0"
_METHODS = {0: b"trust", 2: b"kerberos", 3: b"password", 5: b"md5", 7: b"gssapi", 9: b"sspi", 10: b"scram"}
"""What the server asks for; `trust`: nothing."""
_STARTUP = struct.pack("!II", 8 + len(_PARAMETERS), 0x30000) + _PARAMETERS
_BEHIND_LOGIN = (b"RInitializeSessionUserId\0", b"RInitPostgres\0")
"""The server's routines, named in its errors, that run when the login is over."""
_TERMINATE = struct.pack("!cI", b"X", 4)


def _steps(peer: Peer) -> Steps:
    yield Send(_SSL_REQUEST)
    data = yield Read(enough=bool, limit=LINE)
    if data not in (b"S", b"N"):
        # A server too old for TLS answers the request itself with an error packet.
        return (Reading("postgresql", data),) if _message(data) else stranger(data, peer.port)
    offered: tuple[Reading, ...] = (Reading("postgresql.tls", b"offered" if data == b"S" else b"not-offered"),)
    if data == b"S":
        certificate = yield StartTls()
        if not certificate:
            return offered
        offered = (*offered, Reading("tls.cert", certificate))
    yield Send(_STARTUP)
    data = yield Read(enough=_whole, limit=LINE)
    if not _message(data):
        return offered
    if data[:1] == b"E":
        # That there is no such user is said only behind the login: none was asked for.
        let_in = any(routine in data for routine in _BEHIND_LOGIN)
        access = (Reading("postgresql.auth", b"none"),) if let_in else ()
        return (Reading("postgresql", data), *access, *offered)
    code = int.from_bytes(data[5:9], "big")
    method = Reading("postgresql.method", _METHODS.get(code, b"method-%d" % code))
    asked = Reading("postgresql.auth", b"required" if code else b"none")
    # Leaving in the middle of the login makes it say a word more, by which a pool is told from the server.
    after = data[1 + int.from_bytes(data[1:5], "big") :]
    yield Send(_TERMINATE)
    after += yield Read(enough=_whole, limit=LINE, seconds=1.0)
    return (Reading("postgresql", after[:LINE] if _error(after) else data), asked, method, *offered)


def _message(data: bytes) -> bool:
    """Whether this starts with an error (E), or a request to authenticate (R), of a believable size."""
    if data[:1] not in (b"E", b"R") or len(data) < 9:
        return False
    size = int.from_bytes(data[1:5], "big")
    return 8 <= size <= 4096 and (data[:1] == b"R" or data[5:6] in (b"S", b"C", b"M"))


def _error(data: bytes) -> bool:
    return data[:1] == b"E" and _message(data)


def _whole(data: bytes) -> bool:
    return len(data) >= 5 and len(data) > min(int.from_bytes(data[1:5], "big"), LINE)


PROBE = Probe(
    name="postgresql",
    transport="tcp",
    ports=(5432, 5433, 5434, 5435, 5436, 6432, 5430, 5431, 5437, 5438, 5439, 9999, 26257, 54321, 15432),
    writes=True,
    steps=_steps,
    last_resort="binary",
)
