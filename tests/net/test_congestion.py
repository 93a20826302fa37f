from __future__ import annotations

import math
import random
import time
from collections.abc import Callable

import msgspec
import pytest
from channel import Channel, Outcome, Scan
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.net.volley.congestion import Bin, Control, HostCount, Rtt, unsettled


class Case(msgspec.Struct, frozen=True):
    """A scan through a channel, and the most seconds that it may take."""

    channel: Callable[[], Channel]
    most: float
    limit: float = 1e6
    capacity: float = 0.0
    """Of the channel where it is constant: the steady state is then compared with it."""


def one_port_each(hosts: int) -> dict[int, frozenset[int]]:
    return {host: frozenset([host]) for host in range(hosts)}


def drops_and_recovers(now: float) -> float:
    return 20_000 if now < 3 or now > 6 else 5_000


def out_for_half_a_second(now: float) -> float:
    return 1 if 1 < now < 1.5 else 50_000


CASES = {
    "nothing in the way": Case(lambda: Channel(254, 1000), 0.4),
    "nothing in the way but a round trip of 100 ms": Case(lambda: Channel(254, 1000, rtt=0.1), 1.6),
    "a low limit": Case(lambda: Channel(100, 500), 1.1, limit=50_000),
    "policer of 20,000 a second": Case(lambda: Channel(254, 1000, capacity=20_000), 12.7 * 1.1, capacity=20_000),
    "policer of 2,000 a second": Case(lambda: Channel(254, 160, capacity=2_000), 20.3 * 1.1, capacity=2_000),
    "policer behind 100 ms": Case(lambda: Channel(254, 1000, capacity=20_000, rtt=0.1), 12.7 * 1.1, capacity=20_000),
    "queue of 50 with tail drop": Case(
        lambda: Channel(254, 1000, capacity=20_000, depth=50, queue=True), 12.7 * 1.1, capacity=20_000
    ),
    "device of a fixed rate": Case(
        lambda: Channel(254, 1000, capacity=20_000, depth=1), 12.7 * 1.1, capacity=20_000
    ),
    "2% loss each way": Case(lambda: Channel(254, 1000, loss=0.02), 0.6),
    "10% loss each way": Case(lambda: Channel(100, 1000, loss=0.1), 0.8),
    "half of the hosts drop": Case(lambda: Channel(254, 1000, silent=range(127)), 0.7),
    # 127,000 silent probes are asked twice: 19.05 seconds at 20,000 a second.
    "policer, 2% loss and half of the hosts drop": Case(
        lambda: Channel(254, 1000, capacity=20_000, loss=0.02, silent=range(127)), 19.05 * 1.1, capacity=20_000
    ),
    "a few hosts give 200 answers a second": Case(
        lambda: Channel(100, 1000, limited=dict.fromkeys(range(5), 200.0)), 6.5
    ),
    "half of the hosts give 200 answers a second": Case(
        lambda: Channel(40, 1000, limited=dict.fromkeys(range(0, 40, 2), 200.0)), 6.5
    ),
    "all hosts give 200 answers a second": Case(
        lambda: Channel(40, 1000, limited=dict.fromkeys(range(40), 200.0)), 16.0
    ),
    # 254,000 packets less the 75,000 that pass while the capacity is a quarter.
    "capacity that drops and recovers": Case(
        lambda: Channel(254, 1000, capacity=drops_and_recovers), 14.95 * 1.1
    ),
    "outage of half a second": Case(lambda: Channel(254, 1000, capacity=out_for_half_a_second, depth=1), 5.6 * 1.1),
    "one host, 20 ports": Case(lambda: Channel(1, 20), 0.1),
    "three hosts with loss, one behind a filter": Case(
        lambda: Channel(3, 30, loss=0.02, filtered={0: frozenset([3])}), 0.2
    ),
    "sparse: one host in 20 of a /16": Case(
        lambda: Channel(1 << 16, 1, silent=[host for host in range(1 << 16) if host % 20]), 0.4
    ),
    "sparse, with loss": Case(
        lambda: Channel(1 << 15, 1, loss=0.02, silent=[host for host in range(1 << 15) if host % 20]), 0.5
    ),
    "sparse, behind a policer": Case(
        # Five passes of 1.6 seconds: with loss, 800 lone answers need the fourth and fifth.
        lambda: Channel(1 << 15, 1, capacity=20_000, silent=[host for host in range(1 << 15) if host % 20]), 9.0
    ),
    "one open port each behind filters, with loss": Case(
        lambda: Channel(150, 500, loss=0.02, filtered=one_port_each(100)), 0.6
    ),
}  # fmt: skip


