"""A matrix against the site file that it is for: what it adds, and where they disagree."""

from __future__ import annotations

import msgspec
import pytest

from scanner.assess.policies.lint import lint
from scanner.assess.policies.matrix import Addition, compare
from scanner.assess.policies.policy import Policy
from scanner.importers.document import read_document
from scanner.importers.matrix import read_matrix
from scanner.model.site import Site

ZONES = """\
client: c
site: s
zones:
  - {name: office, subnets: [10.0.1.0/24]}
  - {name: lab, subnets: [10.0.2.0/24]}
  - {name: servers, subnets: [10.0.3.0/24]}
  - {name: guest, subnets: [10.0.4.0/24], isolated: true}
groups: {zones: {inside: [office, lab]}, services: {web: [tcp/80, tcp/443]}}
"""
HEAD = "x,office,lab,servers,guest\n"


def added(rules: str, table: str) -> Addition:
    site = read_document(ZONES + rules, Site, "s.yaml")
    return compare(site, read_matrix(table.encode(), site, "m.csv"), "m.csv")


def shown(found: Addition) -> list[str]:
    return [
        f"{key} {each.from_} {each.to} {' '.join(each.services)}"
        for key, rules in (("allow", found.allow), ("deny", found.deny))
        for each in rules
    ]


ADDED = [
    # (rules of the site file, the table below its head, what is to be added)
    ("", "office,,,443 web,no\n", ["allow office servers tcp/443 web"]),
    ("", "office,yes,,,\n", []),
    ("", "guest,,,,tcp/80\n", ["allow guest guest tcp/80"]),
    ("allow: [{from: office, to: servers, services: [tcp/443]}]", "office,,,https smb,\n",
     ["allow office servers tcp/445"]),
    ("allow: [{from: '*', to: servers, services: [web]}]", "office,,,https,\n", []),
    ("", "office,,,any !tcp/23,\n", ["allow office servers any", "deny office servers tcp/23"]),
    ("allow: [{from: office, to: servers, services: [any]}]\ndeny: [{from: office, to: servers, services: [tcp/23]}]",
     "office,,,any !tcp/23,\n", []),
    ("", "inside,,,https,\nlab,,,no,\n", ["allow inside servers tcp/443", "deny lab servers any"]),
    ("", "*,,,https,\nguest,,,!tcp/443 any,no\n",
     ["allow * servers tcp/443", "allow guest servers any", "deny guest servers tcp/443"]),
    ("", "office,-,no,no,no\nlab,no,-,,\n", []),
    ("", "*,no,no,no,no\noffice,,,https,\n", ["allow office servers tcp/443"]),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "table", "wanted"), ADDED)
def test_what_is_missing_is_added(rules: str, table: str, wanted: list[str]) -> None:
    found = added(rules, HEAD + table)
    assert shown(found) == wanted
    assert not found.contradictions


SPEAK = [
    ("allow: [{from: office, to: 10.0.3.7, services: [tcp/22]}]", "office,,,no,\n",
     "m.csv line 2, office → servers: forbids what allow[0] (office → 10.0.3.7 tcp/22) allows"),
    ("require: [{from: '*', to: servers, services: [tcp/6514]}]", "lab,,,-,\n",
     "m.csv line 2, lab → servers: forbids what require[0] (* → servers tcp/6514) allows"),
    ("allow: [{from: inside, to: servers, services: [any]}]", "office,,,any !tcp/23,\n",
     "m.csv line 2, office → servers: forbids what allow[0] (inside → servers any) allows"),
    ("deny: [{from: '*', to: servers, services: [tcp/23]}]", "lab,,,telnet,\n",
     "m.csv line 2, lab → servers: allows what deny[0] (* → servers tcp/23) denies"),
    ("", "*,,,any,\ninside,,,no,\nlab,,,https,\n",
     "m.csv line 3, inside → servers: forbids what line 4, lab → servers allows; name the single zones instead"),
    ("", "lab,,no,,\n", "m.csv line 2, lab → lab: says no inside of a zone; set `isolated: true` of lab"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "table", "said"), SPEAK)
def test_where_matrix_and_site_file_disagree_both_are_named(rules: str, table: str, said: str) -> None:
    assert added(rules, HEAD + table).contradictions == (said,)


def test_what_the_site_file_says_beyond_the_matrix_is_named() -> None:
    rules = "allow: [{from: inside, to: servers, services: [web]}]"
    found = added(rules, "x,servers,guest\noffice,443,\nlab,,\n")
    assert not found.contradictions
    assert found.notes == (
        "allow[0] (inside → servers web) allows more than the matrix says of office → servers, lab → servers; "
        "it stays as it is",
        "the matrix has no row for servers, guest; what no rule allows is forbidden",
        "the matrix has no column for office, lab; what no rule allows is forbidden",
    )


@pytest.mark.parametrize(("rules", "table"), [each[:2] for each in ADDED])
def test_with_its_rules_added_the_site_says_what_the_matrix_says(rules: str, table: str) -> None:
    site = read_document(ZONES + rules, Site, "s.yaml")
    matrix = read_matrix((HEAD + table).encode(), site, "m.csv")
    found = compare(site, matrix, "m.csv")
    whole = msgspec.structs.replace(site, allow=(*site.allow, *found.allow), deny=(*site.deny, *found.deny))
    again = compare(whole, matrix, "m.csv")
    assert (again.allow, again.deny) == ((), ()), "nothing is added twice"
    assert not [each for each in lint(whole) if each.kind == "contradiction"]
    policy = Policy(whole)
    for cell in matrix.cells:
        if cell.words.no:
            for source in site.groups.zones_of(cell.from_):
                assert not policy.allows(source, "", f"10.0.{1 + names(site).index(cell.to)}.9", "tcp", 443) or (
                    source == cell.to
                )


def names(site: Site) -> list[str]:
    return [zone.name for zone in site.zones]
