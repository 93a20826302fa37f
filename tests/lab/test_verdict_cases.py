"""Every verdict on flows, told apart by its evidence: small networks, each with the truth of it, written beforehand.

Each is scanned simulated and with real packets, and both have to come to that truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from netns import why_not
from verdict_lab import CASES, flow, load, real, simulated

from scanner.lab.truth import differences
from scanner.model.report import Report

NAMES = sorted(each.stem for each in CASES.glob("*.yaml"))
AT_ONCE = 16


@pytest.mark.parametrize("name", NAMES)
def test_simulated_the_verdicts_are_true(name: str, tmp_path: Path) -> None:
    topology = load(name)
    assert differences(simulated(topology, tmp_path), topology.expect) == []


def test_a_silence_is_not_said_to_be_the_fences(tmp_path: Path) -> None:
    """It is the host's own firewall that drops, behind a fence that lets everything through."""
    dropped = flow(simulated(load("own-firewall"), tmp_path), "office", "10.96.2.4", "tcp", 22)
    assert dropped.reason.startswith("no answer to ")
    assert not [word for word in ("fence", "firewall", "router dropped", "blocked") if word in dropped.reason]


def test_what_a_router_answers_arp_for_is_no_host(tmp_path: Path) -> None:
    report = simulated(load("proxy-arp"), tmp_path)
    guests = [host for host in report.hosts if host.zone == "guest"]
    assert {address for host in guests for address in host.addresses} <= {"10.99.1.1", "10.99.1.5"}
    assert "guest/10.99.1.5" in {host.id for host in guests}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Report]]]:
    """Some side by side: most of the time is spent waiting for silence."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("verdicts")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(real, load(name), folder / name) for name in NAMES}


@pytest.mark.lab
@pytest.mark.parametrize("name", NAMES)
def test_with_real_packets_the_verdicts_are_true(name: str, reports: dict[str, Future[Report]]) -> None:
    assert differences(reports[name].result(), load(name).expect) == []
