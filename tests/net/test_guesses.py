"""IPv6 addresses that nothing reveals and that answer no echo: guessed by what is known of their hosts."""

from __future__ import annotations

import datetime
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_lab import Lab
from tables import for_every

from scanner.likely import link_local
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Sweep
from scanner.model.observation import Event, HostSeen, Limitation, PortState, Refused, Silence, Vantage
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.net.guard import Guard
from scanner.net.live import LiveNetwork
from scanner.net.pace import TokenBucket
from scanner.net.packets import frames
from scanner.pipeline import observe
from scanner.plan import Manners, make_plan
from scanner.ports import parse_ports
from scanner.store import Store

pytestmark = [pytest.mark.lab]

VANTAGE = Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
TODAY = datetime.date(2026, 3, 2)
NEAR = "10.91.1.20"
WALL = """
table ip four {
  chain input {
    type filter hook input priority 0;
    drop
  }
}
table ip6 six {
  chain input {
    type filter hook input priority 0;
    ip6 nexthdr 60 drop
    icmpv6 type echo-request drop
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    tcp dport 80 accept
    drop
  }
}
"""
"""Nothing over IPv4, and over IPv6 neighbour discovery and one port."""


@pytest.fixture(scope="module")
def lab(lab: Lab) -> Lab:
    lab.nft("near", WALL)
    lab.ns("near", "ip -6 route del default", "ip -6 addr del fd91:1::20/64 dev eth0")
    return lab


@pytest.fixture
def holding(lab: Lab) -> Iterator[Callable[[str], str]]:
    """Give the neighbour an address; `EUI` in it stands for the last half that its MAC makes."""
    held: list[str] = []

    def hold(address: str) -> str:
        made = str(link_local([lab.mac("near", "eth0")])).removeprefix("fe80::")
        held.append(address.replace("EUI", made))
        lab.ns("near", f"ip -6 addr add {held[-1]}/64 dev eth0 nodad")
        lab.ns("laptop", "ip -6 neigh flush all")
        lab.sent_to()
        return held[-1]

    yield hold
    for each in held:
        lab.ns("near", f"ip -6 addr del {each}/64 dev eth0")


def site(exclude: tuple[str, ...] = (), fragile: tuple[str, ...] = ()) -> Site:
    zone = Zone("front", ("10.91.1.16/28", "10.91.1.0/29", "fd91:1::/64"))
    return Site(
        "Harbor", "office", (zone,), Authorization("owner", TODAY, TODAY), Scope(exclude=exclude, fragile=fragile)
    )


def swept(where: Site) -> Callable[[], list[Event]]:
    def run() -> list[Event]:
        request = make_plan(where, VANTAGE, parse_ports("none")).sweep
        guard = Guard(LiveNetwork(VANTAGE, "raw"), where, VANTAGE, lambda: TODAY, lambda: 0.0)
        kept = Sweep(on_link=request.on_link, revealed=request.revealed, guessed=request.guessed, names=False)
        events = list(guard.sweep(kept, TokenBucket(10_000)))
        guard.close()
        return events

    return run


def hosts(events: list[Event]) -> dict[str, str]:
    return {each.address: each.how for each in events if isinstance(each, HostSeen)}


def silent(events: list[Event]) -> AddressSet:
    rows = [each.addresses for each in events if isinstance(each, Silence) and each.solicited]
    return AddressSet.parse(",".join(rows))


def scanned(where: Site, store: Path, ports: str = "80-81") -> Callable[[], list[Event]]:
    def run() -> list[Event]:
        plan = make_plan(where, VANTAGE, parse_ports(ports), manners=Manners(names=False, patience=0.2))
        with Store(store) as opened:
            journal = opened.begin("Harbor", "office", plan, "raw")
            guard = Guard(LiveNetwork(VANTAGE, "raw"), where, VANTAGE, lambda: TODAY, lambda: 0.0)
            events = list(observe(plan, guard, journal, TokenBucket(10_000), where))
            guard.close()
        return events

    return run


@for_every(
    "address",
    ["fd91:1::EUI", "fd91:1::20", "fd91:1::14", "fd91:1::a5b:114", "fd91:1::10:91:1:20", "fd91:1::1:20", "fd91:1::ab"],
)
def test_a_host_that_only_answers_solicitations_is_found_and_asked(
    lab: Lab, holding: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, address: str
) -> None:
    held = holding(address)
    events = lab.run("laptop", scanned(site(), tmp_path_factory.mktemp("guess") / "store.sqlite"))
    assert hosts(events)[held] == "ndp"
    answers = {(each.address, each.ports): each.state for each in events if isinstance(each, PortState)}
    assert answers[held, "80"] == "open"
    assert (NEAR, "80") not in answers
    assert held not in silent(events)


