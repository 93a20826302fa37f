"""The guard before signed probes: the nonce passes, and every refusal stays."""

from __future__ import annotations

from guard_cases import DAY, VANTAGE, ask, guarded, site

from scanner.model.network import Converse, Knock, Talk
from scanner.model.observation import Refused
from scanner.net.guard import Guard
from scanner.net.rules import SNMP


def test_the_nonce_goes_through() -> None:
    guard, inner = guarded(site())
    list(ask(guard, Knock("10.0.1.5", (22,), (53,), nonce="beef")))
    list(ask(guard, Converse((Talk("10.0.1.5", "tcp", 22),), nonce="beef")))
    assert [request.nonce for request, _ in inner.requests] == ["beef", "beef"]  # type: ignore[union-attr]


def test_what_is_refused_to_all_is_refused_to_a_canary() -> None:
    guard, inner = guarded(site(exclude=("10.0.1.9",)))
    rows = list(ask(guard, Knock("10.0.1.5,10.0.1.9,203.0.113.5", (22, 502), (53, SNMP, 9100), nonce="beef")))
    (request, _), *others = inner.requests
    assert not others
    assert isinstance(request, Knock)
    assert (request.addresses, request.tcp, request.udp) == ("10.0.1.5", (22,), (53,))
    refused = {(each.transport, each.ports) for each in rows if isinstance(each, Refused)}
    assert {("tcp", "502"), ("udp", "161"), ("udp", "9100")} <= refused


def test_a_fragile_host_is_no_canary() -> None:
    guard, inner = guarded(site(fragile=("10.0.1.5",)))
    rows = list(ask(guard, Knock("10.0.1.5", (22,), (53,), echo=True, nonce="beef")))
    rows += ask(guard, Converse((Talk("10.0.1.5", "tcp", 22),), nonce="beef"))
    assert inner.requests == []
    assert [(each.transport, each.ports) for each in rows if isinstance(each, Refused)] == [
        ("tcp", "22"), ("udp", "53"), ("tcp", "22"),
    ]  # fmt: skip


def test_a_polite_scan_asks_a_canary_in_one_go() -> None:
    _, inner = guarded(site())
    guard = Guard(inner, site(), VANTAGE, lambda: DAY, lambda: 5.0, polite=True)
    list(ask(guard, Knock("10.0.1.5", (22, 23), (53, 123), nonce="beef")))
    assert len(inner.requests) == 1
