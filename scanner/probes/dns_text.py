"""The DNS question for a server's own version (`version.bind`, class CHAOS, type TXT), and its answer."""

from __future__ import annotations

import struct

_ID = 0x4657
_NAME = b"\x07version\x04bind\x00"
_TXT, _CHAOS = 16, 3
QUERY = struct.pack("!6H", _ID, 0, 1, 0, 0, 0) + _NAME + struct.pack("!HH", _TXT, _CHAOS)


def is_answer(message: bytes) -> bool:
    """Whether this is a DNS response to `QUERY`, whatever it says."""
    return len(message) >= 12 and message[:2] == QUERY[:2] and bool(message[2] & 0x80)


def version(message: bytes) -> bytes:
    """The text of the first TXT record of class CHAOS in the answer; `b""` if there is none. Never raises."""
    if not is_answer(message):
        return b""
    questions, answers = struct.unpack_from("!HH", message, 4)
    at = 12
    for _ in range(min(questions, 4)):
        at = _after_name(message, at) + 4
    for _ in range(min(answers, 16)):
        at = _after_name(message, at)
        if at + 10 > len(message):
            return b""
        kind, klass, _ttl, size = struct.unpack_from("!HHIH", message, at)
        data = message[at + 10 : at + 10 + size]
        at += 10 + size
        if kind == _TXT and klass == _CHAOS and data:
            return _strings(data)
    return b""


def _after_name(message: bytes, at: int) -> int:
    while at < len(message):
        size = message[at]
        if size >= 0xC0:
            return at + 2
        at += 1 + size
        if size == 0:
            break
    return at


def _strings(data: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        size = data[at]
        parts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(parts)
