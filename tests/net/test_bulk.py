"""Answers to bulk probes are known to the probe, and nothing else is taken for one."""

from __future__ import annotations

import socket
import struct
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest
from bulk_cases import ANSWERS, ATTEMPTS, Case, answer, frame, mixed
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, IPOption_RR
from tables import for_every

from scanner.net.packets import frames
from scanner.net.packets.bulk import Ask
from scanner.net.packets.bulk_keys import Codes
from scanner.net.packets.transmit import SLOTS, Transmit


@for_every(("version", "ask", "how", "key"), ANSWERS, ids=[f"{row[2]} v{row[0]}" for row in ANSWERS])
def test_an_answer_is_known(version: str, ask: int, how: str, key: tuple[Any, ...]) -> None:
    case = mixed(version)
    for host, attempt in ((0, 0), (3, 5), (len(case.addresses) - 1, 2)):
        index = host * len(case.asks) + ask
        heard = case.hear(answer(case, index, attempt, how))
        assert heard.index.tolist() == [index]
        assert heard.attempt.tolist() == [attempt]
        assert heard.keys[heard.code[0]] == key
        assert heard.at.tolist() == [1e9]
        assert heard.half_open == (how == "syn-ack")
        assert [each.dtype.name for each in (heard.index, heard.attempt, heard.code)] == ["int64", "uint8", "uint16"]


def test_a_batch_of_everything_with_frames_of_two_layouts() -> None:
    for version in "46":
        case = mixed(version)
        rows = [row for row in ANSWERS if row[0] == version]
        packets = [answer(case, host * len(case.asks) + row[1], 1, row[2]) for host in range(8) for row in rows]
        wanted = Counter((host * len(case.asks) + row[1], row[3]) for host in range(8) for row in rows)
        kind = frames.ETH_IP6 if version == "6" else frames.ETH_IP
        strangers = [frame(bytes(28), frames.ETH_ARP), frame(packets[0], 0x9000), frame(b"", kind)]
        memory = [frame(each, kind, 80 + number % 2 * 16) for number, each in enumerate(packets)]
        heard = case.parser.parse(np.stack(memory + strangers))
        found = zip(heard.index.tolist(), (heard.keys[code] for code in heard.code), strict=True)
        assert Counter(found) == wanted
        assert heard.half_open == 8


@pytest.mark.parametrize("how", ["syn-ack", "echo-reply"])
def test_ip_options_are_looked_past(how: str) -> None:
    case = mixed("4")
    index = {"syn-ack": 0, "echo-reply": 4}[how]
    packet = IP(answer(case, index, 2, how))
    packet.options = [IPOption_RR(routers=["1.2.3.4", "5.6.7.8"])]
    del packet.ihl, packet.len, packet.chksum
    heard = case.hear(bytes(packet))
    assert (heard.index.tolist(), heard.attempt.tolist()) == ([index], [2])
    assert heard.keys[heard.code[0]][2] == how
    lie = bytearray(bytes(packet))
    for head in (0x41, 0x44, 0x4F):
        lie[0] = head
        for end in (len(lie), 30):
            assert not len(case.hear(bytes(lie[:end])).index)


def damaged(data: bytes, changes: list[tuple[int, int]], cut: int) -> bytes:
    found = bytearray(data)
    for place, value in changes:
        found[place % len(found)] = value
    return bytes(found[: len(found) - cut])


@pytest.mark.parametrize(("version", "ask", "how", "key"), ANSWERS, ids=[f"{row[2]} v{row[0]}" for row in ANSWERS])
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3),
    st.sampled_from([0, 0, 0, 1, 8, 20, 40]),
    st.integers(0, 20),
)
@settings(max_examples=25, deadline=None)
def test_a_mangled_answer_proves_no_other_probe(
    version: str, ask: int, how: str, key: tuple[Any, ...], changes: list[tuple[int, int]], cut: int, host: int
) -> None:
    case = mixed(version)
    index = host % len(case.addresses) * len(case.asks) + ask
    data = answer(case, index, 1, how)
    for changed in (changes, []):
        heard = case.hear(damaged(data, changed, cut))
        if case.asks[ask].transport != "udp":
            assert set(heard.index.tolist()) <= {index}
        else:
            # What a datagram answers is known by its addresses and ports alone; no other kind of probe is by them.
            assert {case.asks[each % len(case.asks)].transport for each in heard.index.tolist()} <= {"udp"}
        assert (heard.attempt < ATTEMPTS).all()


PROOF = [("4", 0, "syn-ack", 28), ("4", 9, "ack-rst", 24), ("4", 4, "echo-reply", 28), ("4", 5, "timestamp-reply", 28)]
PROOF += [("6", 0, "rst", 48), ("6", 8, "ack-rst", 44), ("6", 4, "echo-reply", 48), ("4", 1, "icmp-3-13", 52)]


@pytest.mark.parametrize(("version", "ask", "how", "place"), PROOF)
def test_every_bit_of_the_cookie_counts(version: str, ask: int, how: str, place: int) -> None:
    case = mixed(version)
    data = answer(case, ask, 1, how)
    for bit in range(32):
        if how == "timestamp-reply" and bit == 31:
            continue  # it says that the time is none
        value = int.from_bytes(data[place : place + 4], "big") ^ 1 << bit
        changed = data[:place] + value.to_bytes(4, "big") + data[place + 4 :]
        assert not len(case.hear(changed).index), bit
    assert len(case.hear(data).index) == 1


