"""The lab on real packets: what each rule lets through and refuses, who answers, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from netns import IN_LAB

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.lab.kernel import NAMED
from scanner.lab.namespaces import Lab, labs, raise_lab
from scanner.lab.topology import Topology

pytestmark = IN_LAB

TINY = """
name: tiny
title: An office and its servers
today: 2026-11-20
networks:
  - {name: office, subnets: [10.77.1.0/24, "fd77:1::/64"]}
  - {name: servers, subnets: [10.77.2.0/24, "fd77:2::/64"]}
  - {name: transit, subnets: [10.77.9.0/30]}
  - {name: branch, subnets: [10.77.3.0/24]}
site:
  client: Tiny
  site: lab
  zones:
    - {name: office, subnets: [10.77.1.0/24, "fd77:1::/64"]}
    - {name: servers, subnets: [10.77.2.0/24, "fd77:2::/64"], trust: critical}
    - {name: branch, subnets: [10.77.3.0/24]}
routers:
  - name: fw
    legs: {office: [10.77.1.1, "fd77:1::1"], servers: [10.77.2.1, "fd77:2::1"], transit: [10.77.9.1]}
    forward:
      - {action: accept, from: office, to: servers, services: [tcp/22-23, icmp, udp/50]}
      - {action: reject-rst, from: office, to: servers, services: [tcp/81, udp/81]}
      - {action: reject-admin, from: office, to: servers, services: [tcp/82, udp/82]}
      - {action: reject-host, from: office, to: servers, services: [udp/83]}
      - {action: accept, from: office, to: 10.77.2.99}
      - {action: accept, from: office, to: "fd77:2::99"}
      - {action: accept, from: office, to: 10.77.2.254}
      - {action: accept, from: office, to: servers, source_port: 53}
      - {action: accept, to: servers, services: [tcp/8000-8010], family: ip6}
      - {action: accept, from: office, to: branch}
    local:
      - {action: accept, from: office, services: [icmp]}
      - {action: accept, from: servers, services: [tcp/22]}
    services: [{port: tcp/22, speaks: banner, options: {text: router}}]
  - name: far
    legs: {transit: [10.77.9.2], branch: [10.77.3.1]}
    stateful: false
    forward:
      - {action: accept, from: office, services: [any]}
      - {action: accept, from: branch, services: [icmp]}
hosts:
  - name: pc
    legs: {office: [10.77.1.10, "fd77:1::10"]}
    services: [{port: udp/99, speaks: banner}]
  - name: db
    legs: {servers: [10.77.2.10, "fd77:2::10"]}
    mac: 00:11:32:AA:bb:cc
    services:
      - {port: tcp/22, speaks: banner, options: {text: SSH-2.0-db}}
      - {port: tcp/8001, speaks: silent}
      - {port: tcp/443, speaks: http, tls: true, options: {server: lab/1, cn: db.lab}}
  - name: quiet
    legs: {servers: [10.77.2.20, "fd77:2::20"]}
    ping: false
    closed: drop
    services: [{port: tcp/22, speaks: silent}]
  - name: dual
    legs: {office: [10.77.1.30], servers: [10.77.2.30]}
    ping: false
    services: [{port: udp/99, speaks: banner}]
  - name: kiosk
    legs: {branch: [10.77.3.10]}
    services: [{port: tcp/22, speaks: silent}]
