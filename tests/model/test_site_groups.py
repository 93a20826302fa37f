"""Groups and denials of a site file: written out once, said back as they stood, and one sentence for each slip."""

from __future__ import annotations

import msgspec
import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.document import document_text, read_document
from scanner.model.site import Rule, Site

ZONES = """\
client: c
site: s
zones:
  - {name: a, subnets: [10.0.1.0/24]}
  - {name: b, subnets: [10.0.2.0/24], isolated: true}
  - {name: c, subnets: [10.0.3.0/24, "fd00:3::/64"]}
"""
RULES = """\
groups:
  zones: {people: [a, b], one: [c]}
  services: {web: [tcp/80, tcp/443], look: [icmp/8]}
critical:
  - {name: Files, hosts: ["FD00:3::0:10"], services: [web, tcp/22, tcp/80]}
allow:
  - {from: people, to: one, services: [web, look, tcp/80], reason: work}
  - {from: people, to: people, services: [udp/53]}
require:
  - {from: "*", to: people, services: [look]}
deny:
  - {from: one, to: "10.0.1.7/32", services: [any]}
"""


def test_groups_are_written_out() -> None:
    site = read_document(ZONES + RULES, Site, "s.yaml")
    services = ("tcp/80", "tcp/443", "icmp/8")
    assert site.allow == (
        Rule("a", "c", services, "work"),
        Rule("b", "c", services, "work"),
        Rule("a", "b", ("udp/53",)),
        Rule("b", "a", ("udp/53",)),
        Rule("b", "b", ("udp/53",)),
    ), "of a group and itself, only what crosses a fence is left: b is isolated, a is not"
    assert site.require == (Rule("*", "a", ("icmp/8",)), Rule("*", "b", ("icmp/8",)))
    assert site.deny == (Rule("c", "10.0.1.7", ("any",)),)
    assert site.critical[0].services == ("tcp/80", "tcp/443", "tcp/22")
    assert site.critical[0].hosts == ("fd00:3::10",)


def test_rules_are_said_back_as_they_stood() -> None:
    site = read_document(ZONES + RULES, Site, "s.yaml")
    assert [str(each) for each in site.written("allow")] == [
        "allow[0] (people → one web look tcp/80)",
        "allow[1] (people → people udp/53)",
    ]
    assert [each.plain for each in site.written("allow")] == [site.allow[:2], site.allow[2:]]
    assert str(site.written("deny")[0]) == "deny[0] (one → 10.0.1.7/32 any)"


def test_a_site_with_groups_written_is_the_site_read() -> None:
    site = read_document(ZONES + RULES, Site, "s.yaml")
    assert read_document(document_text(site), Site, "again.yaml") == site
    assert msgspec.structs.replace(site) == site
    assert msgspec.json.decode(msgspec.json.encode(site), type=Site) == site


SLIPS = [
    # (what is added to the zones, what is said of it)
    ("groups: {zones: {a b: [a]}}", "groups.zones: expected a name of letters, digits, '_' and '-', such as offices"),
    ("groups: {zones: {off: [a]}}", 'found the yes-or-no value off; put it in quotes: "off"'),
    ("groups:\n  zones:\n    x: [a]\n    y: a", "10: groups.zones.y: expected a list with at least one entry such as"),
    ("groups: {zones: {x: [a], y: []}}", "7: groups.zones.y: expected a list with at least one entry"),
    ("groups: {zones: {x: [1]}}", "7: groups.zones.x[0]: expected a zone's name, such as front-desk, found the number"),
    ("groups: {zone: {}}", "7: groups.zone: 'zone' is no key that is known here; did you mean 'zones'?"),
    ("groups: [a]", "7: groups: expected a mapping such as"),
    ("groups:\n  zones:\n    x-y: [a, aa]", "9: groups.zones.x-y[1]: 'aa' is no zone; did you mean 'a'?"),
    ("groups: {zones: {x: [zz]}}", "groups.zones.x[0]: 'zz' is no zone; the zones are a, b, c"),
    ("groups: {zones: {x: [a, a]}}", "groups.zones.x[1]: 'a' stands in the group twice; delete one"),
    ("groups: {zones: {a: [b]}}", "groups.zones.a: 'a' is a zone's name already; call the group otherwise"),
    ('groups: {zones: {"10": [b]}}', "groups.zones.10: '10': a group of zones needs a letter in its name"),
    ("groups: {zones: {x: [a], y: [x]}}", "groups.zones.y[0]: 'x' is a group; name its zones, groups hold no groups"),
    ("groups: {services: {tcp: [tcp/1]}}", "groups.services.tcp: 'tcp' means something else in a list of services"),
    ('groups: {services: {"80": [tcp/1]}}', "groups.services.80: '80' means something else in a list of services"),
    ("groups: {services: {w: [tcp/0]}}", "7: groups.services.w[0]: 'tcp/0' is no service: write tcp/443"),
    ("groups: {services: {w: [any], v: [w]}}", "groups.services.v[0]: 'w' is a group; name its services"),
    ("groups: {zones: {people: [a]}}\nallow: [{from: peple, to: c, services: [any]}]",
     "8: allow[0].from: 'peple' is no zone, subnet or address; did you mean 'people'?"),
    ("groups: {services: {web: [tcp/80]}}\ndeny: [{from: a, to: c, services: [tcp/1, wbe]}]",
     "8: deny[0].services[1]: 'wbe' is neither a service nor a group of services; did you mean 'web'?"),
    ("critical: [{name: x, hosts: [10.0.1.1], services: [htps]}]", "critical[0].services[0]: 'htps' is no service"),
    ("groups: {services: {web: [any]}}\nrequire: [{from: a, to: c, services: [web]}]",
     "8: require[0].services: 'any': name the ports that have to work, like tcp/6514"),
    ("deny: [{from: a, to: zz, services: [tcp]}]", "7: deny[0].to: 'zz' is no zone, subnet or address; the zones are"),
    ("deny: {from: a}", "7: deny: expected a list such as [{from: front-desk, to: front-desk, services: [tcp/443]}]"),
    ("deny: [{from: a, to: c}]", "7: deny[0]: the key 'services' is missing; write services: [tcp/443]"),
    ("deny: [{from: a, to: c, services: [icmp/300]}]", "deny[0].services[0]: 'icmp/300' is no service: write tcp/443"),
]  # fmt: skip


@for_every(("added", "said"), SLIPS, ids=[said[:50] for _, said in SLIPS])
def test_a_slip_is_one_sentence_with_line_and_key(added: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_document(ZONES + added, Site, "s.yaml")
    assert said in str(caught.value)
    assert str(caught.value).startswith("s.yaml:")
    assert str(caught.value).isprintable()
