"""What may happen on a visit and between two of them: verdicts with real packets that have to stay true."""

from __future__ import annotations

import datetime
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from netns import IN_LAB
from verdict_lab import ONE_AT_A_TIME, flow, scan, scan_command, site_file
from visit_networks import CLOSED, DESK, FILES, OFFICE, OPEN, SERVERS, two_zones

from scanner import samples, session
from scanner.lab.kernel import tool
from scanner.lab.namespaces import Lab, raise_lab
from scanner.lab.topology import Topology
from scanner.model.report import Report

pytestmark = IN_LAB

OPENED, SHUT = two_zones(OPEN), two_zones(CLOSED)
SIX = samples.load_topology(str(Path(__file__).parent / "own" / "six-only.yaml"))
CLIENTS = two_zones(OPEN, "Left"), two_zones(CLOSED, "Right")


@contextmanager
def raised(topology: Topology, folder: Path) -> Iterator[tuple[Lab, Path]]:
    with ONE_AT_A_TIME, ExitStack() as stack:
        site = site_file(topology, folder)
        lab = stack.enter_context(raise_lab(topology))
        ending = stack.pop_all()
    with ending:
        yield lab, site


def judged(topology: Topology, site: Path, store: Path | None = None) -> Report:
    with ONE_AT_A_TIME:
        return session.assess_site(site, store, topology.today)


def ip(namespace: str, *words: str) -> None:
    subprocess.run([tool("ip"), "-n", namespace, *words], check=True, capture_output=True)


def has_address(namespace: str, prefix: str) -> None:
    """Return when the kernel has made one of that prefix and may use it."""
    command = [tool("ip"), "-n", namespace, "-6", "-o", "addr", "show", "scope", "global", "-tentative"]
    end = time.monotonic() + 60
    while prefix not in (said := subprocess.run(command, check=True, capture_output=True, text=True).stdout):
        assert time.monotonic() < end, said
        time.sleep(0.02)


def went_down(topology: Topology, folder: Path) -> Report:
    """The server is up while its own zone is visited, and down when the office is."""
    with raised(topology, folder) as (lab, site):
        scan(lab, topology, site, ["servers"])
        ip(lab.namespace("files"), "link", "set", "eth0", "down")
        scan(lab, topology, site, ["office"])
    return judged(topology, site)


def two_clients(folder: Path) -> tuple[Report, Report]:
    """Both use the same addresses, and one store holds both."""
    store, found = folder / "all.sqlite", []
    for topology in CLIENTS:
        with raised(topology, folder / topology.site.client) as (lab, site):
            scan(lab, topology, site, ["office", "servers"], "", "--store", str(store))
        found.append((topology, site))
    left, right = (judged(topology, site, store) for topology, site in found)
    return left, right


def wrong_zone(folder: Path) -> subprocess.CompletedProcess[str]:
    """Plugged in in the office, the technician says servers."""
    topology = OPENED
    with raised(topology, folder) as (lab, site):
        return lab.run("office", scan_command(topology, site, "servers"), capture_output=True, text=True, timeout=300)


def wrong_socket(folder: Path) -> Report:
    """The laptop has an address of the servers' zone, but its cable is in a socket of the office."""
    topology = OPENED
    with raised(topology, folder) as (lab, site):
        scan(lab, topology, site, ["office"])
        laptop = lab.laptop("office")
        ip(laptop, "addr", "flush", "dev", "eth0")
        ip(laptop, "addr", "add", f"{SERVERS}/28", "dev", "eth0")
        ip(laptop, "route", "add", "default", "via", "10.110.2.1")
        lab.run("office", scan_command(topology, site, "servers"), check=True, capture_output=True, timeout=300)
    return judged(topology, site)