"""

# (zone, transport, address, port, source port, answer)
TRUTH: list[tuple[str, str, str, int, int, str]] = [
    ("office", "tcp", "10.77.2.10", 22, 0, "open"),
    ("office", "tcp", "fd77:2::10", 22, 0, "open"),
    ("office", "tcp", "10.77.2.10", 23, 0, "closed"),
    ("office", "tcp", "fd77:2::10", 23, 0, "closed"),
    ("office", "tcp", "10.77.2.10", 80, 0, "silent"),
    ("office", "tcp", "fd77:2::10", 80, 0, "silent"),
    ("office", "udp", "10.77.2.10", 80, 0, "silent"),
    ("office", "tcp", "10.77.2.10", 81, 0, "closed"),
    ("office", "tcp", "fd77:2::10", 81, 0, "closed"),
    ("office", "udp", "10.77.2.10", 81, 0, "silent"),
    ("office", "tcp", "10.77.2.10", 82, 0, "EHOSTUNREACH"),
    ("office", "udp", "10.77.2.10", 82, 0, "icmp-3-13 from 10.77.1.1"),
    ("office", "udp", "fd77:2::10", 82, 0, "icmp-1-1 from fd77:1::1"),
    ("office", "udp", "10.77.2.10", 83, 0, "icmp-3-1 from 10.77.1.1"),
    ("office", "udp", "fd77:2::10", 83, 0, "icmp-1-3 from fd77:1::1"),
    ("office", "udp", "10.77.2.10", 50, 0, "icmp-3-3 from 10.77.2.10"),
    ("office", "udp", "fd77:2::10", 50, 0, "icmp-1-4 from fd77:2::10"),
    ("office", "udp", "10.77.2.99", 50, 0, "icmp-3-1 from 10.77.1.1"),
    ("office", "udp", "fd77:2::99", 50, 0, "icmp-1-3 from fd77:1::1"),
    ("office", "tcp", "10.77.2.10", 8001, 0, "silent"),
    ("office", "tcp", "10.77.2.10", 8001, 53, "open"),
    ("office", "tcp", "fd77:2::10", 8001, 0, "open"),
    ("office", "ping", "10.77.2.10", 0, 0, "open"),
    ("office", "ping", "fd77:2::10", 0, 0, "open"),
    ("office", "ping", "10.77.2.20", 0, 0, "silent"),
    ("office", "ping", "fd77:2::20", 0, 0, "silent"),
    ("office", "tcp", "10.77.2.20", 22, 0, "open"),
    ("office", "tcp", "fd77:2::20", 22, 0, "open"),
    ("office", "tcp", "10.77.2.20", 23, 0, "silent"),
    ("office", "udp", "10.77.2.20", 50, 0, "silent"),
    ("office", "tcp", "10.77.1.1", 22, 0, "silent"),
    ("office", "ping", "10.77.1.1", 0, 0, "open"),
    ("office", "ping", "fd77:1::1", 0, 0, "open"),
    ("office", "tcp", "10.77.1.10", 22, 0, "closed"),
    ("office", "tcp", "fd77:1::10", 22, 0, "closed"),
    ("office", "udp", "10.77.1.10", 99, 0, "open"),
    ("office", "udp", "fd77:1::10", 99, 0, "open"),
    ("office", "udp", "10.77.1.30", 99, 0, "open"),
    ("office", "ping", "10.77.1.30", 0, 0, "silent"),
    # The stateless router lets the request in and the answer, which no rule allows, not out again.
    ("office", "tcp", "10.77.3.10", 22, 0, "silent"),
    ("office", "ping", "10.77.3.10", 0, 0, "open"),
    # The laptop is not where it is not plugged in.
    ("office", "udp", "10.77.2.254", 50, 0, "icmp-3-1 from 10.77.1.1"),
    ("servers", "tcp", "10.77.2.1", 22, 0, "open"),
    ("servers", "tcp", "fd77:2::1", 22, 0, "open"),
    ("servers", "ping", "10.77.2.1", 0, 0, "silent"),
    ("servers", "tcp", "10.77.1.10", 22, 0, "silent"),
    ("servers", "udp", "10.77.2.30", 99, 0, "open"),
    ("branch", "tcp", "10.77.3.10", 22, 0, "open"),
    ("branch", "ping", "10.77.1.10", 0, 0, "silent"),
]

KNOCKER = str(Path(__file__).with_name("knocker.py"))


def tiny() -> Topology:
    return read_document(TINY, Topology, "tiny.yaml")


def outside() -> tuple[str, ...]:
    """What the machine's own namespace holds."""
    shown = (["link"], ["addr"], ["route", "show", "table", "all"], ["-6", "route", "show", "table", "all"])
    texts = [subprocess.run(["ip", "-o", *each], capture_output=True, text=True, check=True).stdout for each in shown]
    settings = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/rp_filter")
    return (*texts, *(Path("/proc/sys", each).read_text() for each in settings))


