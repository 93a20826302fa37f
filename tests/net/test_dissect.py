"""Which flows a frame belongs to, what the kernel's filter keeps of them, and which packets an excerpt takes."""

from __future__ import annotations

import ctypes
import socket
import stat
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, fragment
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import RawPcapReader, RawPcapWriter, rdpcap, wrpcap, wrpcapng
from tables import for_every

from scanner.errors import BadInput
from scanner.model.addresses import AddressSet
from scanner.net.evidence.capture_filter import Concerned, keeping
from scanner.net.evidence.dissect import ETHERNET, RAW_IP, flow_keys
from scanner.net.evidence.excerpt import excerpt, excerpts

ME, HOST, ROUTER, OTHER = "10.0.1.250", "10.0.2.10", "10.0.1.1", "192.168.7.7"
ME6, HOST6 = "fd00:1::250", "fd00:2::10"
SYN = IP(src=ME, dst=HOST) / TCP(sport=61000, dport=445, flags="S")
SYN6 = IPv6(src=ME6, dst=HOST6) / TCP(sport=61000, dport=445, flags="S")
HEAD = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
"""Never an `Ether` without a destination: scapy would ask the machine's own network for it, and wait."""

FRAMES: list[tuple[str, Packet, set[tuple[str, str, int]]]] = [
    ("a probe", SYN, {(ME, "tcp", 61000), (HOST, "tcp", 445)}),
    ("its answer", IP(src=HOST, dst=ME) / TCP(sport=445, dport=61000, flags="SA"),
     {(HOST, "tcp", 445), (ME, "tcp", 61000)}),
    ("options before the segment", IP(src=ME, dst=HOST, options=[b"\x01"] * 4) / UDP(sport=9, dport=53),
     {(ME, "udp", 9), (HOST, "udp", 53)}),
    ("echo", IP(src=ME, dst=HOST) / ICMP(type=8), {(HOST, "icmp", 8)}),
    ("echo reply", IP(src=HOST, dst=ME) / ICMP(type=0), {(HOST, "icmp", 8)}),
    ("timestamp reply", IP(src=HOST, dst=ME) / ICMP(type=14), {(HOST, "icmp", 13)}),
    ("an error quotes the probe", IP(src=ROUTER, dst=ME) / ICMP(type=3, code=13) / SYN,
     {(ME, "tcp", 61000), (HOST, "tcp", 445)}),
    ("an error quotes an echo", IP(src=ROUTER, dst=ME) / ICMP(type=3, code=1) / IP(src=ME, dst=HOST) / ICMP(),
     {(HOST, "icmp", 8)}),
    ("an error about an error", IP(src=ROUTER, dst=ME) / ICMP(type=3) / IP(src=ME, dst=HOST) / ICMP(type=3) / SYN,
     {(ME, "other", 1), (HOST, "other", 1)}),
    ("another protocol", IP(src=HOST, dst=ME, proto=47) / Raw(b"gre"), {(HOST, "other", 47), (ME, "other", 47)}),
    ("the same of IPv6", SYN6, {(ME6, "tcp", 61000), (HOST6, "tcp", 445)}),
    ("an extension header", IPv6(src=ME6, dst=HOST6) / IPv6ExtHdrDestOpt() / UDP(sport=9, dport=53),
     {(ME6, "udp", 9), (HOST6, "udp", 53)}),
    ("echo of IPv6", IPv6(src=ME6, dst=HOST6) / ICMPv6EchoRequest(), {(HOST6, "icmp", 128)}),
    ("echo reply of IPv6", IPv6(src=HOST6, dst=ME6) / ICMPv6EchoReply(), {(HOST6, "icmp", 128)}),
    ("an error of IPv6", IPv6(src="fd00:1::1", dst=ME6) / ICMPv6DestUnreach(code=1) / SYN6,
     {(ME6, "tcp", 61000), (HOST6, "tcp", 445)}),
    ("a neighbour", IPv6(src=HOST6, dst=ME6) / ICMPv6ND_NA(tgt="fd00:2::11"),
     {("fd00:2::11", "link", 0), (HOST6, "link", 0), (ME6, "link", 0)}),
    ("a first fragment of IPv6", IPv6(src=ME6, dst=HOST6) / IPv6ExtHdrFragment(id=7, m=1) / UDP(dport=53, sport=9),
     {(ME6, "fragment", 7), (HOST6, "fragment", 7), (ME6, "udp", 9), (HOST6, "udp", 53)}),
    ("ARP", ARP(psrc=HOST, pdst=ME, op=2), {(HOST, "link", 0), (ME, "link", 0)}),
]  # fmt: skip


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


@for_every(("packet", "expected"), [each[1:] for each in FRAMES], ids=[each[0] for each in FRAMES])
def test_the_flows_of_a_frame(packet: Packet, expected: set[tuple[str, str, int]]) -> None:
    keys = {(packed(address), transport, port) for address, transport, port in expected}
    assert set(flow_keys(bytes(HEAD / packet))) == keys
    assert set(flow_keys(bytes(HEAD / Dot1Q(vlan=20) / packet))) == keys
    if ARP not in packet:
        assert set(flow_keys(bytes(packet), RAW_IP)) == keys


