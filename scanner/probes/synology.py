"""Synology's discovery, as its Assistant asks: model, DSM version with build and update, serial number, MAC.

Every answer goes to port 9999 of whoever asked, from port 1234, one to three seconds later, and stays on the link. The
question carries no key, so that the answer is not encrypted.

Kinds: `synology` (product, version, build, update and model, as in `DSM 7.4.1-90080 Update 0 DS918+`),
`synology.name`, `synology.serial`, `synology.mac`.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Elsewhere, Peer, Probe, Read, Send, Steps

_MAGIC = b"\x12\x34\x56\x78SYNO"
PAYLOAD = _MAGIC + b"\xa4\4\0\0\2\1" + b"\1\4\1\0\0\0"
"""The version of the protocol, and that this is a question."""
_TYPE, _NAME, _MAC, _BUILD, _VERSION, _MODEL, _UPDATE, _SERIAL, _SYSTEM = (
    1,
    0x11,
    0x19,
    0x49,
    0x77,
    0x78,
    0x90,
    0xC0,
    0xC1,
)
_ANSWER = b"\2\0\0\0"


def fields(packet: bytes) -> dict[int, bytes]:
    """The fields of an answer, each kind's first; none if it is no answer, or not whole. Never raises."""
    found: dict[int, bytes] = {}
    if not packet.startswith(_MAGIC):
        return found
    at = len(_MAGIC)
    while at + 2 <= len(packet):
        size = packet[at + 1]
        if at + 2 + size > len(packet):
            return {}
        found.setdefault(packet[at], packet[at + 2 : at + 2 + size])
        at += 2 + size
    return found if found.get(_TYPE) == _ANSWER else {}


def _number(value: bytes) -> bytes:
    return b"%d" % int.from_bytes(value, "little") if len(value) == 4 else b""


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    found = fields((yield Read(limit=2048, seconds=4.5)))
    if not found:
        return ()
    version, build, update = found.get(_VERSION, b""), _number(found.get(_BUILD, b"")), _number(found.get(_UPDATE, b""))
    words = [found.get(_SYSTEM, b""), version + b"-" + build if version and build else version]
    if update and version:
        words.append(b"Update " + update)
    words.append(found.get(_MODEL, b""))
    readings = [Reading("synology", b" ".join(word for word in words if word))]
    readings += [
        Reading(kind, found.get(field, b""))
        for field, kind in ((_NAME, "synology.name"), (_SERIAL, "synology.serial"), (_MAC, "synology.mac"))
    ]
    return tuple(reading for reading in readings if reading.raw)


PROBE = Probe(
    name="synology",
    transport="udp",
    ports=(9999,),
    writes=True,
    steps=_steps,
    payload=PAYLOAD,
    elsewhere=Elsewhere(source=1234, own=9999, on_link=True),
)
