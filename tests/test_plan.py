"""From a site and flags to what will be sent."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import BadInput, OutOfScope
from scanner.model.addresses import AddressSet, addresses_of
from scanner.model.observation import Vantage
from scanner.model.site import Critical, Rule, Scope, Site, Zone
from scanner.plan import BLIND_LIMIT, DISCOVER_LIMIT, Manners, make_plan
from scanner.ports import TCP, UDP, Ports, parse_ports

HERE = Vantage("guest", "eth0", "10.0.1.250")
TWO = (Zone("guest", ("10.0.1.0/24",)), Zone("servers", ("10.0.2.0/24",)))


def small(**changes: object) -> Site:
    return msgspec.structs.replace(Site(client="c", site="s", zones=TWO), **changes)


@pytest.mark.parametrize(
    ("spec", "tcp", "udp"),
    [
        ("22", (22,), ()),
        ("22,80,8000-8002", (22, 80, 8000, 8001, 8002), ()),
        ("U:53,123,T:22", (22,), (53, 123)),
        ("T:1-3,U:1", (1, 2, 3), (1,)),
        ("-3", (1, 2, 3), ()),
        ("65534-", (65534, 65535), ()),
        ("22,22,22", (22,), ()),
        ("none", (), ()),
        ("top:3", TCP[:3], UDP[:1]),
    ],
)
def test_ports_are_written_as_in_nmap(spec: str, tcp: tuple[int, ...], udp: tuple[int, ...]) -> None:
    assert parse_ports(spec) == Ports(tcp, udp)


def test_every_port_and_more_than_the_list() -> None:
    assert parse_ports("-").tcp == tuple(range(1, 65536))
    assert parse_ports("all").tcp == tuple(range(1, 65536))
    many = parse_ports("top:2000").tcp
    assert len(many) == len(set(many)) == 2000
    assert many[: len(TCP)] == TCP


@pytest.mark.parametrize("spec", ["", "0", "65536", "a", "22,,80", "10-5", "top:0", "top:x", "22 80", "--", "T:"])
def test_ports_that_are_none_are_refused_with_the_part_named(spec: str) -> None:
    with pytest.raises(BadInput, match="--ports"):
        parse_ports(spec)


def test_the_lists_name_every_port_once() -> None:
    assert len(set(TCP)) == len(TCP)
    assert len(set(UDP)) == len(UDP)


def test_other_zones_are_asked_whether_they_look_alive_or_not() -> None:
    plan = make_plan(small(), HERE, parse_ports("22"))
    assert plan.other == "10.0.2.1-10.0.2.254"
    assert plan.sweep.on_link == "10.0.1.1-10.0.1.249,10.0.1.251-10.0.1.254"
    [knock] = plan.knocks(AddressSet())
    assert (knock.addresses, knock.tcp, knock.echo) == (plan.other, (22,), True)


def test_without_ports_echo_alone_is_asked_of_other_zones() -> None:
    plan = make_plan(small(), HERE, parse_ports("none"))
    assert plan.sweep.routed == plan.other == "10.0.2.1-10.0.2.254"
    assert plan.knocks(AddressSet.parse("10.0.1.9")) == []


def test_beyond_a_slash_22_the_known_the_named_and_a_stated_sample_are_asked() -> None:
    wide = small(
        zones=(TWO[0], Zone("plant", ("10.8.0.0/16",))), critical=(Critical("PLC", ("10.8.200.7",), ("tcp/44818",)),)
    )
    plan = make_plan(wide, HERE, parse_ports("22"), known=["10.8.77.5"])
    other, discover = AddressSet.parse(plan.other), AddressSet.parse(plan.sweep.discover)
    assert {"10.8.200.7", "10.8.77.5"} <= set(other)
    assert len(other) <= BLIND_LIMIT + 2
    assert [each.addresses for each in plan.left_out] == ["10.8.0.0/16"]
    assert "one address in 64" in plan.left_out[0].reason
    assert not other & discover
    assert str(other | discover) == "10.8.0.1-10.8.255.254"
    found = plan.knocks(AddressSet.parse("10.0.1.9,10.8.3.3"))
    assert [("10.8.3.3" in addresses_of(each.addresses), each.echo) for each in found] == [(False, False), (True, True)]


def test_discovery_has_its_limit_too_and_small_subnets_are_not_crowded_out() -> None:
    wide = small(zones=(TWO[0], Zone("plant", ("10.64.0.0/10",)), Zone("yard", ("10.9.0.0/20",))))
    plan = make_plan(wide, HERE, parse_ports("22"))
    other, discover = AddressSet.parse(plan.other), AddressSet.parse(plan.sweep.discover)
    assert len(discover) == DISCOVER_LIMIT
    assert AddressSet.parse("10.9.0.1-10.9.15.254") - other - discover == AddressSet()
    [beyond] = [each for each in plan.left_out if "beyond" in each.reason]
    every = AddressSet.parse("10.64.0.1-10.127.255.254,10.9.0.1-10.9.15.254")
    assert AddressSet.parse(beyond.addresses) == every - other - discover


@pytest.mark.parametrize(("rate", "addresses"), [(100, 20_000), (5000, 100_000), (500_000, 1_000_000)])
def test_a_unit_is_some_seconds_of_sending(rate: int, addresses: int) -> None:
    plan = make_plan(small(scope=Scope(max_rate=rate)), HERE, Ports(tuple(range(1, 101))))
    alive = AddressSet.parse("10.0.1.0/24,fd00::1-fd00::9")
    sizes = [len(AddressSet.parse(each.addresses)) for each in plan.knocks(alive)]
    assert max(sizes) == min(255, addresses // 100)
    assert all(len({":" in a for a in addresses_of(each.addresses)}) == 1 for each in plan.knocks(alive))


def test_the_units_are_the_same_for_the_same_hosts() -> None:
    plan = make_plan(small(scope=Scope(max_rate=100)), HERE, Ports(tuple(range(1, 1001))))
    alive = [f"10.0.1.{n}" for n in range(1, 255)]
    assert plan.knocks(AddressSet.of(alive)) == plan.knocks(AddressSet.of(reversed(alive)))


def test_how_a_session_asks_is_part_of_its_plan() -> None:
    plans = [
        make_plan(small(), HERE, parse_ports("22"), manners=each)
        for each in (Manners(), Manners(patience=1.0), Manners(names=False), Manners(polite=True), Manners(False))
    ]
    assert len({each.digest for each in plans}) == len(plans)
    assert [each.rate for each in plans] == [1000, 1000, 1000, 100, 1000]
    assert plans[3].sweep.methods == ("echo",)
    assert plans[1].sweep.patience == plans[1].knocks(AddressSet())[0].patience == 1.0
    assert [each.sweep.names for each in plans] == [True, True, False, True, True]


def test_a_site_of_several_large_zones_is_planned_in_milliseconds() -> None:
    wide = small(zones=(TWO[0], *(Zone(f"z{n}", (f"10.{n}.0.0/16",)) for n in range(100, 104))))
    took = []
    for _ in range(3):
        began = time.process_time()
        make_plan(wide, HERE, parse_ports("22")).packets()
        took.append(time.process_time() - began)
    assert min(took) < 0.1


def test_what_policy_names_is_always_asked() -> None:
    named = small(
        critical=(Critical("DB", ("10.0.2.10",), ("tcp/5432",)),),
        allow=(Rule("guest", "servers", ("tcp/8443", "udp/5000-5010", "tcp/any")),),
        require=(Rule("*", "servers", ("tcp/6514",)),),
    )
    plan = make_plan(named, HERE, parse_ports("22"))
    assert plan.named_ports == Ports((5432, 6514, 8443), tuple(range(5000, 5011)))
    [own, other] = plan.knocks(AddressSet.parse("10.0.1.9"))
    assert own.addresses == "10.0.1.9"
    assert set(own.tcp) == {22, 5432, 6514, 8443}
    assert "10.0.2.10" in AddressSet.parse(other.addresses)


def test_ports_none_asks_no_port_at_all() -> None:
    plan = make_plan(small(critical=(Critical("DB", ("10.0.2.10",), ("tcp/5432",)),)), HERE, parse_ports("none"))
    assert plan.knocks(AddressSet.parse("10.0.1.9")) == []


def test_a_zone_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(OutOfScope, match="guest, servers"):
        make_plan(small(), Vantage("gast", "eth0", "10.0.1.250"), Ports((22,)))


def test_a_scope_that_holds_no_zone_is_refused() -> None:
    with pytest.raises(OutOfScope, match=r"scope\.include"):
        make_plan(small(scope=Scope(include=("10.99.0.0/16",))), HERE, Ports((22,)))


@settings(max_examples=60, deadline=None)
@given(
    exclude=st.lists(st.integers(0, 255).map(lambda n: f"10.0.2.{n}"), max_size=5),
    known=st.lists(st.integers(0, 255).map(lambda n: f"10.0.3.{n}"), max_size=5),
)
def test_no_plan_names_an_address_outside_the_scope(exclude: list[str], known: list[str]) -> None:
    scoped = small(scope=Scope(include=("10.0.2.0/25",), exclude=tuple(exclude)))
    plan = make_plan(scoped, HERE, parse_ports("22"), known)
    texts = (plan.other, plan.sweep.routed, plan.sweep.on_link, plan.sweep.discover, plan.own_named)
    targets = {each for text in texts for each in addresses_of(text)}
    assert all(scoped.in_scope(each) for each in targets)
