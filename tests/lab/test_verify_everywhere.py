"""Each finding of several networks, verified: none is gone while nothing changed, nor while every host is off."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from resurvey import report_of, survey, verify_from
from verdict_lab import load, zones_of

from scanner import diff, session
from scanner.lab.topology import Topology
from scanner.model.report import Report

NAMES = ("jump-hosts", "six-beside-four", "refusals", "trusted-port", "two-legs", "proxy-arp")
CROSSING = ("segmentation-gap", "attack-path")


@pytest.fixture(scope="module", params=NAMES)
def surveyed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Topology, Path, Report]:
    topology = load(request.param)
    site = survey(topology, tmp_path_factory.mktemp(request.param), zones_of(topology))
    return topology, site, report_of(topology, site)


def said(surveyed: tuple[Topology, Path, Report], now: Topology, folder: Path) -> dict[str, set[str]]:
    """Kind of finding -> the words that `verify` found for those of that kind, from each finding's own zone."""
    _, before, report = surveyed
    data = session.store_path(before, None).read_bytes()
    words: dict[str, set[str]] = {}
    assert report.findings
    for number, each in enumerate(report.findings):
        site = folder / str(number) / "site.yaml"
        site.parent.mkdir()
        site.write_bytes(before.read_bytes())
        session.store_path(site, None).write_bytes(data)
        zone = each.from_ or (each.host or "").partition("/")[0]
        words.setdefault(each.kind, set()).add(verify_from(now, site, zone, each.id).word)
    return words


def test_while_nothing_changed_what_crosses_is_confirmed(
    surveyed: tuple[Topology, Path, Report], tmp_path: Path
) -> None:
    words = said(surveyed, surveyed[0], tmp_path)
    assert all(words[kind] <= {"confirmed"} for kind in CROSSING[:1] if kind in words), words
    assert all("gone" not in each for each in words.values()), words


def test_while_every_host_is_off_nothing_is_gone(surveyed: tuple[Topology, Path, Report], tmp_path: Path) -> None:
    off = msgspec.structs.replace(surveyed[0], hosts=())
    words = said(surveyed, off, tmp_path)
    assert all("gone" not in each for each in words.values()), words


def test_while_every_rule_is_gone_nothing_that_crosses_is_confirmed(
    surveyed: tuple[Topology, Path, Report], tmp_path: Path
) -> None:
    routers = tuple(msgspec.structs.replace(each, forward=(), default="drop") for each in surveyed[0].routers)
    words = said(surveyed, msgspec.structs.replace(surveyed[0], routers=routers), tmp_path)
    assert all("confirmed" not in words[kind] for kind in CROSSING if kind in words), words


def test_surveyed_again_unchanged_nothing_differs(surveyed: tuple[Topology, Path, Report], tmp_path: Path) -> None:
    topology, before, _ = surveyed
    site = tmp_path / "site.yaml"
    session.store_path(site, None).write_bytes(session.store_path(before, None).read_bytes())
    survey(topology, tmp_path, zones_of(topology))
    found = diff.diff_site(site, None, None, topology.today)
    assert found.empty, found
    assert found.persisting


def test_a_port_forward_takes_two_vantages(tmp_path: Path) -> None:
    topology = load("port-forward")
    site = survey(topology, tmp_path, zones_of(topology))
    (gap,) = [each for each in report_of(topology, site).findings if " leads to " in each.title]
    found = verify_from(topology, site, gap.from_ or "", gap.id)
    assert found.word == "cannot tell here"
    assert "both sides" in found.reason


def test_a_path_is_gone_with_one_of_its_steps(tmp_path: Path) -> None:
    topology = load("jump-hosts")
    site = survey(topology, tmp_path, zones_of(topology))
    path = next(each for each in report_of(topology, site).findings if each.kind == "attack-path")
    router, *others = topology.routers
    refuse = msgspec.structs.replace(router.forward[0], action="reject-admin", services=("any",))
    rules = tuple(
        msgspec.structs.replace(refuse, from_=each.from_, to=each.to)
        for each in router.forward
        if each.from_ == path.from_
    )
    assert rules
    now = msgspec.structs.replace(router, forward=rules + tuple(router.forward))
    found = verify_from(msgspec.structs.replace(topology, routers=(now, *others)), site, path.from_ or "", path.id)
    assert found.word == "gone", found
    assert "step 1" in found.reason
