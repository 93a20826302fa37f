"""What `verify` says, on a simulated network that changes between the scan and the question."""

from __future__ import annotations

from pathlib import Path

import pytest
from resurvey import only, report_of, survey, verify_from
from verify_networks import RULES, network

from scanner import samples, session
from scanner.errors import BadInput
from scanner.lab.topology import Topology

CLOSED = RULES[1:]
REJECTED = ("{action: reject-admin, from: guest, to: 10.98.2.4, services: [tcp/5432]}", *CLOSED)
NOTHING_LEFT = RULES[2:]
NEWER = "OpenSSH_9.2p1 Debian-2+deb12u9"


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    site = survey(network(), tmp_path_factory.mktemp("surveyed"))
    return session.store_path(site, None).read_bytes()


@pytest.fixture
def site(surveyed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    samples.write_lab_site(network(), path, session.today_local())
    session.store_path(path, None).write_bytes(surveyed)
    return path


def gap(site: Path) -> str:
    return only(report_of(network(), site), "segmentation-gap", 5432).id


@pytest.mark.parametrize(
    ("now", "word", "why"),
    [
        (network(), "confirmed", "answered"),
        (network(CLOSED), "gone", "no answer to"),
        (network(REJECTED), "gone", "administratively prohibited"),
        (network(CLOSED, without=("db",)), "cannot tell here", "ask from servers"),
        (network(NOTHING_LEFT), "cannot tell here", "ask from servers"),
        (network(without=("db",)), "cannot tell here", "the fence lets it through"),
    ],
    ids=["as before", "rule gone", "refused", "rule and host gone", "no rule to the host left", "host gone"],
)
def test_a_gap_from_its_own_zone(site: Path, now: Topology, word: str, why: str) -> None:
    found = verify_from(now, site, "guest", gap(site))
    assert (found.word, why in found.reason) == (word, True), found


def test_silence_and_then_the_service_seen_up_at_home_is_proof(site: Path) -> None:
    now = network(NOTHING_LEFT)
    finding = gap(site)
    assert verify_from(now, site, "guest", finding).word == "cannot tell here"
    assert verify_from(now, site, "servers", finding).word == "gone"


def test_up_at_home_before_the_silence_is_no_proof(site: Path) -> None:
    finding = gap(site)
    assert verify_from(network(), site, "servers", finding).word == "cannot tell here"
    assert verify_from(network(NOTHING_LEFT, without=("db",)), site, "guest", finding).word == "cannot tell here"


def test_one_that_was_found_gone_can_be_asked_again(site: Path) -> None:
    finding = gap(site)
    assert verify_from(network(CLOSED), site, "guest", finding).word == "gone"
    assert finding not in {each.id for each in report_of(network(), site).findings}
    assert verify_from(network(), site, "guest", finding).word == "confirmed"


def test_verifying_changes_no_coverage(site: Path) -> None:
    before = report_of(network(), site)
    verify_from(network(CLOSED), site, "guest", gap(site))
    assert report_of(network(), site).coverage == before.coverage


@pytest.mark.parametrize(
    ("now", "zone", "word", "why"),
    [
        (network(), "guest", "confirmed", "guest"),
        (network(), "servers", "confirmed", "servers"),
        (network(ssh=f"'{NEWER}'"), "guest", "gone", "9.2p1"),
        (network(ssh=f"'{NEWER}'"), "servers", "gone", "9.2p1"),
        (network(without=("spare",)), "servers", "cannot tell here", ""),
        (network(NOTHING_LEFT[1:]), "guest", "cannot tell here", ""),
    ],
    ids=["same from afar", "same at home", "newer from afar", "newer at home", "off", "no longer reached"],
)
def test_a_version_from_any_zone_that_reaches_it(site: Path, now: Topology, zone: str, word: str, why: str) -> None:
    report = report_of(network(), site)
    (finding,) = [each for each in report.findings if each.kind in ("outdated", "end-of-life", "known-exploited")]
    found = verify_from(now, site, zone, finding.id)
    assert (found.word, why in found.reason) == (word, True), found


def test_no_such_finding_names_the_nearest(site: Path) -> None:
    finding = gap(site)
    with pytest.raises(BadInput, match=f"did you mean {finding}"):
        verify_from(network(), site, "guest", finding[:-1] + "x")
