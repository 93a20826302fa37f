"""A batch on arrays does what one answer at a time does; a deal gives every wanted probe once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.addresses import AddressSet
from scanner.model.observation import PortState, Refused, Silence
from scanner.net.packets.bulk_keys import Arrivals, Key
from scanner.net.volley.choice import EVERYTHING, Choice
from scanner.net.volley.congestion import Control, Rtt
from scanner.net.volley.heap import Heap
from scanner.net.volley.tally import Answer, Question, Tally
from scanner.net.volley.throttle import Meter

HOSTS = AddressSet.parse("10.0.0.1-10.0.0.5")
QUESTIONS: list[Question] = [("icmp", 8), ("tcp", 22), ("tcp", 80), ("udp", 53)]
MEASURED = [True, True, True, False]
KEYS: dict[str, list[Key]] = {
    "icmp": [("icmp", "open", "echo-reply", 63, None, None), ("icmp", "unreachable", "icmp-3-1", 64, "10.9.9.9", None)],
    "tcp": [
        ("tcp", "open", "syn-ack", 63, None, 64240),
        ("tcp", "open", "syn-ack", 64, None, 0),
        ("tcp", "closed", "rst", 63, None, 0),
        ("tcp", "closed", "rst", 64, None, 0),
        ("tcp", "rejected", "icmp-3-13", 64, "10.9.9.9", None),
        ("tcp", "unreachable", "icmp-3-1", 64, "10.9.9.9", None),
    ],
    "udp": [("udp", "open", "udp-reply", 63, None, None), ("udp", "closed", "icmp-3-3", 63, None, None)],
}
START = 1000.0


def books() -> tuple[Tally, Tally, Heap]:
    made = []
    for _ in range(2):
        tally = Tally(list(HOSTS), QUESTIONS, 2, [True, False, True, False, True])
        tally.whole = HOSTS
        tally.refuse(4, "no route")
        for index in range(tally.size - len(QUESTIONS)):
            tally.sent[index], tally.asked[index] = START, 2
        made.append(tally)
    heap = Heap(made[1], MEASURED, Meter(Control(1000), Rtt(0.01, 1.0)))
    return made[0], made[1], heap


@st.composite
def answers(draw: st.DrawFn) -> list[list[tuple[int, int, Key, float]]]:
    """Batches of (index, attempt, key, seconds after the probe)."""
    one = st.integers(0, 15).flatmap(
        lambda index: st.tuples(
            st.just(index),
            st.integers(0, 1),
            st.sampled_from(KEYS[QUESTIONS[index % len(QUESTIONS)][0]]),
            st.sampled_from([0.25, 1.5]),
        )
    )
    return draw(st.lists(st.lists(one, min_size=1, max_size=8), max_size=5))


@given(answers())
@settings(max_examples=150, deadline=None)
def test_a_batch_is_the_same_as_one_after_the_other(batches: list[list[tuple[int, int, Key, float]]]) -> None:
    single, many, heap = books()
    told: list[PortState] = []
    told_many: list[PortState] = []
    keys: list[Key] = []
    for batch in batches:
        # Of equal answers in one batch, either may be kept: their times differ, so they are made equal here.
        seen: dict[tuple[int, Key], tuple[int, int, Key, float]] = {}
        unique = [seen.setdefault((each[0], each[2]), each) for each in batch]
        unique = list({(each[0], each[2]): each for each in unique}.values())
        # The stronger answer counts; among equals the first of a batch by rank is not defined, so one each.
        states: dict[tuple[int, str], tuple[int, int, Key, float]] = {}
        for each in unique:
            states.setdefault((each[0], each[2][1]), each)
        unique = list(states.values())
        for index, attempt, (_, state, reason, ttl, source, window), after in unique:
            address = single.addresses[index // len(QUESTIONS)]
            answer = Answer(state, reason, START + after, ttl, address if source is None else source, window)
            row = single.add(index, answer, after * 1000 if attempt == 1 else None, attempt + 1)
            if row is not None:
                told.append(row)
        for each in unique:
            if each[2] not in keys:
                keys.append(each[2])
        arrivals = Arrivals(
            keys,
            np.array([each[0] for each in unique], np.int64),
            np.array([each[1] for each in unique], np.uint8),
            np.array([keys.index(each[2]) for each in unique], np.uint16),
            np.array([START + each[3] for each in unique]),
        )
        told_many.extend(heap.absorb(arrivals)[0])
    assert sorted(told, key=repr) == sorted(told_many, key=repr)
    assert list(single.rows(9.0)) == list(many.rows(9.0))
    assert (single.missing, single.missing_late) == (many.missing, many.missing_late)
    assert single.opened == many.opened
    assert single.hasty == many.hasty


def test_what_was_never_asked_is_not_believed() -> None:
    _, many, heap = books()
    many.asked[1] = 0
    keys = [KEYS["tcp"][0]]
    arrivals = Arrivals(keys, np.array([1]), np.zeros(1, np.uint8), np.zeros(1, np.uint16), np.array([START]))
    assert heap.absorb(arrivals)[0] == []
    assert many.wanted(1)


@pytest.mark.parametrize("most", [1, 3, 1024])
def test_a_deal_has_every_wanted_probe_once(most: int) -> None:
    _, many, heap = books()
    many.rank[5] = 4
    deal = heap.deal(EVERYTHING, controls=False)
    dealt: list[int] = []
    while len(batch := deal.deal(most)[0]):
        dealt.extend(batch.tolist())
    assert sorted(dealt) == [index for index in range(16) if index != 5]
    assert deal.done == 1.0


def test_a_later_pass_asks_the_chosen_and_repeats_closed_ports_only_of_steady_hosts() -> None:
    _, many, heap = books()
    for index, rank in ((1, 4), (2, 5), (5, 4), (9, 4)):
        many.rank[index] = rank
    choice = Choice(bytes([1, 0, 1, 1, 0]), bytes(MEASURED), controls=bytes([0, 1, 1, 1, 1]))
    deal = heap.deal(choice, controls=True)
    dealt: list[int] = []
    repeated: list[int] = []
    while len(batch := deal.deal(100)[0]):
        dealt.extend(each for each in batch.tolist() if not many.rank[each])
        repeated.extend(each for each in batch.tolist() if many.rank[each])
    assert sorted(dealt) == [0, 8, 10, 12, 13, 14]
    assert set(repeated) <= {5, 9}


def test_services_are_repeated_where_only_ports_that_tell_nothing_are_closed() -> None:
    """A host that drops TCP and tells of closed UDP ports: those limit themselves, and say nothing of the network."""
    _, many, heap = books()
    for index, key in ((2, KEYS["tcp"][0]), (3, KEYS["udp"][1])):
        arrivals = Arrivals([key], np.array([index]), np.zeros(1, np.uint8), np.zeros(1, np.uint16), np.array([START]))
        heap.absorb(arrivals)
    deal = heap.deal(EVERYTHING, controls=True)
    repeated: list[int] = []
    while len(batch := deal.deal(100)[0]):
        repeated.extend(each for each in batch.tolist() if many.rank[each])
    assert repeated == [2]


def test_the_bulk_of_a_sweep_is_one_row_for_equal_answers() -> None:
    tally = Tally(list(HOSTS), [("icmp", 8)], 2, [True] * 5)
    for host, ttl in ((0, 63), (1, 63), (3, 63), (4, 127)):
        tally.add(host, Answer("open", "echo-reply", 5.0 + host, ttl, tally.addresses[host]), 1.0, 1)
    found = {key[3]: (str(HOSTS.pick(hosts)), at) for key, hosts, at, _, _ in tally.alike()}
    assert found == {63: ("10.0.0.1-10.0.0.2,10.0.0.4", 8.0), 127: ("10.0.0.5", 9.0)}
    assert [type(row) for row in tally.rows(9.0)] == [Silence]
    assert not [row for row in tally.rows(9.0) if isinstance(row, Refused)]