def test_a_random_address_is_not_found_and_what_was_asked_is_told(lab: Lab, holding: Callable[[str], str]) -> None:
    held = holding("fd91:1::7f31:9a02:66e1:d0c4")
    events = lab.run("laptop", swept(site()))
    assert hosts(events)[NEAR] == "arp"
    assert held not in hosts(events)
    nobody = silent(events)
    assert not AddressSet.parse("fd91:1::2-fd91:1::f,fd91:1::11-fd91:1::ff,fd91:1::a5b:114") - nobody
    assert not nobody & AddressSet.of([held, "fd91:1::1", VANTAGE.address6 or ""])
    asked = {each for each in lab.sent_to() if each.startswith("ff02::1:ff")}
    assert 255 < len(asked) <= len(nobody) + 3 < 300, "the router, and an address that is nobody's, beside these"


def test_the_address_of_a_fragile_machine_is_asked_as_gently_as_the_other(
    lab: Lab, holding: Callable[[str], str], tmp_path: Path
) -> None:
    held = holding("fd91:1::20")
    events = lab.run("laptop", scanned(site(fragile=(NEAR,)), tmp_path / "store.sqlite", "T:80,U:53"))
    assert hosts(events)[held] == "ndp"
    assert ("tcp", "connected") in {(e.transport, e.reason) for e in events if isinstance(e, PortState)}
    spared = {(each.addresses, each.transport) for each in events if isinstance(each, Refused)}
    assert {(NEAR, "udp"), (held, "udp")} <= spared


def test_where_link_local_addresses_are_asked_for_the_one_that_a_mac_makes_is_solicited(lab: Lab) -> None:
    local = str(link_local([lab.mac("near", "eth0")]))

    def run() -> list[Event]:
        guard = Guard(LiveNetwork(VANTAGE, "raw"), site(), VANTAGE, lambda: TODAY, lambda: 0.0)
        request = Sweep(on_link=NEAR, names=False, link_local=True)
        found = list(guard.sweep(request, TokenBucket(10_000)))
        found += guard.knock(Knock(local, (80, 81)), TokenBucket(10_000))
        guard.close()
        return found

    events = lab.run("laptop", run)
    assert hosts(events)[local] == "ndp"
    assert ("80", "open") in {(each.ports, each.state) for each in events if isinstance(each, PortState)}


def test_nothing_is_guessed_of_whom_the_owner_excludes(lab: Lab, holding: Callable[[str], str]) -> None:
    holding("fd91:1::20")
    events = lab.run("laptop", swept(site(exclude=(NEAR,))))
    assert NEAR not in hosts(events)
    assert "fd91:1::20" not in hosts(events)
    assert not lab.sent_to() & {NEAR, "fd91:1::20", "ff02::1:ff00:20", "ff02::1:ff00:14"}


def test_no_more_is_asked_than_the_scope_allows(lab: Lab, holding: Callable[[str], str]) -> None:
    holding("fd91:1::20")
    events = lab.run("laptop", swept(site(exclude=("fd91:1::/65",))))
    assert "fd91:1::20" not in hosts(events)
    assert not silent(events) & AddressSet.parse("fd91:1::/65")
    assert "ff02::1:ff00:20" not in lab.sent_to()


def test_who_answers_for_everybody_shows_no_host(lab: Lab, holding: Callable[[str], str]) -> None:
    holding("fd91:1::20")
    child = lab.start("near", _answer_all)
    try:
        events = lab.run("laptop", swept(site()))
    finally:
        lab.end(child)
    assert {each for each, how in hosts(events).items() if how == "ndp"} <= {"fd91:1::1"}
    said = [each.reason for each in events if isinstance(each, Limitation)]
    assert len(said) == 1
    assert f"{lab.mac('near', 'eth0')} answers solicitations for any address" in said[0]


def _answer_all(told: int) -> None:
    """Advertise whatever anybody is asked for."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(frames.ETH_IP6)) as wire:
        wire.bind(("eth0", 0))
        own = wire.getsockname()[4]
        os.write(told, b"1")
        while True:
            frame = wire.recv(2048)
            packet = frame[14:]
            if len(packet) < 64 or packet[6] != frames.ICMP6 or packet[40] != 135 or frame[6:12] == own:
                continue
            asker, target = packet[8:24], packet[48:64]
            body = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + target + b"\x02\x01" + own
            total = sum(struct.unpack(f"!{(40 + len(body)) // 2}H", _pseudo(target, asker, len(body)) + body))
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            body = body[:2] + struct.pack("!H", ~total & 0xFFFF) + body[4:]
            head = struct.pack("!IHBB", 6 << 28, len(body), frames.ICMP6, 255) + target + asker
            wire.send(frame[6:12] + own + b"\x86\xdd" + head + body)


def _pseudo(source: bytes, target: bytes, length: int) -> bytes:
    return source + target + struct.pack("!II", length, frames.ICMP6)
