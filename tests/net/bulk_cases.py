"""Hosts and questions for the bulk tests, the packets that `frames` makes of them, and answers that scapy makes."""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.packet import Packet, Raw

from scanner.model.addresses import AddressSet
from scanner.net.packets import frames
from scanner.net.packets.bulk import Arrivals, Ask, Asks, Hosts, packed
from scanner.net.packets.bulk_build import Builder
from scanner.net.packets.bulk_hosts import Proof
from scanner.net.packets.bulk_parse import Parser
from scanner.net.packets.transmit import Transmit

PORTS = range(61000, 61006)
ATTEMPTS = len(PORTS)
IDENTIFIER = 0xBEEF
SOURCE4, SOURCE6 = "10.9.0.1", "fd09::1"
TARGETS4, TARGETS6 = "10.1.0.1-10.1.0.5,10.1.2.0-10.1.3.1", "fd01::1-fd01::9,fd02::ffff"
TCP_ASKS = [Ask("tcp", port) for port in (22, 80, 443, 65535)]
UDP_ASKS = [Ask("udp", 53, b"odd"), Ask("udp", 123, bytes(48)), Ask("udp", 161)]
MIXED4 = [*TCP_ASKS, Ask("icmp", 8), Ask("icmp", 13), *UDP_ASKS, Ask("tcp", 80, ack=True)]
MIXED6 = [*TCP_ASKS, Ask("icmp", 128), *UDP_ASKS, Ask("tcp", 80, ack=True)]


class Case:
    """A set of hosts and questions with what sends and what hears."""

    def __init__(self, targets: str, asks: list[Ask], sources: list[str] | None = None) -> None:
        version = 6 if ":" in targets else 4
        self.asks = asks
        self.addresses = packed(AddressSet.parse(targets), version)
        own = [ipaddress.ip_address(each).packed for each in sources or [SOURCE6 if version == 6 else SOURCE4]]
        number = len(self.addresses)
        self.sources = np.array([list(own[row % len(own)]) for row in range(number)], np.uint8)
        self.hosts = Hosts(self.addresses, self.sources, (np.arange(number) % 2).astype(np.uint16))
        self.proof = Proof(number, len(asks))
        self.builder = Builder(self.hosts, Asks.of(asks), PORTS, IDENTIFIER, self.proof, [b"\2" * 6, b"\4" * 6])
        self.parser = Parser(self.hosts, Asks.of(asks), PORTS, len(PORTS), IDENTIFIER, self.proof)
        self.count = number * len(asks)

    def built(self, indices: list[int], attempt: int) -> list[tuple[bytes, int]]:
        """(packet, next hop) of each slot."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            transmit = Transmit(sock, 1)
            slots = self.builder.lay_out(transmit)
            self.builder.fill(slots, np.array(indices, np.int64), attempt)
            hops = {transmit.hop(number): number for number in (0, 1)}
            found = []
            for slot in range(len(indices)):
                start = slot * transmit.stride
                data = bytes(memoryview(transmit.packets)[start : start + transmit.vectors[slot].length])
                found.append((data, hops[transmit.messages[slot].header.name]))
            return found

    def probe(self, index: int, attempt: int = 0) -> bytes:
        """The packet that `frames` makes."""
        host, number = divmod(index, len(self.asks))
        ask = self.asks[number]
        source, target = bytes(self.sources[host]), bytes(self.addresses[host])
        mark = self.proof.mark(host, number)
        cookie, sequence = mark >> 32, (mark + attempt) & 0xFFFF
        local = PORTS.start + attempt
        protocol = {"tcp": frames.TCP, "udp": frames.UDP, "icmp": frames.ICMP if len(target) == 4 else frames.ICMP6}
        pseudo = frames.pseudo(source, target, protocol[ask.transport])
        if ask.transport == "udp":
            body = frames.datagram(pseudo, local, ask.port, ask.payload)
        elif ask.transport == "tcp":
            body = (frames.ack if ask.ack else frames.syn)(pseudo, local, ask.port, cookie)
        elif ask.port == 13:
            body = frames.timestamp(IDENTIFIER, sequence, cookie | 0x80000000)
        else:
            payload = cookie.to_bytes(4, "big") + bytes((attempt, 0, 0, 0))
            body = frames.echo(source, target, IDENTIFIER, sequence, payload)
        return frames.ip_head(source, target, protocol[ask.transport], len(body)) + body

    def hear(self, *packets: bytes, start: int = 80) -> Arrivals:
        kind = frames.ETH_IP6 if self.addresses.shape[1] == 16 else frames.ETH_IP
        return self.parser.parse(np.stack([frame(each, kind, start) for each in packets]))


def frame(data: bytes, ethertype: int, start: int = 80, at: float = 1e9, size: int = 256) -> npt.NDArray[np.uint8]:
    """As the kernel lays a packet out: linux/if_packet.h, tpacket2_hdr and sockaddr_ll."""
    kept = min(len(data), size - start)
    head = struct.pack("=IIIHHIIHH4x", 1, len(data), kept, start, start, int(at), int(at % 1 * 1e9), 0, 0)
    link = struct.pack("=HHiHBB8s", 17, socket.htons(ethertype), 3, 1, 0, 6, b"\2" * 6)
    return np.frombuffer((head + link).ljust(start, b"\xaa") + data[:kept].ljust(size - start, b"\x55"), np.uint8)


def answer(case: Case, index: int, attempt: int, how: str, ttl: int = 60) -> bytes:
    """A host's or a router's answer, built by scapy from the probe's own bytes."""
    six = case.addresses.shape[1] == 16
    layer: Any = IPv6 if six else IP
    probe = layer(case.probe(index, attempt))
    router = "fd77::1" if six else "10.77.0.1"
    life = {"hlim" if six else "ttl": ttl}
    head = layer(src=probe.dst, dst=probe.src, **life)
    foreign = layer(src=router, dst=probe.src, **life)
    packet: Packet
    if how in ("syn-ack", "rst"):
        flags = "SA" if how == "syn-ack" else "RA"
        ports = {"sport": probe[TCP].dport, "dport": probe[TCP].sport}
        packet = head / TCP(**ports, flags=flags, ack=(probe[TCP].seq + 1) & 0xFFFFFFFF, seq=7, window=555)
    elif how == "ack-rst":
        packet = head / TCP(sport=probe[TCP].dport, dport=probe[TCP].sport, flags="R", seq=probe[TCP].ack, window=0)
    elif how == "echo-reply" and six:
        echo = probe[ICMPv6EchoRequest]
        packet = head / ICMPv6EchoReply(id=echo.id, seq=echo.seq, data=echo.data)
    elif how == "echo-reply":
        packet = head / ICMP(type=0, id=probe[ICMP].id, seq=probe[ICMP].seq) / probe[Raw]
    elif how == "timestamp-reply":
        asked = probe[ICMP]
        packet = head / ICMP(type=14, id=asked.id, seq=asked.seq, ts_ori=asked.ts_ori, ts_rx=5, ts_tx=5)
    elif how == "udp-reply":
        packet = head / UDP(sport=probe[UDP].dport, dport=probe[UDP].sport) / b"hello"
    elif six:
        kind, code = (int(each) for each in how.split("-")[1:])
        assert kind == 1
        packet = foreign / ICMPv6DestUnreach(code=code) / probe
    else:
        kind, code = (int(each) for each in how.split("-")[1:])
        packet = foreign / ICMP(type=kind, code=code) / probe
    return bytes(packet)


