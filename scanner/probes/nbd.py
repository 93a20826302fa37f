"""NBD (network block devices): the greeting, and the list of exports where the server gives one. None is opened."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, classify

_MAGIC, _OPTION = b"NBDMAGIC", b"IHAVEOPT"
_REPLY = b"\x00\x03\xe8\x89\x04\x55\x65\xa9"
_ABORT, _LIST, _UNKNOWN = 2, 3, 0x46574657
"""What a server says of an option that nobody has differs from product to product."""
_ACK, _SERVER = 1, 2
_HEAD = 20


def _steps(peer: Peer) -> Steps:
    greeting = yield Read(enough=lambda seen: len(seen) >= 18, limit=LINE)
    if not greeting.startswith(_MAGIC):
        return classify(greeting, peer.port)
    said = Reading("nbd", greeting[:18])
    if greeting[8:16] != _OPTION:
        return (said,)
    yield Send(b"\0\0\0\x01" + _option(_LIST))
    answer = yield Read(enough=_listed, limit=16384, seconds=2.0)
    yield Send(_option(_UNKNOWN))
    unknown = yield Read(enough=lambda seen: bool(_replies(seen)), limit=2048, seconds=1.0)
    yield Send(_option(_ABORT))
    readings = [said]
    names = [body[4 : 4 + int.from_bytes(body[:4], "big")] for kind, body in _replies(answer) if kind == _SERVER]
    if any(kind == _ACK for kind, _ in _replies(answer)):
        readings.append(Reading("nbd.exports", b"\n".join(names)[:8192] or b"(none)"))
    readings += [Reading("nbd.error", body[:256]) for _, body in _replies(unknown)[:1] if body]
    return tuple(readings)


def _option(number: int) -> bytes:
    return _OPTION + number.to_bytes(4, "big") + bytes(4)


def _replies(data: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while data[at : at + 8] == _REPLY and len(data) >= at + _HEAD and len(found) < 256:
        kind, size = int.from_bytes(data[at + 12 : at + 16], "big"), int.from_bytes(data[at + 16 : at + 20], "big")
        if len(data) < at + _HEAD + size:
            break
        found.append((kind, data[at + _HEAD : at + _HEAD + size]))
        at += _HEAD + size
    return found


def _listed(seen: bytes) -> bool:
    """All exports are followed by an acknowledgement; a refusal has the highest bit."""
    return any(kind == _ACK or kind & 0x80000000 for kind, _ in _replies(seen))


PROBE = Probe(name="nbd", transport="tcp", ports=(10809,), writes=True, steps=_steps)
