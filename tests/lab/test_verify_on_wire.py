"""`fencewalk verify` with real packets: the rule goes, then the host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from loaded import fencewalk
from netns import why_not
from verdict_lab import scan, site_file
from verify_networks import DB, network

from scanner import session
from scanner.lab.firewall import TABLE
from scanner.lab.namespaces import Lab, raise_lab
from scanner.store import Store

CLOSE = ("ip", "daddr", DB, "tcp", "dport", "5432", "drop")

pytestmark = pytest.mark.lab


def verify(lab: Lab, site: Path, zone: str, finding: str) -> str:
    done = fencewalk(lab, zone, "verify", str(site), finding)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_finding_is_confirmed_then_gone_then_nobody_can_tell(tmp_path: Path) -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    topology = network()
    site = site_file(topology, tmp_path)
    with Store(session.store_path(site, None)), raise_lab(topology) as lab:
        for ports in ("none", ""):
            scan(lab, topology, site, ("guest", "servers"), ports)
        report = session.assess_site(site, None)
        (gap,) = [f for f in report.findings if f.kind == "segmentation-gap" and f.port == 5432]

        assert verify(lab, site, "guest", gap.id).startswith(f"confirmed: {gap.id}: ")
        said = verify(lab, site, "servers", gap.id)
        assert said.startswith("cannot tell here: ")
        assert "guest" in said

        inside(lab, "fw", "nft", "insert", "rule", "inet", TABLE, "forward", *CLOSE)
        said = verify(lab, site, "guest", gap.id)
        assert said.startswith("gone: "), said

        for name in legs(lab, "db"):
            inside(lab, "db", "ip", "link", "set", name, "down")
        said = verify(lab, site, "guest", gap.id)
        assert said.startswith("cannot tell here: "), said
        # Nothing of this is a scan: coverage is what it was, and the cell is no greener than the scans made it.
        assert session.assess_site(site, None).coverage == report.coverage


def inside(lab: Lab, node: str, *command: str) -> str:
    line = ["ip", "netns", "exec", lab.namespace(node), *command]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout


def legs(lab: Lab, node: str) -> list[str]:
    rows = inside(lab, node, "ip", "-o", "link", "show", "up").splitlines()
    names = [row.split(": ")[1].partition("@")[0] for row in rows]
    return [each for each in names if each != "lo"]