def new_lease(folder: Path) -> Report:
    """The laptop comes back to the office under another address; the old one is nobody's."""
    topology = OPENED
    with raised(topology, folder) as (lab, site):
        scan(lab, topology, site, ["office"])
        laptop = lab.laptop("office")
        ip(laptop, "addr", "del", f"{OFFICE}/29", "dev", "eth0")
        ip(laptop, "addr", "add", "10.110.1.5/29", "dev", "eth0")
        ip(laptop, "route", "replace", "default", "via", "10.110.1.1")
        scan(lab, topology, site, ["servers"])
        scan(lab, topology, site, ["office"])
    return judged(topology, site)


def few_errors(folder: Path) -> tuple[Report, Path]:
    """A router like most: it tells of few of the dead, one a second or so."""
    topology = OPENED
    with raised(topology, folder) as (lab, site):
        setting = ["sh", "-c", "echo 1000 >/proc/sys/net/ipv4/icmp_ratelimit"]
        subprocess.run([tool("ip"), "netns", "exec", lab.namespace("fw"), *setting], check=True)
        scan(lab, topology, site, ["office", "servers"])
    return judged(topology, site), site


def advertised(folder: Path) -> Report:
    """The laptop has no address but the one that it makes of an advertised prefix and of its MAC."""
    with raised(SIX, folder) as (lab, site):
        laptop, router = lab.laptop("office"), lab.namespace("fw")
        ip(laptop, "addr", "flush", "dev", "eth0", "scope", "global")
        listen = "for key in accept_ra autoconf; do echo 1 >/proc/sys/net/ipv6/conf/eth0/$key; done"
        subprocess.run([tool("ip"), "netns", "exec", laptop, "sh", "-c", listen], check=True)
        lab.plug("office")
        sender = [sys.executable, str(Path(__file__).with_name("advertiser.py")), "eth0", "fd83:1::"]
        subprocess.run([tool("ip"), "netns", "exec", router, *sender], check=True)
        has_address(laptop, "fd83:1::")
        for ports in ("none", ""):
            scan(lab, SIX, site, ["office", "servers"], ports)
    return judged(SIX, site)


