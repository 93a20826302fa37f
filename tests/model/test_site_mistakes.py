"""What a technician gets wrong in a site file, and what is said about it: file, line, key, what was expected and what
stands there, in words."""

from __future__ import annotations

import re

import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.lab.topology import Topology
from scanner.model.site import Site

LINES = """\
client: Harbor Dental
site: main-office
authorization: {by: "J. Ortiz, owner", from: 2026-11-01, until: 2026-12-31}
scope:
  include: [10.20.0.0/16, "fd20::/48"]
  exclude: [10.20.30.7]
  max_rate: 5000
zones:
  - {name: front-desk, subnets: [10.20.10.0/24], vlan: 10, trust: user}
  - {name: guest,      subnets: [10.20.50.0/24], vlan: 50, isolated: true}
critical:
  - {name: Practice database, hosts: [10.20.10.10], services: [tcp/5432]}
allow:
  - {from: front-desk, to: guest, services: [tcp/443], reason: practice software}
require:
  - {from: "*", to: front-desk, services: [tcp/6514]}
"""
MAPPING = "expected a mapping such as {client: Harbor Dental, site: main-office, zones: [{name: front-desk, subnets: "

CHANGES = [
    # (what was written, what is written instead, what is said: the file's name apart)
    ("client: Harbor", "clent: Harbor", "1: clent: 'clent' is no key that is known here; did you mean 'client'?"),
    ("client: Harbor Dental\n", "", "1: the key 'client' is missing; write client: Harbor Dental"),
    ("Harbor Dental", "2024", "1: client: expected a text such as Harbor Dental, found the number 2024; put it in quo"),
    ("Harbor Dental", "2024-01-01", 'found the date 2024-01-01; put it in quotes: "2024-01-01"'),
    ("Harbor Dental", "no", 'found the yes-or-no value no; put it in quotes: "no"'),
    (" Harbor Dental", "", "1: client: expected a text such as Harbor Dental, found nothing"),
    ("Harbor Dental", "''", "found an empty text"),
    ("Harbor Dental", "[a]", "found a list"),
    ("Harbor Dental", "Harbor: Dental", "1: not YAML: either this line is indented otherwise"),
    ("Harbor Dental", "@home", "1: not YAML: text that starts with %, @ or ` has to be in quotes"),
    ("Harbor Dental", "!x home", "1: not YAML: text that starts with ! has to be in quotes"),
    ("Harbor Dental", '"a\\d"', "1: not YAML: in \"...\" a backslash begins an escape; use '...' instead"),
    ("Harbor Dental", '"Harbor', "not YAML: "),
    ("Harbor Dental", "a\x01b", "1: not YAML: a control character stands here; delete it"),
    ("client: Harbor", "client Harbor", "not YAML: "),
    ("by: \"J. Ortiz, owner\"", "by: J. Ortiz, owner", "3: authorization.owner: 'owner' is no key that is known here"),
    (", until: 2026-12-31", "", "3: authorization: the key 'until' is missing; write until: 2026-12-31"),
    ("2026-12-31", "31.12.2026", "3: authorization.until: expected a date such as 2026-12-31, found the text '31.12.2"),
    ("2026-12-31", "2026-02-30", "3: 2026-02-30 is no day of the calendar"),
    ("2026-12-31", "2026-12-31 10:00:00", "found the time 2026-12-31 10:00:00"),
    ("2026-12-31", "2025-12-31", "3: authorization.until: the last day (2025-12-31) is before the first one"),
    (" 2026-12-31", "", "3: not YAML: a key has no value, or a text that holds ':' is not in quotes"),
    ("{by", "[by", "3: not YAML: a list [...] or a mapping {...} is not closed"),
    ("scope:\n", "scope: 10.0.0.0/8\nx:\n", "4: scope: expected a mapping such as {include: [10.20.0.0/16], exclude"),
    ("[10.20.30.7]", "10.20.30.7", "6: scope.exclude: expected a list such as [10.20.0.0/16], found the text '10.20.3"),
    ("[10.20.30.7]", "10.20.30.7", "; write [10.20.30.7]"),
    ("[10.20.30.7]", "[10.20.30.7", "not YAML: a list [...] or a mapping {...} is not closed, or a comma is missing"),
    ("10.20.30.7", "10.20.30.7 10.20.30.8", "6: scope.exclude[0]: '10.20.30.7 10.20.30.8' is no subnet or address"),
    ("  exclude", "   exclude", "6: not YAML: this line is indented otherwise than the ones around it"),
    ("  exclude", "\texclude", "6: not YAML: a line begins with a tab; indent with spaces"),
    ("max_rate: 5000", "max-rate: 5000", "7: scope.max-rate: 'max-rate' is no key that is known here; did you mean 'm"),
    ("max_rate: 5000", "max_rate: 0", "7: scope.max_rate: expected a whole number from 1 to 10000000, found the"),
    ("max_rate: 5000", "max_rate: 5k", "found the text '5k'"),
    ("max_rate: 5000", 'max_rate: "5000"', "found the text '5000'; write it without quotes"),
    ("max_rate: 5000", "max_rate: " + "9" * 5000, "9… is too long for a number"),
    ("max_rate: 5000", "allow_ports: [modbus]", "7: scope.allow_ports[0]: expected a whole number from 0 to 65535"),
    ("max_rate: 5000", "allow_ports: 502", "expected a list such as [102, 502], found the number 502; write [502]"),
    ("max_rate: 5000", "snmp_public: public", "7: scope.snmp_public: expected true or false, found the text 'public'"),
    ("zones:\n", "zones: none\nx:\n", "8: zones: expected a list with at least one entry such as [{name: front"),
    ("name: guest, ", "name: guest wifi, ", "10: zones[1].name: expected a name of letters, digits, '.', '_' and '-'"),
    ("name: guest, ", "name: 7, ", 'found the number 7; put it in quotes: "7"'),
    ("name: guest, ", "name: front-desk, ", "10: zones[1].name: 'front-desk' names two zones; rename one"),
    ("name: guest, ", "", "10: zones[1]: the key 'name' is missing; write name: front-desk"),
    ("[10.20.50.0/24]", "[]", "10: zones[1].subnets: expected a list with at least one entry such as [10.20.0.0/16]"),
    ("[10.20.50.0/24]", "10.20.50.0/24", "found the text '10.20.50.0/24'; write [10.20.50.0/24]"),
    ("[10.20.50.0/24]", "[5]", "10: zones[1].subnets[0]: expected a subnet or an address, such as 10.20.0.0/16, found"),
    ("10.20.50.0/24", "10.20.50.1/24", "10: zones[1].subnets[0]: 10.20.50.1/24 is an address inside of a subnet; wr"),
    ("10.20.50.0/24", "10.20.50.1-10.20.50.9", "zones[1].subnets[0]: '10.20.50.1-10.20.50.9' is no subnet or address"),
    ("10.20.50.0/24", "10.20.300.0/24", "'10.20.300.0/24' is no subnet or address; write a subnet like 10.20.0.0/16"),
    ("10.20.50.0/24", "10.20.10.128/25", "10: zones[1].subnets: 10.20.10.128/25 of 'guest' overlaps 10.20.10.0/24 of"),
    ("vlan: 50", "vlan: 5000", "10: zones[1].vlan: expected a whole number from 1 to 4094, found the number 5000"),
    ("vlan: 50", "vlan:50", "10: zones[1].vlan:50: 'vlan:50' is no key that is known here; did you mean 'vlan'?"),
    ("trust: user", "trust: bad", "9: zones[0].trust: expected one of critical, device, management, untrusted, user,"),
    ("isolated: true", "isolated: 'yes'", "expected true or false, found the text 'yes'; write it without quotes"),
    ("[10.20.10.10]", "[db]", "12: critical[0].hosts[0]: 'db' is no IPv4 or IPv6 address; names are not looked up"),
    ("[10.20.10.10]", "10.20.10.10", "12: critical[0].hosts: expected a list with at least one entry such as [10.20."),
    ("hosts:", "host:", "12: critical[0].host: 'host' is no key that is known here; did you mean 'hosts'?"),
    ("tcp/5432", "tcp/99999", "12: critical[0].services[0]: 'tcp/99999' is no service: write tcp/443, udp/5000-5010"),
    ("tcp/5432", "5432", "12: critical[0].services[0]: expected a service or a group of services, such as tcp/443"),
    ("from: front-desk", "from: frontdesk", "14: allow[0].from: 'frontdesk' is no zone, subnet or address; did you"),
    ("from: front-desk", "from: lobby", "'lobby' is no zone, subnet or address; the zones are front-desk, guest"),
    ("from: front-desk, ", "", "14: allow[0]: the key 'from' is missing; write from: front-desk"),
    ('from: "*"', "from: *", "16: not YAML: text that starts with * or & has to be in quotes, like from: \"*\""),
    ("[tcp/6514]", "[any]", "16: require[0].services: 'any': name the ports that have to work, like tcp/6514"),
]  # fmt: skip

