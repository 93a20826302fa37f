from __future__ import annotations

import ctypes
import functools
import os
import signal
import struct
import subprocess
import sys
import time

import msgspec
import pytest
from live_lab import Lab

from scanner.errors import BadInput, NetworkFailed, NoPrivilege
from scanner.model.addresses import addresses_of, ports_of, ports_text
from scanner.model.network import Knock
from scanner.model.observation import Event, Limitation, PortState, Progress, Silence, Vantage
from scanner.net.nmap import _units, arguments, knock
from scanner.net.pace import TokenBucket

VANTAGE = Vantage("near", "eth0", "10.91.1.10", "fd91:1::10")
SLOW = """
import time
from scanner.net.nmap import knock
from scanner.net.pace import TokenBucket
from scanner.model.network import Knock
from scanner.model.observation import Vantage
for event in knock(Knock("10.91.2.10", tuple(range(1, 500))), TokenBucket(5), Vantage("near", "eth0", "10.91.1.10")):
    print("started", flush=True)
"""


@pytest.mark.parametrize(
    ("name", "good"),
    [("eth0", True), ("wlp2s0.100", True), ("-oN", False), ("eth0 --script x", False), ("", False), ("a" * 16, False)],
)
def test_only_names_of_interfaces_become_arguments(name: str, good: bool) -> None:
    if good:
        assert name in arguments("syn", Knock("10.0.0.1"), 100, name, False)
    else:
        with pytest.raises(BadInput, match="no name of an interface"):
            arguments("syn", Knock("10.0.0.1"), 100, name, False)


