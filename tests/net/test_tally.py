"""How answers become rows, and what one late answer does to them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.model.addresses import addresses_of, ports_of
from scanner.model.observation import PortState, Refused, Silence
from scanner.net.volley.passes import scattered
from scanner.net.volley.tally import Answer, Question, Tally

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
TCP: list[Question] = [("tcp", 22), ("tcp", 23), ("tcp", 24), ("tcp", 80)]
OPEN = Answer("open", "syn-ack", 1.0, 63, A, 64240)
RST = Answer("closed", "rst", 1.0, 63, A, 0)
FENCE_RST = Answer("closed", "rst", 1.0, 64, A, 0)
PROHIBITED = Answer("rejected", "icmp-3-13", 1.0, 64, "10.9.9.9")
NOBODY = Answer("unreachable", "icmp-3-1", 1.0, 64, "10.9.9.9")


def test_equal_answers_are_one_row_a_silent_host_none_of_its_own() -> None:
    tally = Tally([A, B, C], TCP, 2, [True] * 3)
    assert tally.add(3, OPEN, 0.5, 1) is not None
    for index, rtt in ((0, 1.0), (2, 7.0)):
        assert tally.add(index, RST, rtt, 1 + index // 2) is None
    rows = list(tally.rows(9.0))
    assert rows == [
        PortState(A, "tcp", "22,24", "closed", "rst", 1.0, 63, A, 0, 7.0, 2),
        PortState(A, "tcp", "23", "silent", "no-response", 9.0, tries=2),
        Silence("10.0.0.2-10.0.0.3", "tcp", "22-24,80", 2, 9.0),
    ]
    assert tally.missing == tally.missing_late == 9


def test_resets_of_two_ttls_are_two_rows() -> None:
    tally = Tally([A], TCP, 1, [True])
    tally.add(0, RST, 1.0, 1)
    tally.add(1, FENCE_RST, 1.0, 1)
    assert [(row.ports, row.ttl) for row in tally.rows(2.0) if isinstance(row, PortState) and row.ttl] == [
        ("22", 63),
        ("23", 64),
    ]


@for_every("order", list(itertools.permutations([OPEN, RST, PROHIBITED, NOBODY])), ids=str)
def test_the_strongest_answer_counts_in_any_order(order: tuple[Answer, ...]) -> None:
    tally = Tally([A], [("tcp", 80)], 2, [True])
    opened = [row for each in order if (row := tally.add(0, each, 1.0, 1)) is not None]
    assert [row.ports for row in opened] == ["80"]
    assert list(tally.rows(2.0)) == []
    assert tally.missing == 0


@pytest.mark.parametrize(
    ("answer", "late", "waits"),
    [
        (OPEN, True, False),
        (Answer("open", "syn-ack", 1.0, 64, A, 64240), True, True),
        (Answer("open", "syn-ack", 1.0, 63, A, 0), True, True),
        (Answer("open", "syn-ack", 1.0, None, A, None), True, False),
        (Answer("open", "syn-ack", 1.0, 64, A, 64240), False, False),
        (RST, True, True),
    ],
    ids=["its own", "the first hop's", "window 0", "by connecting", "on the own link", "closed"],
)
def test_a_router_is_waited_for_unless_the_host_itself_accepted_something(
    answer: Answer, late: bool, waits: bool
) -> None:
    tally = Tally([A], TCP, 2, [late])
    tally.add(3, answer, 0.5, 1)
    assert tally.waits_for_routers == waits


def test_transports_are_told_apart() -> None:
    tally = Tally([A, B], [("tcp", 53), ("udp", 53)], 1, [False, False])
    tally.add(0, RST, 1.0, 1)
    assert list(tally.rows(2.0)) == [
        PortState(A, "tcp", "53", "closed", "rst", 1.0, 63, A, 0, 1.0, 1),
        Silence(B, "tcp", "53", 1, 2.0),
        Silence("10.0.0.1-10.0.0.2", "udp", "53", 1, 2.0),
    ]


def test_echo_rows_name_the_request_of_their_ip_version() -> None:
    tally = Tally([A, "fd00::1"], [("icmp", 8)], 1, [True, True])
    assert [(each.addresses, each.ports) for each in tally.rows(1.0) if isinstance(each, Silence)] == [
        (A, "8"),
        ("fd00::1", "128"),
    ]


def test_what_could_not_be_sent_is_refused_not_silent() -> None:
    tally = Tally([A, B, C], TCP, 1, [True, True, False])
    tally.refuse(0, "no route")
    tally.absent(2)
    assert tally.missing == 4
    assert not tally.wanted(0)
    assert tally.wanted(4)
    assert not tally.wanted(8)
    assert list(tally.rows(1.0)) == [
        Refused(A, "tcp", "22-24,80", "no route", 1.0),
        Silence("10.0.0.2-10.0.0.3", "tcp", "22-24,80", 1, 1.0),
    ]


ANSWERS = st.sampled_from([OPEN, RST, FENCE_RST, PROHIBITED, NOBODY])


@given(st.lists(st.tuples(st.integers(0, 11), ANSWERS), max_size=40))
@settings(max_examples=60)
def test_every_probe_is_in_exactly_one_row(answers: list[tuple[int, Answer]]) -> None:
    tally = Tally([A, B, C], TCP, 2, [True, False, True])
    rows: list[PortState | Silence | Refused] = []
    for index, answer in answers:
        row = tally.add(index, answer, 1.0, 1)
        if row is not None:
            rows.append(row)
    rows.extend(tally.rows(2.0))
    told: list[tuple[str, int]] = []
    for each in rows:
        hosts = (
            [each.address]
            if isinstance(each, PortState)
            else [x for x in (A, B, C) if x in addresses_of(each.addresses)]
        )
        told.extend((host, port) for host in hosts for port in ports_of(each.ports))
    assert sorted(told) == sorted((host, port) for host in (A, B, C) for _, port in TCP)
    assert tally.missing == 12 - len({index for index, _ in answers})


@given(st.integers(0, 3000))
@settings(max_examples=60)
def test_the_scattered_order_has_each_probe_once(count: int) -> None:
    assert sorted(scattered(count)) == list(range(count))


def test_the_scattered_order_gives_no_host_a_burst() -> None:
    hosts = [index // 1000 for index in scattered(20_000)]
    assert max(hosts[start : start + 20].count(host) for start in range(0, 20_000, 20) for host in range(20)) <= 2


def test_what_is_known_from_before_is_neither_asked_nor_told() -> None:
    tally = Tally([A, B], [("icmp", 8), ("tcp", 22), ("tcp", 80)], 2, [True, False])
    tally.know([(A, "tcp", "22"), (A, "icmp", "8"), (B, "tcp", "22,80"), (C, "tcp", "22"), (B, "udp", "53")])
    assert [index for index in range(tally.size) if tally.wanted(index)] == [2, 3]
    assert tally.missing == 2
    assert list(tally.rows(1.0)) == [
        Silence(B, "icmp", "8", 2, 1.0),
        PortState(A, "tcp", "80", "silent", "no-response", 1.0, tries=2),
    ]
