"""What was not asked has to show, wherever it hides."""

from __future__ import annotations

import msgspec
from assess.scene import DB, FW, GUEST, LAPTOP, NOTHING_KNOWN, OFFICE, SERVERS, TODAY, at_home, session, silence, site

from scanner.assess import assess
from scanner.model.observation import Refused, Session
from scanner.model.report import CellRow, CoverageRow
from scanner.model.site import Critical, Scope, Site, Zone


def judged(scene: Site, *sessions: Session, to: str = SERVERS) -> tuple[CellRow, CoverageRow]:
    found = assess(scene, sessions, NOTHING_KNOWN, TODAY)
    cell = next(each for each in found.cells if (each.from_, each.to) == (GUEST, to))
    return cell, next(each for each in found.coverage if (each.from_, each.to) == (GUEST, to))


def test_a_refusal_that_spans_zones_is_told_of_each() -> None:
    refused = Refused("10.0.2.1-10.0.2.254,10.0.3.1-10.0.3.254", "tcp", "502", "industrial port", 1.0)
    guest = session(GUEST, silence("10.0.2.10,10.0.3.10", "5432"), refused)
    for to, own, other in ((SERVERS, "10.0.2.1-", "10.0.3.1-"), (OFFICE, "10.0.3.1-", "10.0.2.1-")):
        _, coverage = judged(site(), guest, at_home(5432), to=to)
        assert coverage.state == "partial"
        assert "tcp/502" in coverage.reason
        assert own in coverage.reason
        assert other not in coverage.reason


def test_an_excluded_host_shows_although_nobody_ever_saw_it() -> None:
    scene = msgspec.structs.replace(site(), scope=Scope(exclude=("10.0.2.66",)))
    _, coverage = judged(scene, session(GUEST, silence(DB, "5432")), at_home(5432))
    assert coverage.state == "partial"
    assert "10.0.2.66" in coverage.reason
    assert "excluded" in coverage.reason


def test_what_the_scope_leaves_out_of_a_zone_shows() -> None:
    scene = msgspec.structs.replace(site(), scope=Scope(include=("10.0.2.0/25", "10.0.1.0/24", "fd00:2::/64")))
    _, coverage = judged(scene, session(GUEST, silence(DB, "5432")), at_home(5432))
    assert coverage.state == "partial"
    assert "10.0.2.0/24: outside the authorized scope" in coverage.reason


def test_an_ipv6_subnet_that_nobody_asked_shows() -> None:
    _, coverage = judged(site(), session(GUEST, silence(DB, "5432")), at_home(5432))
    assert coverage.state == "partial"
    assert "fd00:2::/64" in coverage.reason


def test_a_zone_is_not_green_when_one_of_its_subnets_was_never_asked() -> None:
    """The site file got a second subnet after the scan."""
    scene = site()
    zones = tuple(
        Zone(SERVERS, ("10.0.2.0/24", "10.0.9.0/24"), trust="critical") if each.name == SERVERS else each
        for each in scene.zones
    )
    guest, home = session(GUEST, silence(DB, "1-9000"), silence(DB, "8", transport="icmp")), at_home(5432)
    before, _ = judged(scene, guest, home)
    after, _ = judged(msgspec.structs.replace(scene, zones=zones), guest, home)
    assert (before.verdict, after.verdict) == ("AS_POLICY", "UNPROVEN")
    assert "10.0.9.0/24" in after.reason


def test_a_zone_with_nothing_but_its_router_proves_nothing() -> None:
    guest = session(GUEST, silence(f"{FW[SERVERS]},{DB}", "1-9000"))
    cell, _ = judged(site(critical=()), guest, session(SERVERS))
    assert cell.verdict == "UNPROVEN"
    assert LAPTOP[SERVERS] not in cell.reason


def test_a_critical_range_of_ports_that_was_never_asked_is_not_green() -> None:
    """Modbus is refused unless the site file allows it: nobody knows whether it crosses."""
    guest = session(GUEST, silence(DB, "1-501,503-9000"), silence(DB, "8", transport="icmp"))
    scene = site(critical=(Critical("Controller", (DB,), ("tcp/500-504",)),))
    cell, _ = judged(scene, guest, at_home(*range(500, 502), 503, 504))
    assert cell.verdict == "UNPROVEN"
    assert "tcp/502" in cell.reason


def test_a_zone_whose_own_scan_asked_no_ports_or_was_cut_off_is_not_green() -> None:
    """Its ping is known to be dropped; what else runs there nobody knows."""
    guest = session(GUEST, silence(DB, "1-9000"), silence(DB, "8", transport="icmp"))
    whole = at_home(5432)
    no_ports = Session(whole.scan, whole.observations[:3])
    cut_off = Session(msgspec.structs.replace(whole.scan, complete=False), whole.observations)
    scene = site(critical=())
    assert judged(scene, guest, whole)[0].verdict == "AS_POLICY"
    assert judged(scene, guest, no_ports)[0].verdict == "UNPROVEN"
    assert judged(scene, guest, cut_off)[0].verdict == "UNPROVEN"
