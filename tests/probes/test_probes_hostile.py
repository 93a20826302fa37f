"""Whatever a host says, a probe ends: no exception, few steps, bounded readings."""

from __future__ import annotations

import random
import time

import pytest
from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st
from tables import for_every

from scanner.model.probe import Peer, Read, StartTls
from scanner.probes import probes
from scanner.probes.greeting import classify

STEPS = 16
HOLD = 0.05
"""Seconds of processor time that a step may take: as long, nobody else's conversation goes on."""
READING = 65536
_BEGINNINGS = [
    b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\n", b"RFB 003.008\n", b"220-", b"\xff\xfd", b"$9999999999\r\n", b"VERSION ",
    b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02", b"\x00\x00\x00\x4c\xfeSMB", b"NTLMSSP\0\x02\0\0\0", b"S", b"N",
    b"\x46\x57\x84\x00\x00\x01\xff\xff", b"\x30\x82\xff\xff", b"\x04\x01\x00\x40\x00\x00\x01\x00\x00",
    b"E\x00\x00\x00\x0bS", b"\x20\x02\x00",
    b"\x00\x00\x05\xdc\x04\x14", b"RTSP/1.0 200 OK\r\n", b"SIP/2.0 200 OK\r\n", b"\x4a\x00\x00\x00\x0a",
    b"\x00\x00\x06\x04\0\0\0\0\0\0\3\0\0\0\x64", b"\0\0\x20\x01\x05\0\0\0\1\x88", b"REDQ\2\0\0\0\2\0\0\0",
    b"dEFWfnwk", b"\x60\0FW", b"P\xe1#\x80\x01\x00 \xd4", b'{"id":"fencewalk","result":["Open_vSwitch"]',
]  # fmt: skip
chunks = st.lists(
    st.builds(lambda start, rest: start + rest, st.sampled_from([b"", *_BEGINNINGS]), st.binary(max_size=120)),
    max_size=6,
)


def finish(name: str, answers: list[bytes], der: bytes) -> None:
    left = list(answers)
    steps = probes()[name].steps(Peer("fd20::9", 4242))
    step = next(steps)
    for _ in range(STEPS):
        data = b""
        if isinstance(step, Read):
            data = left.pop(0)[: step.limit] if left else b""
            for size in {0, 1, len(data) // 2, len(data)}:
                began = time.thread_time()
                step.enough(data[:size])
                assert time.thread_time() - began < HOLD, f"{name}: whether it is enough"
            assert 0 < step.seconds <= 8
            assert 0 < step.limit <= READING
        elif isinstance(step, StartTls):
            data = der
        began = time.thread_time()
        try:
            step = steps.send(data)
        except StopIteration as done:
            assert time.thread_time() - began < HOLD, f"{name}: the end of it"
            for reading in done.value:
                assert reading.kind
                assert len(reading.raw) <= READING
                # Telnet's options prove Telnet before any text does.
                assert reading.raw or reading.kind in ("telnet", "banner")
            return
        assert time.thread_time() - began < HOLD, f"{name}: a step"
    raise AssertionError(f"{name} still goes on after {STEPS} steps")


@pytest.mark.parametrize("name", sorted(probes()))
@given(answers=chunks, der=st.sampled_from([b"", b"DER"]))
@fuzz(20)
def test_any_answer(name: str, answers: list[bytes], der: bytes) -> None:
    finish(name, answers, der)


@for_every("name", sorted(probes()))
def test_a_flood(name: str) -> None:
    noise = random.Random(1).randbytes(65536)
    for flood in (
        noise,
        b"\0" * 65536,
        b"\xff" * 65536,
        b"220-x\r\n" * 9000,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 9000,
    ):
        finish(name, [flood] * 6, b"DER")


@given(st.binary(max_size=300), st.sampled_from([0, 21, 23, 25, 80, 3306]))
@fuzz(200)
def test_a_greeting_is_classified_or_empty(data: bytes, port: int) -> None:
    for reading in classify(data, port):
        assert reading.kind
        assert isinstance(reading.raw, bytes)
