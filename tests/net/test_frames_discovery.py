"""The packets that find hosts which no echo finds: timestamps, stray ACKs, an unknown IPv6 option."""

from __future__ import annotations

import ipaddress
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_lab import Lab
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import HBHOptUnknown, ICMPv6EchoRequest, ICMPv6ParamProblem, IPv6, IPv6ExtHdrDestOpt
from scapy.packet import Packet

from scanner.net.pace import TokenBucket
from scanner.net.packets import frames
from scanner.net.packets.link import Link
from scanner.net.packets.reserved import Reserved
from scanner.net.raw.resolve import Neighbour, resolve
from scanner.net.route import Hop, interface_named

A4, B4, R4 = "10.1.0.5", "10.2.0.9", "10.1.0.1"
A6, B6 = "fd01::5", "fd01::9"
ALL = "ff02::1"


def packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def again(packet: Packet, layer: type[Packet], field: str) -> int:
    """The checksum that scapy gives the same packet."""
    copy = packet.copy()
    delattr(copy[layer], field)
    return int(getattr(type(packet)(bytes(copy))[layer], field))


@given(st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_a_timestamp_request_is_valid(identifier: int, sequence: int, originate: int) -> None:
    data = frames.timestamp(identifier, sequence, originate)
    seen = IP(frames.ip_head(packed(A4), packed(B4), frames.ICMP, len(data)) + data)
    layer = seen[ICMP]
    assert (layer.type, layer.code, layer.id, layer.seq, layer.ts_ori) == (13, 0, identifier, sequence, originate)
    assert layer.chksum % 0xFFFF == again(seen, ICMP, "chksum") % 0xFFFF


@pytest.mark.parametrize(("source", "target", "layer"), [(A4, B4, IP), (A6, B6, IPv6)])
@given(st.integers(1, 65535), st.integers(1, 65535), st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_a_stray_ack_is_valid(source: str, target: str, layer: type[IP], local: int, port: int, cookie: int) -> None:
    ends = packed(source), packed(target)
    data = frames.ack(frames.pseudo(*ends, frames.TCP), local, port, cookie)
    assert len(data) == frames.ACK_LENGTH
    seen = layer(frames.ip_head(*ends, frames.TCP, len(data)) + data)
    assert (seen[TCP].sport, seen[TCP].dport, seen[TCP].seq, seen[TCP].ack) == (local, port, cookie, cookie)
    assert str(seen[TCP].flags) == "A"
    assert seen[TCP].chksum % 0xFFFF == again(seen, TCP, "chksum") % 0xFFFF


def test_a_timestamp_reply_is_heard() -> None:
    reply = IP(src=B4, dst=A4, ttl=61) / ICMP(type=14, id=9, seq=3)
    said = frames.heard(bytes(reply))
    assert said is not None
    assert (said.port, said.local, said.proof, said.reason, said.ttl) == (13, 9, 3, "timestamp-reply", 61)
    dead = IP(src=R4, dst=A4) / ICMP(type=3, code=1) / IP(src=A4, dst=B4) / ICMP(type=13, id=9, seq=3)
    said = frames.heard(bytes(dead))
    assert said is not None
    assert (said.target, said.port, said.local, said.proof, said.state) == (packed(B4), 13, 9, 3, "unreachable")


def test_only_who_sent_acks_hears_a_rst_without_one() -> None:
    rst = IP(src=B4, dst=A4) / TCP(sport=443, dport=61000, flags="R", seq=77, ack=5)
    assert frames.heard(bytes(rst)) is None
    said = frames.heard(bytes(rst), acks=True)
    assert said is not None
    assert (said.transport, said.port, said.local, said.proof, said.reason) == ("tcp", 443, 61000, 77, "ack-rst")
    for flags, reason in (("RA", "rst"), ("SA", "syn-ack")):
        said = frames.heard(bytes(IP(src=B4) / TCP(sport=443, dport=61000, flags=flags, ack=78)), acks=True)
        assert said is not None
        assert (said.proof, said.reason) == (77, reason), "an answer to a SYN stays one"


def option_probe() -> bytes:
    rest = frames.refused_option(frames.ICMP6, b"yarn") + frames.echo(packed(A6), packed(ALL), 1, 2, b"x")
    return frames.ip_head(packed(A6), packed(ALL), frames.DESTINATION_OPTIONS, len(rest)) + rest


def test_the_unknown_option_must_be_refused_even_to_a_group() -> None:
    seen = IPv6(option_probe())
    option = seen[HBHOptUnknown]
    assert (option.otype >> 6, option.optdata) == (0b10, b"yarn")
    assert (seen[IPv6ExtHdrDestOpt].nh, seen[ICMPv6EchoRequest].id) == (58, 1)


def refusal(code: int = 2) -> bytes:
    return bytes(IPv6(src=B6, dst=A6, hlim=61) / ICMPv6ParamProblem(code=code, ptr=42)) + option_probe()


def test_the_refusal_is_read() -> None:
    said = frames.option_refused(refusal())
    assert said == frames.OptionRefused(packed(B6), packed(A6), packed(ALL), b"yarn", 61)
    assert frames.heard(refusal()) is None, "it says nothing about a port"
    assert frames.option_refused(refusal(code=1)) is None
    assert frames.option_refused(refusal()[:95]) is None
    assert frames.option_refused(option_probe()) is None


@given(st.binary(max_size=120), st.integers(0, 120))
@settings(max_examples=80)
def test_mangled_refusals_never_raise(noise: bytes, cut: int) -> None:
    for data in (noise, refusal()[:cut] + noise, b"\x60" + noise):
        frames.option_refused(data)
        frames.heard(data, acks=True)


@pytest.mark.lab
def test_a_kernel_answers_timestamps_and_acks_on_open_and_closed_ports(lab: Lab) -> None:
    laptop, near, closed, cookie = packed("10.91.1.10"), packed("10.91.1.20"), 9, 0xFEEDF00D

    def run() -> set[tuple[str, int, int | None, str]]:
        reserved = Reserved(1)
        local = reserved.ports.start
        with Link(interface_named("eth0"), reserved.ports) as link:
            hop = Hop("on-link", "10.91.1.10", "10.91.1.20")
            macs = [each.mac for each in resolve(link, [hop], 2, TokenBucket(100)) if isinstance(each, Neighbour)]
            pseudo = frames.pseudo(laptop, near, frames.TCP)
            probes = [(frames.ICMP, frames.timestamp(77, 5, 1000))]
            probes += [(frames.TCP, frames.ack(pseudo, local, port, cookie)) for port in (80, closed)]
            for protocol, data in probes:
                link.send(frames.ETH_IP, macs[0], frames.ip_head(laptop, near, protocol, len(data)) + data)
            end = time.monotonic() + 30
            found: set[tuple[str, int, int | None, str]] = set()
            while len(found) < 3 and time.monotonic() < end:
                for packet in link.receive(0.1):
                    said = frames.heard(packet.data, acks=True)
                    if said is not None and said.local in (local, 77):
                        found.add((said.transport, said.port, said.proof, said.reason))
        reserved.close()
        return found

    assert lab.run("laptop", run) == {
        ("icmp", 13, 5, "timestamp-reply"),
        ("tcp", 80, cookie, "ack-rst"),
        ("tcp", closed, cookie, "ack-rst"),
    }
