"""IP packets in fragments, as small as they come, so that only the first one has the ports. RFC 791, 8200."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.net.packets import frames

FRAGMENT_HEADER = 44
"""The protocol number of IPv6's fragment header."""
_PIECE = 8
_MORE = 0x2000
_TCP_LEAST = 24
"""IPv6 nodes drop a first fragment without the whole TCP header (RFC 7112): 20 bytes, in units of 8."""
_NO_OPERATION = b"\x01"


def fragments(packet: bytes, identification: int) -> list[bytes]:
    """The fragments of a whole packet with a plain header (an IPv6 one without extension headers), in their order.

    IPv4: a SYN in pieces of 8 bytes, so that the first has the ports and the sequence number, and a datagram's header
    apart from what it says. IPv6: the TCP header, for which the SYN gets options that mean nothing, and the rest.
    """
    six = packet[0] >> 4 == 6
    protocol, start = (packet[6], 40) if six else (packet[9], 20)
    body = packet[start:]
    if six and protocol == frames.TCP:
        body = _with_options(packet[8:24], packet[24:40], body)
    first = _TCP_LEAST if six and protocol == frames.TCP else _PIECE
    rest = _PIECE if protocol == frames.TCP else len(body)
    pieces = [(0, body[:first]), *((at, body[at : at + rest]) for at in range(first, len(body), max(rest, 1)))]
    make = _six if six else _four
    return [make(packet, protocol, at, piece, at + len(piece) < len(body), identification) for at, piece in pieces]


def fragment_count(protocol: int, length: int, six: bool) -> int:
    """How many packets `fragments` makes of so many bytes after the IP header."""
    if protocol != frames.TCP:
        return 1 + (length > _PIECE)
    return 2 if six else -(-length // _PIECE)


def identifications() -> Iterator[int]:
    """Numbers for the packets of one scan: no two that are under way at once have the same one."""
    while True:
        yield from range(1, 1 << 16)


def _four(packet: bytes, protocol: int, at: int, piece: bytes, more: bool, identification: int) -> bytes:
    flags = at // 8 | (_MORE if more else 0)
    head = packet[:2] + struct.pack("!HHH", 20 + len(piece), identification, flags) + packet[8:10] + bytes(2)
    head += packet[12:20]
    return head[:10] + frames.checksum(head).to_bytes(2, "big") + head[12:] + piece


def _six(packet: bytes, protocol: int, at: int, piece: bytes, more: bool, identification: int) -> bytes:
    header = struct.pack("!BBHI", protocol, 0, at | int(more), identification)
    length = len(header) + len(piece)
    return packet[:4] + struct.pack("!HB", length, FRAGMENT_HEADER) + packet[7:40] + header + piece


def _with_options(source: bytes, target: bytes, segment: bytes) -> bytes:
    """A TCP segment without data, longer by one more piece of options."""
    words = (segment[12] >> 4) + _PIECE // 4
    longer = segment[:12] + bytes((words << 4 | segment[12] & 15,)) + segment[13:16] + bytes(2) + segment[18:]
    longer += _NO_OPERATION * _PIECE
    value = frames.checksum(longer, frames.pseudo(source, target, frames.TCP) + len(longer))
    return longer[:16] + value.to_bytes(2, "big") + longer[18:]
