from __future__ import annotations

import math
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.net.pace import Chain, TokenBucket


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def most_within(grants: list[tuple[float, int]], span: float) -> int:
    """The most packets that any half-open span of this length holds."""
    return max(sum(n for at, n in grants if start <= at < start + span) for start, _ in grants)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.integers(1, 5000), st.floats(0.2, 50)),
    st.lists(st.tuples(st.integers(1, 40), st.floats(0, 0.3)), min_size=1, max_size=40),
)
def test_no_window_is_ever_overrun(rate: float, asked: list[tuple[int, float]]) -> None:
    clock = Clock()
    bucket = TokenBucket(rate, clock.read, clock.sleep)
    grants: list[tuple[float, int]] = []
    for packets, pause in asked:
        for _ in range(packets):
            bucket.take(1)
            grants.append((clock.now, 1))
        clock.now += pause
    assert most_within(grants, 1.0) <= max(1, rate)
    assert most_within(grants, 0.1) <= rate / 10 + 1


@pytest.mark.parametrize("rate", [1, 7, 10, 99, 1000, 20000])
def test_the_rate_is_used(rate: int) -> None:
    """Ten seconds' worth takes ten seconds and a little, not eleven."""
    clock = Clock()
    bucket = TokenBucket(rate, clock.read, clock.sleep)
    bucket.take(rate * 10)
    assert 8.9 <= clock.now - 1_000_000.0 <= 10.5


@pytest.mark.parametrize("rate", [500, 20_000, 100_000, 1_000_000])
@pytest.mark.parametrize("share", [0.001, 0.004, 0.0103, 0.03])
def test_portions_of_any_size_use_the_rate(rate: int, share: float) -> None:
    """A batch that does not divide a window evenly must not cost half of it."""
    clock = Clock()
    bucket = TokenBucket(rate, clock.read, clock.sleep)
    batch = max(1, int(rate * share))
    grants: list[tuple[float, int]] = []
    while clock.now < 1_000_002.0:
        bucket.take(batch)
        grants.append((clock.now, batch))
    assert sum(n for _, n in grants) >= 0.85 * rate * 2
    if batch <= bucket.depth:
        assert most_within(grants, 0.1) <= math.ceil(rate / 10)
        assert most_within(grants, 0.01) <= rate / 40 + batch


def test_a_sender_that_the_system_woke_late_catches_up() -> None:
    clock = Clock()
    bucket = TokenBucket(10_000, clock.read, lambda seconds: clock.sleep(seconds + 0.005))
    bucket.take(10_000)
    assert clock.now - 1_000_000.0 < 1.1


def test_a_take_above_the_depth_is_spread_out() -> None:
    clock = Clock()
    bucket = TokenBucket(100, clock.read, clock.sleep)
    assert bucket.depth == 1
    bucket.take(50)
    assert clock.now - 1_000_000.0 >= 0.4


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="is none"):
        TokenBucket(rate)


def test_threads_share_one_limit() -> None:
    bucket = TokenBucket(200)
    grants: list[tuple[float, int]] = []
    start = time.monotonic()

    def sender() -> None:
        while time.monotonic() - start < 0.5:
            bucket.take(1)
            grants.append((time.monotonic(), 1))

    threads = [threading.Thread(target=sender) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 60 <= len(grants) <= 200 * 0.5 + 20 + 4


def test_a_chain_is_as_slow_as_its_slowest() -> None:
    clock = Clock()
    fast = TokenBucket(1000, clock.read, clock.sleep)
    slow = TokenBucket(10, clock.read, clock.sleep)
    chain = Chain([fast, slow])
    chain.take(20)
    assert chain.rate == 10
    assert clock.now - 1_000_000.0 >= 1.0
