"""Link-local addresses, which no site file can name: asked only where a MAC says whose they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from guard_cases import DAY, VANTAGE, Recorder, site

from scanner.model.network import Knock, Pace, Sweep
from scanner.model.observation import Event, HostSeen, PortState, Refused
from scanner.net.guard import Guard
from scanner.net.pace import TokenBucket

MAC, OTHER = "02:00:00:00:00:07", "02:00:00:00:00:08"
NEAR = "fe80::7"


class Seen(Recorder):
    """A link on which these neighbours answer."""

    def __init__(self, *seen: tuple[str, str | None]) -> None:
        super().__init__()
        self._seen = [HostSeen(address, "arp", 1.0, mac) for address, mac in seen]

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]:
        return self._answer(request, pace, list(self._seen))


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        ([("10.0.0.7", MAC), (NEAR, MAC)], ""),
        ([("fd00::7", MAC), (NEAR, MAC)], ""),
        ([(NEAR, MAC)], "without any address"),
        ([("10.0.0.7", OTHER), (NEAR, MAC)], "without any address"),
        ([("10.0.0.7", MAC), (NEAR, None)], "without any address"),
        ([("10.0.0.7", MAC)], "without any address"),
        ([("203.0.113.7", MAC), (NEAR, MAC)], "without any address"),
        ([("10.0.0.9", MAC), (NEAR, MAC)], "excluded, or fragile"),
        ([("10.0.0.7", MAC), ("10.0.0.9", MAC), (NEAR, MAC)], "excluded, or fragile"),
        ([("10.0.0.10", MAC), ("fd00::7", MAC), (NEAR, MAC)], "excluded, or fragile"),
    ],
)
def test_a_link_local_address_is_asked_where_its_mac_has_an_authorised_address(
    seen: list[tuple[str, str | None]], word: str
) -> None:
    inner = Seen(*seen)
    which = site(exclude=("10.0.0.9",), fragile=("10.0.0.10",))
    guard = Guard(inner, which, VANTAGE, lambda: DAY, lambda: 5.0)
    pace = TokenBucket(1000)
    list(guard.sweep(Sweep(on_link="10.0.0.7", link_local=True), pace))
    told = list(guard.knock(Knock(NEAR, (22,), echo=True), pace))
    asked = [each.addresses for each, _ in inner.requests if isinstance(each, Knock)]
    refused = [(each.addresses, each.transport, each.ports) for each in told if isinstance(each, Refused)]
    if word:
        assert asked == []
        assert refused == [(NEAR, "tcp", "22"), (NEAR, "icmp", "128")]
        assert all(word in each.reason for each in told if isinstance(each, Refused))
    else:
        assert asked == [NEAR]
        assert refused == []
        assert [each.address for each in told if isinstance(each, PortState)] == [NEAR]


def test_an_address_with_a_fragile_machines_mac_is_fragile() -> None:
    seen = [HostSeen("10.0.0.10", "arp", 1.0, MAC), HostSeen("fd00::7", "ndp", 1.0, MAC)]
    rows = [("sweep", each) for each in (*seen, HostSeen("fd00::8", "ndp", 1.0, OTHER))]
    for first in (False, True):  # what an interrupted session saw, or what this one sees
        inner = Seen(*((each.address, each.mac) for each in seen if not first))
        which = site(fragile=("10.0.0.10",))
        guard = Guard(inner, which, VANTAGE, lambda: DAY, lambda: 5.0, seen=rows if first else ())
        list(guard.sweep(Sweep(on_link="10.0.0.10"), TokenBucket(1000)))
        told = list(guard.knock(Knock("fd00::7-fd00::8", (22,), (53,)), TokenBucket(1000)))
        knocks = [each for each, _ in inner.requests if isinstance(each, Knock)]
        assert [(e.addresses, e.udp, e.gentle) for e in knocks] == [("fd00::8", (53,), False), ("fd00::7", (), True)]
        assert [each.addresses for each in told if isinstance(each, Refused)] == ["fd00::7"]


def test_nobody_else_is_let_through_beside_it() -> None:
    inner = Seen(("10.0.0.7", MAC), (NEAR, MAC))
    guard = Guard(inner, site(), VANTAGE, lambda: DAY, lambda: 5.0)
    pace = TokenBucket(1000)
    list(guard.sweep(Sweep(on_link="10.0.0.7", link_local=True), pace))
    told = list(guard.knock(Knock("203.0.113.1,fe80::1-fe80::ffff:ffff", (22,)), pace))
    assert [each.addresses for each, _ in inner.requests if isinstance(each, Knock)] == [NEAR]
    assert [(each.addresses, each.reason) for each in told if isinstance(each, Refused)] == [
        ("203.0.113.1", "outside the authorized scope"),
        (
            "fe80::1-fe80::6,fe80::8-fe80::ffff:ffff",
            "a link-local address of a neighbour without any address that is known and in scope",
        ),
    ]