def knock(lab: Lab, zone: str, *tasks: tuple[str, str, int, int]) -> list[tuple[str, float]]:
    done = lab.run(zone, [sys.executable, KNOCKER, json.dumps(tasks)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [(said, seconds) for said, seconds in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with raise_lab(tiny()) as lab:
        yield lab


@pytest.mark.parametrize("zone", ["office", "servers", "branch"])
def test_truth(lab: Lab, zone: str) -> None:
    rows = [each for each in TRUTH if each[0] == zone]
    heard = knock(lab, zone, *[each[1:5] for each in rows])
    got = [(*row[:5], said) for row, (said, _) in zip(rows, heard, strict=True)]
    assert got == rows


def test_dead_host_takes_as_long_as_neighbour_resolution(lab: Lab) -> None:
    before = lab.counters("fw")
    [(refused, soon), (dead, late)] = knock(lab, "office", ("udp", "10.77.2.10", 83, 0), ("udp", "10.77.2.99", 51, 0))
    assert refused == dead == "icmp-3-1 from 10.77.1.1"
    assert soon < 1.0 < 2.5 < late
    after = lab.counters("fw")
    assert after["forward 3"] == before["forward 3"] + 1
    assert after["forward 4"] == before["forward 4"] + 1


def test_counters_tell_the_rules_apart(lab: Lab) -> None:
    before = lab.counters("fw")
    knock(lab, "office", ("tcp", "10.77.2.10", 81, 0), ("tcp", "10.77.2.10", 22, 0))
    changed = {key for key, value in lab.counters("fw").items() if value != before[key]}
    # Neighbour discovery speaks up whenever it likes.
    assert changed - {"neighbours"} == {"forward 0", "forward 1", "replies"}


def test_laptop_is_there_while_something_runs_there(lab: Lab) -> None:
    """Two zones at once work, and see one another; after that the one that ended is gone at once."""
    waiting = subprocess.Popen(lab.command("servers", ["sh", "-c", "echo in; read _"]), stdin=-1, stdout=-1)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"in\n"
    [(said, _)] = knock(lab, "office", ("udp", "10.77.2.254", 50, 0))
    assert said == "icmp-3-3 from 10.77.2.254"
    waiting.communicate(b"\n", timeout=300)
    [(said, seconds)] = knock(lab, "office", ("udp", "10.77.2.254", 50, 0))
    assert said == "icmp-3-1 from 10.77.1.1"
    assert seconds < 4.0


def test_speaks_over_tcp_and_tls(lab: Lab) -> None:
    code = (
        "import socket, ssl, sys\n"
        "for family, address in ((2, '10.77.2.10'), (10, 'fd77:2::10')):\n"
        "    plain = socket.create_connection((address, 22), 3)\n"
        "    print(plain.recv(99))\n"
        "    context = ssl.create_default_context()\n"
        "    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE\n"
        "    sock = context.wrap_socket(socket.create_connection((address, 443), 3))\n"
        "    sock.sendall(b'HEAD / HTTP/1.0\\r\\n\\r\\n')\n"
        "    print(sock.recv(99)[:35], b'db.lab' in sock.getpeercert(True), sock.recv(99) + sock.recv(99))\n"
    )
    done = lab.run("servers", [sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    lines = done.stdout.splitlines()
    assert lines[0] == lines[2] == repr(b"SSH-2.0-db\r\n"), done.stderr
    assert lines[1].startswith(repr(b"HTTP/1.1 200 OK\r\nServer: lab/1\r\n")[:-1])
    assert "True" in lines[1]
    assert lines[3] == lines[1]


def test_given_and_derived_macs(lab: Lab) -> None:
    shown = subprocess.run(["ip", "-n", lab.namespace("db"), "link", "show", "eth0"], capture_output=True, text=True)
    assert "00:11:32:aa:bb:cc" in shown.stdout
    shown = subprocess.run(["ip", "-n", lab.namespace("dual"), "link", "show", "eth1"], capture_output=True, text=True)
    assert tiny().mac("dual", "servers") in shown.stdout


def test_command_becomes_the_program(lab: Lab) -> None:
    """A signal to the process that was started has to reach the program, not a wrapper around it."""
    with subprocess.Popen(lab.command("office", ["sh", "-c", "echo $$; read _"]), stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        process.kill()
    assert lab.interface("office") == "eth0"


@pytest.mark.parametrize("name", ["nowhere", "transit"])
def test_no_such_zone(lab: Lab, name: str) -> None:
    with pytest.raises(BadInput, match="office, servers, branch"):
        lab.command(name, ["true"])


def test_two_labs_at_once_and_nothing_outside(lab: Lab) -> None:
    before = outside()
    with raise_lab(tiny()) as other:
        assert outside() == before
        assert other.name != lab.name
        assert {lab.name, other.name} <= {each.name for each in labs()}
        untouched = lab.counters("fw")
        assert [said for said, _ in knock(other, "office", ("tcp", "10.77.2.10", 22, 0))] == ["open"]
        assert other.counters("fw")["forward 0"] == 1
        assert lab.counters("fw") == untouched
        name = other.name
    assert outside() == before
    assert not [each for each in os.listdir(NAMED) if each.startswith(f"{name}-")]
    assert [said for said, _ in knock(lab, "office", ("tcp", "10.77.2.10", 22, 0))] == ["open"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("10.77.1.10,", "10.77.1.254,", "10.77.1.254 in office belongs to both"),
        ("name: quiet", "name: db", "two routers or hosts are named 'db'"),
        ("port: tcp/8001", "port: tcp/22", "db has two services on tcp/22"),
        ("speaks: http", "speaks: gopher", "speaks 'gopher'"),
    ],
)
def test_impossible_topologies_leave_nothing(old: str, new: str, sentence: str) -> None:
    topology = read_document(TINY.replace(old, new), Topology, "tiny.yaml")
    before = own_labs()
    with pytest.raises(BadInput, match=sentence):
        raise_lab(topology)
    assert own_labs() == before


def own_labs() -> set[str]:
    """Other processes raise some of their own meanwhile."""
    return {each.name for each in labs() if each.name.startswith(f"fw-{os.getpid()}-")}
