"""`fencewalk diff` with real packets: the rules in another order are no change, one rule is exactly its flows."""

from __future__ import annotations

from pathlib import Path

import pytest
from netns import why_not
from test_verify_on_wire import CLOSE, inside
from verdict_lab import scan, site_file
from verify_networks import DB, RULES, network

from scanner import diff, session
from scanner.lab.firewall import TABLE
from scanner.lab.namespaces import raise_lab
from scanner.store import Store

pytestmark = pytest.mark.lab
ZONES = ("guest", "servers")


def test_rules_in_another_order_are_no_change_and_one_rule_is_its_flows(tmp_path: Path) -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    topology, permuted = network(), network(tuple(reversed(RULES)))
    site = site_file(topology, tmp_path)
    with Store(session.store_path(site, None)):
        with raise_lab(topology) as lab:
            for ports in ("none", ""):
                scan(lab, topology, site, ZONES, ports)
        with raise_lab(permuted) as lab:
            scan(lab, permuted, site, ZONES)
            same = diff.diff_site(site, None, None)
            inside(lab, "fw", "nft", "insert", "rule", "inet", TABLE, "forward", *CLOSE)
            scan(lab, permuted, site, ZONES)
    assert same.empty, same
    assert same.persisting
    found = diff.diff_site(site, None, None)
    assert not found.opened
    assert [(f.from_, f.address, f.transport, f.port, f.after) for f in found.closed] == [
        ("guest", DB, "tcp", 5432, "DROPPED")
    ]
    assert [each.finding.kind for each in found.fixed if each.finding.port == 5432] == ["segmentation-gap"]
