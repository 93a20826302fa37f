"""What arrives at a canary, read out of IP packets. Pure, and everything in them is hostile: nothing raises."""

from __future__ import annotations

import struct

import msgspec

from scanner.model.base import Transport
from scanner.net.packets.frames import ICMP, ICMP6, TCP, UDP

SYN, FIN, RST, PSH, ACK = 0x02, 0x01, 0x04, 0x08, 0x10
ECHO, ECHO6 = 8, 128
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _OPTIONS = 0, 43, 44, 51, 60
_MOST_HEADERS = 8
_MOST_BYTES = 2048
"""Of a reassembled packet: a signed probe has a hundred at most."""
_MOST_PIECES, _MOST_WAITING = 64, 256
_SECONDS = 5.0
"""For which the rest of a fragmented packet is waited for."""
_TCP = struct.Struct("!HHIIBB")
_PORTS = struct.Struct("!HH")
_PIECE = struct.Struct("!BxHI")


class Probe(msgspec.Struct, frozen=True):
    """A TCP segment, a datagram or an echo request."""

    transport: Transport
    source: bytes
    target: bytes
    """Addresses, packed."""
    local: int
    """The port that it came from; for icmp the identifier."""
    port: int
    """The port that it came to; for icmp the type."""
    data: bytes
    sequence: int = 0
    acked: int = 0
    flags: int = 0
    fragmented: bool = False


class Reader:
    """Reads packets, and puts together what came in fragments. What a packet lacks of its length is not looked at."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[bytes, bytes, int, int], _Pieces] = {}

    def read(self, packet: bytes, now: float) -> Probe | None:
        """A probe; None for anything else, for a piece of one and for what is mangled. `now`: seconds, any clock."""
        try:
            if packet[0] >> 4 == 4:
                return self._four(packet, now)
            if packet[0] >> 4 == 6:
                return self._six(packet, now)
        except (IndexError, struct.error):
            pass
        return None

    def _four(self, packet: bytes, now: float) -> Probe | None:
        head = (packet[0] & 15) * 4
        length, identifier, place = struct.unpack_from("!HHH", packet, 2)
        source, target, protocol = packet[12:16], packet[16:20], packet[9]
        if head < 20 or length < head or len(target) < 4:
            return None
        body = packet[head:length]
        if not place & 0x3FFF:
            return _segment(protocol, source, target, body, False)
        if len(packet) < length:
            return None
        key = source, target, identifier, protocol
        return self._piece(key, protocol, (place & 0x1FFF) * 8, bool(place & 0x2000), body, now)

    def _six(self, packet: bytes, now: float) -> Probe | None:
        length, kind = struct.unpack_from("!HB", packet, 4)
        source, target = packet[8:24], packet[24:40]
        if len(target) < 16:
            return None
        end = 40 + length
        at = 40
        for _ in range(_MOST_HEADERS):
            if kind in (_HOP_BY_HOP, _ROUTING, _OPTIONS):
                kind, at = packet[at], at + 8 * (packet[at + 1] + 1)
            elif kind == _AUTHENTICATION:
                kind, at = packet[at], at + 4 * (packet[at + 1] + 2)
            elif kind == _FRAGMENT:
                after, place, identifier = _PIECE.unpack_from(packet, at)
                body = packet[at + 8 : end]
                if not place & 0xFFF9:  # an "atomic" fragment: all of it
                    kind, at = after, at + 8
                    continue
                if len(packet) < end:
                    return None
                return self._piece((source, target, identifier, 6), after, place & 0xFFF8, bool(place & 1), body, now)
            else:
                return _segment(kind, source, target, packet[at:end], False)
        return None

    def _piece(
        self, key: tuple[bytes, bytes, int, int], protocol: int, at: int, more: bool, body: bytes, now: float
    ) -> Probe | None:
        waiting = self._waiting
        pieces = waiting.get(key)
        if pieces is None or now - pieces.since > _SECONDS:
            if len(waiting) >= _MOST_WAITING:
                del waiting[next(iter(waiting))]
            pieces = waiting[key] = _Pieces(now)
        if not pieces.add(at, more, body, protocol):
            del waiting[key]
            return None
        whole = pieces.whole()
        if whole is None:
            return None
        del waiting[key]
        return _segment(pieces.protocol, key[0], key[1], whole, True)


class _Pieces:
    """The fragments of one packet."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.protocol = -1
        self._parts: dict[int, bytes] = {}
        self._end = -1

    def add(self, at: int, more: bool, body: bytes, protocol: int) -> bool:
        """Whether the packet may still come to something: no honest one has pieces that overlap."""
        if at + len(body) > _MOST_BYTES or len(self._parts) >= _MOST_PIECES or (more and (not body or len(body) % 8)):
            return False
        if self._parts.get(at, body) != body:
            return False
        self._parts[at] = body
        if at == 0:
            self.protocol = protocol  # of IPv6 only the first fragment says what comes after
        if not more:
            if self._end not in (-1, at + len(body)):
                return False
            self._end = at + len(body)
        return True

    def whole(self) -> bytes | None:
        if self._end < 0:
            return None
        found = bytearray()
        for at in sorted(self._parts):
            if at != len(found):
                return None
            found += self._parts[at]
        return bytes(found) if len(found) == self._end else None


def _segment(protocol: int, source: bytes, target: bytes, body: bytes, fragmented: bool) -> Probe | None:
    if protocol == TCP:
        local, port, sequence, acked, offset, flags = _TCP.unpack_from(body)
        start = (offset >> 4) * 4
        if start < 20:
            return None
        return Probe("tcp", source, target, local, port, body[start:], sequence, acked, flags, fragmented)
    if protocol == UDP:
        local, port = _PORTS.unpack_from(body)
        length = int.from_bytes(body[4:6], "big")
        if length < 8:
            return None
        return Probe("udp", source, target, local, port, body[8:length], 0, 0, 0, fragmented)
    wanted = ECHO if protocol == ICMP and len(source) == 4 else ECHO6 if protocol == ICMP6 and len(source) == 16 else -1
    if body and body[0] == wanted and body[1] == 0:
        local, sequence = _PORTS.unpack_from(body, 4)
        return Probe("icmp", source, target, local, wanted, body[8:], sequence, 0, 0, fragmented)
    return None
