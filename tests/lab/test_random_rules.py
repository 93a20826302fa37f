"""Random rule sets between six zones, measured through canaries: what is said of each cell is what the rules mean.

Fifty rule sets in five runs, a lab each. A rule set is its seed, and a failure names it.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_fixtures import raised
from random_rules import PAIRS, TCP, UDP, UNIVERSE, ZONES, Rule, SixZones, meaning, random_rules

from scanner.assess.facts.evidence import Evidence
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.flows import Judge
from scanner.model.addresses import ports_of
from scanner.model.observation import Arrival, Session
from scanner.model.report import CROSSED, HELD
from scanner.session import load_site
from scanner.store import Store

pytestmark = [pytest.mark.lab]
SETS, RUNS = 50, 5
SPEC = f"{TCP[0]}-{TCP[-1]},U:{UDP[0]}-{UDP[-1]}"
Cell = tuple[tuple[str, str], str, int]


@pytest.fixture
def zones() -> Iterator[SixZones]:
    with raised(SixZones()) as built:
        yield built


def scan_all(zones: SixZones, site: Path, stores: Path) -> None:
    """A scan from every zone, of nothing but the other zones' canaries, at the same time."""
    from scanner.cli.scan import COMMAND

    def scan(zone: str) -> None:
        others = [part for each in ZONES if each != zone for part in ("--canary", zones.address(each))]
        flags = [
            str(site), "--from", zone, "--store", str(stores / f"{zone}.sqlite"), "--ports", "none", "--no-names",
            "--discover", "echo", "--patience", "0.3", "--canary-ports", SPEC, *others,
        ]  # fmt: skip
        zones.run(zone, lambda: COMMAND.main(flags, standalone_mode=False))

    threads = [threading.Thread(target=scan, args=(zone,)) for zone in ZONES]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def sessions_in(*folders: Path) -> list[Session]:
    found: list[Session] = []
    for path in (each for folder in folders for each in sorted(folder.glob("*.sqlite"))):
        with Store(path, create=False) as store:
            found.extend(store.sessions("Six", "zones"))
    return found


def heard_between(canary: Session, begun: float, ended: float) -> Session:
    """Without what arrived of the other rule sets' scans: of some hundred that nobody tells the judge of, two may have
    the same nonce."""
    kept = tuple(
        each for each in canary.observations if not isinstance(each, Arrival) or begun - 1 <= each.at <= ended + 1
    )
    return Session(canary.scan, kept)


def judged(zones: SixZones, site: Path, stores: Path) -> dict[Cell, tuple[str, str]]:
    """The verdict on each flow and its reason, of the stores of all laptops together."""
    loaded = load_site(site)
    scans = sessions_in(stores)
    begun, ended = min(each.scan.started for each in scans), max(each.scan.ended or math.inf for each in scans)
    canaries = [heard_between(each, begun, ended) for each in sessions_in(site.parent)]
    evidence = Evidence(loaded, [*canaries, *scans])
    judge = Judge(evidence, Policy(loaded), {})
    return {
        ((left, right), row.transport, port): (row.verdict, row.reason)
        for left, right in PAIRS
        for row in judge.measured(evidence.views[left], zones.address(right))
        for port in ports_of(row.ports)
    }


def wrong(rules: list[Rule], found: dict[Cell, tuple[str, str]]) -> list[str]:
    """Every flow of which something else is said than the rules mean."""
    bad = []
    for pair in PAIRS:
        for transport, port in UNIVERSE:
            action = meaning(rules, pair, transport, port)
            verdict, reason = found.get((pair, transport, port), ("UNTESTED", ""))
            # A router limits its ICMP errors: what is refused by one may look dropped.
            fits = verdict == "REACHED" if action == "accept" else verdict in HELD and verdict not in CROSSED
            if not fits or (action == "drop" and verdict != "DROPPED"):
                said = f"the rules say {action}, the verdict is {verdict}: {reason}"
                bad.append(f"{pair[0]} → {pair[1]} {transport}/{port}: {said}")
    return bad


def lost(rules: list[Rule], found: dict[Cell, tuple[str, str]]) -> bool:
    """Whether an answer that the rules let pass did not come."""
    return any("the rules say accept, the verdict is ONE_WAY" in each for each in wrong(rules, found))


@pytest.mark.parametrize("run", range(RUNS))
def test_what_canaries_measure_is_what_the_rules_mean(zones: SixZones, tmp_path: Path, run: int) -> None:
    site = zones.site(tmp_path)
    seeds = range(run * SETS // RUNS, (run + 1) * SETS // RUNS)
    with zones.canaries(site):
        for seed in seeds:
            rules = random_rules(seed)
            zones.fence(rules)
            for attempt in range(2):
                stores = tmp_path / f"seed-{seed}-{attempt}"
                stores.mkdir()
                scan_all(zones, site, stores)
                # Six laptops on a machine that is busy with other tests: one may be too late to answer, but not twice.
                if not attempt and not lost(rules, judged(zones, site, stores)):
                    break
    for seed in seeds:
        last = max(tmp_path.glob(f"seed-{seed}-*"))
        found = judged(zones, site, last)
        assert wrong(random_rules(seed), found) == [], f"seed {seed}"
        assert len(found) == len(PAIRS) * len(UNIVERSE), f"seed {seed}"


def disjoint(rules: list[Rule]) -> list[Rule]:
    """One rule a pair, transport and port at most, so that their order means nothing."""
    return list({(each.pair, each.transport): each for each in rules}.values())


def test_the_order_of_rules_changes_nothing_and_a_rule_changes_its_flows(zones: SixZones, tmp_path: Path) -> None:
    site = zones.site(tmp_path)
    rules = disjoint(random_rules(4711))
    other = list(rules)
    random.Random(1).shuffle(other)
    assert other != rules
    shut = next(pair for pair in PAIRS if all(meaning(rules, pair, "tcp", port) != "accept" for port in TCP))
    opened = Rule(shut, "tcp", TCP[2], TCP[4], "accept")
    changed = [opened, *other]
    found: list[set[Cell]] = []
    with zones.canaries(site):
        for number, each in enumerate((rules, other, changed)):
            zones.fence(each)
            stores = tmp_path / str(number)
            stores.mkdir()
            scan_all(zones, site, stores)
    for number in range(3):
        verdicts = judged(zones, site, tmp_path / str(number))
        found.append({cell for cell, (verdict, _) in verdicts.items() if verdict in CROSSED})
    before, shuffled, after = found
    assert before == shuffled
    assert after - before == {(opened.pair, "tcp", port) for port in range(opened.low, opened.high + 1)}
    assert before <= after
