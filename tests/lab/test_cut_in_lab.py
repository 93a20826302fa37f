"""The suggested cut, applied as written: the forbidden ways vanish, and all that is allowed goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from cut_network import APP, fenced
from netns import why_not
from verdict_lab import scan, site_file, zones_of

from scanner import session
from scanner.lab.firewall import TABLE
from scanner.lab.namespaces import Lab, raise_lab
from scanner.lab.topology import Topology
from scanner.model.report import FindingRow, Report
from scanner.store import Store

pytestmark = pytest.mark.lab

_TALK = """
import socket, sys
talk = socket.create_connection((sys.argv[1], 443), 20)
talk.sendall(b"HEAD / HTTP/1.1\\r\\n")
print("connected", flush=True)
sys.stdin.readline()
talk.sendall(b"Host: app\\r\\n\\r\\n")
print(talk.recv(64).decode().partition("\\r")[0])
"""


def test_the_cut_stops_every_forbidden_way_and_the_remedies_every_gap(tmp_path: Path) -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    topology = fenced()
    site = site_file(topology, tmp_path)
    with Store(session.store_path(site, None)), raise_lab(topology) as lab:
        before = surveyed(lab, topology, site, *zones_of(topology))
        assert {(each.from_, each.critical) for each in before.paths} == {("guest", "Ledger"), ("office", "Ledger")}
        assert before.cut is not None
        assert before.cut.least
        assert before.cut.left == ()
        assert {(each.from_, each.to) for each in before.cut.denials} <= {
            ("guest", "admin"), ("admin", "servers"), ("office", "servers"), ("guest", "office"),
        }  # fmt: skip
        with talking(lab, "office", APP) as line:
            apply(lab, (each.rules for each in before.cut.denials))
            assert line() == "HTTP/1.1 200 OK"
        after = surveyed(lab, topology, site, *zones_of(topology))

        closed = {id_ for each in before.cut.denials for id_ in each.closes}
        assert closed
        assert closed.isdisjoint(each.id for each in after.findings)
        assert after.paths == ()
        assert after.cut is None
        assert not [each for each in after.findings if each.kind == "attack-path"]
        still_works(before, after)
        # The cut is the least: a gap that leads to nothing critical is left to the remedies.
        left = gaps(after)
        assert {(each.from_, each.to) for each in left} == {("guest", "office")}

        apply(lab, (each.rules for each in after.remediation if each.rules))
        last = surveyed(lab, topology, site, "guest")
        assert gaps(last) == []
        still_works(before, last)


def surveyed(lab: Lab, topology: Topology, site: Path, *zones: str) -> Report:
    """A scan from these zones, and what is said of all scans so far."""
    # No router's late report is needed here: all that is asked about is up.
    scan(lab, topology, site, zones, "", "--patience", "0.5", "--no-names", "--no-identify")
    return session.assess_site(site, None, topology.today)


def apply(lab: Lab, written: Iterable[Mapping[str, str]]) -> None:
    """As the text tells its reader: command by command, in this order, on the chain that is theirs."""
    for each in written:
        script = each["nftables"].replace("inet filter forward", f"inet {TABLE} forward")
        line = ["ip", "netns", "exec", lab.namespace("fw"), "sh", "-e", "-c", script]
        done = subprocess.run(line, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, ""), script


@contextmanager
def talking(lab: Lab, zone: str, address: str) -> Iterator[Callable[[], str]]:
    """A conversation that began before the rules; what is yielded ends it and returns the answer's first line."""
    line = lab.command(zone, [sys.executable, "-c", _TALK, address])
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        yield lambda: process.communicate("\n", timeout=300)[0].strip()


def still_works(before: Report, after: Report) -> None:
    worked, works = allowed(before), allowed(after)
    assert len(worked) >= 15
    assert {each[1] for each in worked} >= {APP, "fd66:4::5"}
    assert {each[2] for each in worked} == {"tcp", "udp", "icmp"}
    assert worked - works == set()
    assert blocked(after) == blocked(before) == []


def allowed(report: Report) -> set[tuple[str, str, str, int]]:
    """The flows that policy allows and that reach."""
    return {
        (each.from_, each.address, each.transport, each.port)
        for each in report.reachability
        if each.allowed and each.verdict == "REACHED"
    }


def gaps(report: Report) -> list[FindingRow]:
    return [each for each in report.findings if each.kind == "segmentation-gap"]


def blocked(report: Report) -> list[FindingRow]:
    return [each for each in report.findings if each.kind == "required-flow-blocked"]
