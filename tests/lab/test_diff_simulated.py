"""What `diff` says of a simulated network that was surveyed twice, with a change in between."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from resurvey import report_of, survey
from verify_networks import DB, RULES, SPARE, network

from scanner import diff, session
from scanner.assess.later.compare import Change, Diff
from scanner.lab.topology import Topology
from scanner.store import Store

NEWER = "'OpenSSH_9.2p1 Debian-2+deb12u9'"
OPENED = "{action: accept, from: guest, to: servers, services: [tcp/22]}"


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    site = survey(network(), tmp_path_factory.mktemp("surveyed"))
    return session.store_path(site, None).read_bytes()


def again(surveyed: bytes, now: Topology, folder: Path, zones: tuple[str, ...] = ("guest", "servers")) -> Diff:
    site = folder / "site.yaml"
    session.store_path(site, None).write_bytes(surveyed)
    survey(now, folder, zones)
    return diff.diff_site(site, None, None, now.today)


def kinds(changes: tuple[Change, ...]) -> list[tuple[str, int | None]]:
    return sorted((each.finding.kind, each.finding.port) for each in changes)


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(RULES))))[1:24:5], ids=str)
def test_the_same_rules_in_another_order_are_no_change(surveyed: bytes, tmp_path: Path, order: tuple[int, ...]) -> None:
    found = again(surveyed, network(tuple(RULES[each] for each in order)), tmp_path)
    assert found.empty, found
    assert found.persisting
    assert not found.not_retested


def test_one_rule_less_closes_exactly_its_flows(surveyed: bytes, tmp_path: Path) -> None:
    found = again(surveyed, network(RULES[1:]), tmp_path)
    assert [(f.from_, f.address, f.transport, f.port, f.after) for f in found.closed] == [
        ("guest", DB, "tcp", 5432, "DROPPED")
    ]
    assert not found.opened
    # The way round, by the spare's SSH, was longer: now it is the shortest one.
    assert kinds(found.new) == [("attack-path", None)]
    assert "before as well" in found.new[0].reason
    assert ("segmentation-gap", 5432) in kinds(found.fixed)


def test_one_rule_more_opens_exactly_its_flows(surveyed: bytes, tmp_path: Path) -> None:
    found = again(surveyed, network((*RULES, OPENED)), tmp_path)
    opened = {(f.from_, f.transport, f.port) for f in found.opened}
    assert opened == {("guest", "tcp", 22)}
    # Of every address of the zone but the one that was open before, the router's and the laptop's.
    assert {f.address for f in found.opened} == {"10.98.2.2", "10.98.2.3"}
    assert not found.closed
    assert not found.fixed
    assert all("before" in each.reason for each in found.new), found.new


def test_a_host_that_is_off_is_no_fix(surveyed: bytes, tmp_path: Path) -> None:
    found = again(surveyed, network(RULES[1:], without=("db",)), tmp_path)
    assert not found.fixed, found.fixed
    assert ("segmentation-gap", 5432) in kinds(found.not_retested)


def test_what_was_not_scanned_again_is_not_retested(surveyed: bytes, tmp_path: Path) -> None:
    found = again(surveyed, network(RULES[1:]), tmp_path, ("servers",))
    assert not found.fixed
    assert not found.closed
    (gap,) = [each for each in found.not_retested if each.finding.port == 5432]
    assert "not asked again from guest" in gap.reason


def test_an_update_is_a_fix(surveyed: bytes, tmp_path: Path) -> None:
    found = again(surveyed, network(ssh=NEWER), tmp_path)
    fixed = [each for each in found.fixed if each.finding.host == f"servers/{SPARE}"]
    assert fixed
    assert all("9.2p1" in each.reason for each in fixed), found.fixed


def test_what_is_both_times_there_is_told_once(surveyed: bytes, tmp_path: Path) -> None:
    found = again(surveyed, network(), tmp_path)
    told = [each.finding.id for group in (found.new, found.persisting, found.not_retested) for each in group]
    assert sorted(told) == sorted(each.id for each in report_of(network(), tmp_path / "site.yaml").findings)


def test_until_the_time_before_a_change_nothing_changed(surveyed: bytes, tmp_path: Path) -> None:
    now = network(RULES[1:])
    assert again(surveyed, now, tmp_path).closed
    site = tmp_path / "site.yaml"
    with Store(session.store_path(site, None), create=False) as store:
        scans = store.scans(now.site.client, now.site.site)
    assert len(scans) == 8
    before = diff.diff_site(site, None, scans[1].id, now.today, until=scans[3].id)
    assert [each.id for each in before.since] == [scans[2].id, scans[3].id]
    assert not before.closed
    assert not before.fixed
    since = diff.diff_site(site, None, scans[3].id, now.today)
    assert since.closed
    assert len(since.since) == 4
