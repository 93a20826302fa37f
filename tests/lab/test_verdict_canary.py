"""What only a canary settles, with real packets: one-way holes, and UDP that nobody answers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from netns import IN_LAB
from verdict_lab import flow, scan, site_file
from visit_networks import CANARY, CANARY_PORTS, proved, true_of_canary

from scanner import session
from scanner.lab.namespaces import Lab, raise_lab
from scanner.model.addresses import ports_of
from scanner.model.report import Report

pytestmark = IN_LAB


@contextmanager
def listening(lab: Lab, site: Path, zone: str) -> Iterator[None]:
    """A canary in a zone, from when it listens to its natural end."""
    command = [sys.executable, "-m", "scanner.cli", "canary", str(site), "--zone", zone, "--ports", CANARY_PORTS]
    log = site.with_name("canary.log")
    with log.open("w") as errors:
        process = subprocess.Popen(lab.command(zone, command), stderr=errors, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 300
        while "Ctrl-C ends it" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(300) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    topology = proved()
    site = site_file(topology, tmp_path_factory.mktemp("proved"))
    with raise_lab(topology) as lab:
        scan(lab, topology, site, ["plant"])
        with listening(lab, site, "plant"):
            scan(lab, topology, site, ["office"], "", "--canary", CANARY, "--canary-ports", CANARY_PORTS)
    return session.assess_site(site, None, topology.today)


def test_every_port_asked_of_the_canary_has_the_verdict_that_the_rules_give_it(report: Report) -> None:
    tcp, udp = CANARY_PORTS.removeprefix("T:").split(",U:")
    asked = {("tcp", port) for port in ports_of(tcp)} | {("udp", port) for port in ports_of(udp)}
    measured = {
        (row.transport, port): row.verdict
        for row in report.measured
        if (row.from_, row.address, row.via) == ("office", CANARY, "") and row.transport != "icmp"
        for port in ports_of(row.ports)
    }
    assert measured == {each: true_of_canary(*each) for each in asked}


def test_one_way_holes_breach_the_cell(report: Report) -> None:
    (cell,) = [each for each in report.cells if (each.from_, each.to) == ("office", "plant")]
    assert cell.verdict == "BREACHED"
    assert flow(report, "office", CANARY, "tcp", 500).verdict == "ONE_WAY"
    assert flow(report, "office", CANARY, "udp", 5140).verdict == "ONE_WAY"
