"""`scan --deep`: a real Nmap asks real sockets in a namespace, and nobody whom the guard spares."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Iterator

import pytest
from live_lab import Lab

from scanner.errors import BadInput
from scanner.identify.second import nmap_products
from scanner.model.network import Converse, Pace, Talk
from scanner.model.observation import Conversation, Event, Limitation, Progress, Refused, Vantage
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.net.guard import Guard
from scanner.net.nmap_versions import PORTS_A_RUN, _units, arguments, versions
from scanner.net.pace import TokenBucket

VANTAGE = Vantage("near", "eth0", "10.91.1.10", "fd91:1::10")
TARGET = "10.91.2.10"
SERVER = """
import socket, threading
def serve(port, greeting, answer):
    listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    def talk(peer):
        with peer:
            peer.settimeout(20)
            try:
                peer.sendall(greeting)
                while peer.recv(4096):
                    peer.sendall(answer)
                    if answer:
                        return
            except OSError:
                pass
    while True:
        threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()
page = b"HTTP/1.0 200 OK\\r\\nServer: Apache/2.4.57 (Debian)\\r\\nContent-Length: 0\\r\\n\\r\\n"
for port, greeting, answer in ((2201, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\\r\\n", b""), (2202, b"", page)):
    threading.Thread(target=serve, args=(port, greeting, answer)).start()
print("ready", flush=True)
"""


def test_no_run_has_many_ports_and_each_port_is_asked_once() -> None:
    talks = [Talk("10.0.0.2", "tcp", port) for port in range(1, 20)]
    talks += [Talk("10.0.0.1", "tcp", 22), Talk("10.0.0.1", "tcp", 22), Talk("10.0.0.1", "udp", 53)]
    units = list(_units(talks))
    assert units[:2] == [("10.0.0.1", (22,)), ("10.0.0.2", tuple(range(1, PORTS_A_RUN + 1)))]
    assert sorted(port for address, ports in units for port in ports if address == "10.0.0.2") == list(range(1, 20))


def test_flags() -> None:
    flags = arguments("10.0.0.1", "eth0", 1000)
    assert {"-n", "-Pn", "-sT", "-sV", "--unprivileged"} < set(flags)
    assert "-6" not in flags
    assert "-6" in arguments("fd00::1", "eth0", 1000)


def test_an_interface_is_no_flag() -> None:
    with pytest.raises(BadInput, match="no name of an interface"):
        list(versions(Converse((Talk("10.0.0.1", "tcp", 22),), deep=True), TokenBucket(10), Vantage("z", "-oN", "x")))


class Recorder:
    """A network that notes what the guard lets through."""

    def __init__(self) -> None:
        self.asked: list[Converse] = []

    def sweep(self, request: object, pace: Pace) -> Iterator[Event]:
        return iter(())

    knock = sweep

    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]:
        self.asked.append(request)
        return iter(())

    def close(self) -> None:
        pass


def test_the_guard_lets_nmap_at_nobody_who_is_fragile_out_of_scope_or_a_printer_port() -> None:
    site = Site(
        client="c",
        site="s",
        zones=(Zone("near", ("10.91.1.0/24",)), Zone("far", ("10.91.2.0/24",))),
        scope=Scope(exclude=("10.91.2.66",), fragile=("10.91.2.64/31",)),
        authorization=Authorization("me", datetime.date(2026, 1, 1), datetime.date(2026, 12, 31)),
    )
    inner = Recorder()
    guard = Guard(inner, site, VANTAGE, lambda: datetime.date(2026, 6, 1), time.time)
    asked = [(TARGET, 22), (TARGET, 9100), (TARGET, 502), ("10.91.2.65", 22), ("10.91.2.66", 22), ("192.0.2.1", 22)]
    request = Converse(tuple(Talk(address, "tcp", port) for address, port in asked), deep=True)
    events = list(guard.converse(request, TokenBucket(100)))
    assert inner.asked == [Converse((Talk(TARGET, "tcp", 22),), deep=True)]
    refused = {(each.addresses, each.ports) for each in events if isinstance(each, Refused)}
    assert refused == {(TARGET, "502"), ("10.91.2.65", "22"), ("10.91.2.66", "22"), ("192.0.2.1", "22")}
    assert [each.outcome for each in events if isinstance(each, Conversation)] == ["withheld"]


@pytest.fixture(scope="module")
def lab(lab: Lab) -> Iterator[Lab]:
    with lab.serving("target", [sys.executable, "-c", SERVER]):
        yield lab


@pytest.mark.lab
class TestInLab:
    def ask(self, lab: Lab, *ports: int) -> list[Event]:
        request = Converse(tuple(Talk(TARGET, "tcp", port) for port in ports), deep=True)
        return lab.run("laptop", lambda: list(versions(request, TokenBucket(5000), VANTAGE)))

    def test_what_nmap_knows_comes_as_its_own_words(self, lab: Lab) -> None:
        events = self.ask(lab, 2201, 2202, 2203)
        talks = {each.port: each for each in events if isinstance(each, Conversation)}
        assert sorted(talks) == [2201, 2202]
        assert all(each.address == TARGET and each.probe == "nmap" and each.received for each in talks.values())
        names = {
            port: [(p.name, p.version, p.certain) for r in each.readings for p in nmap_products(r.raw)]
            for port, each in talks.items()
        }
        assert names == {2201: [("openssh", "9.2p1", False)], 2202: [("http_server", "2.4.57", False)]}
        assert not [each for each in events if isinstance(each, Limitation)]

    def test_closing_the_iterator_ends_nmap(self, lab: Lab) -> None:
        def start_and_stop() -> float:
            request = Converse(tuple(Talk(TARGET, "tcp", port) for port in (2201, 2202)), deep=True)
            events = versions(request, TokenBucket(5000), VANTAGE)
            assert isinstance(next(events), Progress)
            start = time.monotonic()
            events.close()
            return time.monotonic() - start

        before = lab.pids("laptop")
        assert lab.run("laptop", start_and_stop) < 2
        assert lab.pids("laptop") == before
