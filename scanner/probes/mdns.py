"""mDNS by unicast: the kinds of services that a device announces (`_ipp._tcp.local`)."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_PTR, _UNICAST = 12, 0x8001
_NAME = b"\x09_services\x07_dns-sd\x04_udp\x05local\0"
PAYLOAD = struct.pack("!6H", 0x4657, 0, 1, 0, 0, 0) + _NAME + struct.pack("!HH", _PTR, _UNICAST)
_HOPS, _LABELS, _ANSWERS = 16, 32, 64


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    message = yield Read(limit=9000)
    if len(message) < 12 or not message[2] & 0x80 or message[:2] not in (b"\0\0", PAYLOAD[:2]):
        return ()
    said = (Reading("mdns", message[:512]),)
    names = services(message)
    return (*said, Reading("mdns.services", b"\n".join(names))) if names else said


def services(message: bytes) -> tuple[bytes, ...]:
    """The names that the PTR records of an answer point to, each once. Never raises."""
    questions, answers = struct.unpack_from("!HH", message, 4)
    at = 12
    for _ in range(min(questions, 4)):
        at = _name(message, at)[1] + 4
    found: dict[bytes, None] = {}
    for _ in range(min(answers, _ANSWERS)):
        at = _name(message, at)[1]
        if at + 10 > len(message):
            break
        kind, _, _, size = struct.unpack_from("!HHIH", message, at)
        if kind == _PTR and (name := _name(message, at + 10)[0]):
            found[name] = None
        at += 10 + size
    return tuple(found)


def _name(message: bytes, at: int) -> tuple[bytes, int]:
    """A name, pointers followed, and where the record goes on."""
    labels: list[bytes] = []
    after, hops = 0, 0
    while at < len(message) and len(labels) < _LABELS:
        size = message[at]
        if size >= 0xC0:
            after = after or at + 2
            hops += 1
            if hops > _HOPS:
                break
            at = int.from_bytes(message[at : at + 2], "big") & 0x3FFF
            continue
        at += 1 + size
        if size == 0:
            break
        labels.append(message[at - size : at])
    return b".".join(labels), after or at


PROBE = Probe(name="mdns", transport="udp", ports=(5353,), writes=True, steps=_steps, payload=PAYLOAD)
