"""Packets built here are read by scapy, and packets built by scapy are read here: two writers, one truth."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6TimeExceeded,
    IPv6,
)
from scapy.layers.l2 import ARP
from scapy.packet import Packet
from tables import for_every

from scanner.model.observation import State
from scanner.net.packets import frames

A4, B4, R4 = "10.1.0.5", "10.2.0.9", "10.1.0.1"
A6, B6, R6 = "fd01::5", "fd02::9", "fd01::1"
MAC = bytes.fromhex("02aabbccddee")


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def ones_complement_sum(data: bytes) -> int:
    """The textbook's way, a word at a time."""
    total = 0
    for index in range(0, len(data) + len(data) % 2, 2):
        total += int.from_bytes(data[index : index + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


@given(st.binary(max_size=80), st.integers(0, 0x2FFFD))
@settings(max_examples=60)
def test_data_with_its_checksum_sums_to_all_ones(data: bytes, start: int) -> None:
    even = data + bytes(len(data) % 2)
    value = frames.checksum(data, start)
    whole = even + value.to_bytes(2, "big") + (start & 0xFFFF).to_bytes(2, "big") + (start >> 16).to_bytes(2, "big")
    assert ones_complement_sum(whole) == 0xFFFF


@pytest.mark.parametrize(("source", "target", "layer"), [(A4, B4, IP), (A6, B6, IPv6)])
@given(st.integers(1, 65535), st.integers(1, 65535), st.integers(0, 2**32 - 1), st.binary(max_size=33))
@settings(max_examples=15)
def test_probes_are_valid_packets(
    source: str, target: str, layer: type[IP], local: int, port: int, sequence: int, payload: bytes
) -> None:
    ends = packed(source), packed(target)
    head = frames.ip_head(*ends, frames.TCP, frames.SYN_LENGTH)
    data = head + frames.syn(frames.pseudo(*ends, frames.TCP), local, port, sequence)
    seen = layer(data)
    assert (seen.src, seen.dst, seen[TCP].sport, seen[TCP].dport) == (source, target, local, port)
    assert (seen[TCP].seq, str(seen[TCP].flags), seen[TCP].options) == (sequence, "S", [("MSS", 1460)])
    assert_sums(seen, TCP)
    sent = frames.datagram(frames.pseudo(*ends, frames.UDP), local, port, payload)
    seen = layer(frames.ip_head(*ends, frames.UDP, len(sent)) + sent)
    assert (seen[UDP].sport, seen[UDP].dport, bytes(seen[UDP].payload)) == (local, port, payload)
    assert_sums(seen, UDP)
    asked = frames.echo(*ends, local, port, payload)
    kind, request = (frames.ICMP, ICMP) if layer is IP else (frames.ICMP6, ICMPv6EchoRequest)
    seen = layer(frames.ip_head(*ends, kind, len(asked)) + asked)
    assert (seen[request].type, seen[request].id, seen[request].seq) == (8 if layer is IP else 128, local, port)
    assert_sums(seen, request)


def assert_sums(seen: IP, layer: type[Packet]) -> None:
    """Scapy computes the same checksums (where 0 and 0xFFFF are the same number)."""
    again = seen.copy()
    fields = ["cksum" if layer is ICMPv6EchoRequest else "chksum"]
    if isinstance(again, IP):
        before = again.chksum
        del again.chksum
        assert type(seen)(bytes(again)).chksum % 0xFFFF == before % 0xFFFF
    before = getattr(again[layer], fields[0])
    delattr(again[layer], fields[0])
    assert getattr(type(seen)(bytes(again))[layer], fields[0]) % 0xFFFF == before % 0xFFFF


def test_a_solicitation_goes_to_the_targets_own_group() -> None:
    mac, packet = frames.solicitation(MAC, packed(A6), packed("fd01::ab12:3456"))
    seen = IPv6(packet)
    assert mac == bytes.fromhex("3333ff123456")
    assert (seen.dst, seen.hlim, seen[ICMPv6ND_NS].tgt) == ("ff02::1:ff12:3456", 255, "fd01::ab12:3456")


def test_arp_and_advertisements() -> None:
    asked = ARP(frames.arp_request(MAC, packed(A4), packed(R4)))
    assert (asked.op, asked.hwsrc, asked.psrc, asked.pdst) == (1, "02:aa:bb:cc:dd:ee", A4, R4)
    reply = bytes(ARP(op=2, hwsrc="02:00:00:00:00:01", psrc=R4, hwdst="02:aa:bb:cc:dd:ee", pdst=A4))
    assert frames.arp_answer(reply) == (packed(R4), bytes.fromhex("020000000001"))
    assert frames.arp_answer(bytes(asked)) is None
    said = IPv6(src=R6, dst=A6, hlim=255) / ICMPv6ND_NA(tgt=R6)
    with_mac = said / ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:01")
    assert frames.advertisement(bytes(with_mac)) == (packed(R6), bytes.fromhex("020000000001"))
    assert frames.advertisement(bytes(said)) == (packed(R6), None)
    routed = IPv6(src=R6, dst=A6, hlim=254) / ICMPv6ND_NA(tgt=R6)
    assert frames.advertisement(bytes(routed)) is None, "a forged one from another segment"


PROBE4 = IP(src=A4, dst=B4) / TCP(sport=61000, dport=443, seq=77)
PROBE6 = IPv6(src=A6, dst=B6) / TCP(sport=61000, dport=443, seq=77)
UDP4 = IP(src=A4, dst=B4) / UDP(sport=61000, dport=53) / b"ask"
ECHO6 = IPv6(src=A6, dst=B6) / ICMPv6EchoRequest(id=9, seq=3)
ECHO4 = IP(src=A4, dst=B4) / ICMP(id=9, seq=3)
TO4 = IP(src=B4, dst=A4, ttl=61)
FROM_ROUTER = IP(src=R4, dst=A4, ttl=64)
FROM_ROUTER6 = IPv6(src=R6, dst=A6, hlim=64)

HEARD = [
    (TO4 / TCP(sport=443, dport=61000, flags="SA", ack=78, window=9), "tcp", 443, 61000, 77, "open", "syn-ack", B4),
    (TO4 / TCP(sport=443, dport=61000, flags="RA", ack=78), "tcp", 443, 61000, 77, "closed", "rst", B4),
    (TO4 / UDP(sport=53, dport=61000) / b"x", "udp", 53, 61000, None, "open", "udp-reply", B4),
    (TO4 / ICMP(type=0, id=9, seq=3), "icmp", 8, 9, 3, "open", "echo-reply", B4),
    (IPv6(src=B6, dst=A6) / ICMPv6EchoReply(id=9, seq=3), "icmp", 128, 9, 3, "open", "echo-reply", B6),
    (FROM_ROUTER / ICMP(type=3, code=1) / PROBE4, "tcp", 443, 61000, 77, "unreachable", "icmp-3-1", R4),
    (FROM_ROUTER / ICMP(type=3, code=13) / PROBE4, "tcp", 443, 61000, 77, "rejected", "icmp-3-13", R4),
    (FROM_ROUTER / ICMP(type=11, code=0) / PROBE4, "tcp", 443, 61000, 77, "unreachable", "icmp-11-0", R4),
    (TO4 / ICMP(type=3, code=3) / UDP4, "udp", 53, 61000, None, "closed", "icmp-3-3", B4),
    (FROM_ROUTER / ICMP(type=3, code=1) / ECHO4, "icmp", 8, 9, 3, "unreachable", "icmp-3-1", R4),
    (FROM_ROUTER6 / ICMPv6DestUnreach(code=1) / PROBE6, "tcp", 443, 61000, 77, "rejected", "icmp6-1-1", R6),
    (FROM_ROUTER6 / ICMPv6DestUnreach(code=3) / ECHO6, "icmp", 128, 9, 3, "unreachable", "icmp6-1-3", R6),
    (FROM_ROUTER6 / ICMPv6TimeExceeded(code=0) / PROBE6, "tcp", 443, 61000, 77, "unreachable", "icmp6-3-0", R6),
]


@for_every(
    ("packet", "transport", "port", "local", "proof", "state", "reason", "source"),
    HEARD,
    ids=[f"{row[1]} {row[6]} {row[7]}" for row in HEARD],
)
def test_answers_are_read(
    packet: IP,
    transport: str,
    port: int,
    local: int,
    proof: int | None,
    state: State,
    reason: str,
    source: str,
) -> None:
    said = frames.heard(bytes(packet))
    assert said is not None
    assert (said.transport, said.port, said.local, said.proof) == (transport, port, local, proof)
    assert (said.state, said.reason, said.source) == (state, reason, packed(source))
    assert said.target == packed(B6 if ":" in source else B4)
    assert said.ttl == (packet.hlim if ":" in source else packet.ttl)


IGNORED = [
    TO4 / TCP(sport=443, dport=61000, flags="S"),
    TO4 / TCP(sport=443, dport=61000, flags="R"),
    TO4 / TCP(sport=443, dport=61000, flags="A"),
    IP(src=B4, dst=A4, frag=64) / TCP(sport=443, dport=61000, flags="SA"),
    FROM_ROUTER / ICMP(type=3, code=4) / PROBE4,
    FROM_ROUTER / ICMP(type=5, code=1) / PROBE4,
    FROM_ROUTER / ICMP(type=3, code=1) / (IP(src=A4, dst=B4) / ICMP(type=17)),
    FROM_ROUTER / ICMP(type=8),
]


@pytest.mark.parametrize("packet", IGNORED, ids=[each.summary() for each in IGNORED])
def test_what_is_no_answer_is_passed_over(packet: IP) -> None:
    assert frames.heard(bytes(packet)) is None


@given(st.binary(max_size=120), st.sampled_from([bytes(row[0]) for row in HEARD]), st.integers(0, 100))
@settings(max_examples=150)
def test_mangled_packets_never_raise(noise: bytes, packet: bytes, cut: int) -> None:
    for data in (noise, packet[:cut], packet[:cut] + noise, b"\x45" + noise, b"\x60" + noise):
        frames.heard(data)
        frames.arp_answer(data)
        frames.advertisement(data)
