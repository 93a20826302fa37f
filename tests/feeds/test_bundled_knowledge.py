"""The bundled facts as one."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import msgspec
import pytest

from scanner.feeds import bundled_knowledge, digests, known_exploited

KEV = Path(__file__).parents[3] / "shared" / "feeds" / "kev" / "known_exploited_vulnerabilities.json"


def test_dated_by_its_oldest_collection() -> None:
    assert bundled_knowledge().dated == known_exploited().source.retrieved == datetime.date(2025, 8, 25)


def test_every_exploited_cve_is_named_by_a_baseline_and_once() -> None:
    named = {cve for each in bundled_knowledge().baselines for branch in each.branches for cve in branch.cves}
    named |= {flaw.cve for each in bundled_knowledge().baselines for b in each.branches for flaw in b.flaws}
    named |= {cve for each in bundled_knowledge().baselines for fix in each.fixes for cve in fix.cves}
    entries = [each.cve for each in bundled_knowledge().kev]
    assert len(set(entries)) == len(entries)
    assert set(entries) <= named


@pytest.mark.skipif(not KEV.exists(), reason=f"the catalogue of exploited vulnerabilities is not at {KEV}")
def test_extract_agrees_with_the_catalogue() -> None:
    whole = json.loads(KEV.read_text("utf-8"))
    assert known_exploited().catalogue == whole["catalogVersion"]
    catalogue = {each["cveID"]: (each["dateAdded"], each["dueDate"]) for each in whole["vulnerabilities"]}
    for each in known_exploited().entries:
        assert catalogue[each.cve] == (each.added.isoformat(), each.due.isoformat())


def test_digests_change_with_the_facts_and_with_nothing_else() -> None:
    knowledge = bundled_knowledge()
    copy = msgspec.json.decode(msgspec.json.encode(knowledge), type=type(knowledge))
    assert digests(copy) == digests(knowledge)
    fewer = msgspec.structs.replace(knowledge, kev=knowledge.kev[1:])
    changed = {name for name, digest in digests(fewer).items() if digest != digests(knowledge)[name]}
    assert changed == {"known-exploited"}
