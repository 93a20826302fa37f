"""BSON as far as a few questions to a document database need it: small documents out, top-level values in."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_FIXED = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}
"""Bytes of a value by its type; the other types carry their length."""
_MOST = 256


def document(**fields: int | str | bytes) -> bytes:
    """A document of 32-bit numbers, strings and (given as bytes) documents. `db` stands for `$db`."""
    body = b""
    for name, value in fields.items():
        key = (b"$db" if name == "db" else name.encode()) + b"\0"
        if isinstance(value, int):
            body += b"\x10" + key + struct.pack("<i", value)
        elif isinstance(value, str):
            text = value.encode() + b"\0"
            body += b"\x02" + key + struct.pack("<i", len(text)) + text
        else:
            body += b"\x03" + key + value
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def values(data: bytes) -> dict[bytes, bytes | float]:
    """The top-level numbers, truth values and strings of a document, as far as it can be read. Never raises."""
    return {name: value for kind, name, raw in _elements(data) if (value := _value(kind, raw)) is not None}


def _value(kind: int, raw: bytes) -> bytes | float | None:
    if kind == 0x02:
        return raw[4:-1]
    if kind == 0x01:
        return float(struct.unpack("<d", raw)[0])
    if kind == 0x10 or kind == 0x12:
        return int.from_bytes(raw, "little", signed=True)
    return float(raw != b"\0") if kind == 0x08 else None


def _elements(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    at = 4
    for _ in range(_MOST):
        end = data.find(b"\0", at + 1, at + 258)
        if at >= len(data) or data[at] == 0 or end < 0:
            return
        kind, name, at = data[at], data[at + 1 : end], end + 1
        size = _size(kind, data, at)
        if size is None or at + size > len(data):
            return
        yield kind, name, data[at : at + size]
        at += size


def _size(kind: int, data: bytes, at: int) -> int | None:
    if kind in _FIXED:
        return _FIXED[kind]
    length = int.from_bytes(data[at : at + 4], "little")
    if kind in (0x02, 0x0D, 0x0E):
        return 4 + length if length else None
    if kind in (0x03, 0x04):
        return length if length >= 5 else None
    return 5 + length if kind == 0x05 else None
