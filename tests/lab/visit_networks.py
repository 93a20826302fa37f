"""Two zones and a firewall, for what happens between visits: `RULES` are its rules."""

from __future__ import annotations

from scanner.importers.document import read_document
from scanner.lab.topology import Topology

_TEXT = """
name: visits
title: Two zones, visited one after the other
today: 2026-11-20
networks:
  - {name: office, subnets: [10.110.1.0/29]}
  - {name: servers, subnets: [10.110.2.0/28]}
routers:
  - name: fw
    legs: {office: [10.110.1.1], servers: [10.110.2.1]}
    forward: [RULES]
hosts:
  - name: desk
    legs: {office: [10.110.1.3]}
    services: [{port: tcp/22, speaks: ssh, options: {banner: OpenSSH_9.2p1 Debian-2+deb12u9, key: desk}}]
  - name: files
    legs: {servers: [10.110.2.4]}
    services: [{port: tcp/22, speaks: ssh, options: {banner: OpenSSH_9.2p1 Debian-2+deb12u9, key: files}}]
site:
  client: CLIENT
  site: main
  authorization: {by: tests, from: 2026-11-01, until: 2026-12-31}
  scope: {max_rate: 10000}
  zones:
    - {name: office, subnets: [10.110.1.0/29], trust: user}
    - {name: servers, subnets: [10.110.2.0/28], trust: critical}
scan: {ports: "22,80"}
"""
_PROVED = """
name: proved
title: A filter without a memory, and a canary behind it
today: 2026-11-20
networks:
  - {name: office, subnets: [10.111.1.0/29]}
  - {name: plant, subnets: [10.111.2.0/29]}
routers:
  - name: filter
    legs: {office: [10.111.1.1], plant: [10.111.2.1]}
    stateful: false
    forward:
      - {action: accept, from: office, to: plant, services: [tcp/500-501, udp/5140]}
      - {action: accept, from: office, to: plant, services: [tcp/600, udp/5150]}
      - {action: accept, from: plant, to: office, services: [tcp/1024-65535], source_port: 600}
      - {action: accept, from: plant, to: office, services: [udp/1024-65535], source_port: 5150}
      - {action: reject-admin, from: office, to: plant, services: [tcp/445]}
    default: drop
hosts:
  - name: logs
    legs: {plant: [10.111.2.4]}
    services: [{port: tcp/22, speaks: ssh, options: {banner: OpenSSH_9.2p1 Debian-2+deb12u9}}, {port: udp/5140}]
site:
  client: Own lab
  site: proved
  authorization: {by: tests, from: 2026-11-01, until: 2026-12-31}
  scope: {max_rate: 10000}
  zones:
    - {name: office, subnets: [10.111.1.0/29], trust: user}
    - {name: plant, subnets: [10.111.2.0/29], trust: critical}
scan: {ports: "T:22,U:5140"}
"""
CANARY = "10.111.2.6"
"""The laptop's address in the plant."""
CANARY_PORTS = "T:440-450,490-501,590-610,U:5130-5160"
OPEN = "{action: accept, from: office, to: servers, services: [tcp/22]}"
CLOSED = ""
OFFICE, SERVERS = "10.110.1.6", "10.110.2.14"
"""The laptop's addresses."""
DESK, FILES = "10.110.1.3", "10.110.2.4"


def two_zones(rules: str, client: str = "Own lab") -> Topology:
    return read_document(_TEXT.replace("RULES", rules).replace("CLIENT", client), Topology, "visits.yaml")


def proved() -> Topology:
    return read_document(_PROVED, Topology, "proved.yaml")


def true_of_canary(transport: str, port: int) -> str:
    """The verdict on each of CANARY_PORTS, by the rules above."""
    one_way = {("tcp", 500), ("tcp", 501), ("udp", 5140)}
    if (transport, port) in one_way:
        return "ONE_WAY"
    if (transport, port) in {("tcp", 600), ("udp", 5150)}:
        return "REACHED"
    return "REJECTED" if (transport, port) == ("tcp", 445) else "DROPPED"
