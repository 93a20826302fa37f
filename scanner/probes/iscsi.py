"""iSCSI: a discovery session and SendTargets, which tells what disks there are (RFC 7143). None is opened."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_HEAD = 48
_LOGIN, _LOGIN_ANSWER, _TEXT, _TEXT_ANSWER = 0x03, 0x23, 0x04, 0x24
_IMMEDIATE = 0x40
_ISID = b"\x80\0\0\x46\x57\0"
_KEYS = b"InitiatorName=iqn.2000-01.invalid.fencewalk\0SessionType=Discovery\0AuthMethod=None\0"


def _pdu(opcode: int, flags: int, rest: bytes, data: bytes) -> bytes:
    head = bytes([opcode, flags, 0, 0, 0]) + len(data).to_bytes(3, "big") + rest
    return head.ljust(_HEAD, b"\0") + data + bytes(-len(data) % 4)


def _whole(seen: bytes) -> bool:
    return len(seen) >= _HEAD and len(seen) >= _HEAD + int.from_bytes(seen[5:8], "big")


def _data(pdu: bytes) -> bytes:
    return pdu[_HEAD : _HEAD + int.from_bytes(pdu[5:8], "big")]


def _steps(peer: Peer) -> Steps:
    # From the operational stage (1) to the full feature phase (3), as no credentials are to be shown.
    yield Send(_pdu(_IMMEDIATE | _LOGIN, 0x87, _ISID + bytes(2) + b"\0\0\0\1" + bytes(4) + b"\0\0\0\1", _KEYS))
    answer = yield Read(enough=_whole, limit=16384)
    if len(answer) < _HEAD or answer[0] & 0x3F != _LOGIN_ANSWER:
        return stranger(answer, peer.port)
    readings = [Reading("iscsi", answer[:_HEAD] + _data(answer)[:1024])]
    if answer[36] == 2 and answer[37] in (1, 2):
        return (*readings, Reading("iscsi.auth", b"required"))
    if answer[36] != 0 or not answer[1] & 0x80:
        return tuple(readings)
    readings.append(Reading("iscsi.auth", b"none"))
    numbers = b"\0\0\0\2" + b"\xff\xff\xff\xff" + b"\0\0\0\2" + b"\0\0\0\2"
    yield Send(_pdu(_IMMEDIATE | _TEXT, 0x80, bytes(8) + numbers, b"SendTargets=All\0"))
    listed = yield Read(enough=_whole, limit=16384)
    if len(listed) >= _HEAD and listed[0] & 0x3F == _TEXT_ANSWER and (text := _data(listed).rstrip(b"\0")):
        readings.append(Reading("iscsi.targets", text.replace(b"\0", b"\n")[:8192]))
    return tuple(readings)


PROBE = Probe(name="iscsi", transport="tcp", ports=(3260,), writes=True, steps=_steps)
