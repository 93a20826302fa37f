"""Which flows a captured frame belongs to. Pure: for choosing packets, not for judging them. Hostile input is welcome.

A flow is (packed address, transport, port), as everywhere: for ICMP the port is the type of the request. A frame
belongs to the flow of each of its ends, an ICMP error to the flows of what it quotes. Two more kinds of keys are of no
transport: `link` (port 0) for ARP and neighbour discovery about an address, `fragment` for the pieces of a packet.
"""

from __future__ import annotations

from scanner.net.packets.frames import ETH_ARP, ETH_IP, ETH_IP6, ICMP, ICMP6, TCP, UDP

Key = tuple[bytes, str, int]
ETHERNET, RAW_IP = 1, 101
"""Link types, as pcap files number them."""
_TAGS = frozenset({0x8100, 0x88A8})
_TRANSPORTS = {TCP: "tcp", UDP: "udp"}
_REPLIES = {ICMP: {0: 8, 14: 13, 16: 15, 18: 17}, ICMP6: {129: 128}}
_REQUESTS = {ICMP: frozenset({8, 13, 15, 17}), ICMP6: frozenset({128})}
_ERRORS = {ICMP: frozenset({3, 4, 5, 11, 12}), ICMP6: frozenset({1, 2, 3, 4})}
_NEIGHBOUR = frozenset({135, 136, 137})
_EXTENSIONS = frozenset({0, 43, 60})
_FRAGMENT = 44


def flow_keys(frame: bytes, linktype: int = ETHERNET) -> tuple[Key, ...]:
    """The keys of a frame; none where it is neither ARP nor IP, or cut off too early to tell."""
    if linktype != ETHERNET:
        return _packet(frame)
    at = 12
    ethertype = int.from_bytes(frame[at : at + 2], "big")
    while ethertype in _TAGS and at < 20:
        at += 4
        ethertype = int.from_bytes(frame[at : at + 2], "big")
    data = frame[at + 2 :]
    if ethertype == ETH_ARP and len(data) >= 28 and data[4:6] == b"\x06\x04":
        return (data[14:18], "link", 0), (data[24:28], "link", 0)
    return _packet(data) if ethertype in (ETH_IP, ETH_IP6) else ()


def _packet(data: bytes, quoted: bool = False) -> tuple[Key, ...]:
    version = data[0] >> 4 if data else 0
    if version == 4 and len(data) >= 20:
        piece = int.from_bytes(data[6:8], "big") & 0x3FFF
        identity = data[9] << 16 | int.from_bytes(data[4:6], "big")
        protocol, source, target, at = data[9], data[12:16], data[16:20], (data[0] & 15) * 4
    elif version == 6 and len(data) >= 40:
        source, target = data[8:24], data[24:40]
        protocol, at, piece, identity = _upper(data)
    else:
        return ()
    pieces: tuple[Key, ...] = ((source, "fragment", identity), (target, "fragment", identity)) if piece else ()
    if piece & 0x1FFF:
        return pieces
    return pieces + _segment(protocol, data[at:], source, target, quoted)


def _upper(data: bytes) -> tuple[int, int, int, int]:
    """Of an IPv6 packet: the upper protocol, where it begins, and its fragment as IPv4 would write it."""
    protocol, at, piece, identity = data[6], 40, 0, 0
    for _ in range(8):
        if protocol == _FRAGMENT and len(data) >= at + 8:
            field = int.from_bytes(data[at + 2 : at + 4], "big")
            piece, identity = field >> 3 | (field & 1) << 13, int.from_bytes(data[at + 4 : at + 8], "big")
            protocol, at = data[at], at + 8
        elif protocol in _EXTENSIONS and len(data) >= at + 2:
            protocol, at = data[at], at + 8 * (data[at + 1] + 1)
        else:
            break
    return protocol, at, piece, identity


def _segment(protocol: int, data: bytes, source: bytes, target: bytes, quoted: bool) -> tuple[Key, ...]:
    transport = _TRANSPORTS.get(protocol)
    if transport is not None and len(data) >= 4:
        here, there = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
        return (source, transport, here), (target, transport, there)
    if protocol in _REPLIES and data:
        kind = data[0]
        if kind in _REQUESTS[protocol]:
            return ((target, "icmp", kind),)
        if kind in _REPLIES[protocol]:
            return ((source, "icmp", _REPLIES[protocol][kind]),)
        if kind in _ERRORS[protocol] and not quoted:
            return _packet(data[8:], quoted=True)
        if protocol == ICMP6 and kind in _NEIGHBOUR:
            about = (data[8:24],) if len(data) >= 24 else ()
            return tuple((each, "link", 0) for each in (*about, source, target))
    return (source, "other", protocol), (target, "other", protocol)