def test_further_fragments_are_told_by_their_identity() -> None:
    first, second, third = fragment(  # type: ignore[no-untyped-call]
        IP(src=HOST, dst=ME, id=99) / UDP(sport=53, dport=9) / Raw(bytes(60)), 24
    )
    piece = {(packed(HOST), "fragment", 17 << 16 | 99), (packed(ME), "fragment", 17 << 16 | 99)}
    ends = {(packed(HOST), "udp", 53), (packed(ME), "udp", 9)}
    assert set(flow_keys(bytes(first), RAW_IP)) == piece | ends
    assert set(flow_keys(bytes(second), RAW_IP)) == set(flow_keys(bytes(third), RAW_IP)) == piece


@settings(max_examples=200, deadline=None)
@given(
    frame=st.binary(max_size=120)
    | st.sampled_from([bytes(HEAD / each[1]) for each in FRAMES]).flatmap(
        lambda whole: st.integers(0, len(whole)).map(lambda length: whole[:length])
    ),
    linktype=st.sampled_from([ETHERNET, RAW_IP]),
)
def test_garbage_and_torn_frames_are_passed_over(frame: bytes, linktype: int) -> None:
    for address, transport, port in flow_keys(frame, linktype):
        assert len(address) in (4, 16)
        assert transport in {"tcp", "udp", "icmp", "link", "other", "fragment"}
        assert 0 <= port < 1 << 32


