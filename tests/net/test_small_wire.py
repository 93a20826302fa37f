"""Small volleys over a real wire: whose answers count."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

import pytest
from netns import IN_LAB
from veth_pair import OUR_MAC, OURS, THEIRS, ring_on

from scanner.net.packets import frames
from scanner.net.packets.link import Link
from scanner.net.raw.resolve import Target
from scanner.net.raw.small_wire import RawWire
from scanner.net.route import interface_named
from scanner.net.volley.tally import Question, Tally

pytestmark = [*IN_LAB, pytest.mark.usefixtures("wired")]
PORTS = range(61000, 61004)
HOST = {4: "10.1.0.7", 6: "fd01::7"}
OWN = {4: "10.9.0.1", 6: "fd09::1"}
OTHER = {4: "10.9.0.2", 6: "fd09::2"}
QUESTIONS: list[Question] = [("tcp", 80), ("udp", 53), ("icmp", 8)]


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def replies(probe: bytes, to: bytes) -> Iterator[bytes]:
    """What answers a probe, sent to somebody: the host's own answer, and a router's error about it."""
    six = probe[0] >> 4 == 6
    head = 40 if six else 20
    target = probe[24:40] if six else probe[16:20]
    protocol, body = probe[6] if six else probe[9], probe[head:]
    if protocol == frames.TCP:
        acked = (int.from_bytes(body[4:8], "big") + 1) & 0xFFFFFFFF
        answer = body[2:4] + body[:2] + bytes(4) + acked.to_bytes(4, "big") + b"\x50\x14" + bytes(6)
    elif protocol == frames.UDP:
        answer = body[2:4] + body[:2] + b"\0\x08\0\0"
    else:
        answer = bytes((129 if six else 0, 0)) + body[2:]
    yield frames.ip_head(target, to, protocol, len(answer)) + answer
    error = (b"\x01\x04" if six else b"\x03\x03") + bytes(6) + probe
    yield frames.ip_head(target, to, frames.ICMP6 if six else frames.ICMP, len(error)) + error


@pytest.mark.parametrize("version", [4, 6])
def test_an_answer_to_somebody_else_is_no_answer(version: int) -> None:
    target = Target(HOST[version], packed(HOST[version]), packed(OWN[version]), b"\2" * 6, True, "10.9.0.254")
    ethertype = frames.ETH_IP6 if version == 6 else frames.ETH_IP
    mac = bytes.fromhex(OUR_MAC.replace(":", ""))
    tally = Tally([HOST[version]], QUESTIONS, 2, [True])
    with (
        Link(interface_named(OURS), PORTS) as link,
        ring_on(THEIRS) as theirs,
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as back,
    ):
        wire = RawWire(link, [target], tally, {})
        for index in range(len(QUESTIONS)):
            wire.send(index, 1)
        probes = [each.data for each in theirs.packets()]
        assert len(probes) == len(QUESTIONS)
        for to, expected in ((OTHER[version], set[int]()), (OWN[version], {0, 1, 2})):
            for probe in probes:
                for packet in replies(probe, packed(to)):
                    back.sendto(packet, (THEIRS, ethertype, 0, 0, mac))
            heard = [arrival for _ in range(3) for arrival in wire.receive(0.1)]
            assert {each.index for each in heard} == expected, to
            assert len(heard) == 2 * len(expected)
