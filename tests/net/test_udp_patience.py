"""UDP and echo over the kernel's sockets against a target that limits its ICMP errors, as Linux does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from connect_lab import LAPTOP, CrowdLab, ports

from scanner.model.network import Knock, Sweep
from scanner.model.observation import Event, HostSeen, PortState, Progress, Silence
from scanner.net.pace import TokenBucket
from scanner.net.route import interface_named
from scanner.net.sockets import ping, udp

pytestmark = [pytest.mark.lab]

DROPPED = """
table inet fence {
  chain forward {
    type filter hook forward priority 0;
    udp dport 5000-5001 drop
  }
}
"""


@pytest.fixture(scope="module")
def lab(crowd: CrowdLab) -> CrowdLab:
    crowd.nft("router", DROPPED)
    return crowd


def asked(request: Knock) -> Callable[[], list[Event]]:
    def run() -> list[Event]:
        events = udp.knock(request, TokenBucket(1000), LAPTOP, interface_named("eth0"), {})
        return [each for each in events if not isinstance(each, Progress)]

    return run


def test_closed_ports_are_told_although_the_host_tells_of_one_a_second(lab: CrowdLab) -> None:
    closed = set(range(6000, 6010))
    events = lab.run("laptop", asked(Knock("10.94.0.1", udp=tuple(sorted(closed | {5000})), patience=0.5)))
    assert ports(events, "closed") == closed
    assert ports(events, "silent") == {5000}, "dropped, and said to be nothing else"


def test_many_ports_are_left_open_or_filtered_without_a_guess(lab: CrowdLab) -> None:
    asked_ports = set(range(6000, 6040))
    began = time.monotonic()
    events = lab.run("laptop", asked(Knock("10.94.0.2", udp=tuple(sorted(asked_ports)), patience=0.5)))
    took = time.monotonic() - began
    closed, silent = ports(events, "closed"), ports(events, "silent")
    assert closed
    assert silent
    assert closed | silent == asked_ports
    assert took < 20, "of forty closed ports one a second is told"


def test_silent_hosts_are_not_waited_for(lab: CrowdLab) -> None:
    times = []
    for _ in range(3):  # a machine under load holds it up
        began = time.monotonic()
        events = lab.run("laptop", asked(Knock("10.94.0.3-10.94.0.4", udp=(5000, 5001), patience=0.5)))
        times.append(time.monotonic() - began)
        assert [each.addresses for each in events if isinstance(each, Silence)] == ["10.94.0.3-10.94.0.4"]
        if times[-1] < 4:
            return
    raise AssertionError(times)


def test_discovery_by_connections_finds_who_gives_no_echo(lab: CrowdLab) -> None:
    lab.nft("target", "table inet deaf {\n chain input {\n type filter hook input priority 0;\n"
            " icmp type echo-request drop\n }\n}\n")  # fmt: skip
    request = Sweep(discover="10.94.0.20-10.94.0.29,10.94.9.1-10.94.9.9", names=False)

    def run() -> list[Event]:
        return list(ping.sweep(request, TokenBucket(5000), LAPTOP, interface_named("eth0")))

    try:
        events = lab.run("laptop", run)
    finally:
        lab.ns("target", "nft flush ruleset")
    found = [each.address for each in events if isinstance(each, HostSeen) and each.how == "tcp"]
    assert sorted(found) == [f"10.94.0.{last}" for last in range(20, 30)], "each once"
    assert not [each for each in events if isinstance(each, PortState | Silence)]


def test_discovery_by_echo_finds_who_is_there_and_says_nothing_of_the_others(lab: CrowdLab) -> None:
    lab.ns("router", "ip route add blackhole 10.94.9.0/24")
    request = Sweep(
        routed="10.94.0.9",
        discover="10.94.0.5-10.94.0.8,10.94.9.1-10.94.9.9",
        names=False,
        methods=("echo",),
        patience=0.5,
    )

    def run() -> list[Event]:
        Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 65534")
        return list(ping.sweep(request, TokenBucket(1000), LAPTOP, interface_named("eth0")))

    events = lab.run("laptop", run)
    found = {each.address for each in events if isinstance(each, HostSeen) and each.how == "echo-reply"}
    assert found == {f"10.94.0.{last}" for last in range(5, 9)}
    rows = {each.address for each in events if isinstance(each, PortState) and each.state == "open"}
    assert rows == found | {"10.94.0.9"}
    assert not [each for each in events if isinstance(each, Silence)]
