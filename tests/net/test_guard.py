"""Whatever site and requests there are, nothing unauthorised reaches the network behind the guard."""

from __future__ import annotations

import datetime
import ipaddress
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from guard_cases import DAY, VANTAGE, Recorder, ask, guarded, site
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import OutOfScope
from scanner.model.addresses import addresses_of, addresses_text, ports_of
from scanner.model.network import Converse, Knock, Sweep, Talk
from scanner.model.observation import Conversation, HostSeen, PortState, Refused
from scanner.model.site import Authorization, Site
from scanner.net.guard import FRAGILE_RATE, Guard
from scanner.net.pace import TokenBucket
from scanner.plan import POLITE_RATE

INDUSTRIAL = {102, 502, 20000, 44818, 47808}
PRINTER = {515, *range(9100, 9108), *range(9112, 9117)}


EDGES = ["10.0.0.0", "10.0.0.15", "10.0.1.15", "fd00::", "224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1"]
ODD = ["0.0.0.0", "::", "127.0.0.1", "::1", "::ffff:a00:3", "::ffff:808:808"]
OTHER = ["fd00::7", "8.8.8.8", "2001:db8::1", "192.0.2.1"]
SPECIAL = [*EDGES, *ODD, *OTHER]
near = st.integers(0, 40).map(lambda n: str(ipaddress.IPv4Address("10.0.0.0") + n))
plant = st.integers(0, 20).map(lambda n: str(ipaddress.IPv4Address("10.0.1.0") + n))
addresses = st.one_of(near, plant, st.sampled_from(SPECIAL), st.ip_addresses().map(str))
ports = st.one_of(
    st.sampled_from([*sorted(INDUSTRIAL), 515, 9100, 9107, 9112, 9116, 161, 22, 443]), st.integers(1, 65535)
)
networks = st.sampled_from(
    ["10.0.0.0/29", "10.0.0.3", "10.0.1.0/28", "10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/64", "10.0.0.8/30"]
)
nets = st.lists(networks, max_size=3).map(tuple)
scopes = st.fixed_dictionaries(
    {
        "include": nets,
        "exclude": nets,
        "fragile": nets,
        "allow_ports": st.lists(st.sampled_from(sorted(INDUSTRIAL)), max_size=2).map(tuple),
        "snmp_public": st.booleans(),
    }
)
texts = st.lists(addresses, max_size=8).map(addresses_text)
port_lists = st.lists(ports, max_size=5).map(tuple)
scoped = st.one_of(addresses, st.just("fe80::1%eth1"))
talks = st.lists(st.builds(Talk, scoped, st.sampled_from(["tcp", "udp"]), ports), max_size=10).map(tuple)
requests = st.one_of(
    st.builds(Sweep, texts, texts, texts),
    st.builds(Knock, texts, port_lists, port_lists, st.just(2), st.booleans(), st.booleans()),
    st.builds(Converse, talks, st.booleans(), st.booleans()),
)


def sent(request: Sweep | Knock | Converse) -> Iterator[tuple[str, str, int, bool]]:
    """Everything that a request asks to be sent: address, transport, port, and whether gently."""
    if isinstance(request, Sweep):
        texts = ",".join(filter(None, (request.on_link, request.routed, request.discover)))
        yield from ((a, "icmp", 8, False) for a in addresses_of(texts))
    elif isinstance(request, Knock):
        for transport, asked in (("tcp", request.tcp), ("udp", request.udp)):
            yield from ((a, transport, p, request.gentle) for a in addresses_of(request.addresses) for p in asked)
        yield from ((a, "icmp", 8, request.gentle) for a in addresses_of(request.addresses) if request.echo)
    else:
        yield from ((t.address, t.transport, t.port, request.gentle) for t in request.talks)


def forbidden(which: Site, request: Sweep | Knock | Converse, row: tuple[str, str, int, bool]) -> str | None:
    """The promise, said a second time and in another way than the guard says it."""
    addr, transport, port, gentle = row
    ip = ipaddress.ip_address(addr)
    if not which.in_scope(addr):
        return "out of scope"
    if ip.is_multicast or ip.is_unspecified or ip.is_loopback or addr == "255.255.255.255":
        return "special"
    if addr in ("10.0.0.0", "10.0.0.15", "10.0.1.0", "10.0.1.15", "fd00::"):
        return "a subnet's edge"
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        return "mapped"
    if transport == "icmp":
        return None
    if port in INDUSTRIAL and port not in which.scope.allow_ports:
        return "industrial"
    if transport == "udp" and (port in PRINTER or (port == 161 and not which.scope.snmp_public)):
        return "udp"
    if isinstance(request, Converse) and port in PRINTER:
        return "printer"
    if which.fragile(addr) and (transport == "udp" or not gentle):
        return "fragile"
    return None