WHOLE = [
    ("nothing", "", "the file is empty"),
    ("a comment", "# to do\n", "the file is empty"),
    ("a list", "- 1\n", f"1: {MAPPING}"),
    ("a text", "just text", "found the text 'just text'"),
    ("a number", "12", "found the number 12"),
    ("zones as a mapping", "client: c\nsite: s\nzones: {a: [10.0.0.0/24]}", "3: zones: expected a list with at least"),
    (
        "zones as subnets",
        "client: c\nsite: s\nzones: [10.0.0.0/24]",
        "3: zones[0]: expected a mapping such as {name: f",
    ),
    ("zones to come", "client: c\nsite: s\nzones:", "3: zones: expected a list with at least one entry such as [{"),
    ("a second document", f"{LINES}---\nx: y\n", "17: not YAML: a second document (---) begins; a file holds one"),
    ("a number for a key", f"{LINES}1: y\n", "17: 1: '1' is no key that is known here; the keys here are client, site"),
    ("a list for a key", f"{LINES}[a]: y\n", "17: a key has to be plain text"),
    ("a key given twice", f"{LINES}site: x\n", "17: site: this key is given twice"),
    ("an open list", f"{LINES}x: [\n", "not YAML: a list [...] or a mapping {...} is not closed"),
    ("an alias", "a: &a [1]\nb: *a\n", "YAML aliases (&, *) are not used here; write it out"),
    ("nests", "a: " + "[" * 5000, "nested too deeply to be a file of ours"),
    ("nests that are closed", "a: " + "[" * 5000 + "]" * 5000, "nested too deeply to be a file of ours"),
]


