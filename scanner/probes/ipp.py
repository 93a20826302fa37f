"""IPP: Get-Printer-Attributes (make, model, firmware), then on the same connection the page that a browser would see.

It prints nothing. 631 is the one port on which a printer is spoken to.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger
from scanner.probes.http_message import PAGE, answered, authority, parse, request
from scanner.probes.http_walk import walk

_GET_PRINTER_ATTRIBUTES = 0x000B
_WANTED = (
    b"printer-make-and-model", b"printer-device-id", b"printer-firmware-name", b"printer-firmware-string-version",
    b"printer-firmware-version", b"printer-name", b"printer-uuid", b"cups-version",
)  # fmt: skip
_CHARSET, _LANGUAGE, _URI, _KEYWORD, _OPERATION, _END = 0x47, 0x48, 0x45, 0x44, 0x01, 0x03
_MOST = 256
_KINDS = {
    b"printer-make-and-model": "ipp.model",
    b"printer-device-id": "ipp.device-id",
    b"printer-firmware-string-version": "ipp.firmware",
    b"printer-name": "ipp.name",
    b"cups-version": "ipp.cups-version",
}


def _attribute(tag: int, name: bytes, value: bytes) -> bytes:
    return struct.pack("!BH", tag, len(name)) + name + struct.pack("!H", len(value)) + value


def question(peer: Peer) -> bytes:
    """An IPP 1.1 request, as every printer takes it."""
    asked = [_attribute(_KEYWORD, b"requested-attributes" if not at else b"", name) for at, name in enumerate(_WANTED)]
    body = struct.pack("!BBHIB", 1, 1, _GET_PRINTER_ATTRIBUTES, 0x4657, _OPERATION)
    body += _attribute(_CHARSET, b"attributes-charset", b"utf-8")
    body += _attribute(_LANGUAGE, b"attributes-natural-language", b"en")
    body += _attribute(_URI, b"printer-uri", f"ipp://{authority(peer)}/ipp/print".encode())
    return body + b"".join(asked) + bytes([_END])


def attributes(body: bytes) -> dict[bytes, bytes]:
    """The first value of each attribute of an answer; empty for what is no IPP. Never raises."""
    found: dict[bytes, bytes] = {}
    if len(body) < 9 or body[0] not in (1, 2) or body[4:8] != b"\0\0\x46\x57":
        return found
    at = 8
    for _ in range(_MOST):
        if at >= len(body) or body[at] == _END:
            break
        if body[at] < 0x10:
            at += 1
            continue
        if at + 3 > len(body):
            break
        name_end = at + 3 + int.from_bytes(body[at + 1 : at + 3], "big")
        value_end = name_end + 2 + int.from_bytes(body[name_end : name_end + 2], "big")
        if value_end > len(body):
            break
        if name := body[at + 3 : name_end]:
            found.setdefault(name, body[name_end + 2 : value_end])
        at = value_end
    return found


def _steps(peer: Peer) -> Steps:
    yield Send(request(peer, "/ipp/print", "POST", "Content-Type: application/ipp\r\n", question(peer)))
    data = yield Read(enough=_answered, limit=PAGE)
    answer = parse(data)
    if answer is None:
        return stranger(data, peer.port)
    told = attributes(answer.body)
    own: list[Reading] = []
    if answer.body[4:8] == b"\0\0\x46\x57":
        own.append(Reading("ipp", answer.body[:1024]))
    own += [Reading(kind, told[name][:512]) for name, kind in _KINDS.items() if told.get(name)]
    if not answer.whole:
        from_head = tuple(Reading("http.server", value) for value in answer.values("server"))
        return (*own, *from_head)
    return (*own, *(yield from walk(peer, tls=False)))


def _answered(seen: bytes) -> bool:
    """As for any response, but one of IPP is no text, and still all of it is wanted."""
    answer = parse(seen)
    return answered(seen) if answer is None or answer.text else answer.whole or len(answer.body) >= PAGE


PROBE = Probe(name="ipp", transport="tcp", ports=(631,), writes=True, steps=_steps)