@settings(max_examples=300, deadline=None)
@given(scopes, requests)
def test_nothing_unauthorised_reaches_the_network(scope: dict[str, Any], request: Sweep | Knock | Converse) -> None:
    which = site(**scope)
    guard, inner = guarded(which)
    events = list(ask(guard, request))
    passed: set[tuple[str, str, int]] = set()
    for part, pace in inner.requests:
        rows = list(sent(part))
        assert rows or not list(sent(request)), "a request that was cut to nothing is not made"
        for row in rows:
            assert (row[:3]) in {each[:3] for each in sent(request)}, "the guard adds nothing"
            assert forbidden(which, part, row) is None
            passed.add(row[:3])
        hosts = {row[0] for row in rows}
        if any(which.fragile(a) for a in hosts):
            assert pace.rate <= FRAGILE_RATE
            assert isinstance(part, Sweep) or len(hosts) == 1
    # And nothing is lost: whatever did not pass is reported, address by address and port by port.
    told: set[tuple[str, str, int]] = set()
    for event in events:
        if isinstance(event, Refused):
            assert event.reason
            for addr in addresses_of(event.addresses):
                pinged = event.transport == "icmp"
                told.update((addr, event.transport, 8 if pinged else port) for port in ports_of(event.ports))
        elif isinstance(event, Conversation) and event.outcome == "withheld":
            told.add((event.address, event.transport, event.port))
    assert {bare(row) for row in sent(request)} == {bare(row) for row in passed | told}


def bare(row: tuple[Any, ...]) -> tuple[int, int, str, int]:
    ip = ipaddress.ip_address(row[0].partition("%")[0])
    return ip.version, int(ip), row[1], row[2]


@settings(max_examples=100, deadline=None)
@given(scopes, requests)
def test_what_is_allowed_does_pass(scope: dict[str, Any], request: Sweep | Knock | Converse) -> None:
    """A guard that refuses everything would be safe and useless."""
    which = site(**scope)
    guard, inner = guarded(which)
    for _ in ask(guard, request):
        pass
    passed = {row[:3] for part, _ in inner.requests for row in sent(part)}
    for addr, transport, port, _ in sent(request):
        gently = msgspec.structs.replace(request, gentle=True) if not isinstance(request, Sweep) else request
        ip = ipaddress.ip_address(addr)
        plain = ip in ipaddress.ip_network("10.0.0.0/27") or ip in ipaddress.ip_network("10.0.1.0/28")
        if isinstance(request, Converse) and request.deep and which.fragile(addr):
            continue  # nobody else's program is let loose on a fragile host
        if plain and forbidden(which, gently, (addr, transport, port, True)) is None and ip.packed[-1] < 15:
            assert (addr, transport, port) in passed


KNOCK = Knock("10.0.0.1", (22,))


@pytest.mark.parametrize(
    ("authorization", "today", "words"),
    [
        (None, DAY, "no authorization"),
        (Authorization("owner", DAY, DAY), DAY - datetime.timedelta(1), "outside the authorization by owner"),
        (Authorization("owner", DAY, DAY), DAY + datetime.timedelta(1), "outside the authorization by owner"),
    ],
)
def test_without_a_valid_authorization_nothing_is_asked(
    authorization: Authorization | None, today: datetime.date, words: str
) -> None:
    guard, inner = guarded(msgspec.structs.replace(site(), authorization=authorization), today)
    for request in (Sweep("10.0.0.1"), KNOCK, Converse((Talk("10.0.0.1", "tcp", 22),))):
        with pytest.raises(OutOfScope, match=words):
            list(ask(guard, request))
    assert inner.requests == []