@pytest.mark.parametrize("text", ["--script=x", "example.test", "10.0.0.1-9", "10.0.0.1 -oN x", "fe80::1%-oN"])
def test_only_addresses_become_targets(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        list(knock(Knock(text, (22,)), TokenBucket(100), VANTAGE))


def test_gentle_flags() -> None:
    flags = " ".join(arguments("connect", Knock("10.0.0.1", gentle=True, tries=1), 10, "eth0", True))
    for each in ("-sT", "--max-parallelism 1", "--scan-delay 100ms", "--max-rate 2.25", "--max-retries 0", "-6", "-Pn"):
        assert each in flags


def asked(request: Knock) -> list[tuple[str, str, int]]:
    return [
        (address, "udp" if unit.scan == "udp" else "tcp", number)
        for unit in _units(request, "syn")
        for address in unit.addresses
        for number in unit.ports
    ]


ODD = tuple(range(1, 65536, 2))


@pytest.mark.parametrize(
    ("request_", "left", "runs"),
    [
        pytest.param(Knock("10.0.0.1-10.0.0.9", (22, 80), (53,)), 27, 2, id="nothing is known"),
        pytest.param(
            Knock("10.0.0.1-10.0.0.9", (22, 80), known=(("10.0.0.3", "tcp", "22"), ("10.0.0.5", "tcp", "22"))), 16, 2,
            id="two lack the same one",
        ),
        pytest.param(
            Knock("10.0.0.1-10.0.0.9", (22, 80), (53,), known=(("10.0.0.3", "tcp", "80"), ("10.0.0.3", "tcp", "22"))),
            25, 2, id="all of one transport are known of one address",
        ),
        pytest.param(
            Knock("10.0.0.1,fd00::1", (22, 80), known=(("fd00::1", "tcp", "1-70"), ("10.0.0.1", "icmp", "8"))), 3, 2,
            id="both families, ports that nobody asks, and a ping",
        ),
        pytest.param(
            Knock("10.0.0.1", (22, 80), (53,), known=(("10.0.0.1", "tcp", "1-100"), ("10.0.0.1", "udp", "53"))), 0, 0,
            id="everything is known",
        ),
        pytest.param(Knock("10.0.0.1-10.0.0.2", tuple(range(1, 65536)),
                           known=tuple(("10.0.0.1", "tcp", str(n)) for n in ODD)), 65535 + 32767, 5,
                     id="more ports than a command line takes"),
    ],
)  # fmt: skip
def test_what_is_known_is_not_asked_again(request_: Knock, left: int, runs: int) -> None:
    found = asked(request_)
    known = {(address, kind, number) for address, kind, text in request_.known for number in ports_of(text)}
    wanted = [("tcp", number) for number in request_.tcp] + [("udp", number) for number in request_.udp]
    assert len(found) == len(set(found)) == left
    assert set(found) == {(a, *each) for a in addresses_of(request_.addresses) for each in wanted} - known
    units = list(_units(request_, "syn"))
    assert len(units) == runs
    assert all(len(ports_text(unit.ports)) < 100_000 for unit in units)


class TestInLab:
    pytestmark = [pytest.mark.lab]

    def knock(self, lab: Lab, request: Knock, raw: bool = True) -> list[Event]:
        def all_of_it() -> list[Event]:
            if not raw:
                give_up_raw_sockets()
            return [each for each in knock(request, TokenBucket(2000), VANTAGE) if not isinstance(each, Progress)]

        return lab.run("laptop", all_of_it)

    @pytest.mark.parametrize("target", ["10.91.2.10", "fd91:2::10"])
    def test_states_reasons_and_who_answered(self, lab: Lab, target: str) -> None:
        router, admin, six = ("fd91:1::1", "icmp6-1-1", True) if ":" in target else ("10.91.1.1", "icmp-3-13", False)
        rows = [p for p in self.knock(lab, Knock(target, (79, 80, 81, 82, 83, 84))) if isinstance(p, PortState)]
        assert {(p.ports, p.state, p.reason, p.ttl, p.source) for p in rows} == {
            ("79,84" if six else "79", "closed", "rst", 63, target),
            ("80", "open", "syn-ack", 63, target),
            ("81", "silent", "no-response", None, None),
            ("82", "closed", "rst", 64, target),
            ("83", "rejected", admin, 64, router),
            *([] if six else [("84", "closed", "icmp-3-3", 64, router)]),
        }

    def test_of_a_host_that_is_known_in_part_only_the_rest_is_told(self, lab: Lab) -> None:
        request = Knock("10.91.2.10", (79, 80, 81, 82, 83, 84), known=(("10.91.2.10", "tcp", "79-81,84"),))
        assert {p.ports for p in self.knock(lab, request) if isinstance(p, PortState)} == {"82", "83"}
        assert self.knock(lab, msgspec.structs.replace(request, tcp=(80,))) == []

    def test_udp(self, lab: Lab) -> None:
        rows = [p for p in self.knock(lab, Knock("10.91.2.10", (), (53, 54, 55, 56))) if isinstance(p, PortState)]
        assert {(p.ports, p.state, p.reason) for p in rows} == {
            ("53", "open", "udp-reply"),
            ("54", "closed", "icmp-3-3"),
            ("55", "silent", "no-response"),
            ("56", "rejected", "icmp-3-13"),
        }

    def test_nobody_there_is_silence_on_every_port(self, lab: Lab) -> None:
        events = self.knock(lab, Knock("10.91.1.99,10.91.1.20", (80, 81), tries=1))
        (silence,) = (each for each in events if isinstance(each, Silence))
        assert (silence.addresses, silence.ports, silence.tries) == ("10.91.1.99", "80-81", 1)

    def test_without_raw_sockets_it_connects_and_says_what_it_cannot_see(self, lab: Lab) -> None:
        events = self.knock(lab, Knock("10.91.2.10", (79, 80, 82), tries=1), raw=False)
        assert {(p.ports, p.state, p.reason, p.ttl) for p in events if isinstance(p, PortState)} == {
            ("79,82", "closed", "refused", None),
            ("80", "open", "connected", None),
        }
        assert any("TTL" in each.what for each in events if isinstance(each, Limitation))
        with pytest.raises(NoPrivilege, match="nmap asks UDP ports only as root"):
            self.knock(lab, Knock("10.91.2.10", (), (53,)), raw=False)

    def test_gentle_connects_in_full(self, lab: Lab) -> None:
        (found,) = (p for p in self.knock(lab, Knock("10.91.2.10", (80,), gentle=True)) if isinstance(p, PortState))
        assert (found.state, found.reason) == ("open", "connected")

    def test_an_interface_that_is_gone(self, lab: Lab) -> None:
        request = functools.partial(
            lambda: list(knock(Knock("10.91.2.10", (80,)), TokenBucket(100), Vantage("z", "gone0", "10.91.1.10")))
        )
        with pytest.raises(NetworkFailed, match="gone0"):
            lab.run("laptop", request)

    def test_closing_the_iterator_ends_nmap(self, lab: Lab) -> None:
        def start_and_stop() -> float:
            events = knock(Knock("10.91.2.10", tuple(range(1, 500))), TokenBucket(5), VANTAGE)
            while not isinstance(next(events), Progress):
                pass
            time.sleep(0.7)
            start = time.monotonic()
            events.close()
            return time.monotonic() - start

        before = lab.pids("laptop")
        assert lab.run("laptop", start_and_stop) < 20, "five ports a second are asked, of 499"
        assert lab.pids("laptop") == before

    def test_nmap_ends_when_its_owner_is_killed(self, lab: Lab) -> None:
        before = lab.pids("laptop")
        owner = subprocess.Popen(
            ["ip", "netns", "exec", lab.name("laptop"), sys.executable, "-c", SLOW], stdout=subprocess.PIPE
        )
        assert owner.stdout is not None
        owner.stdout.readline()
        time.sleep(1)
        assert len(lab.pids("laptop")) > len(before) + 1
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
        until = time.monotonic() + 60
        while lab.pids("laptop") != before and time.monotonic() < until:
            time.sleep(0.05)
        assert lab.pids("laptop") == before


def give_up_raw_sockets() -> None:
    """Drop CAP_NET_RAW, for this process and for what it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("Ii", 0x20080522, 0)
    held = ctypes.create_string_buffer(24)
    bit = 13
    if libc.prctl(24, bit, 0, 0, 0) or libc.capget(header, held):
        raise OSError(ctypes.get_errno(), "capget")
    low = [each & ~(1 << bit) for each in struct.unpack("6I", held.raw)[:3]]
    if libc.capset(header, struct.pack("6I", *low, *struct.unpack("6I", held.raw)[3:])):
        raise OSError(ctypes.get_errno(), "capset")
