"""CoAP's messages (RFC 7252) as bytes, over UDP and over TCP (RFC 8323): two questions, and what an answer carries.

The questions ask for resources that are there to be read: the list of all (RFC 6690), and what stands at the root.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from scanner.model.base import Frozen
from scanner.model.observation import Reading

TOKEN = b"fnwk"
ID = b"FW"
LIST = (b".well-known", b"core")
ROOT: tuple[bytes, ...] = ()
TEXT = 2048
"""Bytes of a resource that are kept."""

_GET = 1
_CSM = 0xE1
"""Code 7.01: capabilities and settings, the first message of either side over TCP."""
SETTINGS = bytes([0, _CSM])
"""Ours: none that differs from what is usual."""
_URI_PATH = 11
_OPTIONS = 32
_CONFIRMABLE, _ACK = 0, 2
_EMPTY_ACK = b"\x60\0"
_EXTENDED = {13: (1, 13), 14: (2, 269), 15: (4, 65805)}
"""A nibble that stands for a longer number: its bytes, and what is added to it."""


class Answer(Frozen, frozen=True):
    """A message that answers ours."""

    code: int
    """0x45 is 2.05, content; 0x84 is 4.04, not found; 0 is no answer yet, or a refusal to answer."""
    payload: bytes
    wants_ack: bool = False
    heard_only: bool = False
    """The answer itself is still to come."""


def question(path: Sequence[bytes], number: int = 0) -> bytes:
    """A confirmable GET as a datagram; `number` tells one from another."""
    token = TOKEN[:-1] + bytes([TOKEN[-1] + number])
    return b"\x44\x01" + ID[:1] + bytes([ID[1] + number]) + token + _options(path)


def question_in_stream(path: Sequence[bytes]) -> bytes:
    """A GET. `SETTINGS` goes before the first one."""
    options = _options(path)
    size = struct.pack("!B", len(options) - 13) if len(options) >= 13 else b""
    nibble = 13 if size else len(options)
    return bytes([nibble << 4 | len(TOKEN)]) + size + bytes([_GET]) + TOKEN + options


def answer(data: bytes, asked: bytes) -> Answer | None:
    """What a datagram says to the one that asked, None if it is no answer to it. Never raises."""
    if len(data) < 4 or data[0] >> 6 != 1 or data[0] & 0xF > 8:
        return None
    kind, size, code = data[0] >> 4 & 3, data[0] & 0xF, data[1]
    same_id = data[2:4] == asked[2:4]
    if code == 0:
        return Answer(0, b"", heard_only=kind == _ACK) if same_id and kind >= _ACK and len(data) == 4 else None
    ours = data[4 : 4 + size] == asked[4:8] and (same_id or kind < _ACK)
    return Answer(code, _payload(data[4 + size :]), kind == _CONFIRMABLE) if ours and _is_response(code) else None


def acknowledged(data: bytes) -> bytes:
    """The datagram that ends a separate answer, so that it is not sent again."""
    return _EMPTY_ACK + data[2:4]


def answer_in_stream(data: bytes) -> Answer | None:
    """The answer to our question among the messages of a stream, None if it is not there. Never raises."""
    for _ in range(4):
        message = _framed(data)
        if message is None:
            return None
        size, token, code, rest = message
        if token == TOKEN and _is_response(code):
            return Answer(code, _payload(rest))
        data = data[size:]
    return None


def settings(data: bytes) -> bytes:
    """The first message of a stream if it is CoAP's settings, and says any; `b""` else. Never raises."""
    message = _framed(data[:256])
    if message is None or message[1] or message[2] != _CSM:
        return b""
    return data[: message[0]] if _known_settings(message[3]) else b""


def text(kind: str, found: Answer | None) -> tuple[Reading, ...]:
    """The reading of a resource that is there and is not empty."""
    held = found.payload[:TEXT].strip(b"\r\n\t \0") if found is not None and found.code == 0x45 else b""
    return (Reading(kind, held),) if held else ()


def _options(path: Sequence[bytes]) -> bytes:
    packed = b""
    for number, part in enumerate(path):
        packed += bytes([(0 if number else _URI_PATH) << 4 | len(part)]) + part
    return packed


def _is_response(code: int) -> bool:
    return code >> 5 in (2, 4, 5)


def _framed(data: bytes) -> tuple[int, bytes, int, bytes] | None:
    """(size of it all, token, code, options and payload) of the message that a stream begins with."""
    if len(data) < 2 or data[0] & 0xF > 8:
        return None
    tokens = data[0] & 0xF
    size, more = _number(data[0] >> 4, data, 1)
    start = 1 + more + 1 + tokens
    if size < 0 or len(data) < start + size:
        return None
    return start + size, data[start - tokens : start], data[1 + more], data[start : start + size]


def _number(nibble: int, data: bytes, at: int) -> tuple[int, int]:
    """A nibble's number and how many bytes at `at` belong to it; -1 if they are not there."""
    size, added = _EXTENDED.get(nibble, (0, 0))
    if not size:
        return nibble, 0
    return (int.from_bytes(data[at : at + size], "big") + added if len(data) >= at + size else -1), size


def _walk(data: bytes) -> tuple[list[int], int]:
    """The numbers of the options that `data` begins with, and where they end; -1 if they are none."""
    at, number = 0, 0
    found: list[int] = []
    while at < len(data) and data[at] != 0xFF:
        delta, size = data[at] >> 4, data[at] & 0xF
        if 15 in (delta, size) or len(found) == _OPTIONS:
            return found, -1
        at += 1
        delta, more = _number(delta, data, at)
        at += more
        size, more = _number(size, data, at)
        at += more + size
        if min(delta, size) < 0 or at > len(data):
            return found, -1
        number += delta
        found.append(number)
    return found, at


def _payload(data: bytes) -> bytes:
    _, end = _walk(data)
    return data[end + 1 :] if end >= 0 else b""


def _known_settings(data: bytes) -> bool:
    """RFC 8323 and RFC 8974: largest message, blocks, tokens; and no payload of text."""
    found, end = _walk(data)
    return end == len(data) and bool(found) and set(found) <= {2, 4, 6}
