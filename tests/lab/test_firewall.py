"""Filter rules as nftables text: which packets each line names, and in which order."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from tables import for_every

from scanner.lab.firewall import host_ruleset, router_ruleset
from scanner.lab.topology import FilterRule, Host, Router, Segment, Service, Topology
from scanner.model.site import Site, Zone

TOPOLOGY = Topology(
    name="t",
    title="t",
    today=datetime.date(2026, 11, 20),
    networks=(Segment("a", ("10.1.0.0/24", "fd01::/64")), Segment("b", ("10.2.0.0/24",))),
    site=Site("c", "s", (Zone("a", ("10.1.0.0/24",)),)),
)

A4, A6, B4 = "ip saddr { 10.1.0.0/24 }", "ip6 saddr { fd01::/64 }", "ip daddr { 10.2.0.0/24 }"
RST = "counter reject with tcp reset"
ICMP = "meta l4proto { icmp, ipv6-icmp }"

RULES: list[tuple[FilterRule, list[str]]] = [
    (FilterRule("accept"), ["counter accept"]),
    (FilterRule("accept", family="ip6"), ["meta nfproto ipv6 counter accept"]),
    (FilterRule("drop", from_="a"), [f"{A4} counter drop", f"{A6} counter drop"]),
    (FilterRule("drop", from_="a", family="ip6"), [f"{A6} counter drop"]),
    # b has no IPv6: a rule to it says nothing about IPv6, it must not become a rule to everywhere.
    (FilterRule("accept", from_="a", to="b"), [f"{A4} {B4} counter accept"]),
    (FilterRule("accept", from_="a", to="b", family="ip6"), []),
    (FilterRule("accept", to="10.2.0.9"), ["ip daddr { 10.2.0.9 } counter accept"]),
    (FilterRule("accept", services=("tcp/22",)), ["meta l4proto tcp tcp dport 22 counter accept"]),
    (FilterRule("accept", services=("udp/5-9",)), ["meta l4proto udp udp dport 5-9 counter accept"]),
    (FilterRule("accept", services=("tcp/any",)), ["meta l4proto tcp counter accept"]),
    (FilterRule("accept", services=("icmp",)), [f"{ICMP} counter accept"]),
    (FilterRule("accept", source_port=53), ["meta l4proto { tcp, udp } th sport 53 counter accept"]),
    (FilterRule("accept", services=("icmp",), source_port=53), []),
    (
        FilterRule("accept", services=("udp/1",), source_port=53),
        ["meta l4proto udp udp dport 1 udp sport 53 counter accept"],
    ),
    (FilterRule("reject-rst"), [f"meta l4proto tcp {RST}", "counter drop"]),
    (FilterRule("reject-rst", services=("udp/1",)), ["meta l4proto udp udp dport 1 counter drop"]),
    (FilterRule("reject-rst", services=("icmp",)), [f"{ICMP} counter drop"]),
    (
        FilterRule("reject-rst", services=("tcp/1",)),
        [f"meta l4proto tcp tcp dport 1 meta l4proto tcp {RST}"],
    ),
    (FilterRule("reject-admin"), ["counter reject with icmpx type admin-prohibited"]),
    (FilterRule("reject-host"), ["counter reject with icmpx type host-unreachable"]),
]


def chain(text: str, name: str) -> list[str]:
    """The lines of one chain, without the hook and the comments."""
    body = text.split(f"chain {name} {{")[1].split("}\n" if name == "input" else "\n  }")[0]
    return [each.strip() for each in body.strip().splitlines()[1:] if "comment" in each]


@for_every(("rule", "expected"), RULES)
def test_rule(rule: FilterRule, expected: list[str]) -> None:
    router = Router("fw", {"a": ("10.1.0.1",)}, forward=(rule,), stateful=False)
    lines = [each for each in chain(router_ruleset(TOPOLOGY, router), "forward") if '"forward 0"' in each]
    assert [each.rpartition(" comment")[0] for each in lines] == expected


def comments(text: str, name: str) -> list[str]:
    return list(dict.fromkeys(each.split('"')[-2] for each in chain(text, name)))


def test_order() -> None:
    router = Router(
        "fw",
        {"a": ("10.1.0.1",)},
        forward=(FilterRule("drop", services=("tcp/22",)), FilterRule("accept")),
        local=(FilterRule("accept", services=("icmp",)),),
    )
    text = router_ruleset(TOPOLOGY, router)
    assert comments(text, "forward") == ["replies", "invalid", "forward 0", "forward 1", "forward default"]
    local = text.split("chain input {")[1]
    order = [local.index(f'"{each}"') for each in ("loopback", "neighbours", "replies", "local 0", "local default")]
    assert order == sorted(order)
    stateless = router_ruleset(TOPOLOGY, msgspec.structs.replace(router, stateful=False))
    assert "ct state" not in stateless


@pytest.mark.parametrize(
    ("host", "present", "absent"),
    [
        (Host("h", {}), "", "table"),
        (Host("h", {}, ping=False), "icmpv6 type echo-request counter drop", "replies"),
        (Host("h", {}, closed="drop"), 'counter drop comment "closed"', "dport"),
        (Host("h", {}, closed="drop", ping=False), 'counter drop comment "closed"', "echo-request"),
        (
            Host("h", {}, closed="drop", services=(Service("tcp/443"), Service("tcp/22"), Service("udp/53"))),
            "tcp dport { 22, 443 } counter accept",
            "forward",
        ),
    ],
)
def test_host(host: Host, present: str, absent: str) -> None:
    text = host_ruleset(TOPOLOGY, host)
    assert present in text
    assert absent not in text
