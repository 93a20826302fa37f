"""What the connect engine believes of silence, by how often the connections that it repeated were answered."""

from __future__ import annotations

import pytest

from scanner.net.sockets.connect_passes import Passes
from scanner.net.volley.tally import Answer, Tally

HOSTS, PORTS = 50, 10
REFUSED = Answer("closed", "refused", 1.0)
OPENED = Answer("open", "connected", 1.0)


def tally_of(answered: int, answer: Answer = REFUSED) -> Tally:
    """Every host gave so many answers to the first SYN of the first pass, and is silent on its other ports."""
    addresses = [f"10.0.0.{each}" for each in range(HOSTS)]
    tally = Tally(addresses, [("tcp", port) for port in range(PORTS)], 2, [False] * HOSTS)
    for host in range(HOSTS):
        for asked in range(answered):
            tally.add(host * PORTS + asked, answer, 1.0, 1)
    return tally


def first_pass(tally: Tally) -> Passes:
    passes = Passes(tally)
    passes.begin(None)
    for rank in tally.rank:
        if rank:
            passes.count(1, control=False)
    return passes


def later(passes: Passes, first: int, second: int, lost: int) -> None:
    passes.begin(None)
    for tried, count in ((1, first), (2, second), (0, lost)):
        for _ in range(count):
            passes.count(tried, control=True)


def test_silence_among_controls_that_answer_is_silence() -> None:
    passes = first_pass(tally_of(8))
    later(passes, 100, 0, 0)
    assert passes.loss < 0.05
    verdict = passes.verdict()
    assert verdict.again == ()
    assert verdict.misses < 0.01


@pytest.mark.parametrize(("first", "second", "lost"), [(0, 0, 100), (2, 18, 80), (10, 30, 60), (0, 0, 20)])
def test_silence_among_controls_that_were_lost_is_asked_again(first: int, second: int, lost: int) -> None:
    passes = first_pass(tally_of(8))
    later(passes, first, second, lost)
    assert passes.loss > 0.7
    assert len(passes.verdict().again) == HOSTS


def test_however_often_they_were_asked_in_vain_while_nothing_was_delivered() -> None:
    passes = first_pass(tally_of(8))
    for _ in range(8):
        later(passes, 0, 0, 100)
    assert len(passes.verdict().again) == HOSTS


def test_a_pass_speaks_for_itself_and_not_for_the_one_before() -> None:
    passes = first_pass(tally_of(8))
    later(passes, 0, 0, 100)
    assert passes.loss > 0.9
    later(passes, 100, 0, 0)
    assert passes.loss < 0.05


def test_what_was_silent_before_says_nothing_of_the_loss_of_a_later_pass() -> None:
    passes = first_pass(tally_of(8))
    passes.begin({1})
    for _ in range(50):
        passes.count(2, control=False)
    assert passes.loss == pytest.approx(0.13, abs=0.01)


def test_a_host_is_judged_by_the_passes_it_took_part_in() -> None:
    """Left out of six passes, it was not silent in them."""
    tally = tally_of(8)
    one, all_ = first_pass(tally), first_pass(tally)
    for hosts, passes in (({0}, one), (None, all_)):
        for _ in range(6):
            passes.begin(hosts)
            for _ in range(60):
                passes.count(1, control=True)
            for _ in range(40):
                passes.count(2, control=True)
    assert set(one.verdict().again) > set(all_.verdict().again)


@pytest.mark.parametrize(("asked", "repeated"), [(1, 100), (500, 100), (2000, 200), (100_000, 400)])
def test_a_tenth_is_repeated_and_never_too_little_to_tell(asked: int, repeated: int) -> None:
    tally = tally_of(8)
    chosen = first_pass(tally).controls(asked)
    assert len(set(chosen)) == len(chosen) == repeated
    assert all(tally.rank[each] for each in chosen)


def test_services_are_repeated_only_where_nothing_is_closed() -> None:
    assert len(first_pass(tally_of(8, OPENED)).controls(10)) == 20
    mixed = tally_of(7, OPENED)
    mixed.add(8, REFUSED, 1.0, 1)
    assert first_pass(mixed).controls(10) == [8]
    assert first_pass(tally_of(0)).controls(10) == []