def run(case: Case) -> Outcome:
    channel = case.channel()
    outcome = Scan(channel, Control(case.limit)).run()
    assert outcome.found == channel.truth()
    return outcome


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_everything_is_found_in_time_and_within_the_limit(case: Case) -> None:
    outcome = run(case)
    assert outcome.seconds <= case.most
    assert outcome.verdict.misses < 0.01
    assert max(rate for _, rate, _ in outcome.rates) <= case.limit
    if case.capacity:
        steady = sorted(rate for at, rate, _ in outcome.rates if 2 < at < outcome.seconds * 0.9)
        assert 0.9 * case.capacity < steady[len(steady) // 2] < 1.05 * case.capacity
        assert steady[len(steady) * 9 // 10] < 1.1 * case.capacity


@pytest.mark.parametrize("seed", range(10))
def test_loss_of_2_percent_each_way_hides_nothing_in_ten_runs(seed: int) -> None:
    channel = Channel(100, 200, loss=0.02, silent=range(10), filtered={20: frozenset([7])}, seed=seed)
    assert Scan(channel, Control(200_000)).run().found == channel.truth()


@pytest.mark.parametrize(
    ("loss", "silent"),
    [(0.0, 0), (0.02, 0), (0.1, 0), (0.02, 127), (0.1, 220)],
    ids=["none", "2%", "10%", "half", "sparse"],
)
def test_noise_alone_does_not_slow_a_scan_down(loss: float, silent: int) -> None:
    """Ten seconds' worth of spans at the limit, some thousand of them, whatever the share that is answered."""
    draw = random.Random(7)
    control = Control(100_000)
    answer = (1 - loss) ** 2 * (1 - silent / 254)
    sent, now, rates = 0, 0.0, []
    while now < 10:
        size = max(1, int(control.rate * 0.01))
        hits = sum(draw.random() < answer for _ in range(size)) if size < 50 else round(
            min(size, max(0.0, draw.gauss(size * answer, math.sqrt(size * answer * (1 - answer)))))
        )  # fmt: skip
        control.feed(Bin(0.01, size, hits, False, now), now + 0.01)
        rates.append(control.rate)
        sent += size
        now += 0.01
    assert sent >= 0.9 * 100_000 * 10
    assert sum(rates[20:]) / len(rates[20:]) >= 0.9 * 100_000


def test_full_speed_within_100_ms_of_feedback() -> None:
    control = Control(1e6)
    now = 0.0
    while control.rate < 1e6:
        size = int(control.rate * 0.01)
        control.feed(Bin(0.01, size, size, False, now), now + 0.01)
        now += 0.01
    assert now <= 0.1


def test_without_answers_the_limit_is_used() -> None:
    control = Control(1e6)
    for index in range(12):
        control.feed(Bin(0.01, int(control.rate * 0.01), 0, False, index / 100), (index + 1) / 100)
    assert control.rate == 1e6


def test_a_share_that_falls_for_good_is_no_congestion() -> None:
    """Half of the hosts vanish behind a rule: slower does not help, so the scan goes on as fast as before."""
    control = Control(1e5)
    now, low = 0.0, 1e5
    for index in range(400):
        size = int(control.rate * 0.01)
        control.feed(Bin(0.01, size, size if index < 100 else size // 2, False, now), now + 0.01)
        low = min(low, control.rate) if index >= 100 else low
        now += 0.01
    assert low < 0.6e5
    assert control.rate == 1e5


def test_a_first_rate_above_the_capacity_is_found_out() -> None:
    """Even the first span lost most: the baseline has to be found below it."""
    control = Control(1e6, start=4000)
    now, carried, room = 0.0, 0, 0.0
    for _ in range(200):
        size = max(1, int(control.rate * 0.05))
        room = min(25.0, room + 500 * 0.05)
        hits = min(size, int(room))
        room -= hits
        carried += hits
        control.feed(Bin(0.05, size, hits, False, now), now + 0.05)
        now += 0.05
    assert control.rate < 1.3 * 500
    assert carried > 0.7 * 500 * now


BINS = st.builds(
    Bin,
    st.floats(allow_nan=True, allow_infinity=True) | st.floats(0.001, 0.1),
    st.integers(-5, 100_000),
    st.integers(-5, 200_000),
    st.booleans(),
    st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 10),
    st.integers(-5, 200_000),
)


@settings(max_examples=150, deadline=None)
@given(st.floats(1e-3, 1e7), st.none() | st.floats(), st.lists(BINS, max_size=60), st.none() | st.floats())
def test_no_bin_raises_and_the_rate_stays_within(
    limit: float, start: float | None, bins: list[Bin], now: float | None
) -> None:
    control = Control(limit, start)
    for bin in bins:
        control.feed(bin, now)
        assert 0 < control.rate <= limit
        assert 0 <= control.loss <= 1
        assert 0 < control.loss_upper <= 1


@pytest.mark.parametrize("limit", [0, -1, math.nan, math.inf])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="is none"):
        Control(limit)


@pytest.mark.parametrize("loss", [0.0, 0.04, 0.19])
def test_the_loss_is_measured_with_its_bound(loss: float) -> None:
    draw = random.Random(3)
    control = Control(1e5)
    for index in range(200):
        hits = sum(draw.random() >= loss for _ in range(20))
        control.feed(Bin(0.01, 20, hits, True, index / 100, 1000), index / 100 + 0.01)
    assert control.loss == pytest.approx(loss, abs=0.02)
    assert loss < control.loss_upper < loss + 0.03


# The stopping rule.

AGAIN = {
    "nothing was asked twice yet": ([HostCount(10, (3,))], 0.001, 1, True),
    "all is answered": ([HostCount(10, (10,))], 0.1, 1, False),
    "silent twice": ([HostCount(1000, (0, 0))], 0.13, 2, False),
    "a pass found nothing new, but the loss is high": ([HostCount(1000, (700, 200, 0))] * 20, 0.2, 3, True),
    "responsive, twice, with loss": ([HostCount(1000, (990, 0))], 0.01, 2, True),
    "responsive, twice, the loss is nil": ([HostCount(1000, (990, 0))], 0.0005, 2, False),
    "one port behind a filter, 4% loss": ([HostCount(1000, (1, 0))] * 100, 0.04, 2, True),
    "the same after four passes": ([HostCount(1000, (1, 0, 0, 0))] * 100, 0.04, 4, False),
    "the silent neighbours of hosts with one answer": (
        [HostCount(1000, (1, 0, 0, 0))] * 100 + [HostCount(1000, (0, 0))] * 50, 0.04, 4, True,
    ),
    "all answered but one port of 254,000, 4% loss": (
        [HostCount(1000, (960, 40))] * 253 + [HostCount(1000, (960, 38, 1, 0))], 0.04, 4, True,
    ),
    "later passes go on yielding": ([HostCount(1000, (100, 100, 100))], 0.001, 3, True),
}  # fmt: skip


@pytest.mark.parametrize("case", AGAIN.values(), ids=AGAIN)
def test_who_is_asked_again(case: tuple[list[HostCount], float, int, bool]) -> None:
    hosts, loss, passes, more = case
    verdict = unsettled(hosts, loss, passes)
    assert bool(verdict.again) is more
    assert more or verdict.misses <= 0.01
    assert all(sum(hosts[index].answered) < hosts[index].asked for index in verdict.again)


def test_the_expected_misses_are_those_of_mark_and_recapture() -> None:
    hosts = [HostCount(1000, (96, 4, 0))] * 10
    assert unsettled(hosts, 0.04, 3).misses == pytest.approx(1000 * 0.04**3, rel=0.5)


def test_the_expected_misses_are_not_too_few() -> None:
    """A thousand small scans that stop by the rule: what they missed in all is what they were allowed to, or less."""
    draw = random.Random(11)
    missed = 0
    for _ in range(1000):
        truth = [draw.choice((0, 0, 1, 5, 18, 20)) for _ in range(10)]
        hosts = [HostCount(20, ()) for _ in truth]
        again: tuple[int, ...] = tuple(range(10))
        passes = 0
        while again:
            passes += 1
            for index in again:
                left = truth[index] - sum(hosts[index].answered)
                found = sum(draw.random() >= 0.1 for _ in range(left))
                hosts[index] = HostCount(20, (*hosts[index].answered, found))
            again = unsettled(hosts, 0.12, passes).again
        missed += sum(truth) - sum(sum(host.answered) for host in hosts)
    assert missed <= 10 + 3 * math.sqrt(10)


def test_limited_hosts_are_told_apart_with_their_rate() -> None:
    hosts = [HostCount(1000, (999, 1), (1.0, 0.1))] * 20 + [HostCount(1000, (220, 200, 200), (1.0, 1.0, 1.0))]
    verdict = unsettled(hosts, 0.001, 3)
    assert [each.host for each in verdict.limited] == [20]
    assert 200 <= verdict.limited[0].rate <= 260
    assert verdict.again == (20,)


def test_a_congested_first_pass_makes_no_limited_hosts() -> None:
    assert not unsettled([HostCount(1000, (400, 590), (0.3, 0.3))] * 50, 0.01, 2).limited


def test_answers_that_stop_within_a_second_are_asked_for_once_more_after_it() -> None:
    """A limit of 200 a second, met by two passes within 0.2 seconds, looks like 800 filtered ports."""
    quick = unsettled([HostCount(1000, (200, 0, 0), (0.1, 0.05, 0.05))], 0.0005, 3)
    assert quick.again == (0,)
    assert quick.rest == pytest.approx(0.9)
    assert not unsettled([HostCount(1000, (200, 0, 0, 0), (0.1, 0.05, 0.05, 1.0))], 0.0005, 4).again


def test_the_loop_ends_even_when_nothing_gets_better() -> None:
    verdict = unsettled([HostCount(1000, (10,) * 24)], 0.9, 24)
    assert not verdict.again
    assert verdict.misses > 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(HostCount, st.integers(0, 50), st.lists(st.integers(0, 20), max_size=6).map(tuple)), max_size=30
    ),
    st.floats(0, 1),
    st.integers(0, 30),
)
def test_any_counts_give_a_verdict(hosts: list[HostCount], loss: float, passes: int) -> None:
    verdict = unsettled(hosts, loss, passes)
    assert 0 <= verdict.misses <= sum(max(0, host.asked - sum(host.answered)) for host in hosts) + 1e-6
    assert list(verdict.again) == sorted(set(verdict.again))


