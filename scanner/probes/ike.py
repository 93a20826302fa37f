"""IKE: the first message of version 2, then of version 1's main mode. No key is agreed on.

Version 2 offers a key of a group that it does not propose, so the answer is a refusal and the server keeps no state.
The answer to version 1 may carry vendor identifiers; many gateways no longer speak it.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_COOKIE = b"fencewlk"
_SA, _TRANSFORM = 1, 3
_MAIN_MODE = 2
_KEPT = 2048


def _transform(number: int, last: bool, *attributes: tuple[int, int]) -> bytes:
    """Attributes of two bytes each (RFC 2408, 3.3)."""
    body = struct.pack("!BBH", number, 1, 0) + b"".join(struct.pack("!HH", 0x8000 | kind, v) for kind, v in attributes)
    return struct.pack("!BBH", 0 if last else _TRANSFORM, 0, 4 + len(body)) + body


def _offer() -> bytes:
    """What was and is in use: AES and 3DES, SHA-2 and SHA-1, groups 14, 5 and 2, shared keys and signatures."""
    wanted = [
        ((1, cipher), *((14, size) for size in sizes), (2, digest), (3, login), (4, group), (11, 1), (12, 28800))
        for cipher, sizes in ((7, (256,)), (7, (128,)), (5, ()))
        for digest in (4, 2)
        for login in (1, 3)
        for group in (14, 2)
    ]
    transforms = b"".join(
        _transform(number, number == len(wanted), *each) for number, each in enumerate(wanted, start=1)
    )
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, len(wanted)) + transforms
    body = struct.pack("!II", 1, 1) + proposal
    return struct.pack("!BBH", 0, 0, 4 + len(body)) + body


def _message(payload: bytes) -> bytes:
    return _COOKIE + bytes(8) + struct.pack("!BBBBII", _SA, 0x10, _MAIN_MODE, 0, 0, 28 + len(payload)) + payload


_MAIN = _message(_offer())


def _version_two() -> bytes:
    """IKE_SA_INIT (RFC 7296, 1.2): AES, SHA-2 and SHA-1, groups 14, 19 and 2, and a key of group 31."""
    wanted = (
        (1, 12, 256),
        (1, 12, 128),
        (2, 5, 0),
        (2, 2, 0),
        (3, 12, 0),
        (3, 2, 0),
        (4, 14, 0),
        (4, 19, 0),
        (4, 2, 0),
    )
    transforms = b""
    for number, (kind, which, size) in enumerate(wanted, start=1):
        body = struct.pack("!BxH", kind, which) + (struct.pack("!HH", 0x800E, size) if size else b"")
        transforms += struct.pack("!BBH", 0 if number == len(wanted) else _TRANSFORM, 0, 4 + len(body)) + body
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, len(wanted)) + transforms
    key = struct.pack("!HH", 31, 0) + b"\x5a" * 32
    nonce = b"fencewalk looks, and goes again."
    payloads = b"".join(
        struct.pack("!BBH", after, 0, 4 + len(body)) + body for after, body in ((34, proposal), (40, key), (0, nonce))
    )
    return _COOKIE + bytes(8) + struct.pack("!BBBBII", 33, 0x20, 34, 8, 0, 28 + len(payloads)) + payloads


PAYLOAD = _version_two()


def _steps(peer: Peer) -> Steps:
    readings: tuple[Reading, ...] = ()
    for question in (PAYLOAD, _MAIN):
        yield Send(question)
        data = yield Read(limit=4096, seconds=2.0)
        if is_ike(data):
            readings = (*readings, Reading("ike", data[:_KEPT]))
    return readings


def is_ike(data: bytes) -> bool:
    """Whether this answers our message: our cookie, another one behind it, version 1 or 2, the length that it says."""
    if len(data) < 28 or data[:8] != _COOKIE or data[17] not in (0x10, 0x20):
        return False
    return int.from_bytes(data[24:28], "big") == len(data)


PROBE = Probe(name="ike", transport="udp", ports=(500,), writes=True, steps=_steps, payload=PAYLOAD)