CHANGED = [
    ("4", 4, "echo-reply", 24, "identifier"),
    ("4", 5, "timestamp-reply", 24, "identifier"),
    ("4", 4, "echo-reply", 32, "attempt"),
    ("4", 4, "echo-reply", 21, "code"),
    ("4", 0, "syn-ack", 7, "fragment offset"),
    ("4", 4, "echo-reply", 7, "fragment offset"),
    ("6", 4, "echo-reply", 44, "identifier"),
    ("6", 4, "echo-reply", 52, "attempt"),
    ("6", 0, "syn-ack", 6, "next header"),
]


@pytest.mark.parametrize(("version", "ask", "how", "place", "what"), CHANGED, ids=[f"{e[2]}: {e[4]}" for e in CHANGED])
def test_a_field_that_must_match_does(version: str, ask: int, how: str, place: int, what: str) -> None:
    case = mixed(version)
    data = bytearray(answer(case, ask, 1, how))
    assert len(case.hear(bytes(data)).index) == 1
    data[place] ^= 1
    assert not len(case.hear(bytes(data)).index)


@pytest.mark.parametrize(("version", "ask", "how"), [("4", 0, "syn-ack"), ("6", 0, "rst"), ("4", 4, "echo-reply")])
def test_what_an_earlier_packet_left_in_the_frame_proves_nothing(version: str, ask: int, how: str) -> None:
    case = mixed(version)
    memory = frame(answer(case, ask, 1, how), frames.ETH_IP if version == "4" else frames.ETH_IP6)[None].copy()
    assert len(case.parser.parse(memory).index) == 1
    memory[0, 8:12] = np.array([28], np.uint32).view(np.uint8)
    assert not len(case.parser.parse(memory).index)


def test_an_answer_to_somebody_else_is_none_of_ours() -> None:
    for version, place, size in (("4", 16, 4), ("6", 24, 16)):
        case = mixed(version)
        for row in ANSWERS:
            if row[0] == version:
                data = answer(case, row[1], 0, row[2])
                other = bytes(each ^ 1 for each in data[place : place + size])
                assert not len(case.hear(data[:place] + other + data[place + size :]).index), row[2]


@given(st.lists(st.binary(max_size=176), min_size=1, max_size=20), st.integers(0, 255), st.integers(0, 0xFFFF))
@settings(max_examples=60, deadline=None)
def test_random_bytes_prove_nothing_and_raise_nothing(packets: list[bytes], first: int, start: int) -> None:
    for version in "46":
        case = mixed(version)
        kind = frames.ETH_IP6 if version == "6" else frames.ETH_IP
        dressed = [bytes((int(version) << 4 | first & 15,)) + each[1:] for each in packets]
        assert not len(case.hear(*packets, *dressed).index)
        # A header of the ring that cannot be (only the kernel writes it) is no reason to fall over either.
        memory = np.stack([frame(each, kind) for each in packets])
        memory[:, 14:16] = np.frombuffer(struct.pack("=H", start), np.uint8)
        memory[:, 8:12] = 0xFF
        assert not len(case.parser.parse(memory).index)


def test_a_host_that_varies_its_answers_cannot_fill_the_keys() -> None:
    case = Case("10.1.0.1-10.1.0.2", [Ask("tcp", port) for port in range(1, 101)])
    data = bytearray(answer(case, 0, 0, "rst"))
    victim = answer(case, 150, 0, "syn-ack", ttl=33)
    one = frame(bytes(data), frames.ETH_IP)
    heard = []
    for ttl in range(10):
        memory = np.repeat(one[None], 6000, axis=0)
        memory[:, 80 + 8] = ttl
        memory[:, 80 + 34 : 80 + 36] = np.arange(6000, dtype=">u2").view(np.uint8).reshape(-1, 2)
        heard.append(case.parser.parse(memory))
    assert all((each.index == 0).all() and len(each.index) == 6000 for each in heard)
    assert len(case.parser.keys) <= (1 << 15) + 4000
    assert {key[:3] for key in case.parser.keys} == {("tcp", "closed", "rst")}
    late = case.hear(victim)
    assert late.index.tolist() == [150]
    assert late.keys[late.code[0]] == ("tcp", "open", "syn-ack", None, None, None)


def test_strangers_cannot_fill_the_keys_and_stay_strangers() -> None:
    codes = Codes("0.0.0.0")
    for number in range(40_000):
        codes.code(("tcp", "rejected", "icmp-3-13", 60, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", None))
    assert len(codes.keys) < (1 << 15) + 10
    late = codes.keys[codes.code(("tcp", "rejected", "icmp-3-13", 60, "10.99.0.1", None))]
    itself = codes.keys[codes.code(("tcp", "rejected", "icmp-3-13", 60, None, None))]
    assert (late[4], itself[4]) == ("0.0.0.0", None)


def test_a_million_probes_a_second_are_built_and_heard() -> None:
    """A tenth of what it does on a laptop of 2023: not by the packet, or this fails."""
    case = Case("10.1.0.0/24", [Ask("tcp", port) for port in range(1, 401)])
    indices = np.random.default_rng(0).permutation(case.count)[: 100 * SLOTS].astype(np.int64)
    memory = np.stack([frame(answer(case, int(each), 0, "rst"), frames.ETH_IP) for each in indices[:256]])
    memory = np.concatenate([memory] * 16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        slots = case.builder.lay_out(Transmit(sock, 1))
        start = time.thread_time()
        for first in range(0, len(indices), SLOTS):
            case.builder.fill(slots, indices[first : first + SLOTS], 0)
        built = time.thread_time() - start
    start = time.thread_time()
    for _ in range(25):
        assert len(case.parser.parse(memory).index) == len(memory)
    heard = time.thread_time() - start
    assert built < 0.1
    assert heard < 0.1
