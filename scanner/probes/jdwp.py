"""JDWP, by which Java programs are debugged: the handshake and the version. Whoever may ask may run any code there."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_HELLO = b"JDWP-Handshake"
_HEAD = 11
_NUMBER = (0x0FE).to_bytes(4, "big")
_VERSION = _HEAD.to_bytes(4, "big") + _NUMBER + b"\0\1\1"
"""VirtualMachine.Version, which changes nothing."""
_LONGEST = 4096


def _steps(peer: Peer) -> Steps:
    yield Send(_HELLO)
    data = yield Read(enough=lambda seen: len(seen) >= len(_HELLO), limit=_LONGEST)
    if not data.startswith(_HELLO):
        return stranger(data, peer.port)
    yield Send(_VERSION)
    rest = data[len(_HELLO) :] + (yield Read(enough=lambda seen: bool(_said(seen)), limit=_LONGEST))
    return (Reading("jdwp", _said(rest) or _HELLO), Reading("jdwp.auth", b"none"))


def _said(data: bytes) -> bytes:
    """`17.0.21\\nOpenJDK 64-Bit Server VM` out of the answer; events may stand before it."""
    for packet in _packets(data):
        if packet[4:_HEAD] == _NUMBER + b"\x80\0\0":
            body = packet[_HEAD:]
            _, at = _text(body, 0)
            version, at = _text(body, at + 8)
            name, _ = _text(body, at)
            return version + b"\n" + name if version and name else b""
    return b""


def _packets(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + _HEAD <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if not _HEAD <= size <= len(data) - at:
            return
        yield data[at : at + size]
        at += size


def _text(body: bytes, at: int) -> tuple[bytes, int]:
    """A string, and where the next one begins."""
    size = int.from_bytes(body[at : at + 4], "big")
    return body[at + 4 : at + 4 + min(size, 512)], at + 4 + size


PROBE = Probe(name="jdwp", transport="tcp", ports=(5005,), writes=True, steps=_steps)
