"""The DNS questions of all transports: the server's version and name (class CHAOS), and whether it resolves for us.

An open resolver shows by the RA bit, which a server sets whatever it was asked: the question that gets it does not ask
for recursion and is about `localhost`, so that it leads to no traffic of the server's own.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading

_TXT, _CHAOS, _A, _IN = 16, 3, 1, 1
_IDS = 0x4657
_RA = 0x80
_TEXT = 1024
"""Bytes of a text that are kept."""


def _question(number: int, name: str, kind: int, klass: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", _IDS + number, 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, klass)


QUERY = _question(0, "version.bind", _TXT, _CHAOS)
HOSTNAME = _question(1, "hostname.bind", _TXT, _CHAOS)
RECURSION = _question(2, "localhost", _A, _IN)


def is_answer(message: bytes, query: bytes = QUERY) -> bool:
    """Whether this is a DNS response to `query`, whatever it says."""
    return len(message) >= 12 and message[:2] == query[:2] and bool(message[2] & 0x80)


def readings(answers: dict[bytes, bytes]) -> tuple[Reading, ...]:
    """What the answers say, by the question; `()` where none of them is one. Never raises.

    `dns.version` and `dns.hostname` are texts, `dns` is an answer that proves the protocol and no more, and
    `dns.recursion` is `available` or `refused`.
    """
    found: list[Reading] = []
    for query, kind in ((QUERY, "dns.version"), (HOSTNAME, "dns.hostname")):
        if text := version(answers.get(query, b""), query):
            found.append(Reading(kind, text[:_TEXT]))
    said = [message for query, message in answers.items() if is_answer(message, query)]
    if not said:
        return ()
    if not found:
        found.append(Reading("dns", said[0][:512]))
    local = answers.get(RECURSION, b"")
    if is_answer(local, RECURSION):
        found.append(Reading("dns.recursion", b"available" if local[3] & _RA else b"refused"))
    return tuple(found)


def version(message: bytes, query: bytes = QUERY) -> bytes:
    """The text of the first TXT record of class CHAOS in the answer; `b""` if there is none. Never raises."""
    if not is_answer(message, query):
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
