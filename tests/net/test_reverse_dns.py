"""Names by reverse DNS: asked of a resolver in scope only, about hosts that answered, and believed for those alone."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_lab import Lab
from responders import Daemons

from scanner.errors import BadInput
from scanner.model.network import Engine, Sweep
from scanner.model.observation import Event, HostSeen, Limitation, Progress, Refused, Vantage
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.net.guard import Guard
from scanner.net.live import LiveNetwork
from scanner.net.pace import TokenBucket
from scanner.net.raw import reverse
from scanner.pipeline import observe
from scanner.plan import Manners, make_plan
from scanner.ports import parse_ports
from scanner.session import resolver_for
from scanner.store import Store

VANTAGE = Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
TODAY = datetime.date(2026, 3, 2)
NEAR, NEAR6, ROUTER, FAR = "10.91.1.20", "fd91:1::20", "10.91.1.1", "10.91.2.10"
NAME = "pc.harbor.example"
EVERYTHING = Scope()


def site(scope: Scope = EVERYTHING) -> Site:
    zones = (Zone("front", ("10.91.1.16/28", "10.91.1.0/29", "fd91:1::/64")), Zone("back", ("10.91.2.8/29",)))
    return Site("Harbor", "office", zones, Authorization("owner", TODAY, TODAY), scope)


def record(name: str, target: str, kind: int = 12) -> bytes:
    wire = b"".join(bytes((len(each),)) + each.encode() for each in target.split(".")) + b"\0"
    owner = b"".join(bytes((len(each),)) + each.encode() for each in name.split(".")) + b"\0"
    return owner + struct.pack("!HHIH", kind, 1, 60, len(wire)) + wire


def answer(*records: bytes) -> bytes:
    return struct.pack("!6H", 7, 0x8180, 0, len(records), 0, 0) + b"".join(records)


OWN, DELEGATED = "20.1.91.10.in-addr.arpa", "20.16/28.1.91.10.in-addr.arpa"


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (answer(record(OWN, "a.example")), ("a.example",)),
        (answer(record(OWN, "a.example"), record(OWN, "b.example")), ("a.example", "b.example")),
        (answer(record(OWN, "a.example"), record(OWN, "a.example")), ("a.example",)),
        (answer(record(OWN.upper(), "a.example")), ("a.example",)),
        (answer(record("21.1.91.10.in-addr.arpa", "other.example")), ()),
        (answer(record("harbor.example", "other.example")), ()),
        # RFC 2317: the question's name is an alias of one in a zone of its own.
        (answer(record(OWN, DELEGATED, 5), record(DELEGATED, "a.example")), ("a.example",)),
        (answer(*(record(OWN, f"n{each}.example") for each in range(20))), tuple(f"n{e}.example" for e in range(8))),
        (answer(), ()),
    ],
)  # fmt: skip
def test_an_answer_names_the_address_that_was_asked_about(said: bytes, names: tuple[str, ...]) -> None:
    assert reverse._names(said, NEAR) == names


@given(st.binary(max_size=200), st.integers(0, 60))
@settings(max_examples=80)
def test_mangled_answers_never_raise(noise: bytes, cut: int) -> None:
    whole = answer(record(OWN, "a.example"))
    for each in (noise, whole[:cut] + noise, whole + noise):
        assert all(len(name) <= 255 for name in reverse._names(each, NEAR))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("search x\nnameserver 10.91.1.1\n", ROUTER),
        ("# nameserver 10.91.1.1\nnameserver 127.0.0.53\nnameserver 9.9.9.9\nnameserver 10.91.1.2\n", "10.91.1.2"),
        ("nameserver 9.9.9.9\nnameserver\nnameserver nonsense\n", ""),
        ("nameserver 10.91.1.3\n", ""),  # fragile
        ("nameserver 10.91.1.4\n", ""),  # excluded
        ("nameserver FD91:1::1%eth0\nnameserver fd91:1:0::1", "fd91:1::1"),
        ("", ""),
    ],
)
def test_the_laptops_own_resolver_is_taken_where_it_may_be_asked(tmp_path: Path, lines: str, found: str) -> None:
    settings_ = tmp_path / "resolv.conf"
    settings_.write_text(lines)
    where = site(Scope(exclude=("10.91.1.4",), fragile=("10.91.1.3",)))
    assert resolver_for(where, None, settings_) == found


def test_a_resolver_that_may_not_be_asked_is_refused_by_name(tmp_path: Path) -> None:
    assert resolver_for(site(), None, tmp_path / "none") == ""
    assert resolver_for(site(), "fd91:1:0::5", tmp_path / "none") == "fd91:1::5"
    for each in ("9.9.9.9", "router", "127.0.0.1"):
        with pytest.raises(BadInput, match=f"--resolver {each}"):
            resolver_for(site(), each)


def asked(request: Sweep, where: Site, engine: Engine) -> Callable[[], list[Event]]:
    def run() -> list[Event]:
        guard = Guard(LiveNetwork(VANTAGE, engine), where, VANTAGE, lambda: TODAY, lambda: 0.0)
        try:
            return [each for each in guard.sweep(request, TokenBucket(1000)) if not isinstance(each, Progress)]
        finally:
            guard.close()

    return run


def sent(lab: Lab) -> set[str]:
    """What the laptop sent to, groups of its kernel's own and neighbour discovery apart."""
    return {each for each in lab.sent_to() if not each.startswith(("ff02::", "fe80:"))}


