"""libvirt: how a client would have to authenticate; where nobody has to, the version, by a read-only connection."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_PROGRAM, _VERSION = 0x20008086, 1
_HEAD = 28
_OPEN, _CLOSE, _AUTH_LIST, _LIB_VERSION = 1, 2, 66, 157
_REPLY, _OK = 1, 0
_DRIVER = b"test:///default"
"""A driver in memory that every daemon has: no hypervisor is touched."""
_FLAGS = b"\0\0\0\1"
"""Read only."""


def _call(procedure: int, serial: int, arguments: bytes = b"") -> bytes:
    return struct.pack("!7I", _HEAD + len(arguments), _PROGRAM, _VERSION, procedure, 0, serial, 0) + arguments


def _whole(seen: bytes) -> bool:
    return len(seen) >= 4 and len(seen) >= int.from_bytes(seen[:4], "big")


def _answer(data: bytes, procedure: int, serial: int) -> bytes | None:
    """What a successful call returned. None: it failed, or this is not libvirt."""
    if len(data) < _HEAD:
        return None
    _, program, version, called, kind, number, status = struct.unpack_from("!7I", data)
    if (program, version, called, kind, number, status) != (_PROGRAM, _VERSION, procedure, _REPLY, serial, _OK):
        return None
    return data[_HEAD:]


def _steps(peer: Peer) -> Steps:
    yield Send(_call(_AUTH_LIST, 1))
    data = yield Read(enough=_whole, limit=4096)
    kinds = _answer(data, _AUTH_LIST, 1)
    if kinds is None:
        return (
            (Reading("libvirt", data[:64]),) if data[4:8] == _PROGRAM.to_bytes(4, "big") else stranger(data, peer.port)
        )
    needed = kinds[:4] != b"\0\0\0\1" or kinds[4:8] != bytes(4)
    readings = [Reading("libvirt", data[:64]), Reading("libvirt.auth", b"required" if needed else b"none")]
    if needed:
        return tuple(readings)
    yield Send(_call(_OPEN, 2, struct.pack("!II", 1, len(_DRIVER)) + _DRIVER + bytes(-len(_DRIVER) % 4) + _FLAGS))
    if _answer((yield Read(enough=_whole, limit=4096)), _OPEN, 2) is None:
        return tuple(readings)
    yield Send(_call(_LIB_VERSION, 3))
    number = _answer((yield Read(enough=_whole, limit=4096)), _LIB_VERSION, 3)
    yield Send(_call(_CLOSE, 4))
    if number is not None and len(number) == 8:
        # First, as it says the most.
        readings.insert(0, Reading("libvirt.version", number))
    return tuple(readings)


PROBE = Probe(name="libvirt", transport="tcp", ports=(16509,), writes=True, steps=_steps)
