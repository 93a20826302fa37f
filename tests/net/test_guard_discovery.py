"""What the guard lets a sweep look for: discovery, what may be revealed, and whose names are asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
from guard_cases import DAY, VANTAGE, Recorder, guarded, site

from scanner.model.addresses import AddressSet
from scanner.model.network import METHODS, Pace, Sweep
from scanner.model.observation import Alive, Event, Refused
from scanner.model.site import Zone
from scanner.net.guard import Guard
from scanner.net.pace import TokenBucket
from scanner.net.raw import sweep
from scanner.net.rules import port_refusal
from scanner.plan import DISCOVERY_PORTS


def test_discovery_of_fragile_hosts_is_by_echo_or_not_at_all() -> None:
    which = site(fragile=("10.0.1.2",))
    guard, inner = guarded(which)
    list(guard.sweep(Sweep(discover="10.0.1.1-10.0.1.3"), TokenBucket(1000)))
    assert [(part.discover, part.methods) for part, _ in inner.requests if isinstance(part, Sweep)] == [
        ("10.0.1.1,10.0.1.3", ("echo", "timestamp", "syn", "ack", "udp")),
        ("10.0.1.2", ("echo",)),
    ]
    guard, inner = guarded(which)
    told = list(guard.sweep(Sweep(discover="10.0.1.1-10.0.1.3", methods=("syn",)), TokenBucket(1000)))
    assert [part.discover for part, _ in inner.requests if isinstance(part, Sweep)] == ["10.0.1.1,10.0.1.3"]
    assert [(each.addresses, each.ports) for each in told if isinstance(each, Refused)] == [("10.0.1.2", "8")]


def test_the_engine_discovers_by_the_ports_that_the_guard_judged() -> None:
    asked = {
        method: {port & 0xFFFF for transport, port in sweep.questions_of(method) if transport != "icmp"}
        for method in METHODS
    }
    assert {method: ports for method, ports in asked.items() if ports} == {
        method: set(ports) for method, ports in DISCOVERY_PORTS.items()
    }
    for method, numbers in DISCOVERY_PORTS.items():
        assert not any(port_refusal(site(), "udp" if method == "udp" else "tcp", port) for port in numbers)


def test_a_row_of_many_is_cut_to_those_who_were_asked() -> None:
    class Chatty(Recorder):
        def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]:
            return self._answer(request, pace, [Alive("10.0.0.1-10.0.1.9", "icmp", 8, "echo-reply", 1.0)])

    guard = Guard(Chatty(), site(), VANTAGE, lambda: DAY, lambda: 5.0)
    found = list(guard.sweep(Sweep(discover="10.0.1.2-10.0.1.4,10.0.1.15"), TokenBucket(1000)))
    assert [each.addresses for each in found if isinstance(each, Alive)] == ["10.0.1.2-10.0.1.4"]


def test_a_large_request_is_judged_in_a_moment() -> None:
    which = msgspec.structs.replace(site(), zones=(Zone("office", ("10.0.0.0/28",)), Zone("wide", ("10.8.0.0/14",))))
    guard, inner = guarded(which)
    began = time.process_time()
    list(guard.sweep(Sweep(discover="10.8.0.0-10.11.255.255"), TokenBucket(1000)))
    assert time.process_time() - began < 0.05
    assert [part.discover for part, _ in inner.requests if isinstance(part, Sweep)] == ["10.8.0.1-10.11.255.254"]


def test_what_may_be_guessed_is_cut_to_what_may_be_revealed_and_is_never_fragile() -> None:
    inner = Recorder()
    guard = Guard(inner, site(exclude=("fd00::7",), fragile=("fd00::8",)), VANTAGE, lambda: DAY, lambda: 5.0)
    request = Sweep(on_link="10.0.0.3", revealed="fd00::1-fd00::ff", guessed="fd00::/64,2001:db8::/64")
    list(guard.sweep(request, TokenBucket(1000)))
    asked = [each.guessed for each, _ in inner.requests if isinstance(each, Sweep)]
    assert asked == ["fd00::1-fd00::6,fd00::9-fd00::ff"]


def test_what_may_be_revealed_is_cut_to_what_may_be_asked() -> None:
    guard, inner = guarded(site(exclude=("fd00::7",), fragile=("fd00::8",)))
    request = Sweep(on_link="10.0.0.3", revealed="fd00::/64,2001:db8::/64,10.0.0.0/24,ff02::/16")
    rows = list(guard.sweep(request, TokenBucket(100)))
    (made,) = [each for each, _ in inner.requests if isinstance(each, Sweep)]
    revealed = AddressSet.parse(made.revealed)
    assert all(each in revealed for each in ("fd00::6", "fd00::ffff", "10.0.0.9"))
    assert not [
        each for each in ("fd00::", "fd00::7", "fd00::8", "2001:db8::1", "10.0.0.15", "ff02::1") if each in revealed
    ]
    assert not [each for each in rows if isinstance(each, Refused)], "nobody has asked for them yet"


def test_a_resolver_is_judged_like_any_other_address() -> None:
    named = "10.0.0.3,10.0.0.4,10.0.9.9"
    for resolver, asked in (("10.0.1.3", True), ("10.0.0.7", False), ("10.0.0.8", False), ("9.9.9.9", False)):
        guard, inner = guarded(site(exclude=("10.0.0.7",), fragile=("10.0.0.8",)))
        rows = list(guard.sweep(Sweep(on_link="10.0.0.5", named=named, resolver=resolver), TokenBucket(100)))
        made = [each for each, _ in inner.requests if isinstance(each, Sweep)]
        assert [(each.named, each.resolver, each.on_link) for each in made] == [
            ("10.0.0.3-10.0.0.4", resolver, "")
        ] * asked
        assert [(each.addresses, each.ports) for each in rows if isinstance(each, Refused)] == [(resolver, "53")] * (
            not asked
        )
