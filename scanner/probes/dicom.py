"""DICOM (X-ray, imaging, archives): an association for the echo service, the test that every device expects, taken back
at once. Who lets a stranger in says which toolkit it is made with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_ACCEPTED, _REJECTED, _ABORTED = 2, 3, 7
_SIZES = {_REJECTED: 4, _ABORTED: 4}
_RELEASE = b"\x05\0\0\0\0\x04\0\0\0\0"
_ITEMS = 74
"""Where an association's items begin: behind the head, the protocol's version, the two titles and what is reserved."""
_LONGEST = 4096
_USER, _CLASS, _NAME = 0x50, 0x52, 0x55
_PRINTED = re.compile(rb"[ -~]{1,64}")


def _item(kind: int, body: bytes) -> bytes:
    return bytes([kind, 0]) + len(body).to_bytes(2, "big") + body


def _request() -> bytes:
    """A-ASSOCIATE-RQ (PS3.8, 9.3.2): the verification service in the one syntax that everybody knows."""
    context = b"\1\0\0\0" + _item(0x30, b"1.2.840.10008.1.1") + _item(0x40, b"1.2.840.10008.1.2")
    # An identifier of our own, out of a random UUID (PS3.5, B.2).
    user = _item(0x51, (16384).to_bytes(4, "big")) + _item(_CLASS, b"2.25.117532459283468713095120346019752837461")
    items = _item(0x10, b"1.2.840.10008.3.1.1.1") + _item(0x20, context) + _item(_USER, user)
    body = b"\0\1\0\0" + b"ANY-SCP".ljust(16) + b"FENCEWALK".ljust(16) + bytes(32) + items
    return b"\1\0" + len(body).to_bytes(4, "big") + body


_ASK = _request()


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=_enough, limit=_LONGEST)
    if not _is_answer(data):
        return stranger(data, peer.port)
    if data[0] != _ACCEPTED:
        # A refusal names the reason only: who we call, or that we call, is not known there.
        word = b"rejected" if data[0] == _REJECTED else b"aborted"
        return (Reading("dicom", b"%s: %d %d %d" % (word, *data[7:10])),)
    yield Send(_RELEASE)
    yield Read(enough=_enough, limit=64, seconds=1.0)
    said = dict(_items(dict(_items(data[_ITEMS:])).get(_USER, b"")))
    names = [said[each].strip(b" \0") for each in (_NAME, _CLASS) if each in said]
    made = b" ".join(each for each in names if _PRINTED.fullmatch(each))
    # Whoever lets a stranger in for the echo may still refuse him everything else.
    return (Reading("dicom", made or b"accepted"),)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The items in these bytes, as far as they are whole."""
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 4 + size > len(data):
            return
        yield data[at], data[at + 4 : at + 4 + size]
        at += 4 + size


def _is_answer(data: bytes) -> bool:
    """Whether this is an answer to an association, whole."""
    if len(data) < 10 or data[1] or not _enough(data):
        return False
    size = int.from_bytes(data[2:6], "big")
    if data[0] == _ACCEPTED:
        return _ITEMS - 6 <= size <= _LONGEST and data[6:8] == b"\0\1"
    return size == _SIZES.get(data[0]) == len(data) - 6 and data[6] == 0


def _enough(data: bytes) -> bool:
    return len(data) >= 6 and len(data) >= 6 + int.from_bytes(data[2:6], "big")


PROBE = Probe(name="dicom", transport="tcp", ports=(104, 11112, 4242), writes=True, steps=_steps)