def kept_by_the_kernel(program: bytes, frames: list[bytes]) -> list[bytes]:
    """The program attached to a socket, and what comes through."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with here, there:
        buffer = ctypes.create_string_buffer(program)
        there.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", len(program) // 8, ctypes.addressof(buffer)))
        there.setblocking(False)
        found = []
        for each in frames:
            here.send(each)
            try:
                found.append(there.recv(2000))
            except BlockingIOError:
                continue
    return found


@pytest.mark.parametrize("linktype", [ETHERNET, RAW_IP])
@settings(max_examples=30, deadline=None)
@given(
    spans=st.lists(st.integers(0, (1 << 32) - 300), min_size=1, max_size=300),
    pairs=st.lists(st.tuples(st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 32) - 1)), max_size=10),
)
def test_the_kernel_keeps_what_is_wanted(linktype: int, spans: list[int], pairs: list[tuple[int, int]]) -> None:
    """All of it, however many ranges there are; and nothing else, while they are few."""
    wanted = AddressSet((4, low, low + 255) for low in spans)
    pairs += [(spans[0], 1), (1, spans[-1] + 255), (spans[0] - 1 & 0xFFFFFFFF, spans[-1] + 256)]
    ends = [(socket.inet_ntoa(struct.pack(">I", a)), socket.inet_ntoa(struct.pack(">I", b))) for a, b in pairs]
    head = bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x800)) if linktype == ETHERNET else b""
    frames = [head + bytes(IP(src=a, dst=b) / UDP(sport=1, dport=2)) for a, b in ends]
    kept = kept_by_the_kernel(keeping(wanted, linktype), frames)
    exact = [each for each in frames if Concerned(wanted, linktype)(each)]
    assert set(exact) <= set(kept)
    assert [each for each in kept if Concerned(wanted, linktype)(each)] == exact
    if len(wanted.spans) <= 128:
        assert kept == exact


def test_what_is_about_the_addresses_is_wanted_too() -> None:
    wanted = AddressSet.parse(f"{HOST},{HOST6}")
    head = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    frames = [bytes(head / each[1]) for each in FRAMES]
    frames.append(bytes(head / IPv6(src=ME6, dst="ff02::1") / ICMPv6EchoRequest()))
    frames.append(bytes(head / IP(src=OTHER, dst="224.0.0.251") / UDP(sport=5353, dport=5353)))
    assert kept_by_the_kernel(keeping(wanted, ETHERNET), frames) == frames
    assert all(map(Concerned(wanted, ETHERNET), frames))
    others = [
        bytes(head / packet)
        for packet in (
            IP(src=ME, dst=OTHER) / TCP(dport=445),
            IP(src=ROUTER, dst=ME) / ICMP(type=3) / IP(src=ME, dst=OTHER) / TCP(dport=445),
            IPv6(src=ME6, dst="fd00:9::1") / TCP(dport=443),
            ARP(psrc=ME, pdst=ROUTER),
        )
    ]
    assert not any(map(Concerned(wanted, ETHERNET), others))


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Three flows of two hosts, with a link layer, as scapy itself writes them."""
    path = tmp_path / "scan.pcap"
    head = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    answer = IP(src=HOST, dst=ME) / TCP(sport=445, dport=61000, flags="SA")
    silent = IP(src=ME, dst=OTHER) / TCP(sport=61000, dport=445, flags="S")
    echo = IP(src=ME, dst=HOST) / ICMP()
    big = fragment(  # type: ignore[no-untyped-call]
        IP(src=HOST, dst=ME, id=5) / UDP(sport=53, dport=9) / Raw(bytes(60)), 32
    )
    packets = [head / each for each in (ARP(psrc=ME, pdst=HOST), SYN, answer, silent, echo, *big)]
    for number, packet in enumerate(packets):
        packet.time = 1_700_000_000 + number / 8
    wrpcap(str(path), packets)
    return path


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ((HOST, "tcp", 445), [0, 1, 2]),
        ((HOST, "icmp", 8), [0, 4]),
        ((HOST, "udp", 53), [0, 5, 6, 7]),
        ((HOST, "tcp", 22), [0]),
        ((OTHER, "tcp", 445), [3]),
        ((HOST6, "tcp", 445), []),
    ],
)
def test_an_excerpt_takes_the_packets_of_its_flows(
    capture: Path, tmp_path: Path, flow: tuple[str, str, int], expected: list[int]
) -> None:
    out = tmp_path / "part.pcap"
    assert excerpt(capture, [flow], out) == len(expected)  # type: ignore[list-item]
    assert out.exists() is bool(expected)
    if expected:
        whole, part = rdpcap(str(capture)), rdpcap(str(out))
        assert [bytes(each) for each in part] == [bytes(whole[index]) for index in expected]
        assert [float(each.time) for each in part] == [float(whole[index].time) for index in expected]
        assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_several_captures_and_findings_in_one_pass(capture: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.pcap"
    second.write_bytes(capture.read_bytes())
    one, two, none = (tmp_path / name for name in ("one.pcap", "two.pcap", "none.pcap"))
    counts = excerpts(
        [capture, second],
        {one: [(HOST, "tcp", 445), (HOST, "icmp", 8)], two: [(OTHER, "tcp", 445)], none: []},
    )
    assert counts == {one: 8, two: 2, none: 0}
    assert not none.exists()


def test_a_capture_that_was_cut_off_is_read_as_far_as_it_goes(capture: Path, tmp_path: Path) -> None:
    whole = capture.read_bytes()
    ends = [24]
    for _, meta in RawPcapReader(str(capture)):
        ends.append(ends[-1] + 16 + meta.caplen)
    assert ends[-1] == len(whole)
    counts = []
    for length in (*range(24, len(whole), 3), *ends):
        capture.write_bytes(whole[:length])
        said: list[str] = []
        part = tmp_path / "part.pcap"
        counts.append(excerpts([capture], {part: [(HOST, "udp", 53)]}, said.append)[part])
        assert len(said) == (length not in ends), "only a packet that is there in part is a break"
        before = sum(end <= length for end in ends) - 1
        count = {0: "nothing to make", 1: "the one packet before"}.get(before, f"the {before} packets before")
        assert all(str(capture) in each and count in each for each in said)
    counts = counts[: -len(ends)]
    assert counts == sorted(counts)
    assert {0, 1, 3} < set(counts)


def test_a_length_that_cannot_be_is_the_end_of_a_capture(capture: Path, tmp_path: Path) -> None:
    whole = capture.read_bytes()
    capture.write_bytes(whole + struct.pack("<IIII", 0, 0, 1 << 31, 1 << 31) + bytes(100))
    said: list[str] = []
    part = tmp_path / "part.pcap"
    assert excerpts([capture], {part: [(HOST, "udp", 53)]}, said.append)[part] == 4
    assert len(said) == 1


def test_a_packet_of_more_than_64_kib_is_no_break(capture: Path, tmp_path: Path) -> None:
    """The kernel hands over what it merged in one piece."""
    long = bytes(HEAD / SYN) + bytes(65530)
    whole = capture.read_bytes()
    capture.write_bytes(whole[:24] + struct.pack("<IIII", 0, 0, len(long), len(long)) + long + whole[24:])
    said: list[str] = []
    part = tmp_path / "part.pcap"
    assert excerpts([capture], {part: [(HOST, "udp", 53)]}, said.append)[part] == 4
    assert not said


def test_what_is_no_capture_is_refused(capture: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pcap"
    for content, says in ((b"client: c\n" * 9, "no pcap"), (b"", "no pcap"), (capture.read_bytes()[:10], "no pcap")):
        bad.write_bytes(content)
        with pytest.raises(BadInput, match=says):
            excerpt(bad, [(HOST, "tcp", 445)], tmp_path / "part.pcap")
    wrpcapng(str(bad), [HEAD / SYN])
    with pytest.raises(BadInput, match="editcap"):
        excerpt(bad, [(HOST, "tcp", 445)], tmp_path / "part.pcap")
    with RawPcapWriter(str(tmp_path / "wifi.pcap"), linktype=105) as writer:
        writer.write_header(None)
    with pytest.raises(BadInput, match="link type 105"):
        excerpt(tmp_path / "wifi.pcap", [], tmp_path / "part.pcap")
    with pytest.raises(BadInput, match="No such file"):
        excerpt(tmp_path / "none.pcap", [], tmp_path / "part.pcap")
    with pytest.raises(BadInput, match="would replace"):
        excerpt(capture, [(HOST, "tcp", 445)], capture)
    with pytest.raises(BadInput, match="cannot be written"):
        excerpt(capture, [(HOST, "tcp", 445)], tmp_path / "no" / "part.pcap")
    assert len(rdpcap(str(capture))) == 8