CASES: dict[str, Callable[[Path], Any]] = {
    "down, open": lambda folder: went_down(OPENED, folder),
    "down, closed": lambda folder: went_down(SHUT, folder),
    "two clients": two_clients,
    "wrong zone": wrong_zone,
    "wrong socket": wrong_socket,
    "new lease": new_lease,
    "few errors": few_errors,
    "advertised": advertised,
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    folder = tmp_path_factory.mktemp("visits")
    with ThreadPoolExecutor(len(CASES)) as pool:
        running: dict[str, Future[Any]] = {
            name: pool.submit(case, folder / name.replace(", ", "-").replace(" ", "-")) for name, case in CASES.items()
        }
        yield lambda name: running[name].result()


def verdicts(report: Report, from_: str, to: str) -> set[str]:
    return {each.verdict for each in report.cells if (each.from_, each.to) == (from_, to)}


def test_a_host_that_went_down_behind_an_open_fence_is_down_and_its_path_open(seen: Callable[[str], Any]) -> None:
    report = seen("down, open")
    assert flow(report, "office", FILES, "tcp", 22).verdict == "TARGET_DOWN_PATH_OPEN"
    assert verdicts(report, "office", "servers") == {"BREACHED"}


def test_a_host_that_went_down_behind_a_closed_fence_is_no_gap(seen: Callable[[str], Any]) -> None:
    report = seen("down, closed")
    assert flow(report, "office", FILES, "tcp", 22).verdict in ("DROPPED", "UNPROVEN")
    assert [each.title for each in report.findings if each.kind == "segmentation-gap"] == []


def test_the_same_addresses_at_two_clients_are_different_hosts(seen: Callable[[str], Any]) -> None:
    left, right = seen("two clients")
    assert flow(left, "office", FILES, "tcp", 22).verdict == "REACHED"
    assert flow(right, "office", FILES, "tcp", 22).verdict == "DROPPED"
    assert verdicts(left, "office", "servers") == {"BREACHED"}
    assert verdicts(right, "office", "servers") == {"AS_POLICY"}
    for report in (left, right):
        assert len(report.vantages) == 2
        assert {each.kind for each in report.findings} <= {"segmentation-gap"}


def test_a_laptop_without_an_address_of_the_zone_is_sent_elsewhere(seen: Callable[[str], Any]) -> None:
    done = seen("wrong zone")
    assert done.returncode == 2
    assert "servers" in done.stderr
    assert "10.110.1.6" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_laptop_in_the_wrong_socket_proves_no_denial(seen: Callable[[str], Any]) -> None:
    report = seen("wrong socket")
    assert verdicts(report, "office", "servers") <= {"UNPROVEN", "BREACHED"}
    assert verdicts(report, "servers", "office") == {"UNPROVEN"}
    (said,) = [each.reason for each in report.coverage if (each.from_, each.to) == ("servers", "office")]
    assert f"nothing shows that the laptop stood in servers: {said}".count("not even 10.110.2.4") == 1


def test_an_address_that_the_laptop_gave_up_is_no_host(seen: Callable[[str], Any]) -> None:
    report = seen("new lease")
    mine = {OFFICE, "10.110.1.5", SERVERS}
    assert [each.id for each in report.hosts if mine & set(each.addresses)] == []
    assert [each.host for each in report.findings if each.kind in ("unknown-device", "dual-homed")] == []
    assert flow(report, "office", FILES, "tcp", 22).verdict == "REACHED"
    assert flow(report, "servers", DESK, "tcp", 22).verdict == "DROPPED"
    assert verdicts(report, "servers", "office") == {"AS_POLICY"}


def test_a_router_that_tells_of_few_of_the_dead_flips_no_verdict(seen: Callable[[str], Any]) -> None:
    report, _ = seen("few errors")
    dead = [
        each for each in report.reachability if each.from_ == "office" and each.address not in (FILES, "10.110.2.1")
    ]
    assert dead
    assert {each.verdict for each in dead} <= {"TARGET_DOWN_PATH_OPEN", "UNPROVEN"}
    assert "TARGET_DOWN_PATH_OPEN" in {each.verdict for each in dead}
    assert flow(report, "office", FILES, "tcp", 22).verdict == "REACHED"
    assert flow(report, "office", FILES, "icmp", 8).verdict == "DROPPED"


def test_an_exception_holds_on_its_last_day_and_no_longer(seen: Callable[[str], Any]) -> None:
    report, site = seen("few errors")
    gaps = [each for each in report.findings if each.kind == "segmentation-gap"]
    assert gaps
    last = OPENED.today
    terms = f"owner: J. Ortiz, reason: until the move, until: {last}"
    accepted = [f"- {{finding: {each.id}, {terms}}}\n" for each in report.findings]
    site.with_name("exceptions.yaml").write_text("".join(accepted))

    def failed(day: datetime.date) -> int:
        command = [sys.executable, "-m", "scanner.cli", "assess", str(site), "--today", str(day), "--fail-on", "low"]
        return subprocess.run(command, capture_output=True, timeout=300, check=False).returncode

    def excepted(day: datetime.date) -> set[bool]:
        found = session.assess_site(site, None, day).findings
        return {each.exception.expired for each in found if each.kind == "segmentation-gap" and each.exception}

    assert (failed(last), excepted(last)) == (0, {False})
    after = last + datetime.timedelta(days=1)
    assert (failed(after), excepted(after)) == (1, {True})


def test_a_laptop_that_only_has_an_advertised_prefix_judges_as_any_other(seen: Callable[[str], Any]) -> None:
    report = seen("advertised")
    (address,) = {each.address for each in report.vantages if each.zone == "office"}
    assert address.startswith("fd83:1::")
    assert "ff:fe" in address
    assert flow(report, "office", "fd83:2::4", "tcp", 22).verdict == "REACHED"
    assert flow(report, "office", "fd83:2::4", "tcp", 80).verdict == "DROPPED"
    assert flow(report, "servers", "fd83:1::3", "tcp", 22).verdict == "DROPPED"
    assert verdicts(report, "servers", "office") == {"AS_POLICY"}
