"""HTTP/2 (RFC 9113) as bytes: requests of fixed bytes, and of the answers what stands in them in plain bytes.

Header fields come compressed (RFC 7541). What is coded by Huffman's code stays unread, but for a status and the words
by which gRPC is known: the pages are plain, and servers sign those that refuse.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from scanner.model.base import Frozen
from scanner.model.observation import Reading
from scanner.model.probe import Peer
from scanner.probes.http_message import HEAD, PAGE, Response, authority

_DATA, _HEADERS, _RESET, _SETTINGS, _GO_AWAY, _CONTINUATION = 0, 1, 3, 4, 7, 9
_END_STREAM, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x4, 0x8, 0x20
_FRAMES = 256
_SETTINGS_SIZE = 6 * 32
_LARGEST = 1 << 14

_METHODS = {"GET": b"\x82", "POST": b"\x83"}
_PATH, _AUTHORITY, _CONTENT_TYPE, _USER_AGENT = 4, 1, 31, 58
_STATUS = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
_STATUS_NAME = 8
_NAMES = {31: b"content-type", 46: b"location", 54: b"server", 60: b"via", 61: b"www-authenticate"}
"""Of RFC 7541's table, the names whose values tell something."""
_DIGITS = (*((value, 5) for value in range(3)), *((value, 6) for value in range(0x19, 0x20)))
"""Huffman's code for the digits, and its bits."""
_GRPC = (
    b"application/grpc",
    b"grpc-status",
    bytes.fromhex("1d75d0620d263d4c4d6564"),
    bytes.fromhex("9acac8b21234da8f"),
)
"""A content type and a field's name, plain and by Huffman's code. gRPC in Java answers a GET by a text of HTTP's and
this field."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(_SETTINGS, 0, 0, struct.pack("!HI", 2, 0))
"""How a client begins: the magic, and settings that want nothing pushed."""
AGREED = frame(_SETTINGS, 1, 0)
GOODBYE = frame(_GO_AWAY, 0, 0, bytes(8))


def request(peer: Peer, path: str, tls: bool, stream: int) -> bytes:
    """GET, without a body."""
    return frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, _head(peer, "GET", path, tls))


def call(peer: Peer, path: str, tls: bool, stream: int) -> bytes:
    """The call of a procedure by gRPC, without an argument."""
    block = _head(peer, "POST", path, tls) + _field(_CONTENT_TYPE, _GRPC[0]) + b"\0\x02te\x08trailers"
    return frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, block)


def _head(peer: Peer, method: str, path: str, tls: bool) -> bytes:
    scheme = b"\x87" if tls else b"\x86"
    host = authority(peer, 443 if tls else 80).encode()
    path_and_host = _field(_PATH, path.encode()) + _field(_AUTHORITY, host)
    return _METHODS[method] + scheme + path_and_host + _field(_USER_AGENT, b"fencewalk")


def _field(name: int, value: bytes) -> bytes:
    """A field with a name of the table and a plain value of less than 127 bytes, which nobody is to remember."""
    return (bytes([name]) if name < 15 else bytes([15, name - 15])) + bytes([len(value)]) + value


class Frame(Frozen, frozen=True):
    kind: int
    flags: int
    stream: int
    payload: bytes


def frames(data: bytes) -> Iterator[Frame]:
    """The whole frames at the start of `data`, a bounded number. Never raises."""
    at = 0
    for _ in range(_FRAMES):
        size = int.from_bytes(data[at : at + 3], "big")
        if len(data) < at + 9 or size > _LARGEST or len(data) < at + 9 + size:
            return
        stream = int.from_bytes(data[at + 5 : at + 9], "big") & 0x7FFFFFFF
        yield Frame(data[at + 3], data[at + 4], stream, data[at + 9 : at + 9 + size])
        at += 9 + size


def settings(data: bytes) -> bytes:
    """The frame with which a server begins, `b""` if these bytes begin otherwise. Never raises."""
    size = int.from_bytes(data[:3], "big")
    if data[3:9] != b"\x04\0\0\0\0\0" or size % 6 or size > _SETTINGS_SIZE or len(data) < 9 + size:
        return b""
    after = data[9 + size :]
    # Numbers of other protocols look like settings that are none: only a frame may follow those.
    plausible = bool(size) or not after or (len(after) >= 9 and after[3] <= 16 and after[0] == 0)
    return data[: 9 + size] if plausible and all(data[at : at + 2] != b"\0\0" for at in range(9, 9 + size, 6)) else b""


def over(streams: Sequence[int], first: bool = True) -> Callable[[bytes], bool]:
    """Whether these requests are answered to their end, or never will be. `first`: it is where the server begins."""

    def seen(data: bytes) -> bool:
        if first and data[3:9] != b"\x04\0\0\0\0\0"[: len(data[3:9])]:
            return True
        came = list(frames(data))
        ended = {each.stream for each in came if each.kind == _RESET or _ends(each)}
        return ended.issuperset(streams) or len(came) == _FRAMES or any(each.kind == _GO_AWAY for each in came)

    return seen


def _ends(each: Frame) -> bool:
    return each.kind in (_DATA, _HEADERS) and bool(each.flags & _END_STREAM)


class Heard(Frozen, frozen=True):
    """What came on one connection."""

    responses: tuple[Response, ...]
    grpc: bytes
    """The head of an answer by gRPC, as it came; `b""` if there was none."""
    ends: bool
    """The server takes no more requests."""


def heard(data: bytes, streams: Sequence[int]) -> Heard:
    """What answers the requests of these streams. Never raises."""
    blocks: dict[int, bytes] = {}
    bodies: dict[int, bytes] = {}
    ends = False
    for each in frames(data):
        if each.kind == _GO_AWAY:
            ends = True
        elif each.stream not in streams:
            continue
        elif each.kind in (_HEADERS, _CONTINUATION) and len(blocks.get(each.stream, b"")) < HEAD:
            blocks[each.stream] = blocks.get(each.stream, b"") + _unpadded(each)
        elif each.kind == _DATA and len(bodies.get(each.stream, b"")) < PAGE:
            bodies[each.stream] = bodies.get(each.stream, b"") + _unpadded(each)
    grpc = next((block for block in blocks.values() if any(word in block for word in _GRPC)), b"")
    found = (_response(block[:HEAD], bodies.get(stream, b"")[:PAGE]) for stream, block in sorted(blocks.items()))
    return Heard(tuple(each for each in found if each is not None), grpc[:HEAD], ends)


def evidence(first: bytes, found: Heard) -> tuple[Reading, ...]:
    """`grpc` is the head of an answer of that protocol, `http2` the server's settings."""
    grpc = (Reading("grpc", found.grpc[:1024]),) if found.grpc else ()
    return (*grpc, Reading("http2", first))


