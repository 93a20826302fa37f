"""Mumble (voice): the server's version message, which it sends first inside TLS."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, StartTls, Steps

_HEAD = 6


def _steps(peer: Peer) -> Steps:
    yield StartTls()
    data = yield Read(enough=lambda seen: len(seen) >= _HEAD + int.from_bytes(seen[2:6], "big"), limit=4096)
    told = fields(data[_HEAD:]) if data[:2] == b"\0\0" else {}
    # Release, system, and the system's version.
    words = [told.get(number, b"")[:256] for number in (2, 3, 4)]
    return (Reading("mumble", b"\n".join(words).rstrip(b"\n")),) if words[0] else ()


def fields(message: bytes) -> dict[int, bytes]:
    """The fields of a protocol buffer that hold bytes, by number. Never raises; what cannot be read ends it."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == 0:
            _, at = _varint(message, at)
        elif key & 7 == 2:
            size, at = _varint(message, at)
            if size > len(message) - at:
                break
            found.setdefault(key >> 3, message[at : at + size])
            at += size
        else:
            break
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            break
    return value, at


PROBE = Probe(name="mumble", transport="tcp", ports=(64738,), writes=True, steps=_steps, tls=True)
