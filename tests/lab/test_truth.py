"""Simulated and with real packets, each topology yields exactly what is true of it: no finding more and none less."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from loaded import Done, fencewalk, fencewalk_here
from netns import why_not

from scanner import samples, session
from scanner.lab.namespaces import raise_lab
from scanner.lab.truth import differences
from scanner.model.report import Report

OWN = Path(__file__).parent / "own"
TOPOLOGIES = [*samples.topology_names(), *(str(path) for path in sorted(OWN.glob("*.yaml")))]


@pytest.fixture
def lab_ready() -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


def demo(topology: str, folder: Path, *flags: str) -> tuple[Report, str]:
    done = fencewalk_here("demo", topology, "--no-tui", "--out", str(folder), *flags)
    assert done.returncode == 0, done.stderr
    return session.assess_site(folder / "site.yaml", None, samples.load_topology(topology).today), done.stdout


@pytest.mark.lab
@pytest.mark.usefixtures("lab_ready")
@pytest.mark.parametrize("name", TOPOLOGIES, ids=lambda name: Path(name).stem)
def test_with_real_packets_it_yields_exactly_what_is_true(name: str, tmp_path: Path) -> None:
    report, said = demo(name, tmp_path)
    assert "with real packets" in said
    assert differences(report, samples.load_topology(name).expect) == []
    assert (tmp_path / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("name", TOPOLOGIES, ids=lambda name: Path(name).stem)
def test_simulated_it_yields_exactly_what_is_true(name: str, tmp_path: Path) -> None:
    report, _ = demo(name, tmp_path, "--simulate")
    assert differences(report, samples.load_topology(name).expect) == []


@pytest.mark.lab
@pytest.mark.usefixtures("lab_ready")
@pytest.mark.parametrize("engine", ["connect", "nmap"])
def test_the_other_engines_miss_no_open_gap_and_pass_nothing(engine: str, tmp_path: Path) -> None:
    """They see less (no TTL, no late answers), so they may say UNPROVEN where raw says more; never the reverse."""
    topology = samples.load_topology(str(OWN / "firewall-resets.yaml"))
    site = tmp_path / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())
    flags = ["--engine", engine, "--ports", topology.scan.ports]
    with raise_lab(topology) as lab:

        def scan(zone: str) -> Done:
            return fencewalk(lab, zone, "scan", str(site), "--from", zone, *flags)

        with ThreadPoolExecutor() as pool:  # at once, as in a demonstration
            for done in pool.map(scan, ("servers", "guest")):
                assert done.returncode == 0, done.stderr
    report = session.assess_site(site, None, topology.today)
    verdicts = {(f.from_, f.address, f.transport, f.port): f.verdict for f in report.reachability}
    assert verdicts["guest", "10.82.2.4", "icmp", 8] == "REACHED"
    expected = {(f.from_, f.address, f.transport, f.port): f.verdict for f in topology.expect.flows}
    for flow, truth in expected.items():
        assert verdicts.get(flow, "UNTESTED") in (truth, "UNPROVEN"), flow
    assert not [cell for cell in report.cells if (cell.from_, cell.verdict) == ("guest", "AS_POLICY")]


@pytest.mark.lab
@pytest.mark.usefixtures("lab_ready")
@pytest.mark.parametrize("after", [0.8, 3.0, 6.5])
def test_killed_on_the_wire_and_resumed_it_ends_with_the_same_report(after: float, tmp_path: Path) -> None:
    topology = samples.load_topology(str(OWN / "asymmetric.yaml"))
    site = tmp_path / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())

    def command(zone: str, *flags: str) -> list[str]:
        scan = ["scan", str(site), "--from", zone, "--ports", topology.scan.ports, *flags]
        return lab.command(zone, [sys.executable, "-m", "scanner.cli", *scan])

    with raise_lab(topology) as lab:
        subprocess.run(command("plant"), check=True, capture_output=True)
        process = subprocess.Popen(command("office"), stderr=subprocess.DEVNULL)
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        process.wait(300)
        subprocess.run(command("office", "--resume"), check=True, capture_output=True)
    report = session.assess_site(site, None, topology.today)
    assert differences(report, topology.expect) == []
    assert all(vantage.complete for vantage in report.vantages)


@pytest.mark.lab
@pytest.mark.usefixtures("lab_ready")
def test_ctrl_c_keeps_what_was_found_and_says_how_to_go_on(tmp_path: Path) -> None:
    topology = samples.load_topology(str(OWN / "asymmetric.yaml"))
    site = tmp_path / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())
    with raise_lab(topology) as lab:
        scan = ["scan", str(site), "--from", "office", "--ports", "top:200"]
        process = subprocess.Popen(
            lab.command("office", [sys.executable, "-m", "scanner.cli", *scan]), stderr=subprocess.PIPE, text=True
        )
        while process.poll() is None and not any(tmp_path.glob("*.sqlite")):
            time.sleep(0.05)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "--resume" in err
    assert "Traceback" not in err
    report = session.assess_site(site, None, topology.today)
    assert [vantage.complete for vantage in report.vantages] == [False]
    assert not [cell for cell in report.cells if cell.verdict == "AS_POLICY"]
