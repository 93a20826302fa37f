"""The site file: what is accepted, and the one sentence for what is not."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.document import document_text, read_document
from scanner.model.site import Site, service_range

GOOD = """\
client: Harbor Dental
site: main-office
authorization: {by: "J. Ortiz, owner", reference: SOW-2291, from: 2026-11-01, until: 2026-12-31, contact: "+1 555 0100"}
scope:
  include: [10.20.0.0/16, "fd20::/48"]
  exclude: [10.20.30.7]
  fragile: [10.20.40.0/24]
  max_rate: 5000
zones:
  - {name: front-desk, subnets: [10.20.10.0/24], vlan: 10, trust: user}
  - {name: servers,    subnets: [10.20.20.0/24, "fd20:20::/64"], vlan: 20, trust: critical}
  - {name: guest,      subnets: [10.20.50.0/24], vlan: 50, trust: untrusted}
critical:
  - {name: Practice database, hosts: [10.20.20.10], services: [tcp/5432]}
allow:
  - {from: front-desk, to: servers, services: [tcp/443, tcp/445], reason: practice software}
require:
  - {from: "*", to: servers, services: [tcp/6514], reason: logs reach the collector}
"""


def test_the_documented_example_is_a_site() -> None:
    site = read_document(GOOD, Site, "site.yaml")
    assert site.authorization is not None
    assert site.authorization.until == datetime.date(2026, 12, 31)
    assert site.allow[0].from_ == "front-desk"
    assert site.approved is None
    found = site.zone_of("fd20:20::5")
    assert found is not None
    assert found.name == "servers"
    assert site.in_scope("10.20.30.8")
    assert not site.in_scope("10.20.30.7")
    assert not site.in_scope("10.21.0.1")


def test_approved_tools_are_named_and_none_is_not_the_same_as_no_list() -> None:
    plain = "client: c\nsite: s\nzones: [{name: a, subnets: [10.0.0.0/24]}]\n"
    listed = read_document(plain + "approved: {remote_access: [ScreenConnect]}", Site, "s.yaml").approved
    assert listed is not None
    assert listed.remote_access == ("ScreenConnect",)
    nothing = read_document(plain + "approved: {}", Site, "s.yaml").approved
    assert nothing is not None
    assert not nothing.remote_access
    with pytest.raises(BadInput, match="remote_acces"):
        read_document(plain + "approved: {remote_acces: [VNC]}", Site, "s.yaml")


def test_without_a_scope_the_zones_are_the_scope() -> None:
    site = read_document("client: c\nsite: s\nzones: [{name: a, subnets: [10.0.0.0/24]}]", Site, "s.yaml")
    assert site.in_scope("10.0.0.9")
    assert not site.in_scope("10.0.1.9")


def test_a_site_written_is_the_site_read() -> None:
    site = read_document(GOOD, Site, "site.yaml")
    assert read_document(document_text(site), Site, "again.yaml") == site


def change(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


BAD = [
    ("an unknown key", GOOD + "clent: x\n", "s.yaml:19: clent: 'clent' is no key"),
    ("a key given twice", GOOD + "site: x\n", "s.yaml:19: site: this key is given twice"),
    ("no YAML", GOOD + "  - [\n", "not YAML"),
    ("tabs", GOOD + "\tx: y\n", "not YAML"),
    ("an empty file", "", "the file is empty"),
    ("a zone without subnets", change("subnets: [10.20.50.0/24]", "subnets: []"), "s.yaml:12: zones[2].subnets"),
    ("overlapping zones", change("10.20.50.0/24", "10.20.20.128/25"), "overlaps 10.20.20.0/24 of 'servers'"),
    ("two zones of one name", change("name: guest, ", "name: servers, "), "names two zones"),
    ("a service that is none", change("tcp/5432", "tcp/99999"), "'tcp/99999' is no service: write tcp/443"),
    ("a rule from nowhere", change("from: front-desk", "from: lobby"), "s.yaml:16: allow[0].from: 'lobby' is no zone"),
    ("any service required", change("services: [tcp/6514]", "services: [any]"), "require[0].services: 'any': name the"),
    ("required to everywhere", change('from: "*", to: servers', 'from: "*", to: "*"'), "s.yaml:18: require[0].to: '*'"),
    ("required from a subnet", change('from: "*", to', "from: 10.20.10.0/24, to"), "require[0].from"),
    ("an alias bomb", "a: &a [1]\nb: *a\n", "YAML aliases"),
]


@for_every(("text", "sentence"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_a_mistake_is_one_sentence_with_file_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_document(text, Site, "s.yaml")
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("s.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "covered", "not_covered"),
    [
        ("tcp/443", [("tcp", 443)], [("udp", 443), ("tcp", 444), ("icmp", 8)]),
        ("udp/5000-5002", [("udp", 5001)], [("udp", 5003)]),
        ("tcp/any", [("tcp", 1)], [("udp", 1)]),
        ("tcp", [("tcp", 65535)], [("icmp", 8)]),
        ("icmp", [("icmp", 8), ("icmp", 128), ("icmp", 13)], [("tcp", 8)]),
        ("icmp/8", [("icmp", 8), ("icmp", 128)], [("icmp", 13), ("tcp", 8)]),
        ("icmp/128", [("icmp", 8), ("icmp", 128)], [("icmp", 13)]),
        ("icmp/13", [("icmp", 13)], [("icmp", 8), ("icmp", 128), ("udp", 13)]),
        ("any", [("tcp", 1), ("udp", 2), ("icmp", 8)], []),
    ],
)
def test_services(text: str, covered: list[tuple[str, int]], not_covered: list[tuple[str, int]]) -> None:
    service = service_range(text)
    assert all(service.covers(kind, port) for kind, port in covered)  # type: ignore[arg-type]
    assert not any(service.covers(kind, port) for kind, port in not_covered)  # type: ignore[arg-type]


@for_every(
    "text",
    ["", "tcp/", "tcp/x", "tcp/0", "tcp/70000", "tcp/9-1", "sctp/1", "any/5", "icmp/256", "icmp/", "icmp/8-9", "tcp/²"],
)
def test_services_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no service"):
        service_range(text)


def test_the_published_schema_knows_every_key() -> None:
    schema = msgspec.json.schema(Site)
    assert set(schema["$defs"]["Site"]["properties"]) == {
        "client", "site", "zones", "authorization", "scope", "critical", "allow", "require", "approved", "deny",
        "groups", "deadlines", "tickets", "attestations", "report",
    }  # fmt: skip
