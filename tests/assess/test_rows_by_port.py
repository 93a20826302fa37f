"""An address that was asked every port, with a row for each of them: no question looks through them all."""

from __future__ import annotations

import time

import msgspec
from assess.canary_scene import CANARY, EVERYTHING, arrival, canary, signed
from assess.scene import FW, GUEST, TODAY, port, session, site
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess import assess
from scanner.assess.facts.rows import ByPort
from scanner.assess.facts.view import View
from scanner.model.addresses import ports_of, ports_text
from scanner.model.baseline import Knowledge
from scanner.model.observation import PortState, Silence

_SECONDS = 12.0
"""Many times of what it takes, and a small part of what it takes to look through the rows for each port."""
_LAST = 1 << 14
"""The last port that has a row of its own."""
_ports = st.tuples(st.integers(0, 120), st.integers(0, 200)).map(lambda each: ports_text(range(each[0], sum(each) + 1)))
_states = st.sampled_from(["open", "closed", "silent"])


@given(st.lists(_ports, max_size=30), st.integers(0, 330))
@settings(max_examples=60, deadline=None)
def test_the_rows_of_a_port_are_those_that_speak_of_it(texts: list[str], wanted: int) -> None:
    rows = [(order, port("10.0.2.9", each, "open")) for order, each in enumerate(texts)]
    found = ByPort(rows).on(wanted)
    assert [each for each in found if wanted in ports_of(each[1].ports)] == [
        each for each in rows if wanted in ports_of(each[1].ports)
    ]


@given(st.lists(st.tuples(_ports, _states), min_size=17, max_size=40), st.integers(0, 330))
@settings(max_examples=60, deadline=None)
def test_the_newest_of_many_rows_is_what_it_is_of_them_one_by_one(rows: list[tuple[str, str]], wanted: int) -> None:
    """In one scan any answer counts for more than a silence, and the newest of the answers."""
    view = View(GUEST)
    view.add(session(GUEST, *(port(CANARY, each, state) for each, state in rows)))  # type: ignore[arg-type]
    speaking = [(each, state) for each, state in rows if wanted in ports_of(each)]
    answers = [each for each in speaking if each[1] != "silent"]
    expected = (answers or speaking)[-1] if speaking else None
    found = view.answer(CANARY, "tcp", wanted)
    assert (None if found is None else (found.ports, found.state)) == expected


def test_a_row_more_is_not_overlooked() -> None:
    view = View(GUEST)
    view.add(session(GUEST, *(port(CANARY, each, "open") for each in range(1, 100))))
    assert view.answer(CANARY, "tcp", 7) == port(CANARY, 7, "open")
    view.add(session(GUEST, port(CANARY, 7, "closed"), Silence(CANARY, "tcp", "8", 2, 2003.0), started=2000.0))
    seven, eight = view.answer(CANARY, "tcp", 7), view.answer(CANARY, "tcp", 8)
    assert [each.state for each in (seven, eight) if each] == ["closed", "silent"]


def test_a_canary_with_a_row_for_each_port_is_assessed_in_seconds() -> None:
    """Engines that ask a port at a time leave such rows, none like the one before."""
    tcp = [port(CANARY, each, "open" if each % 2 else "closed") for each in range(1, _LAST + 1)]
    udp = [_refused(each) for each in range(1, _LAST + 1)]
    heard = arrival(ports_text(range(1, _LAST + 1, 2)))
    sessions = [signed(*tcp, *udp), canary(*EVERYTHING, heard)]
    before = time.process_time()
    report = assess(site(critical=()), sessions, Knowledge(baselines=()), TODAY)
    assert time.process_time() - before < _SECONDS
    here = [row for row in report.measured if (row.from_, row.address) == (GUEST, CANARY)]
    assert sum(len(ports_of(row.ports)) for row in here) == 2 * _LAST
    crossed = [row for row in here if row.verdict == "REACHED" and row.transport == "tcp"]
    assert {port for row in crossed for port in ports_of(row.ports)} >= set(range(1, _LAST + 1, 2))
    assert {row.verdict for row in here if row.transport == "udp"} == {"REJECTED"}


def _refused(number: int) -> PortState:
    return msgspec.structs.replace(port(CANARY, number, "rejected", source=FW[GUEST]), transport="udp")
