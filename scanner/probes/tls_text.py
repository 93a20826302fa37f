"""TLS's first two messages in clear (RFC 5246, 8446): a ClientHello of our own, and what a ServerHello chooses.

The handshakes that go further are OpenSSL's. This one asks what an up-to-date OpenSSL no longer may: do you still speak
the old versions?
"""

from __future__ import annotations

import struct

from scanner.model.base import Frozen

VERSIONS = {0x0300: b"SSLv3", 0x0301: b"TLSv1", 0x0302: b"TLSv1.1", 0x0303: b"TLSv1.2", 0x0304: b"TLSv1.3"}
ALERT, HANDSHAKE = 21, 22
_SERVER_HELLO = 2
_LARGEST = 1 << 14
_SUPPORTED_VERSIONS, _ALPN = 43, 16

_CIPHERS = (
    # Forward secrecy first, then RSA's own exchange, then what only the old speak: 3DES, RC4.
    0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0x009E, 0x009F, 0xC009, 0xC013, 0xC00A, 0xC014, 0x0033, 0x0039,
    0xC027, 0xC028, 0x009C, 0x009D, 0x002F, 0x0035, 0x003C, 0x003D, 0x000A, 0xC012, 0x0016, 0x0005, 0x0004, 0x00FF,
)  # fmt: skip
_GROUPS = (29, 23, 24, 25)
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0402, 0x0202)
_RANDOM = b"fencewalk looks, and goes again."


class ServerHello(Frozen, frozen=True):
    """What a server chose."""

    version: int
    """0x0303 is TLS 1.2, 0x0304 TLS 1.3."""
    cipher: int
    extensions: tuple[int, ...]
    """In the server's order."""
    alpn: bytes

    @property
    def fingerprint(self) -> bytes:
        """`771,49199,65281-11`: version as the record has it, cipher, extensions. Its MD5 is what is known as JA3S."""
        legacy = min(self.version, 0x0303)
        return b"%d,%d,%s" % (legacy, self.cipher, "-".join(map(str, self.extensions)).encode())


def client_hello(most: int) -> bytes:
    """A ClientHello that offers versions up to `most`, TLS 1.2 (0x0303) at best, and none below TLS 1.0."""
    extensions = [
        (10, _vector(b"".join(struct.pack("!H", each) for each in _GROUPS))),
        (11, b"\x01\x00"),
        (13, _vector(b"".join(struct.pack("!H", each) for each in _SIGNATURES))),
        (_ALPN, _vector(b"\x02h2\x08http/1.1")),
        (35, b""),
    ]
    ciphers = b"".join(struct.pack("!H", each) for each in _CIPHERS)
    body = (
        struct.pack("!H", most)
        + _RANDOM
        + b"\0"
        + _vector(ciphers)
        + b"\x01\x00"
        + _vector(b"".join(struct.pack("!H", kind) + _vector(content) for kind, content in extensions))
    )
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + _vector(message)


def _vector(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def answered(data: bytes) -> bool:
    """Whether a ServerHello, or an alert, is there in full; or what came is no TLS."""
    if len(data) < 5:
        return bool(data) and data[0] not in (ALERT, HANDSHAKE)
    if data[0] == HANDSHAKE and data[1] == 3:
        message = _message(data)
        return len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4], "big")
    return data[0] != ALERT or len(data) >= 7


def server_hello(data: bytes) -> ServerHello | None:
    """The ServerHello that `data` begins with, None if it begins with anything else. Never raises."""
    message = _message(data)
    size = int.from_bytes(message[1:4], "big")
    if len(message) < 42 or message[0] != _SERVER_HELLO or not 38 <= size <= len(message) - 4:
        return None
    body = message[4 : 4 + size]
    at = 35 + body[34]
    if len(body) < at + 3:
        return None
    version, cipher = int.from_bytes(body[:2], "big"), int.from_bytes(body[at : at + 2], "big")
    kinds: list[int] = []
    alpn = b""
    end = at + 5 + int.from_bytes(body[at + 3 : at + 5], "big")
    at += 5
    while at + 4 <= min(end, len(body)) and len(kinds) < 64:
        kind, length = struct.unpack_from("!HH", body, at)
        content = body[at + 4 : at + 4 + length]
        kinds.append(kind)
        if kind == _SUPPORTED_VERSIONS and length == 2:
            version = int.from_bytes(content, "big")
        elif kind == _ALPN and len(content) >= 3:
            alpn = content[3 : 3 + content[2]]
        at += 4 + length
    if version not in VERSIONS:
        return None
    return ServerHello(version, cipher, tuple(kinds), alpn)


def _message(data: bytes) -> bytes:
    """The handshake bytes of the records at the start of `data`: a message may lie in several of them."""
    message = b""
    at = 0
    while len(data) >= at + 5 and data[at] == HANDSHAKE and data[at + 1] == 3 and len(message) < _LARGEST:
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        message += data[at + 5 : at + 5 + size]
        at += 5 + size
    return message
