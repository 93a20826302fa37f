"""Every port of a canary, by every transport, is judged at once."""

from __future__ import annotations

import time

from assess.canary_scene import CANARY, EVERYTHING, arrival, canary, judged, signed, silent
from assess.scene import FW, GUEST, port

from scanner.model.addresses import ports_of, ports_text
from scanner.model.site import Rule

ODD, EVEN = ports_text(range(1, 65536, 2)), ports_text(range(2, 65536, 2))


def test_all_ports_of_a_canary_cost_less_than_a_second() -> None:
    """The worst case: every other port is let through, so that no range is longer than one port."""
    seen = [port(CANARY, ODD, "open"), silent(EVEN), silent("1-65535", "udp"), port(CANARY, "1-9", "closed", ttl=64)]
    seen += [port(CANARY, each, "rejected", source=FW[GUEST]) for each in range(20, 200, 2)]
    rules = tuple(Rule(GUEST, "servers", (f"tcp/{n}-{n + 9}",)) for n in range(1, 3000, 100))
    view, judge = judged(signed(*seen), canary(*EVERYTHING, arrival(ODD)), allow=rules)
    before = time.process_time()
    rows = list(judge.measured(view, CANARY))
    spent = time.process_time() - before
    assert spent < 1.0
    assert sum(len(ports_of(row.ports)) for row in rows) == 2 * 65535
    assert {row.verdict for row in rows if row.transport == "udp"} == {"DROPPED"}
    assert {row.allowed for row in rows if row.transport == "tcp"} == {True, False}
    assert len(rows) < 20


def test_flows_are_told_one_by_one_as_long_as_they_are_few() -> None:
    seen = [
        port(CANARY, "1-1000", "open"),
        port(CANARY, "2001-4000", "rejected", source=FW[GUEST]),
        silent("5000-9000"),
    ]
    view, judge = judged(signed(*seen), canary(*EVERYTHING, arrival("1-1000")))
    flows = list(judge.measured_flows(view, CANARY))
    assert {each.port for each in flows} == set(range(1, 1001))
    more = [port(CANARY, "1-1001", "open")]
    view, judge = judged(signed(*more), canary(*EVERYTHING, arrival("1-1001")))
    assert list(judge.measured_flows(view, CANARY)) == []
    assert [row.ports for row in judge.measured(view, CANARY)] == ["1-1001"]
