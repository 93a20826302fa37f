"""Every verdict on a version leads back to what was read, the rule, and the fact with its source and date."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from assess.scene import OFFICE, TODAY, port, session, site, spoke

from scanner import samples
from scanner.assess import assess
from scanner.feeds import bundled_knowledge
from scanner.model.observation import Observation
from scanner.model.report import PatchRow, Report
from scanner.ports import parse_ports
from scanner.session import assess_site
from scanner.store import Store

SAID = re.compile(r"https://\S+ \(read \d{4}-\d\d-\d\d\)")
RULES = {"distribution-fix", "distribution-life", "upstream-minimum", "upstream-life"}
BANNERS = [
    ("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), ("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u9"),
    ("ssh", b"SSH-2.0-OpenSSH_7.4"), ("ssh", b"SSH-2.0-dropbear_2016.74"), ("ssh", b"SSH-2.0-OpenSSH_5.3"),
    ("http.server", b"Apache/2.4.49 (Win64) OpenSSL/1.1.1k PHP/8.0.11"), ("http.server", b"Apache/2.4.6 (CentOS)"),
    ("http.server", b"nginx/1.20.1"), ("http.server", b"nginx"), ("http.server", b"Tengine/2.3.2"),
    ("http.server", b"Microsoft-IIS/8.5"), ("smtp", b"220 mail ESMTP Exim 4.92 Fri, 20 Nov 2026 10:00:00 +0000"),
]  # fmt: skip


def simulated(name: str) -> Report:
    topology = samples.load_topology(name)
    with TemporaryDirectory() as folder:
        file, store = Path(folder) / "site.yaml", Path(folder) / "store.db"
        samples.write_lab_site(topology, file, topology.today)
        with Store(store) as opened:
            for zone in (each.name for each in topology.site.zones):
                for _ in samples.scan_simulated(topology, zone, parse_ports(topology.scan.ports), opened):
                    pass
        return assess_site(file, store, topology.today)


def synthetic() -> Report:
    rows: list[Observation] = []
    for number, (kind, raw) in enumerate(BANNERS):
        address = f"10.0.3.{number + 20}"
        rows += [port(address, 8000, "open", ttl=64), spoke(address, 8000, raw, kind)]
    return assess(site(), [session(OFFICE, *rows)], bundled_knowledge(), TODAY)


@cache
def made(name: str) -> Report:
    return synthetic() if name == "synthetic" else simulated(name)


def resolves(row: PatchRow) -> None:
    assert row.evidence, row
    assert row.seen_by, row
    if row.reason == "no-baseline":
        assert (row.rule, row.source) == ("no-fact", None), row
        return
    assert row.rule in RULES | ({"no-fact"} if row.reason == "no-version" else set()), row
    assert row.source is not None, row
    assert SAID.fullmatch(row.source), row
    for each in row.deadlines:
        assert each.rule, row
        assert each.source is not None, row
        assert SAID.fullmatch(each.source), row


@pytest.mark.parametrize("name", ["synthetic", *samples.topology_names()])
def test_every_verdict_leads_back_to_what_was_read_and_to_a_fact(name: str) -> None:
    report = made(name)
    assert report.patches
    for row in report.patches:
        resolves(row)
    for finding in report.findings:
        assert finding.risk_why, finding
        assert sum(int(each.rpartition("(+")[2].rstrip(")")) for each in finding.risk_why) == finding.risk, finding
    order = ["critical", "high", "medium", "low", "info"]
    keys = [(order.index(each.severity), -each.risk) for each in report.findings]
    assert keys == sorted(keys)
    assert {each.name for each in report.deadlines} == {"cyber-essentials", "cisa-kev"}


def test_the_synthetic_site_has_every_verdict() -> None:
    assert {each.verdict for each in made("synthetic").patches} >= {"NON_COMPLIANT", "END_OF_LIFE", "UNKNOWN"}


def test_the_same_facts_give_the_same_bytes() -> None:
    assert msgspec.json.encode(synthetic()) == msgspec.json.encode(made("synthetic"))
