"""The raw engine's last UDP ports, against targets whose kernels limit their port-unreachables as Linux does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from connect_lab import LAPTOP, CrowdLab, ports
from lab_fixtures import raised

from scanner.model.network import Knock
from scanner.model.observation import Event, Progress, Silence
from scanner.net.live import LiveNetwork
from scanner.net.pace import TokenBucket
from scanner.net.patience import FEW_PORTS

pytestmark = [pytest.mark.lab]

DROPPED = """
table inet fence {
  chain forward {
    type filter hook forward priority 0;
    udp dport 5000-5009 drop
  }
}
"""


@pytest.fixture
def lab() -> Iterator[CrowdLab]:
    """Of the test's own: the target's kernel has told nobody of a closed port yet, so it may tell of six at once."""
    with raised(CrowdLab()) as built:
        built.nft("router", DROPPED)
        yield built


ATTEMPTS = 3
"""A machine under load holds a scan up: one undisturbed attempt has to keep the limit."""


def asked(request: Knock, rate: float = 1000) -> Callable[[], tuple[list[Event], float]]:
    def run() -> tuple[list[Event], float]:
        network = LiveNetwork(LAPTOP, "raw")
        began = time.monotonic()
        events: list[Event] = [
            each for each in network.knock(request, TokenBucket(rate)) if not isinstance(each, Progress)
        ]
        took = time.monotonic() - began
        network.close()
        return events, took

    return run


@pytest.mark.parametrize("address", ["10.94.0.1", "fd94::1"])
def test_closed_ports_are_told_at_the_hosts_own_pace(lab: CrowdLab, address: str) -> None:
    closed, dropped = set(range(6000, 6012)), {5000, 5001}
    times = []
    for _ in range(ATTEMPTS):
        events, took = lab.run("laptop", asked(Knock(address, udp=tuple(sorted(closed | dropped)), patience=0.5)))
        assert ports(events, "closed") == closed
        assert ports(events, "silent") == dropped, "dropped, and said to be nothing else"
        times.append(took)
        if took < 15:
            return
    raise AssertionError(f"{times}: longer than a closed port a second")


def test_ports_of_hosts_that_limit_nothing_cost_hardly_anything(lab: CrowdLab) -> None:
    dropped = set(range(5000, 5010))
    times = []
    for _ in range(ATTEMPTS):
        events, took = lab.run("laptop", asked(Knock("10.94.0.1", udp=(6000, *sorted(dropped)), patience=0.5)))
        assert ports(events, "closed") == {6000}
        assert ports(events, "silent") == dropped
        times.append(took)
        if took < 4.5:
            return
    raise AssertionError(times)


def test_too_many_ports_stay_without_an_answer_and_nobody_guesses(lab: CrowdLab) -> None:
    everything = set(range(6000, 6000 + 2 * FEW_PORTS))
    events, took = lab.run("laptop", asked(Knock("10.94.0.2", udp=tuple(sorted(everything)), patience=0.5)))
    closed, silent = ports(events, "closed"), ports(events, "silent")
    assert closed
    assert silent
    assert closed | silent == everything
    assert took < 6


def test_who_says_nothing_is_not_waited_for(lab: CrowdLab) -> None:
    events, took = lab.run("laptop", asked(Knock("10.94.0.3-10.94.0.4", udp=(5000, 5001), patience=0.5)))
    assert [each.addresses for each in events if isinstance(each, Silence)] == ["10.94.0.3-10.94.0.4"]
    assert took < 3
