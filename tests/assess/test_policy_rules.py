"""What the policy says of a flow: allow, deny, require, groups, hosts, ICMP and IPv6, as tables."""

from __future__ import annotations

import pytest
from tables import for_every

from scanner.assess.policies.policy import Policy
from scanner.importers.document import read_document
from scanner.model.site import Site

ZONES = """\
client: c
site: s
zones:
  - {name: guest, subnets: [10.0.1.0/24], trust: untrusted, isolated: true}
  - {name: office, subnets: [10.0.2.0/24, "fd00:2::/64"]}
  - {name: lab, subnets: [10.0.3.0/24]}
  - {name: servers, subnets: [10.0.4.0/24, "fd00:4::/64"], trust: critical}
groups: {zones: {people: [office, lab]}, services: {web: [tcp/80, tcp/443], look: [icmp/8]}}
"""
GUEST, OFFICE, LAB = ("guest", "10.0.1.9"), ("office", "10.0.2.9"), ("lab", "10.0.3.9")
OFFICE6 = ("office", "fd00:2::9")

DECIDED = [
    # (the rules, from, to, service, whether it is allowed)
    ("", OFFICE, "10.0.4.9", "tcp/443", False),
    ("", OFFICE, "10.0.2.10", "tcp/443", True),
    ("", GUEST, "10.0.1.10", "tcp/443", False),
    ("allow: [{from: people, to: servers, services: [web]}]", LAB, "10.0.4.9", "tcp/443", True),
    ("allow: [{from: people, to: servers, services: [web]}]", OFFICE6, "fd00:4::9", "tcp/80", True),
    ("allow: [{from: people, to: servers, services: [web]}]", GUEST, "10.0.4.9", "tcp/443", False),
    ("allow: [{from: people, to: servers, services: [web]}]", LAB, "10.0.4.9", "udp/443", False),
    ("allow: [{from: servers, to: people, services: [any]}]", ("servers", "10.0.4.9"), "10.0.3.9", "udp/1", True),
    ("allow: [{from: '*', to: '*', services: [any]}]", GUEST, "10.0.1.10", "udp/1", True),
    ("allow: [{from: office, to: servers, services: [any]}]", OFFICE, "10.0.4.9", "icmp/13", True),
    ("allow: [{from: office, to: servers, services: [look]}]", OFFICE, "10.0.4.9", "icmp/8", True),
    ("allow: [{from: office, to: servers, services: [look]}]", OFFICE6, "fd00:4::9", "icmp/128", True),
    ("allow: [{from: office, to: servers, services: [look]}]", OFFICE, "10.0.4.9", "icmp/13", False),
    ("allow: [{from: 10.0.2.9, to: 10.0.4.9, services: [tcp/22]}]", OFFICE, "10.0.4.9", "tcp/22", True),
    ("allow: [{from: 10.0.2.9, to: 10.0.4.9, services: [tcp/22]}]", ("office", "10.0.2.8"), "10.0.4.9", "tcp/22",
     False),
    ("allow: [{from: 10.0.2.9, to: 10.0.4.9, services: [tcp/22]}]", OFFICE, "10.0.4.8", "tcp/22", False),
    ("allow: [{from: 10.0.0.0/16, to: 10.0.4.8/29, services: [tcp/22]}]", LAB, "10.0.4.15", "tcp/22", True),
    ("allow: [{from: office, to: 'FD00:4:0::0009', services: [tcp/22]}]", OFFICE6, "fd00:4::9", "tcp/22", True),
    ("allow: [{from: office, to: 'fd00:4::/64', services: [tcp/22]}]", OFFICE, "10.0.4.9", "tcp/22", False),
    ("require: [{from: office, to: servers, services: [tcp/6514]}]", OFFICE, "10.0.4.9", "tcp/6514", True),
    ("allow: [{from: '*', to: servers, services: [any]}]\ndeny: [{from: guest, to: servers, services: [any]}]",
     GUEST, "10.0.4.9", "tcp/443", False),
    ("allow: [{from: '*', to: servers, services: [any]}]\ndeny: [{from: guest, to: servers, services: [any]}]",
     OFFICE, "10.0.4.9", "tcp/443", True),
    ("deny: [{from: people, to: 10.0.4.9, services: [web]}]\nallow: [{from: '*', to: '*', services: [any]}]",
     LAB, "10.0.4.9", "tcp/80", False),
    ("deny: [{from: people, to: 10.0.4.9, services: [web]}]\nallow: [{from: '*', to: '*', services: [any]}]",
     LAB, "10.0.4.9", "tcp/81", True),
    ("deny: [{from: office, to: office, services: [any]}]", OFFICE, "10.0.2.10", "tcp/80", True),
    ("deny: [{from: '*', to: '*', services: [tcp/23]}]\nallow: [{from: guest, to: guest, services: [tcp]}]",
     GUEST, "10.0.1.10", "tcp/23", False),
    ("deny: [{from: office, to: servers, services: [tcp/514]}]\n"
     "require: [{from: office, to: servers, services: [tcp/514]}]", OFFICE, "10.0.4.9", "tcp/514", False),
]  # fmt: skip


