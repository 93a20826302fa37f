"""Notes on the policy: each names what it means, and none is wrong about what a rule changes."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.assess.policies.lint import lint
from scanner.assess.policies.policy import Policy
from scanner.importers.document import read_document
from scanner.model.base import Transport
from scanner.model.groups import Groups
from scanner.model.site import Rule, Site, Zone

ZONES = """\
client: c
site: s
zones:
  - {name: guest, subnets: [10.0.1.0/24], trust: untrusted, isolated: true}
  - {name: office, subnets: [10.0.2.0/24, "fd00:2::/64"]}
  - {name: lab, subnets: [10.0.3.0/24]}
  - {name: servers, subnets: [10.0.4.0/24, "fd00:4::/64"], trust: critical}
groups: {zones: {people: [office, lab]}, services: {web: [tcp/80, tcp/443]}}
critical: [{name: Files, hosts: [10.0.4.10, 10.0.3.10]}]
"""

NOTED = [
    # (the rules, the rule that is noted, its kind, what is said of it)
    (
        "allow: [{from: office, to: servers, services: [tcp/80-443]}, {from: office, to: servers, services: [web]}]",
        "allow[1]", "shadowed",
        "allow[1] (office → servers web) changes nothing: allow[0] (office → servers tcp/80-443) covers all of it",
    ),
    (
        "allow: [{from: office, to: 10.0.4.9, services: [tcp/80]}, {from: people, to: '*', services: [any]}]",
        "allow[0]", "shadowed", "allow[1] (people → * any) covers all of it",
    ),
    (
        "allow: [{from: people, to: servers, services: [web]}, {from: lab, to: servers, services: [tcp/80]}]",
        "allow[1]", "shadowed", "allow[0] (people → servers web) covers",
    ),
    (
        "allow: [{from: office, to: servers, services: [tcp/1-9]}, {from: office, to: servers, services: [tcp/10-20]},"
        " {from: office, to: servers, services: [tcp/5-15]}]",
        "allow[2]", "shadowed", "allow[0] (office → servers tcp/1-9), allow[1] (office → servers tcp/10-20) together",
    ),
    (
        "allow: [{from: office, to: servers, services: [web]}, "
        "{from: office, to: servers, services: [tcp/443, tcp/80]}]",
        "allow[1]", "duplicate", "says the same as allow[0] (office → servers web)",
    ),
    (
        "allow: [{from: office, to: servers, services: [tcp/514]}]\n"
        "require: [{from: office, to: servers, services: [tcp/514]}]",
        "allow[0]", "duplicate", "says the same as require[0]",
    ),
    (
        "allow: [{from: office, to: servers, services: [icmp]}, {from: office, to: servers, services: [icmp/128]}]",
        "allow[1]", "shadowed", "allow[0] (office → servers icmp) covers",
    ),
    (
        "allow: [{from: office, to: servers, services: [tcp/22]}]\ndeny: [{from: '*', to: servers, services: [tcp]}]",
        "allow[0]", "contradiction", "never takes effect: deny[0] (* → servers tcp) denies all of it",
    ),
    (
        "require: [{from: '*', to: servers, services: [tcp/514]}]\n"
        "deny: [{from: guest, to: servers, services: [any]}]",
        "require[0]", "contradiction",
        "requires what deny[0] (guest → servers any) denies: guest → servers tcp/514; the denial counts",
    ),
    (
        "require: [{from: '*', to: servers, services: [tcp/514]}, {from: lab, to: servers, services: [tcp/514]}]",
        "require[1]", "duplicate", "requires nothing that require[0] (* → servers tcp/514) does not",
    ),
    (
        "deny: [{from: guest, to: servers, services: [any]}]",
        "deny[0]", "useless", "denies nothing that is allowed",
    ),
    (
        "allow: [{from: office, to: servers, services: [any]}]\n"
        "deny: [{from: office, to: servers, services: [tcp/23]}, {from: '*', to: servers, services: [tcp/1-99]}]",
        "deny[0]", "shadowed", "deny[1] (* → servers tcp/1-99) covers",
    ),
    ("allow: [{from: office, to: office, services: [any]}]", "allow[0]", "useless", "stays inside of one zone"),
    ("deny: [{from: lab, to: 10.0.3.7, services: [any]}]", "deny[0]", "useless", "set `isolated: true`"),
    (
        "require: [{from: servers, to: 10.0.4.7, services: [tcp/1]}]",
        "require[0]", "useless", "nothing is tested by a rule",
    ),
    (
        "allow: [{from: office, to: 10.9.9.9, services: [tcp/22]}]",
        "allow[0]", "outside", "names 10.9.9.9, which is in no zone",
    ),
    (
        "allow: [{from: guest, to: servers, services: [any]}]",
        "allow[0]", "void", "lets an untrusted zone do everything to critical systems (guest → servers): no policy",
    ),
    (
        "allow: [{from: '*', to: 10.0.3.10, services: [tcp]}]",
        "allow[0]", "void", "(guest → lab)",
    ),
    (
        "allow: [{from: guest, to: servers, services: [tcp/20-25, tcp/80]}]",
        "allow[0]", "credential", "lets an untrusted zone log in to critical systems: guest → servers tcp/22-23",
    ),
]  # fmt: skip


@for_every(("rules", "where", "kind", "said"), NOTED, ids=[f"{kind}: {said}"[:70] for _, _, kind, said in NOTED])
def test_a_rule_is_noted_for_what_it_does_not_do_or_should_not(rules: str, where: str, kind: str, said: str) -> None:
    [note] = lint(read_document(ZONES + rules, Site, "s.yaml"))
    assert (note.rule, note.kind) == (where, kind)
    assert said in note.text


GOOD = [
    "",
    "allow: [{from: office, to: servers, services: [web]}, {from: lab, to: servers, services: [web]}]",
    "allow: [{from: guest, to: guest, services: [tcp/80]}]",
    "allow: [{from: office, to: servers, services: [any]}]\ndeny: [{from: office, to: servers, services: [tcp/23]}]",
    "allow: [{from: guest, to: servers, services: [tcp/443]}, {from: guest, to: office, services: [any]}]",
    "allow: [{from: guest, to: servers, services: [tcp/20-25]}]\n"
    "deny: [{from: guest, to: servers, services: [tcp/22-23]}]",
    "allow: [{from: office, to: 10.0.0.0/8, services: [tcp/80]}, {from: office, to: 'fd00:4::/64', services: [any]}]",
    "require: [{from: people, to: servers, services: [tcp/514]}, {from: people, to: 10.0.4.9, services: [tcp/514]}]",
]


@pytest.mark.parametrize("rules", GOOD)
def test_rules_that_do_something_are_not_noted(rules: str) -> None:
    assert lint(read_document(ZONES + rules, Site, "s.yaml")) == ()


def test_a_critical_system_in_no_zone_is_noted() -> None:
    site = read_document(ZONES.replace("10.0.3.10]", "10.9.9.9]"), Site, "s.yaml")
    [note] = lint(site)
    assert (note.rule, note.kind) == ("critical[0]", "outside")
    assert "10.9.9.9 is in no zone" in note.text


SMALL = Site(
    client="c",
    site="s",
    zones=(
        Zone("a", ("10.0.1.0/31",), isolated=True),
        Zone("b", ("10.0.2.0/31",)),
        Zone("c", ("10.0.3.0/32", "fd00::/127")),
    ),
    groups=Groups(zones={"ab": ("a", "b")}, services={"low": ("tcp/1", "udp/1")}),
)
ENDS = st.sampled_from(["*", "a", "b", "c", "ab", "10.0.1.0", "10.0.2.0/31", "10.0.3.0", "fd00::1", "10.0.2.0/23"])
SERVICES = st.sampled_from(["any", "tcp", "tcp/1", "tcp/1-2", "tcp/2", "udp", "udp/1", "icmp", "icmp/8", "low"])
RULES = st.lists(
    st.builds(Rule, ENDS, ENDS, st.lists(SERVICES, min_size=1, max_size=2).map(tuple)), max_size=5
).map(tuple)  # fmt: skip
FLOWS: list[tuple[Transport, int]] = [
    ("tcp", 1), ("tcp", 2), ("tcp", 3), ("udp", 1), ("udp", 2), ("icmp", 8), ("icmp", 128), ("icmp", 13),
]  # fmt: skip
HOSTS = [
    ("a", "10.0.1.0"), ("a", "10.0.1.1"), ("b", "10.0.2.0"), ("b", "10.0.2.1"), ("c", "10.0.3.0"),
    ("c", "fd00::"), ("c", "fd00::1"),
]  # fmt: skip


def decisions(allow: tuple[Rule, ...], deny: tuple[Rule, ...]) -> list[bool]:
    """What policy says of every flow that there is in the small site, one by one."""
    policy = Policy(msgspec.structs.replace(SMALL, allow=allow, deny=deny))
    pairs = itertools.product(HOSTS, HOSTS, FLOWS)
    return [policy.allows(zone, here, there, *flow) for (zone, here), (_, there), flow in pairs]


@settings(max_examples=60, deadline=None)
@given(RULES, RULES)
def test_what_is_noted_as_idle_is_idle_and_nothing_else_is(allow: tuple[Rule, ...], deny: tuple[Rule, ...]) -> None:
    notes = lint(msgspec.structs.replace(SMALL, allow=allow, deny=deny))
    kinds = {note.rule: note.kind for note in notes}
    idle = {"shadowed", "duplicate", "useless", "outside"}
    kept_allow = tuple(each for n, each in enumerate(allow) if kinds.get(f"allow[{n}]") not in idle)
    kept_deny = tuple(each for n, each in enumerate(deny) if kinds.get(f"deny[{n}]") not in idle)
    effective = tuple(each for n, each in enumerate(allow) if f"allow[{n}]" not in kinds)
    truth = decisions(allow, deny)
    assert decisions(effective, kept_deny) == truth, "all that is noted can go at once"
    for each in effective:
        assert decisions(tuple(one for one in kept_allow if one is not each), deny) != truth
    for each in kept_deny:
        assert decisions(allow, tuple(one for one in kept_deny if one is not each)) != truth
