"""NetBIOS: the names that a Windows machine or Samba gives itself, by one node status question."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_NAME = b"\x20CK" + b"A" * 30 + b"\x00"
_STATISTICS = 46
PAYLOAD = struct.pack("!6H", 0x4657, 0, 1, 0, 0, 0) + _NAME + struct.pack("!HH", 0x21, 1)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    answer = yield Read(limit=2048)
    names = node_names(answer)
    if not names:
        return ()
    readings = [Reading("netbios", b"\n".join(names))]
    if len(told := statistics(answer)) == _STATISTICS:
        readings.append(Reading("netbios.statistics", told))
        if any(told[:6]):
            readings.append(Reading("netbios.mac", told[:6]))
    return tuple(readings)


def node_names(answer: bytes) -> tuple[bytes, ...]:
    """`NAME<20>` for each name in a node status answer. Never raises."""
    # Header, the question's name again, type, class, TTL, length: then the count.
    at = 12 + len(_NAME) + 10
    if len(answer) <= at or answer[:2] != PAYLOAD[:2] or not answer[2] & 0x80:
        return ()
    names: list[bytes] = []
    for index in range(min(answer[at], 64)):
        entry = answer[at + 1 + index * 18 : at + 1 + (index + 1) * 18]
        if len(entry) < 18:
            break
        names.append(b"%s<%02x>" % (entry[:15].rstrip(b" \0"), entry[15]))
    return tuple(names)


def statistics(answer: bytes) -> bytes:
    """What follows the names: the card's address, then counters. Never raises.

    Samba fills all of it with zeros, and says so in its source; Windows names its card.
    """
    at = 12 + len(_NAME) + 10
    start = at + 1 + 18 * answer[at] if len(answer) > at else len(answer)
    return answer[start : start + _STATISTICS]


PROBE = Probe(name="netbios", transport="udp", ports=(137,), writes=True, steps=_steps, payload=PAYLOAD)
