"""What a capture lets the kernel keep, as a classic BPF program: a busy network must not drown the scan's packets.

It keeps a little more than wanted (every ICMP and IPv6 packet; many ranges are drawn together), and `Concerned` then
looks at each packet in full.
"""

from __future__ import annotations

import struct
from bisect import bisect_right

from scanner.model.addresses import AddressSet
from scanner.net.evidence.dissect import ETHERNET, flow_keys
from scanner.net.packets.frames import ETH_ARP, ETH_IP, ETH_IP6, ICMP

_LD, _LDH, _LDB, _AND = 0x20, 0x28, 0x30, 0x54
_JEQ, _JGT, _JGE, _RET = 0x15, 0x25, 0x35, 0x06
_KEEP = 0x40000
_MULTICAST = (0xE0000000, 0xEFFFFFFF)
_MOST_SPANS = 128
"""Each is two comparisons for every packet."""
_MOST_KNOWN = 1 << 17
_HIGHEST = 1 << 128

Instruction = tuple[int, int, int, int]


def keeping(addresses: AddressSet, linktype: int) -> bytes:
    """The program: IPv4 from or to the addresses or a multicast group, ARP, ICMP, and IPv6."""
    spans = _few([(low, high) for version, low, high in addresses.spans if version == 4])
    keep: Instruction = (_RET, 0, 0, _KEEP)
    if linktype == ETHERNET:
        at = 14
        program = [(_LDH, 0, 0, 12), (_JEQ, 0, 1, ETH_ARP), keep, (_JEQ, 0, 1, ETH_IP6), keep, (_JEQ, 1, 0, ETH_IP)]
    else:
        at = 0
        program = [(_LDB, 0, 0, 0), (_AND, 0, 0, 0xF0), (_JEQ, 0, 1, 0x60), keep, (_JEQ, 1, 0, 0x40)]
    program += [(_RET, 0, 0, 0), (_LDB, 0, 0, at + 9), (_JEQ, 0, 1, ICMP), keep]
    for offset in (at + 12, at + 16):
        program.append((_LD, 0, 0, offset))
        for low, high in (*spans, _MULTICAST):
            program += [(_JGE, 0, 2, low), (_JGT, 1, 0, high), keep]
    program.append((_RET, 0, 0, 0))
    return b"".join(struct.pack("HBBI", *each) for each in program)


def _few(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Drawn together over the smallest gaps until they are few enough."""
    gaps = sorted(range(1, len(spans)), key=lambda index: spans[index][0] - spans[index - 1][1], reverse=True)
    cuts = sorted(gaps[: _MOST_SPANS - 1])
    starts, ends = [0, *cuts], [*cuts, len(spans)]
    return [(spans[first][0], spans[end - 1][1]) for first, end in zip(starts, ends, strict=True)] if spans else []


class Concerned:
    """Whether a packet is to or from one of the addresses, about one (ARP, neighbour discovery, an ICMP error that
    quotes such a packet), or to a multicast group, where neighbours are asked who they are."""

    def __init__(self, addresses: AddressSet, linktype: int) -> None:
        self._spans = addresses.spans
        self._linktype = linktype
        self._known: dict[bytes, bool] = {}

    def __call__(self, frame: bytes) -> bool:
        known = self._known
        for address, _, _ in flow_keys(frame, self._linktype):
            found = known.get(address)
            if found is None:
                if len(known) >= _MOST_KNOWN:
                    known.clear()
                found = known[address] = self._holds(address)
            if found:
                return True
        return False

    def _holds(self, address: bytes) -> bool:
        version, value = (4 if len(address) == 4 else 6), int.from_bytes(address, "big")
        if address[0] == 0xFF if version == 6 else 0xE0 <= address[0] <= 0xEF:
            return True
        at = bisect_right(self._spans, (version, value, _HIGHEST)) - 1
        return at >= 0 and self._spans[at][0] == version and value <= self._spans[at][2]
