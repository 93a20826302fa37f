"""SNMP v2c: one GET of sysDescr, community `public`; the guard lets it pass only where the site file says so."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps


def _tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


_SYS_DESCR = _tlv(0x06, bytes([0x2B, 6, 1, 2, 1, 1, 1, 0]))
_REQUEST_ID = _tlv(0x02, b"\x46\x57")
_ZERO = _tlv(0x02, b"\0")
_GET = _tlv(0xA0, _REQUEST_ID, _ZERO, _ZERO, _tlv(0x30, _tlv(0x30, _SYS_DESCR, _tlv(0x05))))
PAYLOAD = _tlv(0x30, _tlv(0x02, b"\x01"), _tlv(0x04, b"public"), _GET)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    answer = yield Read(limit=4096)
    text = sys_descr(answer)
    return (Reading("snmp.sysdescr", text[:1024]),) if text else ()


def sys_descr(message: bytes) -> bytes:
    """The value of sysDescr.0 in a response, `b""` if it is not there. Never raises."""
    at = message.find(_SYS_DESCR)
    if message[:1] != b"\x30" or at < 0:
        return b""
    at += len(_SYS_DESCR)
    if message[at : at + 1] != b"\x04" or at + 2 > len(message):
        return b""
    size = message[at + 1]
    at += 2
    if size & 0x80:
        extra = size & 0x7F
        if not 1 <= extra <= 2:
            return b""
        size = int.from_bytes(message[at : at + extra], "big")
        at += extra
    return message[at : at + size].strip(b"\r\n\0 ")


PROBE = Probe(name="snmp", transport="udp", ports=(161,), writes=True, steps=_steps, payload=PAYLOAD)
