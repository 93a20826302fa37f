"""Readings of databases and brokers that are binary: as the text that their fingerprints are written for.

Each function takes any bytes, looks at a bounded part of them, and never raises; what is not in the protocol's form is
passed on as it is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

from scanner.identify.matcher import decode

LONGEST = 8192
_PROPERTIES = 64
_VALUE = 256

_AMQP_FIXED = {0x74: 1, 0x62: 1, 0x42: 1, 0x55: 2, 0x75: 2, 0x73: 2, 0x49: 4, 0x69: 4, 0x66: 4, 0x4C: 8, 0x6C: 8,
               0x64: 8, 0x54: 8, 0x44: 5, 0x56: 0}  # fmt: skip
"""Bytes of a value by its type; the others carry a length."""
_BSON_FIXED = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16}
_VSNNUM = re.compile(rb"\(VSNNUM=(\d{1,10})\)")
_EXCSATRD = b"\x14\x43"
_DB2 = re.compile(r"SQL(\d\d)(\d\d)(\d)", re.ASCII)
"""Db2's release: version, release and modification, `SQL11055` for 11.5.5."""
_CLASS, _RELEASE = 0x1147, 0x115A


def _amqp(raw: bytes) -> str:
    """The server's properties in Connection.Start, a line each."""
    if raw[:3] != b"\x01\0\0" or raw[7:11] != b"\0\x0a\0\x0a":
        return decode(raw)
    end = min(len(raw), 17 + int.from_bytes(raw[13:17], "big"))
    return _lines(_amqp_table(raw[:end], 17))


def _amqp_table(table: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(_PROPERTIES):
        if at >= len(table):
            return
        name, at = table[at + 1 : at + 1 + table[at]], at + 1 + table[at]
        if at >= len(table):
            return
        kind, at = table[at], at + 1
        size = _AMQP_FIXED.get(kind)
        if size is None:
            size, at = int.from_bytes(table[at : at + 4], "big"), at + 4
            if kind == 0x53 and at + size <= len(table):
                yield name, table[at : at + size]
        at += size


def _bson(raw: bytes) -> str:
    """A document's top-level strings, a line each, and the names of the documents in it."""
    if len(raw) < 5 or not 5 <= int.from_bytes(raw[:4], "little") <= 1 << 24 or raw[4] > 0x20:
        return decode(raw)
    return _lines(_bson_elements(raw))


def _bson_elements(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 4
    for _ in range(_PROPERTIES):
        end = raw.find(b"\0", at + 1, at + _VALUE)
        if at >= len(raw) or end < 0:
            return
        kind, name, at = raw[at], raw[at + 1 : end], end + 1
        length = int.from_bytes(raw[at : at + 4], "little")
        if kind in _BSON_FIXED:
            at += _BSON_FIXED[kind]
        elif kind == 0x02:
            if at + 4 + length > len(raw):
                return
            yield name, raw[at + 4 : at + 3 + length]
            at += 4 + length
        elif kind in (0x03, 0x04) and length >= 5:
            yield name, b""
            at += length
        else:
            return


def _lines(pairs: Iterator[tuple[bytes, bytes]]) -> str:
    """`name=value` in the order of the names. A line end in a value would begin a line that nobody sent."""
    found = sorted((name, re.sub(rb"[\r\n]", b" ", value[:_VALUE])) for name, value in pairs if b"\n" not in name)
    return "\n".join(f"{decode(name)}={decode(value)}" for name, value in found)


def _oracle(raw: bytes) -> str:
    """`VSNNUM 19.0.0.0.0`: from 18 on the second part of the number has eight bits, before it had four."""
    found = _VSNNUM.search(raw)
    number = int(found[1]) if found else 0
    if not 1 << 24 <= number < 1 << 32:
        return decode(raw)
    major, rest = number >> 24, number & 0xFFFFFF
    if major >= 18:
        parts = (major, rest >> 16, rest >> 12 & 0xF, rest >> 4 & 0xFF, rest & 0xF)
    else:
        parts = (major, rest >> 20, rest >> 12 & 0xFF, rest >> 8 & 0xF, rest & 0xFF)
    return "VSNNUM " + ".".join(map(str, parts))


def _drda(raw: bytes) -> str:
    """The server's class and release. They are EBCDIC; its own digits and letters are the same in all of its forms."""
    if raw[2:4] != _EXCSATRD:
        return decode(raw)
    told, at = {}, 4
    for _ in range(_PROPERTIES):
        if at + 4 > len(raw):
            break
        size, code = struct.unpack_from("!HH", raw, at)
        if size < 4:
            break
        told[code] = raw[at + 4 : at + size][:_VALUE].decode("cp500")
        at += size
    release = told.get(_RELEASE, "").strip()
    if found := _DB2.fullmatch(release):
        release = "SQL " + ".".join(str(int(part)) for part in found.groups())
    return f"{told.get(_CLASS, '').strip()} {release}"


def _bytes(raw: bytes) -> str:
    """A character a byte, with nothing taken off."""
    return raw.decode("latin-1")


READERS: dict[str, Callable[[bytes], str]] = {
    "amqp": _amqp,
    "mongodb.buildinfo": _bson,
    "oracle": _oracle,
    "drda": _drda,
    "mongodb.hello": _bytes,
    "openwire": _bytes,
    "kafka": _bytes,
    "cassandra": _bytes,
    "firebird": _bytes,
    "neo4j.handshake": _bytes,
    "riak": _bytes,
    "epmd": _bytes,
    "mysqlx": _bytes,
    "postgresql": _bytes,
}
