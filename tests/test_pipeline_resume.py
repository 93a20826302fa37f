"""What is not asked again after an interruption: units that ended, and of the one that was cut off what is answered."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.addresses import AddressSet, addresses_of
from scanner.model.network import Converse, Knock, Pace, Sweep, Talk
from scanner.model.observation import (
    Alive,
    Conversation,
    Event,
    HostSeen,
    Observation,
    PortState,
    Refused,
    Silence,
    Vantage,
)
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.net.pace import TokenBucket
from scanner.pipeline import observe, unasked_knock, unasked_sweep, unasked_talks
from scanner.plan import Manners, make_plan
from scanner.ports import Ports
from scanner.store import Store

DAY = datetime.date(2026, 11, 22)
SITE = Site(
    client="c",
    site="s",
    zones=(Zone("here", ("10.0.0.0/29",)), Zone("far", ("10.1.0.0/25",)), Zone("wide", ("10.2.0.0/21",))),
    authorization=Authorization("owner", DAY, DAY),
    scope=Scope(max_rate=100),
)
HERE = Vantage("here", "eth0", "10.0.0.6")
PORTS = Ports(tuple(range(1, 101)))


def port(address: str, ports: str, state: str = "open", transport: str = "tcp") -> PortState:
    return PortState(address, transport, ports, state, "x", 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "left"),
    [
        ([], "10.1.0.1-10.1.0.3"),
        ([port("10.1.0.2", "22")], "10.1.0.1-10.1.0.3"),
        ([port("10.1.0.2", "22"), port("10.1.0.2", "80", "closed")], "10.1.0.1,10.1.0.3"),
        ([port("10.1.0.2", "22"), port("10.1.0.2", "80", "silent")], "10.1.0.1-10.1.0.3"),
        ([port("10.1.0.2", "22"), port("10.1.0.2", "80", transport="udp")], "10.1.0.1-10.1.0.3"),
        ([port(f"10.1.0.{n}", "22,80") for n in (1, 2, 3)], ""),
    ],
    ids=["nothing answered", "one port of two", "both", "silence is no answer", "another transport", "everybody"],
)
def test_of_a_knock_whoever_answered_on_every_port_is_left_out(answers: list[Observation], left: str) -> None:
    assert unasked_knock(Knock("10.1.0.1-10.1.0.3", (22, 80)), answers).addresses == left


def test_echo_is_one_of_the_questions_of_a_knock() -> None:
    knock = Knock("10.1.0.1,fd00::1", (22,), echo=True)
    answers: list[Observation] = [port("10.1.0.1", "22"), port("fd00::1", "22")]
    assert unasked_knock(knock, answers).addresses == "10.1.0.1,fd00::1"
    answers += [port("10.1.0.1", "8,13", "unreachable", "icmp"), port("fd00::1", "128", transport="icmp")]
    assert unasked_knock(knock, answers).addresses == ""


def test_single_ports_that_were_answered_are_named_as_known() -> None:
    answers: list[Observation] = [
        port("10.1.0.1", "22"),
        port("10.1.0.2", "22,80"),
        port("10.1.0.3", "80", "silent"),
        port("10.1.0.3", "22", "closed"),
    ]
    left = unasked_knock(Knock("10.1.0.1-10.1.0.3", (22, 80)), answers)
    assert left.addresses == "10.1.0.1,10.1.0.3"
    assert left.known == (("10.1.0.1", "tcp", "22"), ("10.1.0.3", "tcp", "22"))


def test_of_a_sweep_whoever_answered_is_left_out_and_neighbours_are_asked_again() -> None:
    request = Sweep("10.0.0.1-10.0.0.5", "10.1.0.1-10.1.0.3", "10.2.0.1-10.2.0.9")
    answers: list[Observation] = [
        HostSeen("10.0.0.1", "arp", 1.0),
        port("10.1.0.1", "8", transport="icmp"),
        port("10.1.0.2", "8", transport="icmp"),
        port("10.1.0.2", "13", transport="icmp"),
        HostSeen("10.2.0.1", "tcp", 1.0),
        Alive("10.2.0.4-10.2.0.6", "icmp", 8, "echo-reply", 1.0),
    ]
    left = unasked_sweep(request, answers)
    assert (left.on_link, left.routed) == ("10.0.0.1-10.0.0.5", "10.1.0.1,10.1.0.3")
    assert left.discover == "10.2.0.2-10.2.0.3,10.2.0.7-10.2.0.9"


def test_of_conversations_those_that_ended_without_an_answer_are_left_out() -> None:
    talks = [Talk("10.1.0.1", "tcp", n) for n in (1, 2, 3)]
    answers: list[Observation] = [
        Conversation("10.1.0.1", "tcp", 1, "http", "answered", 1.0),
        Conversation("10.1.0.1", "tcp", 2, "none", "silent", 1.0),
    ]
    assert unasked_talks(talks, answers).talks == (talks[0], talks[2])


class Wire:
    """A network that records what it was asked: everybody in `up` answers everything, host by host."""

    def __init__(self, up: AddressSet) -> None:
        self.up = up
        self.asked: list[tuple[str, int]] = []
        self.open = 0

    def _during(self, events: Iterator[Event]) -> Iterator[Event]:
        self.open += 1
        try:
            yield from events
        finally:
            self.open -= 1

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]:
        return self._during(
            Alive(str(part), "icmp", 8, "echo-reply", 1.0)
            for part in (AddressSet.parse(request.discover) & self.up).chunks(40)
        )

    def knock(self, request: Knock, pace: Pace) -> Iterator[Event]:
        return self._during(self._knock(request))

    def _knock(self, request: Knock) -> Iterator[Event]:
        for address in addresses_of(request.addresses):
            self.asked += ((address, each) for each in request.tcp)
            if address in self.up:
                if request.echo:
                    yield port(address, "8", transport="icmp")
                    yield port(address, "13", transport="icmp")
                yield port(address, "1")
                yield port(address, "2")
                yield port(address, "3-100", "closed")
        # As the engines do: who never answered is told together, when all waiting is over.
        quiet = AddressSet.parse(request.addresses) - self.up
        if quiet:
            yield Silence(str(quiet), "tcp", "1-100", request.tries, 1.0)

    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]:
        return iter(())

    def close(self) -> None:
        pass


UP = AddressSet.parse("10.1.0.7,10.2.1.1-10.2.1.99")


def run(store: Store, wire: Wire, stop_after: int | None) -> None:
    plan = make_plan(SITE, HERE, PORTS, manners=Manners(identify=False))
    journal = store.unfinished("c", "s", "here") or store.begin("c", "s", plan, "raw")
    events = observe(journal.plan, wire, journal, TokenBucket(1e6), SITE)
    for count, _ in enumerate(events, 1):
        if count == stop_after:
            break
    assert isinstance(events, Generator)
    events.close()
    assert wire.open == 0


@settings(max_examples=15, deadline=None)
@given(stops=st.lists(st.integers(1, 330), max_size=4))
def test_whatever_is_cut_off_no_probe_of_a_finished_unit_nor_of_an_answered_host_is_sent_twice(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int]
) -> None:
    path = tmp_path_factory.mktemp("resumed") / "s.sqlite"
    with Store(path) as store:
        whole = Wire(UP)
        run(store, whole, None)
    path.unlink()
    done: set[tuple[str, int]] = set()
    everything: set[tuple[str, int]] = set()
    for stop in (*stops, None):
        wire = Wire(UP)
        with Store(path) as store:
            before = store.unfinished("c", "s", "here")
            if before is not None:
                told = list(before.rows())
                rows = [(name, each) for name, each in told if isinstance(each, PortState)]
                finished = {each.address for name, each in rows if before.done(name)}
                for name, quiet in told:
                    if isinstance(quiet, Silence) and before.done(name):
                        finished |= set(addresses_of(quiet.addresses))
                        # The last row of a host is that of its closed ports.
                answered = {each.address for _, each in rows if each.state == "closed"}
                done = {(address, n) for address in finished | answered for n in PORTS.tcp}
            elif everything:
                break  # the attempt before ran to its end
            run(store, wire, stop)
        assert not done & set(wire.asked)
        assert len(set(wire.asked)) == len(wire.asked)
        everything |= set(wire.asked)
    assert everything == set(whole.asked)
    assert AddressSet.of({address for address, _ in everything}) & UP == UP


def test_silence_of_a_finished_unit_is_not_asked_again(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        whole = Wire(UP)
        run(store, whole, None)
        [scan] = store.sessions("c", "s")
    # What the plan leaves out is written and is no event.
    events = [each for each in scan.observations if not isinstance(each, Refused)]
    silences = [number for number, each in enumerate(events, 1) if isinstance(each, Silence)]
    assert len(silences) >= 3, "as many units"
    for last in silences[:-1]:
        path = tmp_path / f"{last}.sqlite"
        with Store(path) as store:
            run(store, Wire(UP), last + 2)  # the outlook, and the next unit's first event: this one's mark is there
            journal = store.unfinished("c", "s", "here")
            assert journal is not None
            kept = [(name, each) for name, each in journal.rows() if isinstance(each, Silence)]
            assert kept
            assert all(journal.done(name) for name, _ in kept)
            wire = Wire(UP)
            run(store, wire, None)
        quiet = {address for _, each in kept for address in addresses_of(each.addresses)}
        asked = {address for address, _ in wire.asked}
        assert not quiet & asked
        assert asked | quiet | set(UP) >= {address for address, _ in whole.asked}


def test_who_answers_discovery_is_knocked_like_the_others(tmp_path: Path) -> None:
    wire = Wire(UP)
    with Store(tmp_path / "s.sqlite") as store:
        run(store, wire, None)
    asked = {address for address, _ in wire.asked}
    assert set(addresses_of("10.2.1.1-10.2.1.99")) <= asked
    assert len(asked) < 1000, "and of the silent only the sample"
