"""A client with a guest network and servers behind a firewall, scanned again and again while things change."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import msgspec
import yaml

from scanner import session
from scanner.importers.document import document_text, read_document
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import Action, FilterRule, Host, Topology
from scanner.model.observation import Vantage
from scanner.net.guard import Guard
from scanner.ports import parse_ports
from scanner.session import ScanRequest
from scanner.store import Store

NETWORK = """\
name: office
title: An office
today: 2026-11-20
networks:
  - {name: guest, subnets: [10.77.1.0/28]}
  - {name: servers, subnets: [10.77.2.0/28]}
routers:
  - name: fence
    legs: {guest: [10.77.1.1], servers: [10.77.2.1]}
    forward:
      - {action: accept, from: guest, to: 10.77.2.3, services: [tcp/443]}
      - {action: accept, from: guest, to: 10.77.2.2, services: [tcp/445]}
      - {action: drop}
hosts:
  - name: files
    legs: {servers: [10.77.2.2]}
    services:
      - {port: tcp/22, speaks: ssh, options: {banner: OpenSSH_9.2p1 Debian-2+deb12u2}}
      - {port: tcp/445, speaks: banner, options: {hex: "", close: true}}
  - name: web
    legs: {servers: [10.77.2.3]}
    services:
      - {port: tcp/443, speaks: banner, options: {hex: "", close: true}}
  - name: old
    legs: {servers: [10.77.2.5]}
    services:
      - {port: tcp/23, speaks: telnet, options: {banner: "hello\\r\\n", prompt: "Login: "}}
site:
  client: Example Ltd
  site: main
  authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
  scope: {max_rate: 100000}
  zones:
    - {name: guest, subnets: [10.77.1.0/28], trust: untrusted}
    - {name: servers, subnets: [10.77.2.0/28], trust: critical}
  allow:
    - {from: guest, to: 10.77.2.3, services: [tcp/443], reason: portal}
scan:
  ports: "22,23,443,445"
"""
PORTS = parse_ports("22,23,443,445")
GAP, SSH, TELNET = "Firewall: deny guest", "Update servers/10.77.2.2", "Turn telnet off"
"""How the titles of what is to be done begin."""


def network() -> Topology:
    return read_document(NETWORK, Topology, "inline.yaml")


def denied(topology: Topology, how: Action = "reject-admin") -> Topology:
    """The firewall lets guests reach the portal only."""
    (fence,) = topology.routers
    portal, _, rest = fence.forward
    refused = FilterRule(how, "guest", "10.77.2.2", ("tcp/445",))
    return msgspec.structs.replace(topology, routers=(msgspec.structs.replace(fence, forward=(portal, refused, rest)),))


def without(topology: Topology, name: str) -> Topology:
    """That host is switched off."""
    return msgspec.structs.replace(topology, hosts=tuple(each for each in topology.hosts if each.name != name))


def closing(topology: Topology, name: str, port: str) -> Topology:
    """That host no longer listens on that port."""
    return _host(topology, name, lambda host: tuple(each for each in host.services if each.port != port))


def updated(topology: Topology) -> Topology:
    """The SSH server is a newer one."""

    def newer(host: Host) -> object:
        return tuple(
            msgspec.structs.replace(each, options={"banner": "OpenSSH_9.2p1 Debian-2+deb12u9"})
            if each.port == "tcp/22"
            else each
            for each in host.services
        )

    return _host(topology, "files", newer)


def replaced(topology: Topology) -> Topology:
    """Another machine, with its own network card, has the address of the SSH server."""
    hosts = (msgspec.structs.replace(e, mac="00:50:56:00:00:77") if e.name == "files" else e for e in topology.hosts)
    return msgspec.structs.replace(topology, hosts=tuple(hosts))


def _host(topology: Topology, name: str, services: object) -> Topology:
    assert callable(services)
    hosts = tuple(
        msgspec.structs.replace(each, services=services(each)) if each.name == name else each for each in topology.hosts
    )
    return msgspec.structs.replace(topology, hosts=hosts)


class Client:
    """The client's site file and store in a folder."""

    def __init__(self, folder: Path, tickets: object, **more: object) -> None:
        self.path = folder / "site.yaml"
        self.tickets = tickets
        self.write(**more)

    def write(self, **more: object) -> None:
        site = yaml.safe_load(document_text(network().site))
        self.path.write_text(yaml.safe_dump(site | {"tickets": self.tickets} | more), encoding="utf-8")

    def scan(self, topology: Topology, zones: tuple[str, ...] = ("guest", "servers")) -> None:
        """A visit, from each of these zones, on the day it is."""
        site = session.load_site(self.path)
        with Store(session.store_path(self.path, None)) as store:
            for zone in zones:
                wire = SimulatedNetwork(topology, zone, time.time)
                vantage = Vantage(zone=zone, interface="simulated", address=topology.laptop(zone)[0])
                request = ScanRequest(site=site, zone=zone, ports=PORTS, today=datetime.date.today)
                journal = session.open_journal(request, vantage, store)
                for _ in session.scan(Guard(wire, site, vantage, request.today, time.time), site, journal):
                    pass
