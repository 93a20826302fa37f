"""RDP: which security the server picks, whether it insists on it, its certificate, and the build of Windows.

Nobody logs in: CredSSP is left after NTLM's challenge. Whether a login before the desktop (NLA) is required shows only
when the server is offered nothing else, so that takes a second connection.
"""

from __future__ import annotations

import struct

from scanner.model import ber
from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Reconnect, Send, StartTls, Steps
from scanner.probes import ntlm_text
from scanner.probes.greeting import stranger

_TLS, _CREDSSP = 1, 2
_CREDSSP_REQUIRED = 5
_CONFIRMED = 0xD0
_RESPONSE, _FAILURE = 2, 3


def _request(protocols: int) -> bytes:
    negotiation = struct.pack("<BBHI", 1, 0, 8, protocols)
    return b"\x03\x00" + struct.pack("!H", 19) + b"\x0e\xe0\0\0\0\0\0" + negotiation


_TOKEN = ber.element(ber.SEQUENCE, ber.element(0xA0, ber.element(ber.OCTETS, ntlm_text.NEGOTIATE)))
_CREDSSP_NEGOTIATE = ber.element(
    ber.SEQUENCE, ber.element(0xA0, ber.integer(6)), ber.element(0xA1, ber.element(ber.SEQUENCE, _TOKEN))
)
"""A TSRequest (MS-CSSP 2.2.1) with NTLM's first message, which names nobody."""


def _steps(peer: Peer) -> Steps:
    yield Send(_request(_TLS | _CREDSSP))
    data = yield Read(enough=_whole, limit=1024)
    if not confirmed(data):
        return stranger(data, peer.port)
    chosen = security(data)
    readings: tuple[Reading, ...] = (Reading("rdp", data[:64]), Reading("rdp.security", chosen))
    if chosen in (b"tls", b"nla"):
        certificate = yield StartTls()
        if certificate:
            readings = (*readings, Reading("tls.cert", certificate))
        if certificate and chosen == b"nla":
            yield Send(_CREDSSP_NEGOTIATE)
            answer = yield Read(enough=lambda seen: len(seen) >= ber.whole(seen) > 0, limit=4096)
            readings = (*readings, *ntlm_text.readings(ntlm_text.challenge(answer)))
    # Who picked CredSSP is asked to do without it; who did not is asked for nothing else.
    only = _TLS if chosen == b"nla" else _CREDSSP
    yield Reconnect()
    yield Send(_request(only))
    again = yield Read(enough=_whole, limit=1024)
    if not confirmed(again):
        return readings
    if only == _CREDSSP:
        readings = (*readings, Reading("rdp.credssp", again[:64]))
        return (*readings, Reading("rdp.nla", b"not-required")) if chosen in (b"tls", b"rdp") else readings
    required = security(again) == b"refused-%d" % _CREDSSP_REQUIRED
    return (*readings, Reading("rdp.nla", b"required" if required else b"not-required"))


def _whole(data: bytes) -> bool:
    return len(data) >= 4 and len(data) >= int.from_bytes(data[2:4], "big")


def confirmed(data: bytes) -> bool:
    """Whether this is an X.224 connection confirm."""
    return len(data) >= 11 and data[:2] == b"\x03\x00" and data[5] == _CONFIRMED


def security(data: bytes) -> bytes:
    """`nla` (a login before the desktop), `tls`, `rdp` (its own, weak), or `refused-N` with the server's code."""
    if len(data) < 19 or data[11] not in (_RESPONSE, _FAILURE):
        return b"rdp"
    value = int.from_bytes(data[15:19], "little")
    if data[11] == _FAILURE:
        return b"refused-%d" % value
    if value & (_CREDSSP | 8):
        return b"nla"
    return b"tls" if value & _TLS else b"rdp"


PROBE = Probe(name="rdp", transport="tcp", ports=(3389, 3390, 3391), writes=True, last_resort="binary", steps=_steps)
