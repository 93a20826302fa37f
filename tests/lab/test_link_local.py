"""An isolated zone that keeps its hosts apart over IPv4 only: their link-local addresses are asked, and judged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from loaded import fencewalk
from netns import why_not
from verdict_lab import scan, site_file

from scanner import session
from scanner.importers.document import read_document
from scanner.lab.namespaces import Lab, raise_lab
from scanner.lab.nodes import link_local
from scanner.lab.topology import Topology
from scanner.model.report import FindingRow, Report
from scanner.store import Store

pytestmark = pytest.mark.lab

TOPOLOGY = """
name: isolated-by-half
title: Client isolation that forgot IPv6
today: 2026-11-20
networks:
  - {name: guest, subnets: [10.103.1.0/28]}
  - {name: office, subnets: [10.103.2.0/29]}
routers:
  - {name: fw, legs: {guest: [10.103.1.1], office: [10.103.2.1]}}
hosts:
  - {name: tablet, legs: {guest: [10.103.1.3]}, services: [{port: tcp/8080, speaks: http}]}
  - {name: kiosk, legs: {guest: [10.103.1.4]}, services: [{port: tcp/8080, speaks: http}]}
  - {name: till, legs: {guest: [10.103.1.5]}, services: [{port: tcp/8080, speaks: http}]}
  - {name: lock, legs: {guest: [10.103.1.6]}, services: [{port: tcp/8080, speaks: http}]}
site:
  client: Own lab
  site: isolated-by-half
  authorization: {by: tests, from: 2026-11-01, until: 2026-12-31}
  scope: {max_rate: 10000, exclude: [10.103.1.5], fragile: [10.103.1.6]}
  zones:
    - {name: guest, subnets: [10.103.1.0/28], trust: untrusted, isolated: true}
    - {name: office, subnets: [10.103.2.0/29], trust: user}
scan: {ports: "22,8080"}
"""
ISOLATION = """
table bridge isolation {
  chain forward {
    type filter hook forward priority 0;
    ether type ip ip saddr 10.103.1.2-10.103.1.14 ip daddr 10.103.1.2-10.103.1.14 drop
  }
}
"""
"""What an access point does that isolates by IPv4: whatever is no IPv4 passes, ARP as well."""
SIX = """
table bridge isolation {
  chain forward {
    ip6 saddr fe80::/10 ip6 daddr fe80::/10 tcp dport 8080 drop
  }
}
"""
"""The same for one service over link-local addresses."""
WATCH = """
table ip6 watch {
  chain input {
    type filter hook input priority 0;
    tcp dport { 22, 8080 } counter comment "asked"
  }
}
"""


@pytest.fixture(scope="module")
def topology() -> Topology:
    return read_document(TOPOLOGY, Topology, "isolated-by-half")


def near(topology: Topology, host: str) -> str:
    return link_local(topology.mac(host, "guest"))


@pytest.mark.parametrize("engine", ["raw", "connect", "nmap"])
def test_what_passes_over_link_local_addresses_is_a_gap_inside_the_zone(
    engine: str, topology: Topology, tmp_path: Path
) -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    site = site_file(topology, tmp_path)
    with Store(session.store_path(site, None)), raise_lab(topology) as lab:
        rules(lab.namespace("tablet").replace("h-tablet", "s-guest"), ISOLATION)
        for host in ("till", "lock", "tablet"):
            rules(lab.namespace(host), WATCH)
        scan(lab, topology, site, ("guest",), "", "--engine", engine, "--patience", "0.5")
        report = session.assess_site(site, None, topology.today)
        found = [each for each in gaps(report) if each.port == 8080]
        if engine == "raw":
            for each in found:
                assert verified(lab, site, each.id).startswith(f"confirmed: {each.id}: ")
            rules(lab.namespace("tablet").replace("h-tablet", "s-guest"), SIX)
            for each in found:
                assert not verified(lab, site, each.id).startswith("confirmed")
        asked = {host: met(lab, host) for host in ("till", "lock", "tablet")}

    addresses = {f"{near(topology, host)}%guest": host for host in ("tablet", "kiosk")}
    assert {each.host for each in found} == {"guest/10.103.1.3", "guest/10.103.1.4"}
    assert all(any(address in each.title for address in addresses) for each in found)
    assert all("on the switch" in each.remedy and "nft" not in each.remedy for each in found)
    assert all("%IF" in each.replay for each in found)
    (cell,) = [each for each in report.cells if each.from_ == each.to == "guest"]
    assert cell.verdict == "BREACHED"
    # Over IPv4 the isolation holds, and nothing else is said to be open.
    assert not [f for f in report.reachability if f.address.startswith("10.103.1.") and f.verdict == "REACHED"
                and f.to == "guest" and f.address != "10.103.1.1"]  # fmt: skip
    assert {each.address for each in report.reachability if "%" in each.address} == set(addresses)

    assert asked["tablet"] > 0
    assert asked["till"] == asked["lock"] == 0
    (coverage,) = [each for each in report.coverage if each.from_ == each.to == "guest"]
    for host in ("till", "lock"):
        assert near(topology, host) in coverage.reason


def verified(lab: Lab, site: Path, finding: str) -> str:
    done = fencewalk(lab, "guest", "verify", str(site), finding)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def gaps(report: Report) -> list[FindingRow]:
    return [each for each in report.findings if each.kind == "segmentation-gap"]


def rules(namespace: str, text: str) -> None:
    line = ["ip", "netns", "exec", namespace, "nft", "-f", "-"]
    subprocess.run(line, input=text, text=True, check=True, capture_output=True)


def met(lab: Lab, host: str) -> int:
    """How many packets to asked ports arrived there over IPv6."""
    line = ["ip", "netns", "exec", lab.namespace(host), "nft", "list", "table", "ip6", "watch"]
    said = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    return int(said.partition("counter packets ")[2].split()[0])
