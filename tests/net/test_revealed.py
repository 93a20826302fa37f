"""IPv6 addresses that no question to all nodes finds: a name service or the laptop's own table reveals them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_lab import Lab
from responders import Daemons

from scanner.model.network import Sweep
from scanner.model.observation import HostSeen, PortState, Vantage
from scanner.model.site import Authorization, Scope, Site, Zone
from scanner.net.guard import Guard
from scanner.net.live import LiveNetwork
from scanner.net.pace import TokenBucket
from scanner.net.route import interface_named
from scanner.net.sockets import ping
from scanner.pipeline import observe
from scanner.plan import Manners, make_plan
from scanner.ports import parse_ports
from scanner.store import Store

pytestmark = [pytest.mark.lab]

VANTAGE = Vantage("front", "eth0", "10.91.1.10", "fd91:1::10")
TODAY = datetime.date(2026, 3, 2)
NEAR, NEAR6 = "10.91.1.20", "fd91:1::20"
ROUTER6, ROUTERS_MAC = "fd91:1::1", ("router", "cat /sys/class/net/br0/address")
SOLICITED = "ff02::1:ff00:20"
"""The group by which NEAR6 is solicited."""
QUIET = """
table ip6 quiet {
  chain input {
    type filter hook input priority 0;
    ip6 nexthdr 60 drop
    icmpv6 type echo-request drop
  }
}
"""
Rows = list[tuple[str, str]]


@pytest.fixture(scope="module")
def lab(lab: Lab) -> Lab:
    lab.nft("near", QUIET)
    # Nobody speaks of its own accord: what the laptop's table knows is what the test puts there.
    lab.ns("near", "ip -6 route del default")
    return lab


@pytest.fixture
def daemons(lab: Lab, daemons: Daemons) -> Iterator[Daemons]:
    lab.ns("laptop", "ip -6 neigh flush all")
    lab.sent_to()
    yield daemons
    lab.ns("laptop", "ip -6 neigh flush all")


def site(*, include: tuple[str, ...] = (), exclude: tuple[str, ...] = (), fragile: tuple[str, ...] = ()) -> Site:
    allowed = Authorization("owner", TODAY, TODAY)
    # A few addresses of IPv4, so that the sweep is quick.
    zone = Zone("front", ("10.91.1.16/28", "10.91.1.0/29", "fd91:1::/64"))
    return Site("Harbor", "office", (zone,), allowed, Scope(include=include, exclude=exclude, fragile=fragile))


def swept(where: Site, names: bool = True) -> Callable[[], Rows]:
    def run() -> Rows:
        request = make_plan(where, VANTAGE, parse_ports("none")).sweep
        live = LiveNetwork(VANTAGE, "raw")
        guard = Guard(live, where, VANTAGE, lambda: TODAY, lambda: 0.0)
        plain = Sweep(on_link=request.on_link, revealed=request.revealed, names=names)
        events = list(guard.sweep(plain, TokenBucket(1000)))
        guard.close()
        return [(each.address, each.how) for each in events if isinstance(each, HostSeen)]

    return run


def test_a_host_that_answers_no_group_is_not_found_without_a_hint(lab: Lab, daemons: Daemons) -> None:
    seen = lab.run("laptop", swept(site()))
    assert (NEAR, "arp") in seen
    assert NEAR6 not in dict(seen)
    assert SOLICITED not in lab.sent_to()


def test_what_mdns_reveals_is_solicited_and_found(lab: Lab, daemons: Daemons) -> None:
    daemons.answer("near", "mdns", NEAR)
    seen = lab.run("laptop", swept(site()))
    assert (NEAR6, "ndp") in seen
    assert {how for address, how in seen if address == NEAR6} == {"ndp"}
    assert SOLICITED in lab.sent_to()


def test_what_mdns_reveals_is_no_host_when_nobody_answers_there(lab: Lab, daemons: Daemons) -> None:
    daemons.answer("near", "mdns", NEAR)
    lab.ns("near", f"ip -6 addr del {NEAR6}/64 dev eth0")
    try:
        seen = lab.run("laptop", swept(site()))
    finally:
        lab.ns("near", f"ip -6 addr add {NEAR6}/64 dev eth0 nodad")
    assert (NEAR, "mdns") in seen
    assert NEAR6 not in dict(seen)
    assert SOLICITED in lab.sent_to(), "it was asked"


@pytest.mark.parametrize(
    "where",
    [
        site(exclude=(NEAR6,)),
        site(include=("10.91.1.0/24",)),
        site(include=("10.91.1.0/24", "fd91:1::8000/113")),
        site(fragile=(NEAR6,)),
    ],
)
def test_nothing_is_sent_to_what_may_not_be_asked(lab: Lab, daemons: Daemons, where: Site) -> None:
    daemons.answer("near", "mdns", NEAR)
    mac = lab.ns("near", "cat /sys/class/net/eth0/address").strip()
    lab.ns("laptop", f"ip -6 neigh replace {NEAR6} lladdr {mac} nud stale dev eth0")
    seen = lab.run("laptop", swept(where))
    assert (NEAR, "mdns") in seen
    assert NEAR6 not in dict(seen)
    assert not lab.sent_to() & {NEAR6, SOLICITED}


def test_what_the_kernel_knows_is_solicited_and_only_who_answers_is_there(lab: Lab, daemons: Daemons) -> None:
    mac = lab.ns("near", "cat /sys/class/net/eth0/address").strip()
    for each in (NEAR6, "fd91:1::77"):
        lab.ns("laptop", f"ip -6 neigh replace {each} lladdr {mac} nud stale dev eth0")
    seen = lab.run("laptop", swept(site(), names=False))
    assert (NEAR6, "ndp") in seen
    assert "fd91:1::77" not in dict(seen)
    assert {SOLICITED, "ff02::1:ff00:77"} <= lab.sent_to()


def test_an_answer_from_an_address_that_nobody_answers_at_is_only_a_name(lab: Lab, daemons: Daemons) -> None:
    """The source of a datagram is what its sender writes into it."""
    forged = "10.91.1.23"
    lab.ns("near", f"ip addr add {forged}/24 dev eth0", "sysctl -qw net.ipv4.conf.eth0.arp_ignore=8")
    daemons.answer("near", "mdns-group", forged)
    try:
        seen = lab.run("laptop", swept(site()))
    finally:
        lab.ns("near", "sysctl -qw net.ipv4.conf.eth0.arp_ignore=0", f"ip addr del {forged}/24 dev eth0")
    assert {how for address, how in seen if address == forged} == {"named"}


def test_a_scan_asks_the_ports_of_what_was_revealed(lab: Lab, daemons: Daemons, tmp_path: Path) -> None:
    daemons.answer("near", "mdns", NEAR)

    def run() -> dict[tuple[str, str], str]:
        where = site()
        plan = make_plan(where, VANTAGE, parse_ports("80-81"), manners=Manners(patience=0.2))
        with Store(tmp_path / "store.sqlite") as store:
            journal = store.begin("Harbor", "office", plan, "raw")
            guard = Guard(LiveNetwork(VANTAGE, "raw"), where, VANTAGE, lambda: TODAY, lambda: 0.0)
            events = list(observe(plan, guard, journal, TokenBucket(1000), where))
            guard.close()
        return {(each.address, each.ports): each.state for each in events if isinstance(each, PortState)}

    found = lab.run("laptop", run)
    assert found[NEAR6, "80"] == "open"
    assert found[NEAR6, "81"] == "closed"


def test_without_privilege_what_the_kernel_knows_is_asked_by_echo(lab: Lab, daemons: Daemons) -> None:
    for each in (ROUTER6, "fd91:1::77", "fd91:1::78"):
        lab.ns("laptop", f"ip -6 neigh replace {each} lladdr {lab.ns(*ROUTERS_MAC).strip()} nud stale dev eth0")

    def run() -> Rows:
        Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 65534")
        request = Sweep(revealed="fd91:1::1-fd91:1::77", names=False)
        events = ping.sweep(request, TokenBucket(1000), VANTAGE, interface_named("eth0"))
        return [(each.address, each.how) for each in events if isinstance(each, HostSeen)]

    assert lab.run("laptop", run) == [(ROUTER6, "echo-reply")]
    sent = lab.sent_to()
    assert {ROUTER6, "fd91:1::77"} <= sent
    assert "fd91:1::78" not in sent
