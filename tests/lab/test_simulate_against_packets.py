"""The simulation against the kernel: the same requests get the same answers from the topology raised as namespaces."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import msgspec
import pytest
from middlebox_networks import ISOLATING, PROXYING, TRANSLATING
from small_networks import DUAL_HOMED, SERVICES, STATELESS, TWO_ZONES, NoWait, chain

from scanner.importers.document import read_document
from scanner.lab.namespaces import Lab, raise_lab
from scanner.lab.privilege import can_raise
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import Topology
from scanner.model.addresses import addresses_of, ports_of
from scanner.model.base import Frozen
from scanner.model.network import Converse, Knock, Sweep, Talk
from scanner.model.observation import (
    Alive,
    Conversation,
    HostSeen,
    Observation,
    Outlook,
    PortState,
    Progress,
    Refused,
    Silence,
)

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(can_raise() is not None, reason=f"no lab here: {can_raise()}"),
]

_RANDOM = {"ssh.kex"}
"""Readings that hold a cookie, another one each time."""

SCAN = """
import sys
import msgspec
from scanner.model.network import Converse, Knock, Sweep
from scanner.model.observation import Progress
from scanner.model.site import Zone
from scanner.net.live import LiveNetwork
from scanner.net.pace import TokenBucket
from scanner.net.route import vantage_for
from scanner.probes import udp_payloads

zone, sweep, knock, converse = msgspec.json.decode(
    sys.stdin.buffer.read(), type=tuple[Zone, Sweep, Knock, Converse]
)
net, pace = LiveNetwork(vantage_for(zone, "eth0"), "raw", udp_payloads()), TokenBucket(5000)
for stream in (net.sweep(sweep, pace), net.knock(knock, pace), net.converse(converse, pace)):
    for event in stream:
        if not isinstance(event, Progress):
            sys.stdout.buffer.write(msgspec.json.encode(event) + b"\\n")
