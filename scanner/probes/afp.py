"""AFP (Apple's file sharing): the server's status, which names the machine and the daemon before any login."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_HEAD = 16
_GET_STATUS = 3
_NO_LOGIN = b"No User Authent"


def _whole(seen: bytes) -> bool:
    return len(seen) >= _HEAD and len(seen) >= _HEAD + int.from_bytes(seen[8:12], "big")


def _pascal(block: bytes, at: int) -> bytes:
    size = block[at] if at < len(block) else 0
    return block[at + 1 : at + 1 + size]


def _steps(peer: Peer) -> Steps:
    yield Send(struct.pack("!BBHIII", 0, _GET_STATUS, 0x4657, 0, 0, 0))
    data = yield Read(enough=_whole, limit=8192)
    if len(data) < _HEAD + 12 or data[:4] != b"\x01\x03\x46\x57" or data[4:8] != bytes(4):
        return stranger(data, peer.port)
    block = data[_HEAD:]
    machine, _versions, methods = struct.unpack_from("!3H", block)
    readings = [Reading("afp", block[:1024])]
    if name := _pascal(block, machine):
        readings.append(Reading("afp.machine", name))
    if server := _pascal(block, 10):
        readings.append(Reading("afp.name", server))
    guests = _NO_LOGIN in block[methods : methods + 512]
    return (*readings, Reading("afp.guests", b"allowed" if guests else b"not-allowed"))


PROBE = Probe(name="afp", transport="tcp", ports=(548,), writes=True, steps=_steps)
