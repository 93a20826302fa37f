"""The few rules of BER (X.690) that LDAP, Kerberos and CredSSP need: definite lengths, one byte of tag. Never raises.

A hostile element may name any length: what does not lie wholly in the bytes at hand is not an element.
"""

from __future__ import annotations

from collections.abc import Iterator

SEQUENCE, SET, INTEGER, OCTETS, ENUMERATED = 0x30, 0x31, 0x02, 0x04, 0x0A
_MOST = 1024
"""Elements of one level that are looked at."""


def element(tag: int, *parts: bytes) -> bytes:
    """One element with this tag around the parts."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number that is not negative."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of the elements that follow each other in `data`, as far as they are whole."""
    at = 0
    for _ in range(_MOST):
        start, end = _extent(data, at)
        if end < 0 or end > len(data):
            return
        yield data[at], data[start:end]
        at = end


def first(data: bytes, tag: int) -> bytes:
    """The content of the first element with this tag, `b""` if there is none."""
    return next((content for found, content in elements(data) if found == tag), b"")


def whole(data: bytes) -> int:
    """How many bytes the element at the start of `data` has, all of which need not be there; 0: that is not clear."""
    return max(0, _extent(data, 0)[1])


def _extent(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` starts and ends; an end of -1: no such element."""
    if len(data) < at + 2 or data[at] & 0x1F == 0x1F:
        return 0, -1
    size, start = data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or len(data) < start + count:
            return 0, -1
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    return start, start + size