def test_a_verdict_on_a_network_of_65000_hosts_takes_a_fifth_of_a_second() -> None:
    draw = random.Random(5)
    hosts = [HostCount(20, (draw.randrange(20), draw.randrange(3), 0), (1.0, 0.5, 0.5)) for _ in range(65_000)]
    start = time.process_time()
    unsettled(hosts, 0.04, 3)
    assert time.process_time() - start < 0.2


# The round trip.


def test_the_timeout_follows_the_answers_and_never_cuts_their_tail() -> None:
    rtt = Rtt(0.01, 1.0)
    assert rtt.timeout == 1.0
    for _ in range(50):
        rtt.feed(100, 0.002, 0.003)
    assert 0.01 <= rtt.timeout < 0.02
    rtt.feed(100, 0.003, 0.3)
    assert 0.3 < rtt.timeout <= 1.0
    for _ in range(1000):
        rtt.feed(1000, 0.002, 0.003)
    assert rtt.timeout > 0.3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(-1, 5000), st.floats(), st.floats()), max_size=20))
def test_the_timeout_stays_between_floor_and_ceiling(fed: list[tuple[int, float, float]]) -> None:
    rtt = Rtt(0.05, 2.0)
    for count, mean, largest in fed:
        rtt.feed(count, mean, largest)
        assert 0.05 <= rtt.timeout <= 2.0


def test_a_floor_above_the_ceiling_is_refused() -> None:
    with pytest.raises(ValueError, match="no time between"):
        Rtt(2.0, 1.0)