def policy(rules: str) -> Policy:
    return Policy(read_document(ZONES + rules, Site, "s.yaml"))


@for_every(("rules", "source", "to", "service", "allowed"), DECIDED)
def test_a_flow_is_allowed_or_not(rules: str, source: tuple[str, str], to: str, service: str, allowed: bool) -> None:
    transport, _, port = service.partition("/")
    assert policy(rules).allows(*source, to, transport, int(port)) is allowed  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "everything"),
    [
        ("allow: [{from: office, to: servers, services: [any]}]", True),
        ("allow: [{from: people, to: servers, services: [any]}]", True),
        ("allow: [{from: '*', to: '*', services: [any]}]", True),
        ("allow: [{from: office, to: servers, services: [tcp, udp]}]", False),
        ("allow: [{from: office, to: 10.0.4.0/24, services: [any]}]", False),
        ("allow: [{from: office, to: servers, services: [any]}]\n"
         "deny: [{from: office, to: servers, services: [tcp/23]}]", False),
        ("allow: [{from: office, to: servers, services: [any]}]\n"
         "deny: [{from: 10.0.2.7, to: 10.0.0.0/16, services: [tcp/23]}]", False),
        ("allow: [{from: office, to: servers, services: [any]}]\n"
         "deny: [{from: lab, to: servers, services: [any]}, {from: office, to: 10.0.3.1, services: [any]}]", True),
    ],
)  # fmt: skip
def test_where_everything_may_pass_there_is_no_denial_to_prove(rules: str, everything: bool) -> None:
    assert policy(rules).allows_all("office", "servers") is everything


@pytest.mark.parametrize(
    ("rules", "needs"),
    [
        ("{from: people, to: servers, services: [web]}",
         ["office servers tcp/80", "office servers tcp/443", "lab servers tcp/80", "lab servers tcp/443"]),
        ("{from: lab, to: servers, services: [icmp]}", ["lab servers icmp/8"]),
        ("{from: lab, to: servers, services: [look, icmp/13]}", ["lab servers icmp/8", "lab servers icmp/13"]),
        ("{from: lab, to: 'FD00:4::0:9', services: [udp/53]}", ["lab fd00:4::9 udp/53"]),
        ("{from: '*', to: people, services: [tcp/22]}",
         ["guest office tcp/22", "lab office tcp/22", "servers office tcp/22", "guest lab tcp/22", "office lab tcp/22",
          "servers lab tcp/22"]),
    ],
)  # fmt: skip
def test_required_flows_one_by_one(rules: str, needs: list[str]) -> None:
    found = [f"{n.source} {n.to} {n.transport}/{n.port}" for n in policy(f"require: [{rules}]").required()]
    assert sorted(found) == sorted(needs)


@pytest.mark.parametrize(
    ("denial", "left"),
    [
        ("{from: guest, to: servers, services: [any]}", ["lab", "office"]),
        ("{from: people, to: servers, services: [tcp/6000-7000]}", ["guest"]),
        ("{from: '*', to: '*', services: [any]}", []),
        ("{from: '*', to: 10.0.4.9, services: [any]}", ["guest", "lab", "office"]),
        ("{from: 10.0.1.9, to: servers, services: [any]}", ["guest", "lab", "office"]),
        ("{from: '*', to: 10.0.4.0/24, services: [any]}", ["guest", "lab", "office"]),
    ],
)
def test_what_is_denied_altogether_is_not_required(denial: str, left: list[str]) -> None:
    need = "require: [{from: '*', to: servers, services: [tcp/6514]}]"
    assert sorted(each.source for each in policy(f"{need}\ndeny: [{denial}]").required()) == left


def test_a_ping_that_is_required_is_met_by_an_echo_and_not_by_a_timestamp() -> None:
    [echo, stamp] = policy("require: [{from: lab, to: servers, services: [icmp, icmp/13]}]").required()
    assert echo.covers("servers", "10.0.4.9", "icmp", 8)
    assert echo.covers("servers", "fd00:4::9", "icmp", 128)
    assert not echo.covers("servers", "10.0.4.9", "icmp", 13)
    assert stamp.covers("servers", "10.0.4.9", "icmp", 13)
    assert not stamp.covers("servers", "10.0.4.9", "icmp", 8)


def test_a_critical_system_is_known_however_its_address_is_written() -> None:
    found = policy("critical: [{name: Files, hosts: ['FD00:4:0:0::10']}]")
    assert found.critical_name("fd00:4::10") == "Files"
    assert found.critical_name("fd00:4::11") is None
