"""Modbus: Read Device Identification (function 43/14), the basic objects: vendor, product, revision.

The guard lets this pass only where the site file allows the port. Nothing but this is ever sent there.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_HEAD = 7
_QUESTION = b"\x46\x57\0\0\0\x05\x01\x2b\x0e\x01\x00"
_FUNCTION, _ERROR = 0x2B, 0xAB


def _whole(seen: bytes) -> bool:
    return len(seen) >= 6 and len(seen) >= 6 + int.from_bytes(seen[4:6], "big")


def _steps(peer: Peer) -> Steps:
    yield Send(_QUESTION)
    data = yield Read(enough=_whole, limit=512)
    if data[:4] != _QUESTION[:4] or len(data) < 9 or data[7] not in (_FUNCTION, _ERROR):
        return ()
    said = Reading("modbus", data[:260])
    objects = _objects(data[_HEAD:]) if data[7] == _FUNCTION else []
    return (said, Reading("modbus.identification", b"\n".join(objects)[:1024])) if any(objects) else (said,)


def _objects(body: bytes) -> list[bytes]:
    """The objects' values in their order: vendor, product code, revision. Never raises."""
    found: list[bytes] = []
    at = 7
    for _ in range(min(body[6] if len(body) > 6 else 0, 16)):
        if at + 2 > len(body):
            break
        size = body[at + 1]
        found.append(body[at + 2 : at + 2 + size].strip(b" \0\r\n"))
        at += 2 + size
    return found


PROBE = Probe(name="modbus", transport="tcp", ports=(502,), writes=True, alone=True, steps=_steps)
