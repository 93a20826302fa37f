"""A scan is units of work in a journal: cut off anywhere and resumed, it ends as one left alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner import samples, session
from scanner.lab.simulate import SimulatedNetwork
from scanner.model.network import Converse, Knock, Pace, Sweep
from scanner.model.observation import SHUT_OUT, Alive, Event, Limitation, PortState, Vantage
from scanner.model.report import Report
from scanner.net.pace import TokenBucket
from scanner.pipeline import observe
from scanner.plan import make_plan
from scanner.ports import parse_ports
from scanner.store import Store

TOPOLOGY = samples.load_topology("harbor-dental")
ZONE = "front-desk"
PORTS = parse_ports("22,80,443,445,U:53")


def run(store: Path, stop_after: int | None = None, kill: bool = False) -> int:
    """A simulated session, resumed if there is one; left after `stop_after` events. How many events there were."""
    count = 0
    with Store(store) as opened:
        events = samples.scan_simulated(TOPOLOGY, ZONE, PORTS, opened)
        for _ in events:
            count += 1
            if count == stop_after:
                if kill:
                    os.kill(os.getpid(), signal.SIGKILL)
                break
        events.close()
    return count


def findings(folder: Path, store: Path) -> Report:
    site = folder / "site.yaml"
    samples.write_lab_site(TOPOLOGY, site, TOPOLOGY.today)
    return session.assess_site(site, store, TOPOLOGY.today)


def facts(report: Report) -> object:
    """A report without times: when a probe was sent again, it was sent at another time."""
    return (
        [(each.id, each.severity, each.title) for each in report.findings],
        report.cells,
        [(f.from_, f.to, f.address, f.transport, f.port, f.verdict) for f in report.reachability],
        [(each.id, each.names, [(s.port, s.product, s.version) for s in each.services]) for each in report.hosts],
        report.patches,
        all(each.complete for each in report.vantages),
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    count = run(folder / "s.sqlite")
    return count, facts(findings(folder, folder / "s.sqlite"))


@settings(max_examples=6, deadline=None)
@given(shares=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=3))
def test_stopped_anywhere_and_resumed_it_ends_with_the_same_report(
    undisturbed: tuple[int, object], tmp_path_factory: pytest.TempPathFactory, shares: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("stopped")
    total, expected = undisturbed
    for share in shares:
        run(folder / "s.sqlite", stop_after=max(1, int(share * total)))
    run(folder / "s.sqlite")
    assert facts(findings(folder, folder / "s.sqlite")) == expected


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.98])
def test_killed_anywhere_and_resumed_it_ends_with_the_same_report(
    undisturbed: tuple[int, object], tmp_path: Path, share: float
) -> None:
    total, expected = undisturbed
    store = tmp_path / "s.sqlite"
    process = multiprocessing.get_context("fork").Process(target=run, args=(store, max(1, int(share * total)), True))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    run(store)
    assert facts(findings(tmp_path, store)) == expected


def test_a_complete_scan_is_not_gone_on_with_but_started_anew(tmp_path: Path) -> None:
    run(tmp_path / "s.sqlite")
    run(tmp_path / "s.sqlite")
    with Store(tmp_path / "s.sqlite") as store:
        assert len(store.sessions(TOPOLOGY.site.client, TOPOLOGY.site.site)) == 2


def test_units_that_are_done_are_not_sent_again(tmp_path: Path, undisturbed: tuple[int, object]) -> None:
    total, _ = undisturbed
    run(tmp_path / "s.sqlite", stop_after=total - 1)
    assert run(tmp_path / "s.sqlite") < total / 2


def test_a_simulated_scan_gives_the_same_bytes_each_time(tmp_path: Path) -> None:
    reports = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        store = tmp_path / name / "s.sqlite"
        run(store)
        report = findings(tmp_path / name, store)
        reports.append((report.findings, report.cells, report.reachability, report.hosts))
    assert reports[0] == reports[1]


class ShutOut:
    """A network that bans the laptop as soon as it has knocked: everything beyond the link falls silent."""

    def __init__(self, inner: SimulatedNetwork) -> None:
        self.inner = inner
        self.banned = False

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]:
        for event in self.inner.sweep(request, pace):
            if not (self.banned and isinstance(event, PortState | Alive)):
                yield event

    def knock(self, request: Knock, pace: Pace) -> Iterator[Event]:
        self.banned = True
        yield from ()

    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]:
        return iter(())

    def close(self) -> None:
        self.inner.close()


def test_a_laptop_that_is_shut_out_in_the_middle_proves_nothing(tmp_path: Path) -> None:
    zone = "management"  # whence policy lets a ping through
    laptop = TOPOLOGY.laptop(zone)
    vantage = Vantage(zone, "simulated", laptop[0], next(each for each in laptop if ":" in each))
    plan = make_plan(TOPOLOGY.site, vantage, PORTS)
    with Store(tmp_path / "s.sqlite") as store:
        journal = store.begin(TOPOLOGY.site.client, TOPOLOGY.site.site, plan, "simulated")
        network = ShutOut(SimulatedNetwork(TOPOLOGY, zone))
        said = list(observe(plan, network, journal, TokenBucket(1e6), TOPOLOGY.site))
    assert {each.what for each in said if isinstance(each, Limitation)} == {SHUT_OUT}
