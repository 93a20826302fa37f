"""A small network whose fence and hosts change while a finding is verified."""

from __future__ import annotations

from scanner.importers.document import read_document
from scanner.lab.topology import Topology

DB, SPARE = "10.98.2.4", "10.98.2.5"
RULES = (
    "{action: accept, from: guest, to: 10.98.2.4, services: [tcp/5432]}",
    "{action: accept, from: guest, to: 10.98.2.4, services: [tcp/443]}",
    "{action: accept, from: guest, to: 10.98.2.5, services: [tcp/22]}",
    "{action: accept, from: servers, to: guest, services: [icmp]}",
)


def network(rules: tuple[str, ...] = RULES, without: tuple[str, ...] = (), ssh: str = "OpenSSH_5.3") -> Topology:
    """`without`: hosts that are switched off."""
    hosts = {
        "db": "{name: db, legs: {servers: [10.98.2.4]}, closed: drop, services: [{port: tcp/5432, speaks: postgres}, "
        "{port: tcp/443, speaks: http}]}",
        "spare": "{name: spare, legs: {servers: [10.98.2.5]}, services: [{port: tcp/22, speaks: ssh, options: "
        f"{{banner: {ssh}, key: spare}}}}]}}",
        "desk": "{name: desk, legs: {guest: [10.98.1.3]}, services: [{port: tcp/22, speaks: ssh, options: "
        "{banner: OpenSSH_9.2p1 Debian-2+deb12u9, key: desk}}]}",
    }
    up = "\n".join(f"  - {text}" for name, text in hosts.items() if name not in without)
    text = f"""
name: again
title: One finding, verified
today: 2026-11-20
networks:
  - {{name: guest, subnets: [10.98.1.0/29]}}
  - {{name: servers, subnets: [10.98.2.0/29]}}
routers:
  - name: fw
    legs: {{guest: [10.98.1.1], servers: [10.98.2.1]}}
    forward: [{", ".join(rules)}]
    default: drop
hosts:
{up}
site:
  client: Own lab
  site: again
  authorization: {{by: tests, from: 2026-11-01, until: 2026-12-31}}
  scope: {{max_rate: 10000}}
  zones:
    - {{name: guest, subnets: [10.98.1.0/29], trust: untrusted}}
    - {{name: servers, subnets: [10.98.2.0/29], trust: critical}}
  critical:
    - {{name: Database, hosts: [{DB}], services: [tcp/5432]}}
  allow:
    - {{from: guest, to: {DB}, services: [tcp/443]}}
scan: {{ports: "22,443,5432"}}
"""
    return read_document(text, Topology, "again")