def _unpadded(each: Frame) -> bytes:
    payload = each.payload
    if each.flags & _PADDED and each.kind != _CONTINUATION:
        payload = payload[1 : max(1, len(payload) - payload[0])] if payload else b""
    return payload[5:] if each.kind == _HEADERS and each.flags & _PRIORITY else payload


def _response(block: bytes, body: bytes) -> Response | None:
    """A response whose status could be read, with the fields that could."""
    status, lines = 0, []
    for name, value in _fields(block):
        if name == b":status" and value.isdigit():
            status = status or int(value)
        elif not name.startswith(b":") and b"\n" not in value:
            lines.append(name + b": " + value)
    if not 100 <= status < 600:
        return None
    head = b"\r\n".join((b"HTTP/2 %d" % status, *lines))
    return Response(status, head, body, whole=True, text=b"\0" not in body[:1024], ended=True)


def _fields(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The fields whose name is one that we know and whose value is plain; and the status."""
    at = 0
    for _ in range(64):
        if at >= len(block):
            return
        first = block[at]
        if first & 0x80:
            if first in _STATUS:
                yield b":status", b"%d" % _STATUS[first]
            _, at = _number(block, at, 7)
            continue
        if first & 0xE0 == 0x20:
            _, at = _number(block, at, 5)
            continue
        index, at = _number(block, at, 6 if first & 0xC0 == 0x40 else 4)
        name = b":status" if index == _STATUS_NAME else _NAMES.get(index, b"")
        if not index:
            name, coded, at = _string(block, at)
            name = b"" if coded else name.lower()
        value, coded, at = _string(block, at)
        if coded:
            value = _CODED.get(value, b"") if name == b":status" else b""
        if name in (b":status", *_NAMES.values()) and value:
            yield name, value


def _number(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """RFC 7541, 5.1, and where it ends: behind the block if it does not."""
    largest = (1 << bits) - 1
    value = block[at] & largest if at < len(block) else 0
    at += 1
    if value < largest:
        return value, at
    for shift in (0, 7, 14):
        if at >= len(block):
            break
        value += (block[at] & 0x7F) << shift
        at += 1
        if not block[at - 1] & 0x80:
            return value, at
    return 0, len(block) + 1


def _string(block: bytes, at: int) -> tuple[bytes, bool, int]:
    """A string as it came, whether it is in Huffman's code, and where it ends."""
    coded = at < len(block) and bool(block[at] & 0x80)
    size, at = _number(block, at, 7)
    return block[at : at + size], coded, at + size


def _huffman(digits: str) -> bytes:
    value, bits = 0, 0
    for each in digits:
        code, size = _DIGITS[int(each)]
        value, bits = value << size | code, bits + size
    padding = -bits % 8
    return (value << padding | (1 << padding) - 1).to_bytes((bits + padding) // 8, "big")


_CODED = {_huffman(str(status)): b"%d" % status for status in range(100, 600)}
