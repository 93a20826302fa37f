"""A technician's visit from start to end, on the screens and with real packets, after the firewall was mended a bit."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest
from netns import why_not
from test_verify_on_wire import CLOSE, inside
from verdict_lab import scan, site_file
from verify_networks import network

from scanner.lab.firewall import TABLE
from scanner.lab.namespaces import raise_lab
from scanner.model.report import Report, is_open

pytestmark = pytest.mark.lab
PILOT = str(Path(__file__).with_name("session_pilot.py"))


def test_a_visit_from_the_first_look_to_the_report(tmp_path: Path) -> None:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    topology = network()
    site = site_file(topology, tmp_path)
    with raise_lab(topology) as lab:
        scan(lab, topology, site, ("guest", "servers"))
        inside(lab, "fw", "nft", "insert", "rule", "inet", TABLE, "forward", *CLOSE)
        done = lab.run("guest", [sys.executable, PILOT, str(site)], capture_output=True, timeout=400)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    told = msgspec.json.decode(done.stdout)
    gap = told["gap"]
    assert told["scan"] == {"how": "complete"}
    assert told["filtered"], "the worst gap out of guest"
    assert told["drilled"] == 'from="guest" to="servers"'
    assert "SYN-ACK" in told["evidence"].upper()
    assert "10.98.2.5" in told["path"]
    assert told["path leads to"]["tab"] == "hosts"
    assert told["path leads to"]["key"] == "servers/10.98.2.5"
    assert told["verified"]["word"] == "confirmed"
    assert gap in told["ticket"]
    assert told["copied"].startswith("nc ")
    assert "10.98.2.5" in told["copied"]
    assert "10.98." not in told["masked"]
    assert "Own lab" not in told["masked"]
    assert told["view"] == ["excepted", [gap]]
    changed = {(row[0], row[2]) for row in told["diff"]}
    assert any(what == "✓ closed" and "tcp/5432" in title for what, title in changed), changed
    assert any(what == "✓ fixed" and "5432" in title for what, title in changed), changed
    assert any(what == "= persisting" and "tcp/22" in title for what, title in changed), changed
    (written,) = tmp_path.glob("*.json")
    report = msgspec.json.decode(written.read_bytes(), type=Report)
    assert is_open(next(each for each in report.findings if each.id == gap))
    assert not [each for each in report.findings if each.port == 5432 and each.kind == "segmentation-gap"]
