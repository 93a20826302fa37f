"""SOCKS 5 (RFC 1928): whether the proxy takes clients without a password. It is asked for no connection."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_NONE, _REFUSED = 0x00, 0xFF
_KNOWN = (_NONE, 0x01, 0x02, _REFUSED)


def _steps(peer: Peer) -> Steps:
    yield Send(b"\x05\x01\x00")
    data = yield Read(enough=lambda seen: len(seen) >= 2, limit=256)
    if len(data) != 2 or data[0] != 5 or data[1] not in _KNOWN:
        return stranger(data, peer.port)
    return (Reading("socks5", data), Reading("socks5.auth", b"none" if data[1] == _NONE else b"required"))


PROBE = Probe(name="socks5", transport="tcp", ports=(1080,), writes=True, steps=_steps)
