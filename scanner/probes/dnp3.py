"""DNP3: a request for the link's status, which moves nothing. Only where the site file allows the port."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_START = b"\x05\x64"
_REQUEST_STATUS = 0xC9


def _crc(data: bytes) -> bytes:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA6BC if value & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


_HEAD = _START + bytes([5, _REQUEST_STATUS]) + b"\x01\x00" + b"\x02\x00"
_QUESTION = _HEAD + _crc(_HEAD)


def _steps(peer: Peer) -> Steps:
    yield Send(_QUESTION)
    data = yield Read(enough=lambda seen: len(seen) >= 10, limit=512)
    proven = len(data) >= 10 and data[:2] == _START and data[8:10] == _crc(data[:8])
    return (Reading("dnp3", data[:64]),) if proven and data[3] & 0x40 == 0 else ()


PROBE = Probe(name="dnp3", transport="tcp", ports=(20000,), writes=True, alone=True, steps=_steps)