ANSWERS: list[tuple[str, int, str, tuple[Any, ...]]] = [
    ("4", 0, "syn-ack", ("tcp", "open", "syn-ack", 60, None, 555)),
    ("4", 3, "rst", ("tcp", "closed", "rst", 60, None, 555)),
    ("4", 9, "ack-rst", ("tcp", "closed", "ack-rst", 60, None, 0)),
    ("4", 4, "echo-reply", ("icmp", "open", "echo-reply", 60, None, None)),
    ("4", 5, "timestamp-reply", ("icmp", "open", "timestamp-reply", 60, None, None)),
    ("4", 6, "udp-reply", ("udp", "open", "udp-reply", 60, None, None)),
    ("4", 1, "icmp-3-13", ("tcp", "rejected", "icmp-3-13", 60, "10.77.0.1", None)),
    ("4", 9, "icmp-3-1", ("tcp", "unreachable", "icmp-3-1", 60, "10.77.0.1", None)),
    ("4", 4, "icmp-11-0", ("icmp", "unreachable", "icmp-11-0", 60, "10.77.0.1", None)),
    ("4", 5, "icmp-3-1", ("icmp", "unreachable", "icmp-3-1", 60, "10.77.0.1", None)),
    ("4", 7, "icmp-3-3", ("udp", "closed", "icmp-3-3", 60, "10.77.0.1", None)),
    ("6", 0, "syn-ack", ("tcp", "open", "syn-ack", 60, None, 555)),
    ("6", 2, "rst", ("tcp", "closed", "rst", 60, None, 555)),
    ("6", 8, "ack-rst", ("tcp", "closed", "ack-rst", 60, None, 0)),
    ("6", 4, "echo-reply", ("icmp", "open", "echo-reply", 60, None, None)),
    ("6", 5, "udp-reply", ("udp", "open", "udp-reply", 60, None, None)),
    ("6", 3, "icmp6-1-1", ("tcp", "rejected", "icmp6-1-1", 60, "fd77::1", None)),
    ("6", 4, "icmp6-1-3", ("icmp", "unreachable", "icmp6-1-3", 60, "fd77::1", None)),
    ("6", 6, "icmp6-1-4", ("udp", "closed", "icmp6-1-4", 60, "fd77::1", None)),
]


def mixed(version: str) -> Case:
    return Case(TARGETS4, MIXED4) if version == "4" else Case(TARGETS6, MIXED6)
