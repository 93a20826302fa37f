"""Link-local addresses inside of isolated zones: whose link it is counts, and what is meant for the host holds."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import NOTHING_KNOWN, TODAY, session
from assess.scene import site as scene_site

from scanner.assess import assess
from scanner.model.observation import HostSeen, Observation, PortState, Refused, Session, Silence
from scanner.model.report import CellRow, Report
from scanner.model.site import Rule, Site, Zone

NEAR = "fe80::7"
MAC = {"guest": "02:00:00:00:00:07", "servers": "02:00:00:00:00:08"}
HOST = {"guest": "10.0.1.7", "servers": "10.0.2.7"}


def isolated(*zones: str, allow: tuple[Rule, ...] = ()) -> Site:
    base: Site = scene_site(allow=allow)
    return msgspec.structs.replace(
        base, zones=tuple(msgspec.structs.replace(each, isolated=each.name in zones) for each in base.zones)
    )


def seen(zone: str, mac: str | None = None) -> list[Observation]:
    return [HostSeen(HOST[zone], "arp", 1001.0, MAC[zone]), HostSeen(NEAR, "echo-reply", 1001.0, mac or MAC[zone])]


def asked(state: str = "open", port: str = "22") -> PortState:
    reason = {"open": "syn-ack", "closed": "rst"}[state]
    return PortState(NEAR, "tcp", port, state, reason, 1002.0, 64, NEAR, 65535, 1.0)  # type: ignore[arg-type]


def judge(site: Site, *sessions: Session) -> Report:
    return assess(site, sessions, NOTHING_KNOWN, TODAY)


def cell(report: Report, zone: str) -> CellRow:
    (found,) = [each for each in report.cells if each.from_ == each.to == zone]
    return found


def test_the_same_text_on_two_links_is_two_hosts() -> None:
    site = isolated("guest", "servers")
    report = judge(
        site,
        session("guest", *seen("guest"), asked()),
        session("servers", *seen("servers"), asked("closed"), started=2000.0),
    )
    rows = {(each.from_, each.to, each.address): each.state for each in report.reachability}
    assert rows == {("guest", "guest", f"{NEAR}%guest"): "open", ("servers", "servers", f"{NEAR}%servers"): "closed"}
    gaps = {(each.from_, each.host, each.port) for each in report.findings if each.kind == "segmentation-gap"}
    assert gaps == {("guest", f"guest/{HOST['guest']}", 22), ("servers", f"servers/{HOST['servers']}", 22)}
    hosts = {each.id: each.addresses for each in report.hosts}
    for zone in ("guest", "servers"):
        assert hosts[f"{zone}/{HOST[zone]}"] == (HOST[zone], f"{NEAR}%{zone}")
    assert cell(report, "guest").verdict == cell(report, "servers").verdict == "BREACHED"
    assert not [each for each in report.cells if each.from_ != each.to and each.verdict not in ("UNTESTED", "UNPROVEN")]
    assert not [each for each in report.findings if each.kind == "dual-homed"]


def test_where_neighbours_may_talk_it_tells_nothing() -> None:
    report = judge(isolated(), session("guest", *seen("guest"), asked()))
    assert report.reachability == ()
    assert report.findings == ()
    assert {address for each in report.hosts for address in each.addresses} == {HOST["guest"], "10.0.1.1"}


@pytest.mark.parametrize(
    ("rule", "gaps"),
    [
        (Rule("guest", HOST["guest"], ("tcp/22",)), 0),
        (Rule("guest", "guest", ("tcp/22",)), 0),
        (Rule("guest", HOST["guest"], ("tcp/23",)), 1),
        (Rule("guest", "10.0.1.8", ("tcp/22",)), 1),
    ],
)
def test_what_is_allowed_to_the_neighbour_is_allowed_to_its_link_local_address(rule: Rule, gaps: int) -> None:
    report = judge(isolated("guest", allow=(rule,)), session("guest", *seen("guest"), asked()))
    assert len([each for each in report.findings if each.kind == "segmentation-gap"]) == gaps


def test_a_router_is_there_to_be_talked_to() -> None:
    report = judge(isolated("guest"), session("guest", *seen("guest", "02:00:00:00:00:01"), asked("closed")))
    assert report.findings == ()
    assert NEAR not in next(each.reason for each in report.coverage if each.from_ == each.to == "guest")


def test_who_was_not_asked_is_named() -> None:
    refused = Refused(NEAR, "tcp", "22", "a link-local address of a neighbour that is excluded, or fragile", 1002.0)
    nobody = Silence("10.0.1.9", "tcp", "22", 2, 1002.0)
    report = judge(isolated("guest"), session("guest", *seen("guest"), nobody, refused))
    row = next(each for each in report.coverage if each.from_ == each.to == "guest")
    assert row.state == "partial"
    assert NEAR in row.reason


def test_a_link_local_address_is_of_the_zone_it_names() -> None:
    zone = Zone("guest", ("10.0.1.0/24",))
    assert zone.holds("fe80::7%guest")
    assert not zone.holds("fe80::7%servers")
    assert not zone.holds("fe80::7")
