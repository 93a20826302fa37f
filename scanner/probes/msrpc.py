"""MSRPC: is there an endpoint mapper, and which addresses does the machine have? DCOM tells both to everybody."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_OBJECT_EXPORTER = bytes.fromhex("c4fefc9960521b10bbcb00aa0021347a") + struct.pack("<HH", 0, 0)
_NDR = bytes.fromhex("045d888aeb1cc9119fe808002b104860") + struct.pack("<I", 2)
_REQUEST, _RESPONSE, _BIND, _BOUND, _NOT_BOUND = 0, 2, 11, 12, 13
_SERVER_ALIVE2 = 5
_OVER_TCP = 7
_KEPT = 4096


def _packet(kind: int, call: int, body: bytes) -> bytes:
    return struct.pack("<BBBB4sHHI", 5, 0, kind, 3, b"\x10\0\0\0", 16 + len(body), 0, call) + body


_BIND_PACKET = _packet(_BIND, 1, struct.pack("<HHIBxHHBx", 4280, 4280, 0, 1, 0, 0, 1) + _OBJECT_EXPORTER + _NDR)
_ALIVE_PACKET = _packet(_REQUEST, 2, struct.pack("<IHH", 0, 0, _SERVER_ALIVE2))


def _steps(peer: Peer) -> Steps:
    yield Send(_BIND_PACKET)
    data = yield Read(enough=_whole, limit=_KEPT)
    if len(data) < 16 or data[:2] != b"\x05\0" or data[2] not in (_BOUND, _NOT_BOUND):
        return stranger(data, peer.port)
    readings = (Reading("msrpc", data[:512]),)
    if not accepted(data):
        return readings
    yield Send(_ALIVE_PACKET)
    answer = yield Read(enough=_whole, limit=_KEPT)
    found = bindings(answer)
    return (*readings, Reading("msrpc.bindings", b"\n".join(found))) if found else readings


def _whole(data: bytes) -> bool:
    return len(data) >= 10 and len(data) >= int.from_bytes(data[8:10], "little")


def accepted(data: bytes) -> bool:
    """Whether an answer to a bind lets us call the one interface that we asked for."""
    if len(data) < 26 or data[2] != _BOUND:
        return False
    at = 26 + int.from_bytes(data[24:26], "little")
    at += -at % 4
    return data[at : at + 1] == b"\x01" and data[at + 4 : at + 6] == b"\0\0"


def bindings(answer: bytes) -> tuple[bytes, ...]:
    """The names and addresses over TCP in ServerAlive2's answer (MS-DCOM 3.1.2.5.1.6), in UTF-8. Never raises."""
    # The header, the call's, COMVERSION, a pointer, the array's size twice: then strings of two-byte characters.
    if len(answer) < 44 or answer[2] != _RESPONSE:
        return ()
    count, security = struct.unpack_from("<HH", answer, 36)
    words = answer[40 : 40 + 2 * min(count, security)]
    found: list[bytes] = []
    at = 0
    while at + 4 <= len(words) and len(found) < 64:
        tower = int.from_bytes(words[at : at + 2], "little")
        end = at + 2
        while end + 2 <= len(words) and words[end : end + 2] != b"\0\0":
            end += 2
        if not tower or end == at + 2:
            break
        if tower == _OVER_TCP:
            found.append(words[at + 2 : end].decode("utf-16-le", "replace").encode()[:255])
        at = end + 2
    return tuple(found)


PROBE = Probe(name="msrpc", transport="tcp", ports=(135,), writes=True, steps=_steps)
