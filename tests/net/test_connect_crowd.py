"""The connect engine against many hosts: its processes, its manners, what it says when packets or room are short."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from connect_lab import CROWD, LAPTOP, OPEN, CrowdLab

from scanner.errors import NetworkFailed
from scanner.model.addresses import AddressSet, ports_of
from scanner.model.network import Knock
from scanner.model.observation import Event, Limitation, PortState, Progress, Refused, Silence
from scanner.net.pace import TokenBucket
from scanner.net.route import interface_named
from scanner.net.sockets import connect, dial_choice
from scanner.net.volley.tally import UNSETTLED

pytestmark = [pytest.mark.lab]

FAST = 2_000_000.0
SYN = "tcp flags & (syn|ack) == syn"
COUNT = f"{SYN} counter name syn"
COUNTED = f"""
table inet count {{
  counter syn {{ }}
  counter over {{ }}
  chain forward {{
    type filter hook forward priority 1;
    {COUNT}
  }}
}}
"""
FIRST_SYN_LOST = f"""
table inet fence {{
  set met {{ type ipv4_addr . inet_service; flags dynamic; size 1000; timeout 20s; }}
  chain forward {{
    type filter hook forward priority 0;
    {SYN} ip daddr . tcp dport != @met add @met {{ ip daddr . tcp dport }} drop
  }}
}}
"""


@pytest.fixture(scope="module")
def lab(crowd: CrowdLab) -> CrowdLab:
    return crowd


def asked(request: Knock, rate: float = FAST) -> Callable[[], list[Event]]:
    def run() -> list[Event]:
        events = connect.knock(request, TokenBucket(rate), LAPTOP, interface_named("eth0"))
        return [each for each in events if not isinstance(each, Progress)]

    return run


def states(events: list[Event]) -> dict[tuple[str, int], str]:
    """By address and port; a port with two rows fails."""
    found: dict[tuple[str, int], str] = {}
    for each in events:
        if isinstance(each, PortState):
            for port in ports_of(each.ports):
                assert (each.address, port) not in found
                found[each.address, port] = each.state
        elif isinstance(each, Silence):
            found.update(
                {(one, port): "silent" for one in AddressSet.parse(each.addresses) for port in ports_of(each.ports)}
            )
    return found


def truth(
    request: Knock, silent: Callable[[str, int], bool] = lambda address, port: False
) -> dict[tuple[str, int], str]:
    return {
        (address, port): "silent" if silent(address, port) else "open" if port in OPEN else "closed"
        for address in AddressSet.parse(request.addresses)
        for port in request.tcp
    }


def drop(rule: str) -> str:
    return f"table inet fence {{\n chain forward {{\n type filter hook forward priority 0;\n {rule}\n }}\n}}\n"


@pytest.fixture
def fence(lab: CrowdLab) -> Iterator[Callable[[str], None]]:
    yield lambda rules: lab.nft("router", rules)
    lab.ns("router", "nft flush ruleset")


MANY = Knock(CROWD, tuple(range(1, 101)))
assert len(AddressSet.parse(CROWD)) * len(MANY.tcp) >= dial_choice.CREW_FROM


@pytest.mark.parametrize("passed", [60, 400], ids=lambda count: f"after {count} packets")
def test_ports_asked_of_a_path_that_stopped_delivering_are_not_called_silent(
    lab: CrowdLab, fence: Callable[[str], None], passed: int
) -> None:
    """Nobody knows whether they are: neither who answered before nor anybody else did any more."""
    services = lab.listen()
    fence(drop(f"{SYN} limit rate over 1/minute burst {passed} packets drop"))
    request = Knock("10.94.0.1-10.94.0.200", (22, 81, 82))

    def run() -> list[Event]:
        connect.MOST_PASSES = 3  # type: ignore[attr-defined]
        return asked(request)()

    events = lab.run("laptop", run)
    services.stop()
    refused = {
        (address, port)
        for each in events
        if isinstance(each, Refused) and each.reason == UNSETTLED
        for address in AddressSet.parse(each.addresses)
        for port in ports_of(each.ports)
    }
    found, whole = states(events), truth(request)
    assert {key: whole[key] for key in found} == found
    assert found.keys() | refused == whole.keys()
    assert not found.keys() & refused
    assert len(found) >= passed / 2
    assert [each.what for each in events if isinstance(each, Limitation) and each.what.endswith("that were lost")]


def test_many_connections_by_several_processes_say_the_truth_and_part_in_peace(lab: CrowdLab) -> None:
    services = lab.listen()
    found = states(lab.run("laptop", asked(MANY)))
    seen = services.stop()
    assert found == truth(MANY)
    assert seen.resets == 0
    assert sum(seen.accepted.values()) == 254 * 2


def test_one_process_says_the_same_over_both_ip_versions(lab: CrowdLab) -> None:
    services = lab.listen()
    request = Knock("10.94.0.7-10.94.0.9,fd94::7-fd94::9", (21, 22, 80, 81, 443), tries=2)
    found = states(lab.run("laptop", asked(request, 5000)))
    seen = services.stop()
    assert found == truth(request)
    assert seen.resets == 0


@pytest.mark.parametrize("rate", [5000.0, FAST])
def test_lost_packets_lose_no_port(lab: CrowdLab, fence: Callable[[str], None], rate: float) -> None:
    services = lab.listen()
    fence(drop("numgen random mod 1000 < 20 drop"))
    request = Knock("10.94.0.1-10.94.0.5", tuple(range(1, 101))) if rate < FAST else MANY
    found = states(lab.run("laptop", asked(request, rate)))
    services.stop()
    assert found == truth(request)


def test_what_a_fence_drops_is_silent_and_the_rest_is_not(lab: CrowdLab, fence: Callable[[str], None]) -> None:
    services = lab.listen()
    fence(drop("ip daddr 10.94.0.3-10.94.0.4 tcp dport != 22 drop\n ip daddr 10.94.0.5 drop"))
    request = Knock("10.94.0.1-10.94.0.6", tuple(range(1, 101)), patience=2.0)
    found = states(lab.run("laptop", asked(request, 20_000)))
    services.stop()
    dropped = {"10.94.0.3", "10.94.0.4"}
    assert found == truth(request, lambda address, port: address == "10.94.0.5" or (address in dropped and port != 22))


def test_gentle_is_one_connection_at_a_time_to_a_host_and_many_hosts_at_once(lab: CrowdLab) -> None:
    services = lab.listen()
    request = Knock("10.94.0.1-10.94.0.40", (22, 80, 443, 81), gentle=True)
    began = time.monotonic()
    found = states(lab.run("laptop", asked(request, 5000)))
    took = time.monotonic() - began
    seen = services.stop()
    assert found == truth(request)
    assert (seen.most_at_once, seen.resets) == (1, 0)
    assert seen.least_gap >= 0.9 * connect.PAUSE
    assert seen.most_in_all > 1
    assert took < 40 * 4 * connect.PAUSE / 2, "the hosts waited for each other"


def test_the_kernels_repetitions_are_told_as_second_tries(lab: CrowdLab, fence: Callable[[str], None]) -> None:
    services = lab.listen()
    fence(FIRST_SYN_LOST)
    events = lab.run("laptop", asked(Knock("10.94.0.1", (22, 23))))
    services.stop()
    rows = {each.ports: (each.state, each.tries) for each in events if isinstance(each, PortState)}
    assert rows == {"22": ("open", 2), "23": ("closed", 2)}


def test_few_local_ports_and_descriptors_make_it_slower_and_not_wrong(lab: CrowdLab) -> None:
    services = lab.listen()
    request = Knock("10.94.0.1-10.94.0.30", tuple(range(1, 101)))

    ports = Path("/proc/sys/net/ipv4/ip_local_port_range")

    def run() -> list[Event]:
        usual = ports.read_text()
        ports.write_text("40000 40063")
        resource.setrlimit(resource.RLIMIT_NOFILE, (150, 150))
        try:
            return asked(request)()
        finally:
            ports.write_text(usual)

    found = states(lab.run("laptop", run))
    services.stop()
    assert found == truth(request)


def test_without_any_descriptor_nothing_is_said(lab: CrowdLab) -> None:
    def run() -> str:
        # What is free below is taken first: two descriptors are left, and no others.
        limit = max(os.dup(0) for _ in range(64)) + 3
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        events = connect.knock(Knock("10.94.0.1", (22, 23)), TokenBucket(FAST), LAPTOP, interface_named("eth0"))
        try:
            return str([each for each in events if not isinstance(each, Progress)])
        except NetworkFailed as error:
            return str(error)

    assert "out of sockets" in lab.run("laptop", run)


def ending() -> float:
    """Seconds in which as many processes as an engine has are told to end, and have ended, on this machine now."""
    ready, told = os.pipe()
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            os.write(told, b"1")
            signal.pause()
        children.append(child)
    for _ in children:
        os.read(ready, 1)
    began = time.monotonic()
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    for each in (ready, told):
        os.close(each)
    return time.monotonic() - began


def test_closing_the_stream_ends_every_process_within_a_tenth_of_a_second(lab: CrowdLab) -> None:
    """Beyond what it takes here to end processes at all; and of some attempts the quickest counts."""

    def run() -> tuple[float, list[str]]:
        services = "10.94.0.1-10.94.0.254"
        events = connect.knock(
            Knock(services, tuple(range(1000, 3000))), TokenBucket(FAST), LAPTOP, interface_named("eth0")
        )
        for event in events:
            if isinstance(event, Progress) and event.done > 2000:
                break
        began = time.monotonic()
        events.close()  # type: ignore[attr-defined]
        took = time.monotonic() - began - ending()
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return took, children

    times = []
    for _ in range(5):
        lab.nft("router", COUNTED)
        took, children = lab.run("laptop", run)
        assert lab.counter("router", "inet count", "syn") > 1000
        time.sleep(0.3)
        after = lab.counter("router", "inet count", "syn")
        lab.ns("router", "nft flush ruleset")
        assert children == []
        assert after <= 2, "packets of nobody"
        times.append(took)
        if took < 0.1:
            break
    assert min(times) < 0.1, times


def test_the_granted_rate_holds_over_every_tenth_of_a_second(lab: CrowdLab) -> None:
    """Four packets are granted for a connection, so of SYNs there is a quarter."""
    rate = 80_000
    assert rate >= dial_choice._CREW_RATE
    extra = f"{SYN} limit rate over {rate // 4}/second burst {rate // 40} packets counter name over"
    late = []
    for _ in range(4):  # under load the kernel passes on late, and at once, what was sent one after the other
        lab.nft("router", COUNTED.replace(COUNT, f"{COUNT}\n {extra}"))
        found = states(lab.run("laptop", asked(Knock(CROWD, tuple(range(1000, 1100))), rate)))
        over, syn = lab.counter("router", "inet count", "over"), lab.counter("router", "inet count", "syn")
        lab.ns("router", "nft flush ruleset")
        assert set(found.values()) == {"closed"}
        assert syn >= len(found)
        late.append(over)
        if over == 0:
            break
    assert min(late) == 0, late
