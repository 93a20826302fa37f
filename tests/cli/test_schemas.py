"""`fencewalk schema` prints JSON Schemas, by which every file that the program writes or reads is valid."""

from __future__ import annotations

import datetime
import json
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from fence_sample import fence_report, long_report
from tables import for_every
from typed import Run, judge_of

from scanner import samples, session
from scanner.assess.later.compare import CellChange, Change, Diff, FlowChange, ScanRow
from scanner.cli.schema import KINDS, schema_of
from scanner.exporters.json import EXPORTER
from scanner.model.report import Report
from scanner.ports import parse_ports
from scanner.store import Store

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGIES = sorted((ROOT / "topologies").glob("*.yaml"))
# How long distributions are maintained is a file of its own kind, which has no schema to print.
BASELINES = sorted(
    set((ROOT / "scanner" / "baselines").glob("*.yaml")) - {ROOT / "scanner/baselines/distributions.yaml"}
)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site file as the demo writes it, with its scans."""
    site = tmp_path_factory.mktemp("flat") / "site.yaml"
    topology = samples.load_topology("flat-office")
    samples.write_lab_site(topology, site, session.today_local())
    with Store(session.store_path(site, None)) as store:
        for _ in samples.scan_simulated(topology, "office", parse_ports(topology.scan.ports), store):
            pass
    return site


def faults(what: str, value: Any) -> list[str]:
    """What the schema has against a value, with where."""
    return [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in judge_of(what).iter_errors(value)]


def read(path: Path) -> Any:
    """A YAML file as JSON has it."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=_text))


def _text(value: object) -> str:
    assert isinstance(value, datetime.date)
    return value.isoformat()


@pytest.mark.parametrize("what", KINDS)
def test_it_prints_a_valid_schema_of_every_file(run: Run, what: str) -> None:
    code, out, _ = run("schema", what)
    assert code == 0
    assert json.loads(out) == schema_of(what)
    judge_of(what).check_schema(schema_of(what))
    assert faults(what, {}), "a schema that takes anything says nothing"


@pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)
def test_every_topology_is_valid(path: Path) -> None:
    assert faults("topology", read(path)) == []


@for_every("path", BASELINES, ids=lambda path: path.stem)
def test_every_baseline_is_valid(path: Path) -> None:
    assert faults("baseline", read(path)) == []


def test_the_site_file_that_the_demo_writes_is_valid(flat: Path) -> None:
    assert faults("site", read(flat)) == []


@pytest.mark.parametrize("report", [fence_report(), long_report()], ids=["fence", "long"])
def test_a_report_is_valid(report: Report) -> None:
    assert faults("report", json.loads(EXPORTER.render(report))) == []


def test_what_assess_writes_is_valid(run: Run, flat: Path) -> None:
    code, out, err = run("assess", flat, "-o", "json=-")
    assert code == 0, err
    assert faults("report", json.loads(out)) == []


def test_a_diff_with_every_kind_of_change_is_valid() -> None:
    finding = fence_report().findings[0]
    scan = ScanRow("0123456789ab", "guest", "2026-11-05T09:00:00Z", "scan")
    flow = FlowChange("guest", "servers", "10.20.20.10", "tcp", 22, "", "DROPPED", "REACHED", False, "x")
    change = (Change(finding, "x"),)
    cell = CellChange("guest", "servers", "AS_POLICY", "BREACHED", "x")
    diff = Diff(1, "c", "s", "2026-11-06", (scan,), (scan,), change, change, change, change, (cell,), (flow,), (flow,),
                (flow,))  # fmt: skip
    assert faults("diff", json.loads(msgspec.json.encode(diff))) == []
    wrong = {**json.loads(msgspec.json.encode(diff)), "schema": "one"}
    assert faults("diff", wrong) == ["schema: 'one' is not of type 'integer'"]


def test_the_data_are_installed_with_the_program() -> None:
    assert len(list(resources.files("scanner.baselines").iterdir())) >= len(BASELINES) > 50
    assert len(TOPOLOGIES) >= 3
