"""IPMI (a server's management controller): what it lets a client authenticate by. No session is opened.

Get Channel Authentication Capabilities and Get Channel Cipher Suites are answered before any login. Cipher suite 0
lets everybody in without a password.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_CAPABILITIES, _SUITES = 0x38, 0x54
_THIS_CHANNEL, _ADMINISTRATOR = 0x0E, 0x04
_NONE, _EXTENDED, _NULL_USER = 0x01, 0x80, 0x01
_RECORDS = 8
"""Answers of 16 bytes in which the suites come, at most."""


def _request(command: int, data: bytes) -> bytes:
    """A message of no session: RMCP, an empty session header, and the command for the controller."""
    head = bytes([0x20, 0x18])
    body = bytes([0x81, 0x00, command]) + data
    message = head + bytes([-sum(head) & 0xFF]) + body + bytes([-sum(body) & 0xFF])
    return b"\x06\0\xff\x07" + bytes(9) + bytes([len(message)]) + message


PAYLOAD = _request(_CAPABILITIES, bytes([_EXTENDED | _THIS_CHANNEL, _ADMINISTRATOR]))


def _answer(packet: bytes, command: int) -> bytes:
    """What a successful answer to the command carries. Never raises."""
    if len(packet) < 22 or packet[:1] != b"\x06" or packet[3] & 0x1F != 7 or packet[4:13] != bytes(9):
        return b""
    message = packet[14 : 14 + packet[13]]
    return message[7:-1] if len(message) >= 8 and message[5] == command and message[6] == 0 else b""


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    packet = yield Read(limit=1024)
    data = _answer(packet, _CAPABILITIES)
    if len(data) < 4:
        return (Reading("rmcp", packet[:64]),) if packet[:1] == b"\x06" and packet[3:4] in (b"\x06", b"\x07") else ()
    found = [Reading("ipmi", data[:64])]
    modern = data[1] & _EXTENDED and len(data) > 4 and data[3] & 0x02
    found.append(Reading("ipmi.version", b"2.0" if modern else b"1.5"))
    # Authentication type "none", or a login without a name and a password.
    open_to_all = data[1] & _NONE or data[2] & _NULL_USER
    found.append(Reading("ipmi.auth", b"none" if open_to_all else b"required"))
    suites = bytearray()
    for number in range(_RECORDS if modern else 0):
        yield Send(_request(_SUITES, bytes([_THIS_CHANNEL, 0x00, 0x80 | number])))
        part = _answer((yield Read(limit=1024, seconds=1.0)), _SUITES)[1:]
        suites += part
        if len(part) < 16:
            break
    if suites:
        found.append(Reading("ipmi.ciphers", bytes(suites)))
        found.append(Reading("ipmi.cipher-zero", b"offered" if 0 in _numbers(bytes(suites)) else b"not-offered"))
    return tuple(found)


def _numbers(suites: bytes) -> set[int]:
    """The cipher suites of the list: each begins with 0xC0 and its number, an OEM's with 0xC1."""
    found: set[int] = set()
    at = 0
    while at + 1 < len(suites):
        if suites[at] in (0xC0, 0xC1):
            found.add(suites[at + 1] if suites[at] == 0xC0 else -1)
            at += 2 if suites[at] == 0xC0 else 5
        else:
            at += 1
    return found


PROBE = Probe(name="ipmi", transport="udp", ports=(623,), writes=True, steps=_steps, payload=PAYLOAD)