def test_a_scan_that_outlives_its_authorization_ends() -> None:
    days = [DAY]
    inner = Recorder()
    guard = Guard(inner, site(), VANTAGE, lambda: days[0], lambda: 5.0)
    events = guard.knock(Knock("10.0.0.1,10.0.0.2", (22,)), TokenBucket(1000))
    assert next(events).address == "10.0.0.1"  # type: ignore[union-attr]
    pace = inner.requests[0][1]
    pace.take(1)
    days[0] = DAY + datetime.timedelta(1)
    with pytest.raises(OutOfScope):
        pace.take(1)
    time.sleep(0.3)  # while events come, it looks at the calendar some times a second
    with pytest.raises(OutOfScope):
        list(events)
    assert inner.open == 0


def test_answers_of_strangers_are_no_flows_but_neighbours_may_be_seen() -> None:
    guard, _ = guarded(site())
    knocked = list(guard.knock(KNOCK, TokenBucket(1000)))
    assert [each.address for each in knocked if isinstance(each, PortState)] == ["10.0.0.1"]
    swept = list(guard.sweep(Sweep("10.0.0.1"), TokenBucket(1000)))
    assert [each.address for each in swept if isinstance(each, HostSeen)] == ["fe80::99"]


def test_closing_the_iterator_closes_the_inner_one() -> None:
    guard, inner = guarded(site())
    events = guard.knock(Knock("10.0.0.1,10.0.0.2", (22,)), TokenBucket(1000))
    next(events)
    assert inner.open == 1
    events.close()
    assert inner.open == 0
    guard.close()
    assert inner.closed


@pytest.mark.parametrize(("asked", "expected"), [(100_000, 50), (50, 50), (20, 20)])
def test_the_pace_is_the_sites_or_a_stricter_one(asked: float, expected: float) -> None:
    guard, inner = guarded(site(max_rate=50))
    list(guard.knock(KNOCK, TokenBucket(asked)))
    assert inner.requests[0][1].rate == expected


def test_one_bucket_serves_the_whole_life_of_the_guard() -> None:
    """Two requests one after the other do not get two seconds' worth in one."""
    taken = Counting(30)
    inner = Recorder()
    guard = Guard(inner, site(max_rate=30), VANTAGE, lambda: DAY, lambda: 5.0, pace=taken)
    for request in (KNOCK, Sweep("10.0.0.2")):
        list(ask(guard, request))
    for _, pace in inner.requests:
        pace.take(7)
    assert taken.count == 14
    with pytest.raises(ValueError, match="above the site's 30"):
        Guard(inner, site(max_rate=30), VANTAGE, lambda: DAY, lambda: 5.0, pace=Counting(31))


class Counting:
    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.count = 0

    def take(self, packets: int) -> None:
        self.count += packets


def test_fragile_hosts_come_last_one_at_a_time() -> None:
    guard, inner = guarded(site(fragile=("10.0.0.2", "10.0.0.3")))
    list(guard.knock(Knock("10.0.0.2,10.0.0.1,10.0.0.3", (22,), (53,)), TokenBucket(1000)))
    assert [part for part, _ in inner.requests] == [
        Knock("10.0.0.1", (22,), (53,)),
        Knock("10.0.0.2", (22,), (), gentle=True),
        Knock("10.0.0.3", (22,), (), gentle=True),
    ]


@settings(max_examples=60, deadline=None)
@given(scopes, requests)
def test_a_polite_guard_asks_a_host_one_thing_at_a_time(
    scope: dict[str, Any], request: Sweep | Knock | Converse
) -> None:
    which = site(**scope, max_rate=5000)
    plain, inner = guarded(which)
    careful = Recorder()
    polite = Guard(careful, which, VANTAGE, lambda: DAY, lambda: 5.0, polite=True)
    for guard in (plain, polite):
        for _ in ask(guard, request):
            pass
    for part, pace in careful.requests:
        assert pace.rate <= POLITE_RATE
        if isinstance(part, Sweep):
            assert set(part.methods) <= {"echo"}
            assert not part.names
        elif isinstance(part, Knock):
            assert part.gentle or not part.tcp, "whole connections, which the engines make one at a time"
            assert not part.udp or (len(part.udp) == 1 and not part.tcp and not part.echo)
        else:
            hosts = [talk.address for talk in part.talks]
            assert part.gentle or len(set(hosts)) == len(hosts)
    asked = [{row[:3] for part, _ in each.requests for row in sent(part)} for each in (inner, careful)]
    assert asked[0] == asked[1], "slower, and nothing less"