@pytest.mark.lab
@pytest.mark.parametrize("engine", ["raw", "connect"])
def test_the_resolver_is_asked_and_nobody_else(lab: Lab, daemons: Daemons, engine: Engine) -> None:
    daemons.answer("router", "dns", ROUTER, NAME)
    lab.sent_to()
    events = lab.run("laptop", asked(Sweep(named=f"{NEAR},{FAR},{NEAR6}", resolver=ROUTER), site(), engine))
    seen = [each for each in events if isinstance(each, HostSeen)]
    assert {(each.address, each.how, each.names, each.said_by) for each in seen} == {
        (each, "named", (NAME,), f"dns {ROUTER}") for each in (NEAR, FAR, NEAR6)
    }
    assert len(seen) == 3
    assert sent(lab) == {ROUTER}


@pytest.mark.lab
@pytest.mark.parametrize(
    "scope",
    [
        Scope(include=("10.91.1.16/28",)),
        Scope(exclude=(ROUTER,)),
        Scope(fragile=("10.91.1.0/29",)),
    ],
)
def test_a_resolver_that_may_not_be_asked_hears_nothing(lab: Lab, daemons: Daemons, scope: Scope) -> None:
    daemons.answer("router", "dns", ROUTER, NAME)
    lab.forget()  # or a kernel asks once more whether those of earlier tests are there
    lab.sent_to()
    events = lab.run("laptop", asked(Sweep(named=NEAR, resolver=ROUTER), site(scope), "raw"))
    assert [(each.addresses, each.transport, each.ports) for each in events if isinstance(each, Refused)] == [
        (ROUTER, "udp", "53")
    ]
    assert len(events) == 1
    assert sent(lab) == set()


@pytest.mark.lab
@pytest.mark.parametrize("resolver", [NEAR, "10.91.1.21", "10.91.2.11"])
def test_a_resolver_without_sense_or_life_is_given_up(lab: Lab, resolver: str) -> None:
    """NEAR answers on that port, but not as DNS; nobody is at the others, on the link and behind the router."""
    named = ",".join(f"10.91.1.{each}" for each in (*range(2, 7), *range(17, 31)))
    events = lab.run("laptop", asked(Sweep(named=named, resolver=resolver), site(), "raw"))
    assert [each.what for each in events if isinstance(each, Limitation)] == ["names by reverse DNS"]
    assert not [each for each in events if isinstance(each, HostSeen)]


@pytest.mark.lab
def test_a_scan_names_hosts_of_all_zones(lab: Lab, daemons: Daemons, tmp_path: Path) -> None:
    daemons.answer("router", "dns", ROUTER, NAME)

    def run() -> tuple[set[tuple[str, str | None]], set[str]]:
        where = site()
        plan = make_plan(where, VANTAGE, parse_ports("80"), manners=Manners(resolver=ROUTER, patience=0.2))
        with Store(tmp_path / "store.sqlite") as store:
            journal = store.begin("Harbor", "office", plan, "raw")
            guard = Guard(LiveNetwork(VANTAGE, "raw"), where, VANTAGE, lambda: TODAY, lambda: 0.0)
            list(observe(plan, guard, journal, TokenBucket(1000), where))
            guard.close()
            (session,) = store.sessions("Harbor", "office")
        rows = [each for each in session.observations if isinstance(each, HostSeen)]
        named = {(each.address, each.said_by) for each in rows if each.how == "named" and NAME in each.names}
        return named, {each.address for each in rows if each.how not in ("named", "self")}

    named, alive = lab.run("laptop", run)
    dns = f"dns {ROUTER}"
    assert {(NEAR, dns), (ROUTER, dns), (NEAR6, dns), (FAR, dns)} <= named
    assert {address for address, _ in named} <= alive | {FAR}, "nobody is named who did not answer"
