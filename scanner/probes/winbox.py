"""MikroTik's Winbox: the list of its plug-ins, with which every Winbox begins, and which old RouterOS gives to anybody.

This one list is asked for and no other file. Newer RouterOS (6.43 and later) keeps it to itself: it may still show by
the frame that it is Winbox. A login, with which alone the newest answer, is not begun.

Kinds: `winbox` (the first bytes of the answer), `winbox.list` (the list, where it is given).
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_FILES = 2
"""The part of Winbox's server that hands out files, as the tag of a frame."""
_NEXT = 0xFF
_ASK = bytes.fromhex("1202") + b"list".ljust(12, b"\0") + bytes.fromhex("008000000000")
_HEAD = 18
"""Bytes of name, number, size and place before what is in the file."""
_LIST = 2048


def content(data: bytes) -> bytes:
    """What the frames carry, behind the answer's own head. A frame cut short counts as far as it goes."""
    body, at, tag = bytearray(), 0, _FILES
    while at + 2 <= len(data) and data[at + 1] == tag:
        size = data[at]
        body += data[at + 2 : at + 2 + size]
        at, tag = at + 2 + size, _NEXT
    return bytes(body[_HEAD:])


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=lambda said: len(said) >= _LIST or b'version: "' in said[:-32], limit=4096)
    if data[1:6] != b"\x02list":
        return stranger(data, peer.port)
    found = [Reading("winbox", data[:20])]
    text = content(data)
    if b"{" in text[:16]:
        found.append(Reading("winbox.list", text[:_LIST]))
    return tuple(found)


PROBE = Probe(name="winbox", transport="tcp", ports=(8291,), writes=True, steps=_steps)
