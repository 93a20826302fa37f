"""Simulated and with real packets, each topology yields exactly what is true of it: no finding more and none less."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from loaded import Done, Running, fencewalk, fencewalk_here
from netns import why_not
from verdict_lab import scan, simulated, site_file, zones_of

from scanner import samples, session
from scanner.lab.namespaces import raise_lab
from scanner.lab.truth import differences
from scanner.model.report import Report
from scanner.store import Store

OWN = Path(__file__).parent / "own"
DEMOS = ["harbor-dental", "flat-office"]
"""By the command that a customer sees; of the samples only the first has inventories beside its scans."""
SCANNED = [name for name in samples.topology_names() if name not in DEMOS] + sorted(map(str, OWN.glob("*.yaml")))


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
@pytest.mark.parametrize("name", DEMOS)
def test_with_real_packets_the_demo_yields_exactly_what_is_true(name: str, tmp_path: Path) -> None:
    report, said = demo(name, tmp_path)
    assert "with real packets" in said
    assert differences(report, samples.load_topology(name).expect) == []
    assert (tmp_path / "report.html").stat().st_size > 10_000


@pytest.mark.lab
@pytest.mark.usefixtures("lab_ready")
@pytest.mark.parametrize("name", SCANNED, ids=lambda name: Path(name).stem)
def test_with_real_packets_scans_yield_exactly_what_is_true(name: str, tmp_path: Path) -> None:
    """Twice from every zone, as in a demo."""
    topology = samples.load_topology(name)
    site = site_file(topology, tmp_path)
    with Store(session.store_path(site, None)), raise_lab(topology) as lab:
        for ports in ("none", ""):
            scan(lab, topology, site, zones_of(topology), ports, "--engine", topology.scan.engine)
    assert differences(session.assess_site(site, None, topology.today), topology.expect) == []


@pytest.mark.parametrize("name", DEMOS)
def test_simulated_the_demo_yields_exactly_what_is_true(name: str, tmp_path: Path) -> None:
    report, _ = demo(name, tmp_path, "--simulate")
    assert differences(report, samples.load_topology(name).expect) == []


@pytest.mark.parametrize("name", SCANNED, ids=lambda name: Path(name).stem)
def test_simulated_scans_yield_exactly_what_is_true(name: str, tmp_path: Path) -> None:
    topology = samples.load_topology(name)
    assert differences(simulated(topology, tmp_path), topology.expect) == []


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

        def scanned(zone: str) -> Done:
            return fencewalk(lab, zone, "scan", str(site), "--from", zone, *flags)

        with ThreadPoolExecutor() as pool:  # at once, as in a demonstration
            for done in pool.map(scanned, ("servers", "guest")):
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
@pytest.mark.parametrize("after", [0.5, 2.5, 6.0])
def test_killed_on_the_wire_and_resumed_it_ends_with_the_same_report(after: float, tmp_path: Path) -> None:
    topology = samples.load_topology(str(OWN / "asymmetric.yaml"))
    site = tmp_path / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())

    arguments = ("scan", str(site), "--from", "office", "--ports", topology.scan.ports)
    with raise_lab(topology) as lab:
        scan(lab, topology, site, ["plant"])
        lab.plug("office")
        process = Running(lab.laptop("office"), tmp_path / "log", *arguments)
        time.sleep(after)
        process.kill()
        process.wait(300)
        scan(lab, topology, site, ["office"], "", "--resume")
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
        lab.plug("office")
        arguments = ("scan", str(site), "--from", "office", "--ports", "top:200")
        process = Running(lab.laptop("office"), tmp_path / "log", *arguments)
        while process.poll() is None and not any(tmp_path.glob("*.sqlite")):
            time.sleep(0.05)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.wait(300)
        err = process.said
    assert process.returncode == 130, err
    assert "--resume" in err
    assert "Traceback" not in err
    report = session.assess_site(site, None, topology.today)
    assert [vantage.complete for vantage in report.vantages] == [False]
    assert not [cell for cell in report.cells if cell.verdict == "AS_POLICY"]