"""


class Case(Frozen, frozen=True):
    topology: str
    zone: str
    sweep: Sweep
    knock: Knock
    talks: tuple[Talk, ...] = ()


TCP = (21, 22, 23, 25, 80, 443, 445, 515, 993, 2222, 3306, 3389, 5432, 6379, 6380, 8000, 8443, 9100, 12345, 12346)
UDP = (53, 123, 5060)

CASES = {
    "two zones, from the users": Case(
        TWO_ZONES,
        "user",
        Sweep(
            on_link="10.1.0.1,10.1.0.20,10.1.0.30,fd01::1",
            routed="10.2.0.1,10.2.0.10,10.2.0.11,10.2.0.50,fd02::10,fd02::50",
            discover="10.2.0.60-10.2.0.66",
        ),
        Knock(
            "10.1.0.1,10.1.0.20,10.2.0.1,10.2.0.10,10.2.0.11,10.2.0.50,10.2.0.99,fd02::10,fd02::50,fd02::99",
            (22, 23, 24, 80, 113, 135, 443, 445, 3389, 8080),
            (53, 54, 113, 123),
        ),
        (Talk("10.2.0.10", "tcp", 22), Talk("10.2.0.10", "udp", 53), Talk("10.2.0.11", "tcp", 22)),
    ),
    "two zones, from the core": Case(
        TWO_ZONES,
        "core",
        Sweep(on_link="10.2.0.1,10.2.0.10,10.2.0.11,fd02::10", routed="10.1.0.20,fd01::1"),
        Knock("10.2.0.10,10.2.0.11,10.2.0.99,10.1.0.1,10.1.0.20,fd02::10", (22, 23, 3389), (53, 54)),
    ),
    # On its own: the kernel counts its no-route errors against its other ICMP errors to the same receiver.
    "to where no router has a route": Case(TWO_ZONES, "user", Sweep(routed="192.0.2.1"), Knock("192.0.2.1", (22,))),
    # The one that hides from ping is found by its service, and the other ways of finding it are not used on who echoed.
    "discovery": Case(
        TWO_ZONES, "user", Sweep(discover="10.2.0.1,10.2.0.10-10.2.0.12,fd02::10"), Knock("10.2.0.10", (22,), echo=True)
    ),
    "discovery without echo": Case(
        TWO_ZONES, "user", Sweep(discover="10.2.0.10-10.2.0.12", methods=("syn",)), Knock("10.2.0.50", echo=True)
    ),
    "stateless": Case(
        STATELESS,
        "user",
        Sweep(routed="10.2.0.10"),
        Knock("10.2.0.10,10.2.0.50,10.2.0.99,fd02::10", (22, 80, 445), (53, 54)),
    ),
    "dual-homed": Case(DUAL_HOMED, "user", Sweep(routed="10.2.0.7"), Knock("10.2.0.7,10.2.0.8,10.1.0.7", (22, 23))),
    "a chain, and the answer takes a shortcut past a stateful router": Case(
        chain("default: accept", "10.3.0.3"),
        "a",
        Sweep(routed="10.3.0.10"),
        Knock("10.3.0.1,10.3.0.8,10.3.0.9,10.3.0.10,10.3.0.99", (22, 23)),
    ),
    "a chain, and the answer takes a shortcut past a stateless router": Case(
        chain("default: accept, stateful: false", "10.3.0.3"),
        "a",
        Sweep(routed="10.3.0.10"),
        Knock("10.3.0.10", (22, 23), (9,)),
    ),
    "a router that translates addresses": Case(
        TRANSLATING,
        "user",
        Sweep(on_link="10.1.0.1,10.1.0.5", routed="10.2.0.1,10.2.0.10-10.2.0.13,fd02::10,fd02::11"),
        Knock(
            "10.1.0.1,10.1.0.5,10.2.0.1,10.2.0.9-10.2.0.13,fd01::1,fd02::10,fd02::11",
            (22, 23, 443, 2000, 8022, 8023, 8099, 8443),
            (53,),
        ),
        (Talk("10.1.0.1", "tcp", 8443), Talk("10.1.0.1", "tcp", 8022), Talk("10.2.0.9", "tcp", 2000)),
    ),
    "a router that translates addresses, from the other side": Case(
        TRANSLATING,
        "core",
        Sweep(on_link="10.2.0.10-10.2.0.13"),
        Knock("10.1.0.1,10.1.0.5,10.2.0.12", (22, 2000, 8443)),
    ),
    "a SYN proxy before a firewall": Case(
        PROXYING,
        "user",
        Sweep(routed="10.2.0.10"),
        Knock("10.9.0.2,10.2.0.10,fd02::9,fd02::10", (22, 23, 80, 445, 446, 5432), (53,)),
        (Talk("10.2.0.10", "tcp", 22), Talk("10.2.0.10", "tcp", 5432)),
    ),
    "isolated clients, and a router that answers ARP for them": Case(
        ISOLATING, "guest", Sweep(on_link="10.1.0.1-10.1.0.9"), Knock("10.1.0.5,10.1.0.6", (22, 23, 80))
    ),
    "isolated clients, from another segment": Case(
        ISOLATING, "core", Sweep(routed="10.1.0.5"), Knock("10.1.0.5,10.1.0.6,10.1.0.9", (22, 23))
    ),
    "conversations": Case(
        SERVICES,
        "lan",
        Sweep(),
        Knock("10.1.0.5", TCP, UDP),
        (
            *(Talk("10.1.0.5", "tcp", port) for port in (*TCP, 26)),
            *(Talk("10.1.0.5", "udp", port) for port in (*UDP, 54)),
        ),
    ),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, list[Observation]]:
    """What the kernel says to every case. Side by side: most of the time is spent waiting for silence."""
    with ExitStack() as labs, ThreadPoolExecutor(len(CASES)) as pool:
        running = {
            name: pool.submit(live, case, labs.enter_context(raise_lab(topology_of(case))))
            for name, case in CASES.items()
        }
        return {name: each.result() for name, each in running.items()}


def topology_of(case: Case) -> Topology:
    return read_document(case.topology, Topology, "inline.yaml")


def live(case: Case, lab: Lab) -> list[Observation]:
    request = msgspec.json.encode(
        (topology_of(case).site.zone(case.zone), case.sweep, case.knock, Converse(case.talks))
    )
    done = lab.run(case.zone, [sys.executable, "-c", SCAN], input=request, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(b"[" + b",".join(done.stdout.splitlines()) + b"]", type=list[Observation])


def computed(case: Case) -> list[Observation]:
    net, pace = SimulatedNetwork(topology_of(case), case.zone), NoWait()
    streams = (net.sweep(case.sweep, pace), net.knock(case.knock, pace), net.converse(Converse(case.talks), pace))
    return [event for stream in streams for event in stream if not isinstance(event, Progress | Outlook)]


def told(rows: list[Observation]) -> Iterator[tuple[object, ...]]:
    """Everything but times, one entry a probe."""
    for row in rows:
        match row:
            case HostSeen():
                yield "host", row.address, row.how, row.mac, row.ttl
            case PortState():
                for port in ports_of(row.ports):
                    answer = (row.state, row.reason, row.ttl, row.source, row.window)
                    yield "port", row.address, row.transport, port, *answer
            case Alive():
                for address in addresses_of(row.addresses):
                    yield "alive", address, row.transport, row.port, row.reason, row.ttl
            case Silence() | Refused():
                for address in addresses_of(row.addresses):
                    for port in ports_of(row.ports):
                        if isinstance(row, Refused):
                            yield "refused", address, row.transport, port
                        else:
                            yield "port", address, row.transport, port, "silent", "no-response", None, None, None
            case Conversation():
                readings = tuple((each.kind, b"" if each.kind in _RANDOM else each.raw) for each in row.readings)
                yield "talk", row.address, row.transport, row.port, row.probe, row.outcome, readings, row.tls
            case _:
                yield (row,)


def slow(rows: list[Observation]) -> set[str]:
    """Of whom a router says that they are not there, once it has asked for them in vain for seconds. A probe that came
    later than another to the same host waits less, and how much later it came is the machine's affair."""
    return {each.address for each in rows if isinstance(each, PortState) and (each.rtt_ms or 0) > 1000}


@pytest.mark.parametrize("name", CASES)
def test_the_kernel_answers_as_computed(name: str, answers: dict[str, list[Observation]]) -> None:
    real, expected = set(told(answers[name])), set(told(computed(CASES[name])))
    assert real
    assert slow(computed(CASES[name])) <= slow(answers[name])
    assert sorted(map(str, real - expected)) == sorted(map(str, expected - real)) == []
