"""A network with forbidden ways to its database: directly, over IPv6, and in two hops over an administrator's host."""

from __future__ import annotations

from scanner.importers.document import read_document
from scanner.lab.topology import Topology

APP, KIOSK = "10.102.4.5", "10.102.1.3"
_SSH = "{{port: tcp/22, speaks: ssh, options: {{banner: OpenSSH_9.2p1 Debian-2+deb12u9, key: {key}}}}}"
_TEXT = f"""
name: fenced
title: Forbidden ways to a database, and flows that have to go on
today: 2026-11-20
networks:
  - {{name: guest, subnets: [10.102.1.0/29]}}
  - {{name: office, subnets: [10.102.2.0/29, "fd66:2::/64"]}}
  - {{name: admin, subnets: [10.102.3.0/29]}}
  - {{name: servers, subnets: [10.102.4.0/29, "fd66:4::/64"]}}
routers:
  - name: fw
    legs:
      guest: [10.102.1.1]
      office: [10.102.2.1, "fd66:2::1"]
      admin: [10.102.3.1]
      servers: [10.102.4.1, "fd66:4::1"]
    forward:
      # What policy wants.
      - {{action: accept, from: office, to: {APP}, services: [tcp/443, udp/53, icmp]}}
      - {{action: accept, from: office, to: "fd66:4::5", services: [tcp/443]}}
      - {{action: accept, from: admin, to: servers, services: [tcp/22, icmp]}}
      - {{action: accept, from: admin, to: guest, services: [tcp/443, icmp]}}
      - {{action: accept, to: 10.102.4.3, services: [tcp/6514]}}
      # What it forbids.
      - {{action: accept, from: guest, to: 10.102.3.4, services: [tcp/22]}}
      - {{action: accept, from: office, to: 10.102.4.4, services: [tcp/5432]}}
      - {{action: accept, from: office, to: servers, services: [any], family: ip6}}
      - {{action: accept, from: guest, to: office, services: [icmp, tcp/443]}}
hosts:
  - {{name: kiosk, legs: {{guest: [{KIOSK}]}}, services: [{{port: tcp/443, speaks: http}}]}}
  - {{name: desk, legs: {{office: [10.102.2.3, "fd66:2::3"]}}, services: [{{port: tcp/443, speaks: http}}]}}
  - {{name: jump, legs: {{admin: [10.102.3.4]}}, services: [{_SSH.format(key="jump")}]}}
  - name: db
    legs: {{servers: [10.102.4.4, "fd66:4::4"]}}
    services: [{{port: tcp/5432, speaks: postgres}}, {_SSH.format(key="db")}]
  - name: app
    legs: {{servers: [{APP}, "fd66:4::5"]}}
    services: [{{port: tcp/443, speaks: http}}, {{port: udp/53, speaks: dns}}]
  - {{name: collector, legs: {{servers: [10.102.4.3]}}, services: [{{port: tcp/6514, speaks: banner}}]}}
site:
  client: Own lab
  site: fenced
  authorization: {{by: tests, from: 2026-11-01, until: 2026-12-31}}
  scope: {{max_rate: 10000}}
  zones:
    - {{name: guest, subnets: [10.102.1.0/29], trust: untrusted}}
    - {{name: office, subnets: [10.102.2.0/29, "fd66:2::/64"], trust: user}}
    - {{name: admin, subnets: [10.102.3.0/29], trust: management}}
    - {{name: servers, subnets: [10.102.4.0/29, "fd66:4::/64"], trust: critical}}
  critical:
    - {{name: Ledger, hosts: [10.102.4.4, "fd66:4::4"], services: [tcp/5432]}}
  allow:
    - {{from: office, to: {APP}, services: [tcp/443, udp/53, icmp]}}
    - {{from: office, to: "fd66:4::5", services: [tcp/443]}}
    - {{from: admin, to: servers, services: [tcp/22, icmp]}}
    - {{from: admin, to: guest, services: [tcp/443, icmp]}}
  require:
    - {{from: "*", to: 10.102.4.3, services: [tcp/6514], reason: logs}}
scan: {{ports: "22,443,5432,6514,U:53"}}
"""


def fenced() -> Topology:
    return read_document(_TEXT, Topology, "fenced")
