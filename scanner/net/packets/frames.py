"""Packets as bytes: what the raw engine sends, and what an answer says. Pure: no socket is touched here.

Built without a library because one probe costs a few microseconds this way, where a general one takes a hundred
times that. Addresses are packed (4 or 16 bytes) and everything is in network order. RFC 791, 792, 826, 4443, 4861,
8200, 9293.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

from scanner.model.base import Transport
from scanner.model.observation import State

ETH_IP, ETH_ARP, ETH_IP6 = 0x0800, 0x0806, 0x86DD
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
BROADCAST = b"\xff" * 6
ALL_NODES = bytes.fromhex("ff020000000000000000000000000001")
DESTINATION_OPTIONS = 60
_FRAGMENT = 44
HOP_LIMIT = 64
_SOLICITED = bytes.fromhex("ff0200000000000000000001ff")
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_ECHO, _TIMESTAMP, _ECHO6 = 8, 13, 128
_REFUSED_OPTION = 0x9E
"""Of the types that must be answered with an error, even to a group, the one set aside for experiments (RFC 4727)."""
_TRANSPORTS: dict[int, Transport] = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmp"}


class Heard(msgspec.Struct, frozen=True):
    """An answer to a probe, or an ICMP error about one."""

    transport: Transport
    target: bytes
    """The probed address."""
    port: int
    """The probed port; for icmp the type of the request."""
    local: int
    """Our source port; for icmp our identifier."""
    proof: int | None
    """The sequence number that our probe must have carried; None where a UDP answer holds none."""
    state: State
    reason: str
    ttl: int
    source: bytes
    window: int | None = None


class OptionRefused(msgspec.Struct, frozen=True):
    """A host's parameter problem about the destination option of a probe of ours."""

    host: bytes
    asker: bytes
    """The address that the probe came from."""
    target: bytes
    cookie: bytes
    """As `refused_option` put it into the option."""
    ttl: int


def checksum(data: bytes, start: int = 0) -> int:
    """The internet checksum: a number in base 65,536 is congruent to the sum of its digits modulo 65,535.

    Zero is always written 0xFFFF, which is the same number and does not mean "no checksum" in UDP.
    """
    if len(data) & 1:
        data += b"\0"
    return 0xFFFF - (int.from_bytes(data, "big") + start) % 0xFFFF


def pseudo(source: bytes, target: bytes, protocol: int) -> int:
    """What the pseudo-header adds to a checksum, but for the length of the segment."""
    return (int.from_bytes(source, "big") + int.from_bytes(target, "big") + protocol) % 0xFFFF


def ip_head(source: bytes, target: bytes, protocol: int, length: int, hops: int = HOP_LIMIT) -> bytes:
    """The IPv4 or IPv6 header of a packet with `length` bytes after it."""
    if len(target) == 16:
        return struct.pack("!IHBB", 0x60000000, length, protocol, hops) + source + target
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, hops, protocol, 0) + source + target
    return head[:10] + checksum(head).to_bytes(2, "big") + head[12:]


SYN_LENGTH = 24


def syn(pseudo_sum: int, source_port: int, port: int, sequence: int) -> bytes:
    """A TCP SYN (24 bytes, one MSS option); `pseudo_sum` as `pseudo(..., TCP)` gives it."""
    before = struct.pack("!HHIIBBH", source_port, port, sequence, 0, 0x60, _SYN, 64240)
    after = b"\0\0\x02\x04\x05\xb4"
    return before + checksum(before + b"\0\0" + after, pseudo_sum + SYN_LENGTH).to_bytes(2, "big") + after


ACK_LENGTH = 20


def ack(pseudo_sum: int, source_port: int, port: int, cookie: int) -> bytes:
    """A TCP ACK of no connection (20 bytes); `pseudo_sum` as `pseudo(..., TCP)` gives it.

    The cookie is both numbers: the RST that answers has it as its sequence, an ICMP error quotes ours.
    """
    before = struct.pack("!HHIIBBH", source_port, port, cookie, cookie, 0x50, _ACK, 64240)
    return before + checksum(before + bytes(4), pseudo_sum + ACK_LENGTH).to_bytes(2, "big") + b"\0\0"