def mistake(text: str, kind: type) -> str:
    with pytest.raises(BadInput) as caught:
        read_document(text, kind, "s.yaml")
    said = str(caught.value)
    assert re.match(r"s\.yaml:(\d+:)? ", said)
    assert said.isprintable()
    # The words of those who wrote the reader, not of those who write site files.
    assert not re.search(
        r"`(str|int|bool|array|object|null)|\b(msgspec|RFC|enum|regex|scanner|parser|token|flow)\b", said
    )
    return said


@for_every(("old", "new", "said"), CHANGES, ids=[f"{old}>{new}"[:50] for old, new, _ in CHANGES])
def test_a_slip_of_the_pen(old: str, new: str, said: str) -> None:
    assert old in LINES
    assert said in mistake(LINES.replace(old, new, 1), Site)


@for_every(("text", "said"), [each[1:] for each in WHOLE], ids=[each[0] for each in WHOLE])
def test_another_file_altogether(text: str, said: str) -> None:
    assert said in mistake(text, Site)


def test_the_site_in_a_topology_is_named_with_its_place() -> None:
    inner = "".join(f"  {line}\n" for line in LINES.replace("name: guest, ", "name: front-desk, ").splitlines())
    text = "name: t\ntitle: T\ntoday: 2026-11-20\nnetworks: [{name: n, subnets: [10.20.10.0/24]}]\n"
    text += f"routers: []\nhosts: []\nsite:\n{inner}"
    assert "s.yaml:17: site.zones[1].name: 'front-desk' names two zones" in mistake(text, Topology)


def test_the_file_without_slips_is_a_site() -> None:
    assert read_document(LINES, Site, "s.yaml").zones[1].isolated
