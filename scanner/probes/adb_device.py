"""An Android device that lets itself be debugged over the network (TV boxes, displays, tills): who it is, and whether
it asks for a key. No key is shown, so that nothing appears on its screen.
"""

from __future__ import annotations

import re
import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_HEAD = 24
_LIMIT = 4096
_VERSION = 0x01000000
_BANNER = re.compile(rb"(?:device|recovery|sideload|bootloader):[^:]{0,64}:([ -~]{0,1024})")
"""What it runs as, its serial number, which is not kept, and its name."""


def _message(command: bytes, body: bytes) -> bytes:
    number = int.from_bytes(command, "little")
    return struct.pack("<6I", number, _VERSION, _LIMIT, len(body), sum(body), number ^ 0xFFFFFFFF) + body


_ASK = _message(b"CNXN", b"host::\0")


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=_enough, limit=_LIMIT)
    command, body = _read(data)
    if command in (b"AUTH", b"STLS"):
        return (Reading("adb.device", command), Reading("adb.auth", b"required"))
    found = _BANNER.match(body.rstrip(b"\0")) if command == b"CNXN" else None
    if found is None:
        return stranger(data, peer.port)
    return (Reading("adb.device", found[1].partition(b";features=")[0] or b"device"), Reading("adb.auth", b"none"))


def _read(data: bytes) -> tuple[bytes, bytes]:
    """Command and body of a message, empty if this is none."""
    if len(data) < _HEAD or not _enough(data):
        return b"", b""
    number, *_, size, _, magic = struct.unpack("<6I", data[:_HEAD])
    return (data[:4], data[_HEAD : _HEAD + size]) if number ^ magic == 0xFFFFFFFF else (b"", b"")


def _enough(data: bytes) -> bool:
    return len(data) >= _HEAD and len(data) >= _HEAD + int.from_bytes(data[12:16], "little")


PROBE = Probe(name="adb.device", transport="tcp", ports=(5555,), writes=True, steps=_steps)