def datagram(pseudo_sum: int, source_port: int, port: int, payload: bytes) -> bytes:
    """A UDP datagram; `pseudo_sum` as `pseudo(..., UDP)` gives it."""
    length = 8 + len(payload)
    head = struct.pack("!HHH", source_port, port, length)
    value = checksum(head + b"\0\0" + payload, pseudo_sum + length)
    return head + value.to_bytes(2, "big") + payload


def echo(source: bytes, target: bytes, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An echo request, ICMP or ICMPv6 as the target is."""
    rest = struct.pack("!HH", identifier, sequence) + payload
    if len(target) == 4:
        return b"\x08\0" + checksum(b"\x08\0\0\0" + rest).to_bytes(2, "big") + rest
    return _icmp6(source, target, _ECHO6, rest)


def timestamp(identifier: int, sequence: int, originate: int) -> bytes:
    """An ICMP timestamp request (IPv4 only, 20 bytes); `originate` is milliseconds since midnight UTC."""
    rest = struct.pack("!HHIII", identifier, sequence, originate, 0, 0)
    return bytes((_TIMESTAMP, 0)) + checksum(bytes((_TIMESTAMP, 0, 0, 0)) + rest).to_bytes(2, "big") + rest


def refused_option(protocol: int, cookie: bytes) -> bytes:
    """A destination options header (8 bytes) before `protocol`, with an option that nobody knows.

    Its type asks every host that gets it, by a group's address as well, to answer a parameter problem (RFC 8200,
    section 4.2). `cookie`: 4 bytes.
    """
    return bytes((protocol, 0, _REFUSED_OPTION, 4)) + cookie


def option_refused(data: bytes) -> OptionRefused | None:
    """What a packet says about a probe with `refused_option`; None for anything else, however mangled."""
    if len(data) < 96 or data[0] >> 4 != 6 or data[6] != ICMP6 or data[40:42] != b"\x04\x02":
        return None
    quoted = data[48:]
    if quoted[0] >> 4 != 6 or quoted[6] != DESTINATION_OPTIONS or quoted[41:44] != bytes((0, _REFUSED_OPTION, 4)):
        return None
    return OptionRefused(data[8:24], quoted[8:24], quoted[24:40], quoted[44:48], data[7])


def arp_request(mac: bytes, source: bytes, target: bytes) -> bytes:
    return struct.pack("!HHBBH6s4s6s4s", 1, ETH_IP, 6, 4, 1, mac, source, bytes(6), target)


def arp_answer(data: bytes) -> tuple[bytes, bytes] | None:
    """(address, MAC) of an ARP reply."""
    if len(data) < 28:
        return None
    hardware, protocol, hlen, plen, operation, mac, address = struct.unpack_from("!HHBBH6s4s", data)
    if (hardware, protocol, hlen, plen, operation) != (1, ETH_IP, 6, 4, 2):
        return None
    return address, mac


def solicitation(mac: bytes, source: bytes, target: bytes) -> tuple[bytes, bytes]:
    """(destination MAC, IPv6 packet) of a neighbour solicitation."""
    group = _SOLICITED + target[13:]
    message = _icmp6(source, group, 135, bytes(4) + target + b"\x01\x01" + mac)
    return group_mac(group), ip_head(source, group, ICMP6, len(message), hops=255) + message


def group_mac(group: bytes) -> bytes:
    """The Ethernet address of an IPv6 multicast group."""
    return b"\x33\x33" + group[12:]


def advertisement(data: bytes) -> tuple[bytes, bytes | None] | None:
    """(address, MAC if it is given) of a neighbour advertisement that was not routed here."""
    if len(data) < 64 or data[0] >> 4 != 6 or data[6] != ICMP6 or data[7] != 255 or data[40] != 136:
        return None
    offset = 64
    while offset + 8 <= len(data) and data[offset + 1]:
        if data[offset] == 2 and data[offset + 1] == 1:
            return data[48:64], data[offset + 2 : offset + 8]
        offset += 8 * data[offset + 1]
    return data[48:64], None


def heard(data: bytes, acks: bool = False) -> Heard | None:
    """What an IP packet says about a probe of ours; None for anything else, however mangled.

    `acks`: ACK probes are out, too. A host answers them with a RST without ACK, whatever the port is: its reason is
    `ack-rst`, and its `closed` says that the host is there and nothing of the port.
    """
    try:
        version = data[0] >> 4
        if version == 4:
            head = (data[0] & 15) * 4
            fragment = int.from_bytes(data[6:8], "big") & 0x1FFF
            if head < 20 or fragment:
                return None
            return _segment(data[9], data[8], data[12:16], data[head:], acks)
        if version == 6:
            return _segment(data[6], data[7], data[8:24], data[40:], acks)
    except (IndexError, struct.error):
        return None
    return None


def _segment(protocol: int, ttl: int, source: bytes, data: bytes, acks: bool) -> Heard | None:
    if protocol == TCP:
        port, local, sequence, acked, _, flags, window = struct.unpack_from("!HHIIBBH", data)
        if acks and flags & (_SYN | _RST | _ACK) == _RST:
            return Heard("tcp", source, port, local, sequence, "closed", "ack-rst", ttl, source, window)
        if not flags & _ACK or not flags & (_SYN | _RST):
            return None
        closed = bool(flags & _RST)
        proof = (acked - 1) & 0xFFFFFFFF
        reason = "rst" if closed else "syn-ack"
        return Heard("tcp", source, port, local, proof, "closed" if closed else "open", reason, ttl, source, window)
    if protocol == UDP:
        port, local = struct.unpack_from("!HH", data)
        return Heard("udp", source, port, local, None, "open", "udp-reply", ttl, source)
    if protocol == ICMP:
        kind, code = data[0], data[1]
        if kind in (0, 14):
            local, sequence = struct.unpack_from("!HH", data, 4)
            asked, reason = (_TIMESTAMP, "timestamp-reply") if kind else (_ECHO, "echo-reply")
            return Heard("icmp", source, asked, local, sequence, "open", reason, ttl, source)
        state = icmp_state(4, kind, code)
        quoted = data[8:]
        if state is None or quoted[0] >> 4 != 4 or int.from_bytes(quoted[6:8], "big") & 0x1FFF:
            return None
        return _quoted(
            quoted[9], quoted[16:20], quoted[(quoted[0] & 15) * 4 :], state, f"icmp-{kind}-{code}", ttl, source
        )
    if protocol == ICMP6:
        kind, code = data[0], data[1]
        if kind == 129:
            local, sequence = struct.unpack_from("!HH", data, 4)
            return Heard("icmp", source, _ECHO6, local, sequence, "open", "echo-reply", ttl, source)
        state = icmp_state(6, kind, code)
        quoted = data[8:]
        if state is None or quoted[0] >> 4 != 6:
            return None
        if quoted[6] == _FRAGMENT and not int.from_bytes(quoted[42:44], "big") & 0xFFF8:
            return _quoted(quoted[40], quoted[24:40], quoted[48:], state, f"icmp6-{kind}-{code}", ttl, source)
        return _quoted(quoted[6], quoted[24:40], quoted[40:], state, f"icmp6-{kind}-{code}", ttl, source)
    return None


def _quoted(
    protocol: int, target: bytes, segment: bytes, state: State, reason: str, ttl: int, source: bytes
) -> Heard | None:
    transport = _TRANSPORTS.get(protocol)
    if transport is None:
        return None
    if transport == "icmp":
        kind, local, sequence = struct.unpack_from("!BxxxHH", segment)
        if kind not in ((_ECHO, _TIMESTAMP) if protocol == ICMP else (_ECHO6,)):
            return None
        return Heard("icmp", target, kind, local, sequence, state, reason, ttl, source)
    local, port = struct.unpack_from("!HH", segment)
    proof = int.from_bytes(segment[4:8], "big") if transport == "tcp" else None
    return Heard(transport, target, port, local, proof, state, reason, ttl, source)


def icmp_state(version: Literal[4, 6], kind: int, code: int) -> State | None:
    """What an ICMP error says of the probe that it quotes; None for those that say nothing about reachability."""
    if version == 4:
        if kind == 3 and code != 4:
            return "closed" if code == 3 else "rejected" if code in (9, 10, 13) else "unreachable"
        return "unreachable" if (kind, code) == (11, 0) else None
    if kind == 1:
        return "closed" if code == 4 else "rejected" if code in (1, 5, 6) else "unreachable"
    return "unreachable" if (kind, code) == (3, 0) else None


def _icmp6(source: bytes, target: bytes, kind: int, rest: bytes) -> bytes:
    head = bytes((kind, 0))
    length = 4 + len(rest)
    value = checksum(head + b"\0\0" + rest, pseudo(source, target, ICMP6) + length)
    return head + value.to_bytes(2, "big") + rest
