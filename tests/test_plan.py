"""From a site and flags to what will be sent."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import BadInput, OutOfScope
from scanner.model.observation import Vantage
from scanner.model.site import Critical, Rule, Scope, Site, Zone
from scanner.plan import BLIND_LIMIT, describe, make_plan
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
    many = parse_ports("top:1000").tcp
    assert len(many) == len(set(many)) == 1000
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
    assert len(plan.other) == 254
    assert set(plan.sweep.routed) == set(plan.other)
    assert "10.0.1.250" not in plan.sweep.on_link
    assert len(plan.sweep.on_link) == 253


def test_beyond_a_slash_22_the_known_the_named_and_a_stated_sample_are_asked() -> None:
    wide = small(
        zones=(TWO[0], Zone("plant", ("10.8.0.0/16",))), critical=(Critical("PLC", ("10.8.200.7",), ("tcp/44818",)),)
    )
    plan = make_plan(wide, HERE, parse_ports("22"), known=["10.8.77.5"])
    assert {"10.8.200.7", "10.8.77.5"} <= set(plan.other)
    assert len(plan.other) <= BLIND_LIMIT + 2
    assert [each.addresses for each in plan.left_out] == ["10.8.0.0/16"]
    assert "one address in 64" in plan.left_out[0].reason


def test_what_policy_names_is_always_asked() -> None:
    named = small(
        critical=(Critical("DB", ("10.0.2.10",), ("tcp/5432",)),),
        allow=(Rule("guest", "servers", ("tcp/8443", "udp/5000-5010", "tcp/any")),),
        require=(Rule("*", "servers", ("tcp/6514",)),),
    )
    plan = make_plan(named, HERE, parse_ports("22"))
    assert plan.named_ports == Ports((5432, 6514, 8443), tuple(range(5000, 5011)))
    [own, other] = plan.knocks({"10.0.1.9"})
    assert own.addresses == ("10.0.1.9",)
    assert set(own.tcp) == {22, 5432, 6514, 8443}
    assert "10.0.2.10" in other.addresses


def test_ports_none_asks_no_port_at_all() -> None:
    plan = make_plan(small(critical=(Critical("DB", ("10.0.2.10",), ("tcp/5432",)),)), HERE, parse_ports("none"))
    assert plan.knocks({"10.0.1.9"}) == []


def test_a_zone_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(OutOfScope, match="guest, servers"):
        make_plan(small(), Vantage("gast", "eth0", "10.0.1.250"), Ports((22,)))


def test_the_dry_run_names_targets_ports_and_counts() -> None:
    scoped = small(scope=Scope(fragile=("10.0.2.0/28",), exclude=("10.0.2.99",)))
    plan = make_plan(scoped, HERE, parse_ports("22,502"))
    text = describe(plan, scoped)
    assert "10.0.2.1-10.0.2.98,10.0.2.100-10.0.2.254" in text
    assert "22,502" in text
    assert "industrial" in text
    assert "fragile" in text


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
    targets = {*plan.other, *plan.sweep.routed, *plan.sweep.on_link, *plan.own_named}
    assert all(scoped.in_scope(each) for each in targets)
