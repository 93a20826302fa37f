"""Conversations with simulated services: the same generators as on real sockets, and the same rules around them."""

from __future__ import annotations

import pytest
from small_networks import SERVICES, TWO_ZONES, NoWait

from scanner.importers.document import read_document
from scanner.lab.certificates import certificate
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import Topology
from scanner.model.base import Transport
from scanner.model.network import Converse, Talk
from scanner.model.observation import Conversation

BUSY = "10.1.0.5"


def talk(
    transport: Transport, port: int, *, addr: str = BUSY, text: str = SERVICES, zone: str = "lan", gentle: bool = False
) -> list[Conversation]:
    net = SimulatedNetwork(read_document(text, Topology, "inline.yaml"), zone)
    found = list(net.converse(Converse((Talk(addr, transport, port),), gentle), NoWait()))
    return [each for each in found if isinstance(each, Conversation)]


# port, the probe that was answered, a kind of reading, and how its bytes start
ANSWERED: list[tuple[Transport, int, str, str, bytes]] = [
    ("tcp", 21, "ftp", "ftp", b"220 (vsFTPd 3.0.5)"),
    ("tcp", 22, "ssh", "ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"),
    ("tcp", 23, "telnet", "telnet", b"hello"),
    ("tcp", 25, "smtp", "smtp", b"220 mail.lab ESMTP"),
    ("tcp", 80, "http", "http.server", b"nginx/1.18.0"),
    ("tcp", 443, "https", "tls.version", b"TLSv1.3"),
    ("tcp", 993, "tls", "imap", b"* OK"),
    ("tcp", 2222, "ssh", "ssh", b"SSH-2.0-"),
    ("tcp", 3306, "mysql", "mysql", b"8.0.36"),
    ("tcp", 6379, "redis", "redis", b"# Server\r\nredis_version:7.0.15"),
    ("udp", 53, "dns", "dns.version", b"9.18.24"),
]


@pytest.mark.parametrize(("transport", "port", "probe", "kind", "start"), ANSWERED)
def test_the_likely_probe_reads_what_the_service_says(
    transport: Transport, port: int, probe: str, kind: str, start: bytes
) -> None:
    last = [each for each in talk(transport, port) if each.probe != "tls.versions"][-1]
    assert last.outcome == "answered"
    assert probe in last.probe
    assert last.received > 0
    assert next(each.raw for each in last.readings if each.kind == kind).startswith(start)


@pytest.mark.parametrize("port", [443, 8000])
def test_tls_shows_the_hosts_certificate_on_whatever_port(port: int) -> None:
    topology = read_document(SERVICES, Topology, "inline.yaml")
    host = topology.hosts[0]
    service = next(each for each in host.services if each.number == port)
    last, versions = talk("tcp", port)[-2:]
    assert [(each.kind, each.raw) for each in versions.readings] == [
        ("tls.versions", b"TLSv1.2=yes TLSv1.1=no-answer TLSv1=no-answer")
    ]
    assert last.tls
    assert [each.raw for each in last.readings if each.kind == "tls.cert"] == [certificate(host.name, service)]


def test_plain_http_is_found_on_the_port_of_https() -> None:
    assert {each.probe for each in talk("tcp", 8443) if each.readings} == {"http"}


@pytest.mark.parametrize(
    ("transport", "port", "outcome"),
    [
        ("tcp", 445, "silent"),
        ("tcp", 12346, "silent"),
        ("udp", 123, "silent"),
        ("tcp", 26, "refused"),
        ("udp", 161, "refused"),
        ("udp", 54, "failed"),  # no probe asks there
        ("tcp", 9100, "withheld"),
        ("tcp", 515, "withheld"),
    ],
)
def test_where_nothing_is_read_one_row_says_so(transport: Transport, port: int, outcome: str) -> None:
    rows = talk(transport, port)
    assert [(each.outcome, each.received, each.readings) for each in rows] == [(outcome, 0, ())]


def test_a_firewalls_silence_is_a_timeout_and_its_refusal_a_failure() -> None:
    dropped = talk("tcp", 3389, addr="10.2.0.10", text=TWO_ZONES, zone="user")
    assert [each.outcome for each in dropped] == ["timeout"]
    prohibited = talk("tcp", 137, addr="10.2.0.50", text=TWO_ZONES, zone="user")
    assert [each.outcome for each in prohibited] == ["failed"]


def test_gently_only_what_a_service_says_by_itself_is_heard() -> None:
    (ssh,) = talk("tcp", 22, gentle=True)
    assert (ssh.outcome, [each.kind for each in ssh.readings]) == ("answered", ["ssh"])
    (http,) = talk("tcp", 80, gentle=True)
    assert (http.outcome, http.received) == ("silent", 0)
