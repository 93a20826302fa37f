"""VNC: the protocol version, and the kinds of login that it offers. None is tried.

One connection: TigerVNC counts those that end without a login, and shuts out who makes five.
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, classify, listen

_VERSION = re.compile(rb"RFB (\d{3})\.(\d{3})\n")
_NONE, _TIGHT, _VENCRYPT = 1, 16, 19
_NONE_IN_VENCRYPT = frozenset({1, 257, 260})
"""No login: plain, inside anonymous TLS, inside TLS with a certificate."""
_MOST = 32


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
    if not kinds.strip(b"\0") or count > _MOST:
        refusal = offer[5 : 5 + int.from_bytes(offer[1:5], "big")] if not third and not count else b""
        return (*readings, Reading("vnc.refusal", refusal[:LINE])) if refusal else readings
    readings = (*readings, Reading("vnc.security", kinds))
    if third or _NONE in kinds or _VENCRYPT not in kinds or _TIGHT in kinds:
        if _NONE in kinds:
            return (*readings, Reading("vnc.auth", b"none"))
        # What lies inside TightVNC's own kind or VeNCrypt, nobody has looked at.
        return readings if {_TIGHT, _VENCRYPT} & set(kinds) else (*readings, Reading("vnc.auth", b"required"))
    yield Send(bytes([_VENCRYPT]))
    version = yield Read(enough=lambda seen: len(seen) >= 2, limit=2)
    if version != b"\0\x02":
        return readings
    yield Send(version)
    inner = yield Read(enough=_listed, limit=2 + 4 * _MOST)
    logins = {int.from_bytes(inner[at : at + 4], "big") for at in range(2, len(inner) - 3, 4)}
    if inner[:1] != b"\0" or not logins:
        return readings
    auth = b"none" if logins & _NONE_IN_VENCRYPT else b"required"
    return (*readings, Reading("vnc.vencrypt", inner[2:]), Reading("vnc.auth", auth))


def _listed(data: bytes) -> bool:
    """Whether the list of logins inside VeNCrypt is whole: an acknowledgement (0), a count, four bytes for each."""
    return data[:1] not in (b"", b"\0") or (len(data) >= 2 and len(data) >= 2 + 4 * data[1])


PROBE = Probe(name="vnc", transport="tcp", ports=(5900, 5901, 5902, 5903), writes=True, steps=_steps)
