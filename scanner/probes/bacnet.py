"""BACnet: vendor, model and firmware of a device (ReadProperty). Only where the site file allows the port."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_VENDOR, _MODEL, _FIRMWARE = 121, 70, 44
# The wildcard instance of the device object: whoever is asked means itself.
_DEVICE = (8 << 22 | 0x3FFFFF).to_bytes(4, "big")
_COMPLEX_ANSWER, _ERROR, _REJECT, _ABORT = 0x30, 0x50, 0x60, 0x70


def _question(number: int, item: int) -> bytes:
    body = b"\x01\x04\x00\x05" + bytes([number, 12]) + b"\x0c" + _DEVICE + b"\x19" + bytes([item])
    return b"\x81\x0a" + (4 + len(body)).to_bytes(2, "big") + body


PAYLOAD = _question(1, _VENDOR)


def _text(packet: bytes, number: int) -> bytes | None:
    """The text that an answer holds, `b""` for a refusal; None for what is no answer to ours. Never raises."""
    if packet[:2] != b"\x81\x0a" or len(packet) < 9 or packet[4] != 1 or packet[5] & 0x80:
        return None
    kind, back = packet[6] & 0xF0, packet[7]
    if back != number or kind not in (_COMPLEX_ANSWER, _ERROR, _REJECT, _ABORT):
        return None
    at = packet.find(b"\x3e\x75")
    if kind != _COMPLEX_ANSWER or at < 0 or len(packet) < at + 5:
        return b""
    size = packet[at + 2]
    # One byte of the size is the character set; 254 says that the size follows in two.
    start = at + 3
    if size == 254:
        size, start = int.from_bytes(packet[start : start + 2], "big"), start + 2
    return packet[start + 1 : start + size]


def _steps(peer: Peer) -> Steps:
    texts: list[bytes] = []
    first = b""
    for number, item in enumerate((_VENDOR, _MODEL, _FIRMWARE), 1):
        yield Send(_question(number, item))
        packet = yield Read(limit=1500, seconds=2.0)
        text = _text(packet, number)
        if text is None:
            break
        first = first or packet
        texts.append(text[:256].strip(b" \0\r\n"))
    if not first:
        return ()
    said = (Reading("bacnet", first[:256]),)
    return (*said, Reading("bacnet.device", b"\n".join(texts))) if any(texts) else said


PROBE = Probe(name="bacnet", transport="udp", ports=(47808,), writes=True, alone=True, steps=_steps, payload=PAYLOAD)
