"""Ubiquiti's discovery: firmware, model and host name of a device, by its own question."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

PAYLOAD = b"\x01\0\0\0"
_FIRMWARE, _HOST, _SHORT_MODEL, _MODEL = 0x03, 0x0B, 0x0C, 0x14


def fields(packet: bytes) -> dict[int, bytes]:
    """The fields of an answer, each kind's first. Never raises."""
    found: dict[int, bytes] = {}
    if len(packet) < 4 or packet[0] not in (1, 2) or int.from_bytes(packet[2:4], "big") != len(packet) - 4:
        return found
    at = 4
    while at + 3 <= len(packet):
        size = int.from_bytes(packet[at + 1 : at + 3], "big")
        if at + 3 + size > len(packet):
            break
        found.setdefault(packet[at], packet[at + 3 : at + 3 + size])
        at += 3 + size
    return found


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    packet = yield Read(limit=2048)
    found = fields(packet)
    if not found.keys() & {_FIRMWARE, _MODEL, _SHORT_MODEL}:
        return ()
    readings = [Reading("ubiquiti", packet[:512])]
    for kind, value in (
        ("ubiquiti.firmware", found.get(_FIRMWARE, b"")),
        ("ubiquiti.model", found.get(_MODEL, b"") or found.get(_SHORT_MODEL, b"")),
        ("ubiquiti.host", found.get(_HOST, b"")),
    ):
        if value := value.rstrip(b"\0"):
            readings.append(Reading(kind, value[:256]))
    return tuple(readings)


PROBE = Probe(name="ubiquiti", transport="udp", ports=(10001,), writes=True, steps=_steps, payload=PAYLOAD)
