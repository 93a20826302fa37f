"""A host that hides from every question to all IPv6 nodes, its IPv6 left open: no zone in front of it is said to be
fenced off."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from netns import why_not
from verdict_lab import flow, scan, simulated, site_file

from scanner import samples, session
from scanner.importers.document import read_document
from scanner.lab.namespaces import raise_lab
from scanner.lab.topology import Topology
from scanner.model.report import CellRow, Report
from scanner.ports import parse_ports
from scanner.store import Store

TOPOLOGY = """
name: hidden-six
title: IPv6 forgotten, on a host that answers nobody who does not know it
today: 2026-11-20
networks:
  - {name: guest, subnets: [10.104.1.0/29, "fd04:1::/64"]}
  - {name: servers, subnets: [10.104.2.0/26, "fd04:2::/64"]}
routers:
  - name: fw
    legs: {guest: [10.104.1.1, "fd04:1::1"], servers: [10.104.2.1, "fd04:2::1"]}
    forward: [{action: accept, from: guest, to: servers, family: ip6}]
    default: drop
hosts:
  - name: db
    legs: {servers: [10.104.2.53, "fd04:2::53"]}
    ping: false
    closed: drop
    services: [{port: tcp/5432}]
  - name: nas
    mac: "52:54:00:00:00:09"
    legs: {servers: [10.104.2.9, "fd04:2::5054:ff:fe00:9"]}
    ping: false
    closed: drop
    services: [{port: tcp/445}]
site:
  client: Own lab
  site: hidden-six
  authorization: {by: tests, from: 2026-11-01, until: 2026-12-31}
  scope: {max_rate: 10000}
  zones:
    - {name: guest, subnets: [10.104.1.0/29, "fd04:1::/64"], trust: untrusted}
    - {name: servers, subnets: [10.104.2.0/26, "fd04:2::/64"], trust: critical}
scan: {ports: "22,445,5432"}
"""
QUIET = """
table ip6 quiet {
  chain input {
    type filter hook input priority -10;
    ip6 nexthdr 60 drop
    icmpv6 type echo-request drop
  }
}
"""
HIDDEN = {"fd04:2::53": 5432, "fd04:2::5054:ff:fe00:9": 445}


@pytest.fixture(scope="module")
def topology() -> Topology:
    return read_document(TOPOLOGY, Topology, "hidden-six")


def cell(report: Report) -> CellRow:
    (found,) = [each for each in report.cells if (each.from_, each.to) == ("guest", "servers")]
    return found


def coverage(report: Report) -> str:
    (found,) = [each for each in report.coverage if (each.from_, each.to) == ("guest", "servers")]
    return found.reason


def breached(report: Report) -> None:
    assert cell(report).verdict == "BREACHED"
    assert {flow(report, "guest", each, "tcp", port).verdict for each, port in HIDDEN.items()} == {"REACHED"}
    hosts = {address: each for each in report.hosts for address in each.addresses}
    assert "10.104.2.53" in hosts["fd04:2::53"].addresses, "one machine, by its MAC"


def test_simulated(topology: Topology, tmp_path: Path) -> None:
    breached(simulated(topology, tmp_path))


def test_where_the_fence_was_asked_before_anybody_knew_the_cell_is_not_green(
    topology: Topology, tmp_path: Path
) -> None:
    site = site_file(topology, tmp_path)
    with Store(session.store_path(site, None)) as store:
        for zone, ports in (("guest", parse_ports("22,445,5432")), ("servers", parse_ports("22,445,5432"))):
            list(samples.scan_simulated(topology, zone, ports, store))
    report = session.assess_site(site, None, topology.today)
    assert cell(report).verdict == "UNPROVEN"
    assert "not asked although known: fd04:2::1, fd04:2::53, fd04:2::5054:ff:fe00:9" in coverage(report)
    assert "more IPv6 addresses, guessed by what servers holds, asked by NDP from within: nobody" in coverage(report)
    assert flow(report, "guest", "10.104.2.53", "tcp", 5432).verdict == "DROPPED"
    with Store(session.store_path(site, None)) as store:
        list(samples.scan_simulated(topology, "guest", parse_ports("22,445,5432"), store))
    breached(session.assess_site(site, None, topology.today))


@pytest.mark.lab
@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_with_real_packets(topology: Topology, tmp_path: Path) -> None:
    site = site_file(topology, tmp_path)
    with Store(session.store_path(site, None)), raise_lab(topology) as lab:
        for host in ("db", "nas"):
            line = ["ip", "netns", "exec", lab.namespace(host), "nft", "-f", "-"]
            subprocess.run(line, input=QUIET, text=True, check=True, capture_output=True)
        scan(lab, topology, site, ("servers",), "none", "--no-names")
        scan(lab, topology, site, ("guest", "servers"), "", "--no-names", "--patience", "0.5")
    breached(session.assess_site(site, None, topology.today))
