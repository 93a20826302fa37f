"""Packets in fragments: put together again they are the packet, and each is a valid one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.net.canary.probe import Reader
from scanner.net.packets import frames
from scanner.net.packets.fragments import fragment_count, fragments

FOUR = (bytes([10, 0, 0, 1]), bytes([10, 0, 1, 2]))
SIX = (bytes.fromhex("fd00" + "00" * 13 + "01"), bytes.fromhex("fd01" + "00" * 13 + "02"))


def packet(ends: tuple[bytes, bytes], protocol: int, port: int, payload: bytes = b"", sequence: int = 7) -> bytes:
    pseudo = frames.pseudo(*ends, protocol)
    body = (
        frames.syn(pseudo, 53, port, sequence) if protocol == frames.TCP else frames.datagram(pseudo, 53, port, payload)
    )
    return frames.ip_head(*ends, protocol, len(body)) + body


@pytest.mark.parametrize("ends", [FOUR, SIX], ids=["v4", "v6"])
@pytest.mark.parametrize("protocol", [frames.TCP, frames.UDP], ids=["tcp", "udp"])
@given(port=st.integers(1, 65535), payload=st.binary(min_size=1, max_size=200), number=st.integers(1, 65535))
@settings(max_examples=20, deadline=None)
def test_the_pieces_are_the_packet(
    ends: tuple[bytes, bytes], protocol: int, port: int, payload: bytes, number: int
) -> None:
    whole = packet(ends, protocol, port, payload)
    pieces = fragments(whole, number)
    six = len(ends[0]) == 16
    assert len(pieces) == fragment_count(protocol, len(whole) - (40 if six else 20), six) > 1
    reader = Reader()
    probes = [reader.read(piece, 0.0) for piece in pieces]
    assert probes[:-1] == [None] * (len(pieces) - 1)
    last = probes[-1]
    assert last is not None
    assert last.fragmented
    assert (last.source, last.target, last.local, last.port) == (*ends, 53, port)
    assert last.sequence == (7 if protocol == frames.TCP else 0)
    assert last.data == (payload if protocol == frames.UDP else b"")


def test_the_first_piece_of_a_syn_has_the_ports_and_no_flags() -> None:
    pieces = fragments(packet(FOUR, frames.TCP, 22), 99)
    assert [len(each) - 20 for each in pieces] == [8, 8, 8]
    assert struct.unpack_from("!HHI", pieces[0], 20) == (53, 22, 7)
    for at, each in enumerate(pieces):
        length, number, place = struct.unpack_from("!HHH", each, 2)
        assert (length, number, place) == (28, 99, at | (0x2000 if at < 2 else 0))
        assert frames.checksum(each[:20]) in (0, 0xFFFF), "the header's own checksum is right"


def test_over_ipv6_the_first_piece_has_the_whole_tcp_header() -> None:
    first, last = fragments(packet(SIX, frames.TCP, 22), 99)
    assert first[6] == last[6] == 44
    assert len(first) - 48 == 24
    assert len(last) - 48 == 8
    segment = first[48:] + last[48:]
    assert frames.checksum(segment, frames.pseudo(*SIX, frames.TCP) + len(segment)) in (0, 0xFFFF)
    assert segment[12] >> 4 == 8, "the data offset counts the options that mean nothing"


def test_an_error_that_quotes_a_first_fragment_is_the_probes() -> None:
    first = fragments(packet(SIX, frames.TCP, 22, sequence=1234), 99)[0]
    message = b"\x01\x01\0\0" + bytes(4) + first
    error = frames.ip_head(SIX[1], SIX[0], frames.ICMP6, len(message)) + message
    said = frames.heard(error)
    assert said is not None
    assert (said.transport, said.port, said.proof, said.state) == ("tcp", 22, 1234, "rejected")
