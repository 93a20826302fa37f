"""Rules added to a site file leave everything else in it as it was, byte by byte; or nothing is added."""

from __future__ import annotations

import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.importers.site_text import rules_text, with_rules
from scanner.model.site import Rule, Site

HEAD = """\
# our client
client: c
site: s
zones:
  - {name: a, subnets: [10.0.1.0/24]}   # first
  - {name: b, subnets: [10.0.2.0/24]}
"""
NEW = (Rule("a", "b", ("tcp/443",), "m.csv line 2"), Rule("*", "b", ("icmp",)))
LINES = ["{from: a, to: b, services: [tcp/443], reason: m.csv line 2}", "{from: '*', to: b, services: [icmp]}"]

LAYOUTS = [
    # (what stands below the zones, what stands there afterwards)
    ("nothing", "", "\nallow:\n  - {0}\n  - {1}\n"),
    ("other rules", "deny:\n  - {from: b, to: a, services: [any]}\n",
     "deny:\n  - {from: b, to: a, services: [any]}\n\nallow:\n  - {0}\n  - {1}\n"),
    ("a rule and comments",
     "allow:\n  # one\n  - {from: b, to: a, services: [any]}  # two\n  # three\n\ndeny: []\n",
     "allow:\n  # one\n  - {from: b, to: a, services: [any]}  # two\n  - {0}\n  - {1}\n  # three\n\ndeny: []\n"),
    ("not indented", "allow:\n- {from: b, to: a, services: [any]}\nrequire: []\n",
     "allow:\n- {from: b, to: a, services: [any]}\n- {0}\n- {1}\nrequire: []\n"),
    ("over several lines",
     "allow:\n    - from: b\n      to: a\n      services:\n        - tcp/1\n        - tcp/2   # x\n    # y\n"
     "require: []\n",
     "allow:\n    - from: b\n      to: a\n      services:\n        - tcp/1\n        - tcp/2   # x\n"
     "    - {0}\n    - {1}\n    # y\nrequire: []\n"),
    ("no line end", "allow:\n  - {from: b, to: a, services: [any]}",
     "allow:\n  - {from: b, to: a, services: [any]}\n  - {0}\n  - {1}\n"),
]  # fmt: skip


@for_every(("before", "after"), [each[1:] for each in LAYOUTS], ids=[each[0] for each in LAYOUTS])
@for_every("end", ["\n", "\r\n"])
def test_rules_are_added_and_nothing_else_changes(before: str, after: str, end: str) -> None:
    text = (HEAD + before).replace("\n", end)
    for number, line in enumerate(LINES):
        after = after.replace(f"{{{number}}}", line)
    found = with_rules(text, "allow", NEW, "s.yaml")
    assert found == (HEAD + after).replace("\n", end)
    old, new = read_document(text, Site, "s.yaml"), read_document(found, Site, "s.yaml")
    assert new.allow == (*old.allow, *NEW)
    assert with_rules(found, "deny", (), "s.yaml") == found


RISKY = [
    ("a list in brackets", "allow: [{from: b, to: a, services: [any]}]\n", "line 7 has it in brackets"),
    ("an empty list", "allow: []\n", "line 7 has it in brackets"),
    ("a document's end", "...\n", "the file ends in the middle"),
    ("a long reason", "allow:\n  - from: b\n    to: a\n    services: [any]\n    reason: >\n      long\n      words\n",
     "paste them by hand"),
]  # fmt: skip


@pytest.mark.parametrize(("below", "said"), [each[1:] for each in RISKY], ids=[each[0] for each in RISKY])
def test_what_cannot_be_added_safely_is_left_alone(below: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        with_rules(HEAD + below, "allow", NEW, "s.yaml")


def test_a_file_in_braces_is_left_alone() -> None:
    text = "{client: c, site: s, zones: [{name: a, subnets: [10.0.1.0/24]}]}"
    with pytest.raises(BadInput, match="the whole file is in braces; paste them by hand"):
        with_rules(text, "allow", (Rule("a", "a", ("any",)),), "s.yaml")


def test_what_is_printed_is_yaml_of_a_site_file() -> None:
    text = HEAD + rules_text("allow", NEW) + rules_text("deny", (Rule("a", "fd00::/8", ("udp",), 'so: "{it}" #is'),))
    found = read_document(text, Site, "s.yaml")
    assert found.allow == NEW
    assert found.deny[0].reason == 'so: "{it}" #is'
