"""Zone to zone, and the findings: from small scenes whose truth is plain."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from assess.scene import (
    DB,
    FW,
    GUEST,
    NOTHING_KNOWN,
    OFFICE,
    SERVERS,
    TODAY,
    at_home,
    echo,
    mute,
    port,
    session,
    silence,
    site,
    spoke,
)

from scanner.assess import assess
from scanner.model.accepted import Exception_
from scanner.model.observation import HostSeen, PortState, Session
from scanner.model.report import Report
from scanner.model.site import Critical, Rule, Site, Zone


def report(scene: Site, *sessions: Session, exceptions: tuple[Exception_, ...] = ()) -> Report:
    return assess(scene, sessions, NOTHING_KNOWN, TODAY, exceptions)


def cell(found: Report, from_: str = GUEST, to: str = SERVERS) -> tuple[str, str]:
    row = next(each for each in found.cells if (each.from_, each.to) == (from_, to))
    return row.verdict, row.reason


HOME = at_home(5432)
HELD = session(GUEST, silence(DB, "5432"), silence(DB, "8", transport="icmp"))
OPEN = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), silence(DB, "8", transport="icmp"))


def test_a_fence_that_held_with_its_controls_is_as_policy() -> None:
    found = report(site(), HELD, HOME)
    assert cell(found)[0] == "AS_POLICY"
    assert not found.findings


def test_an_allowed_flow_that_works_is_as_policy_when_the_rest_held() -> None:
    allowed = (Rule(GUEST, SERVERS, ("tcp/5432",)),)
    found = report(site(allow=allowed), OPEN, HOME)
    assert cell(found)[0] == "AS_POLICY"
    assert [each.allowed for each in found.reachability if each.port == 5432] == [True]
    assert not found.findings


def test_a_forbidden_flow_that_crossed_is_a_breach_and_a_gap() -> None:
    found = report(site(), OPEN, HOME)
    assert cell(found)[0] == "BREACHED"
    [gap] = found.findings
    assert (gap.kind, gap.severity, gap.host, gap.port) == ("segmentation-gap", "critical", f"{SERVERS}/{DB}", 5432)
    assert "nc -vz" in gap.replay
    assert "SSH-2.0-Test" in gap.evidence
    assert f"ip daddr {DB} tcp dport 5432 drop" in gap.remedy


@pytest.mark.parametrize(
    ("sessions", "because"),
    [
        ([HELD], "nobody stood in servers"),
        ([session(GUEST, silence(DB, "5432")), HOME], "icmp/8: nobody probed it"),
        ([msgspec.structs.replace(HELD, scan=msgspec.structs.replace(HELD.scan, complete=False)), HOME], "its end"),
        ([HELD, session(SERVERS, port(DB, 1, "closed"))], "nothing that policy denies was seen up"),
        ([session(GUEST, silence(DB, "22"), silence(DB, "8", transport="icmp")), HOME], "tcp/5432: nobody probed it"),
    ],
    ids=["far side never visited", "echo not asked", "scan cut off", "nothing up", "service not asked"],
)
def test_a_missing_control_is_unproven_and_never_green(sessions: list[Session], because: str) -> None:
    scene = site(critical=()) if because.startswith("nothing") else site()
    verdict, reason = cell(report(scene, *sessions))
    assert verdict == "UNPROVEN"
    assert because in reason


def test_a_zone_that_nobody_stood_in_is_untested_in_every_direction_from_it() -> None:
    found = report(site(), HELD, HOME)
    assert {cell(found, OFFICE, to)[0] for to in (GUEST, SERVERS)} == {"UNTESTED"}
    states = {(each.from_, each.to): each.state for each in found.coverage}
    assert states[OFFICE, SERVERS] == "untested"
    assert len(states) == 6


def test_a_closed_port_and_a_dead_address_on_an_open_path_are_one_finding() -> None:
    seen = session(
        GUEST,
        port(DB, "80-81", "closed"),
        echo(DB),
        port("10.0.2.77", 80, "unreachable", ttl=64, source=FW[GUEST], rtt_ms=3000.0),
        silence(DB, "5432"),
    )
    found = report(site(), seen, HOME)
    kinds = sorted((each.transport, each.port, each.severity) for each in found.findings)
    assert kinds == [("icmp", 8, "low"), ("tcp", None, "high")]


def stamp(address: str) -> PortState:
    return port(address, 13, "open", reason="timestamp-reply", transport="icmp")


def test_echo_and_timestamp_that_cross_are_one_finding_whose_remedy_closes_both() -> None:
    [alone] = report(site(), session(GUEST, echo(DB), silence(DB, "5432")), HOME).findings
    [both] = report(site(), session(GUEST, echo(DB), stamp(DB), silence(DB, "5432")), HOME).findings
    assert (both.id, both.title, both.port, both.severity) == (alone.id, alone.title, 8, "low")
    assert f"ip daddr {DB} icmp type {{ echo-request, timestamp-request }} drop" in both.remedy


def test_a_firewall_that_blocks_echo_only_is_a_finding_of_its_own() -> None:
    seen = session(GUEST, stamp(DB), silence(DB, "8", transport="icmp"), silence(DB, "5432"))
    found = report(site(), seen, HOME)
    [ping] = report(site(), session(GUEST, echo(DB), silence(DB, "5432")), HOME).findings
    [gap] = found.findings
    assert (gap.transport, gap.port, gap.severity) == ("icmp", 13, "low")
    assert gap.id != ping.id
    assert "icmp type timestamp-request drop" in gap.remedy
    assert gap.replay.startswith("nping --icmp --icmp-type time ")
    assert cell(found)[0] == "BREACHED"


def test_silence_after_a_timestamp_request_denies_no_fence_its_proof() -> None:
    """Many hosts never answer one, so nothing can be concluded from it, and nothing needs to be."""
    held = session(GUEST, *HELD.observations[1:], silence(DB, "13", transport="icmp"))
    assert cell(report(site(), held, HOME)) == cell(report(site(), HELD, HOME))


def test_what_others_call_an_address_is_no_sign_of_a_host() -> None:
    called = HostSeen("10.0.2.77", "named", 1000.0, names=("old-printer",))
    named = HostSeen(DB, "named", 1000.0, names=("db01",))
    home = session(SERVERS, called, named, *HOME.observations[1:])
    found = report(site(), home)
    assert [(each.id, each.names) for each in found.hosts if each.zone == SERVERS and each.names] == [
        (f"{SERVERS}/{DB}", ("db01",))
    ]
    assert not any("10.0.2.77" in each.addresses for each in found.hosts)


def test_the_router_s_own_open_port_is_an_exposure_and_no_breach() -> None:
    seen = session(GUEST, port(FW[SERVERS], 443, "open", ttl=64), *HELD.observations)
    found = report(site(), seen, HOME)
    assert cell(found)[0] == "AS_POLICY"
    assert [each.kind for each in found.findings] == ["exposure"]


def test_ids_name_what_and_not_when() -> None:
    later = session(GUEST, port(DB, 5432, "open", ttl=61), mute(DB, 5432), started=99999.0)
    first, second = report(site(), OPEN, HOME), report(site(), later, HOME)
    assert [each.id for each in first.findings] == [each.id for each in second.findings]


def test_an_exception_hides_nothing_and_ends_on_its_day() -> None:
    [gap] = report(site(), OPEN, HOME).findings
    for until, expired in ((TODAY, False), (TODAY - datetime.timedelta(days=1), True)):
        accepted = Exception_(finding=gap.id, owner="J. Ortiz", reason="until the move", until=until)
        found = report(site(), OPEN, HOME, exceptions=(accepted,))
        [row] = found.findings
        assert row.exception is not None
        assert row.exception.expired is expired
        assert found.summary is not None
        assert found.summary.excepted == (0 if expired else 1)
        assert cell(found)[0] == "BREACHED"


def test_a_required_flow_that_is_dropped_is_a_finding_with_proof() -> None:
    need = (Rule("*", SERVERS, ("tcp/6514",), reason="logs"),)
    home = at_home(6514)
    found = report(site(require=need), session(GUEST, silence(DB, "6514")), home)
    [blocked] = [each for each in found.findings if each.kind == "required-flow-blocked"]
    assert (blocked.from_, blocked.to, blocked.port) == (GUEST, SERVERS, 6514)
    reached = report(site(require=need), session(GUEST, port(DB, 6514, "open"), spoke(DB, 6514)), home)
    assert not [each for each in reached.findings if each.kind == "required-flow-blocked"]


@pytest.mark.parametrize(("service", "port"), [("tcp/6513-6514", 6514), ("icmp", 8)])
def test_ranges_and_pings_are_required_as_well(service: str, port: int) -> None:
    need = (Rule(GUEST, DB, (service,)),)
    seen = session(GUEST, silence(DB, "6514"), silence(DB, "8", transport="icmp"))
    found = report(site(require=need), seen, at_home(6514))
    assert [each.port for each in found.findings if each.kind == "required-flow-blocked" and each.from_] == [port]


def test_a_required_service_that_nobody_offers_is_named_once() -> None:
    need = (Rule("*", SERVERS, ("tcp/6514",)),)
    asked = Session(HOME.scan, (*HOME.observations, port(DB, 6514, "closed", ttl=64)))
    found = report(site(require=need), HELD, asked, session(OFFICE, silence(DB, "5432")))
    [absent] = [each for each in found.findings if each.kind == "required-flow-blocked"]
    assert absent.from_ is None
    assert "office, guest" in absent.title or "guest, office" in absent.title


def test_a_critical_system_among_users_is_a_gap_of_its_own() -> None:
    flat = Site(
        client="c",
        site="s",
        zones=(Zone(OFFICE, ("10.0.3.0/24",), trust="user"),),
        critical=(Critical("Files", ("10.0.3.10",)),),
    )
    seen = session(OFFICE, HostSeen("10.0.3.10", "arp", 1.0), HostSeen("10.0.3.11", "arp", 1.0))
    [gap] = report(flat, seen).findings
    assert (gap.kind, gap.severity, gap.from_, gap.to) == ("segmentation-gap", "critical", OFFICE, OFFICE)


def test_one_certificate_in_two_zones_is_one_dual_homed_machine() -> None:
    here = session(OFFICE, port("10.0.3.9", 443, "open"), spoke("10.0.3.9", 443, b"cert", "tls.cert", tls=True))
    there = session(SERVERS, port("10.0.2.9", 443, "open"), spoke("10.0.2.9", 443, b"cert", "tls.cert", tls=True))
    [bridge] = [each for each in report(site(), here, there).findings if each.kind == "dual-homed"]
    assert bridge.path == (f"{OFFICE}/10.0.3.9", f"{SERVERS}/10.0.2.9")


def test_a_default_certificate_on_many_devices_bridges_nothing() -> None:
    def camera(address: str) -> tuple[object, object]:
        return port(address, 443, "open"), spoke(address, 443, b"default", "tls.cert", tls=True)

    here = session(OFFICE, *camera("10.0.3.9"), *camera("10.0.3.10"))  # type: ignore[arg-type]
    there = session(SERVERS, *camera("10.0.2.9"))  # type: ignore[arg-type]
    assert not [each for each in report(site(), here, there).findings if each.kind == "dual-homed"]


def test_a_path_over_a_jump_host_names_every_hop() -> None:
    jump = "10.0.3.20"
    rules = (Rule(OFFICE, SERVERS, ("tcp/5432", "icmp")),)
    guest = session(
        GUEST, port(jump, 22, "open"), spoke(jump, 22), silence(DB, "5432"), silence(DB, "8", transport="icmp")
    )
    office = session(OFFICE, port(jump, 22, "open", ttl=64), spoke(jump, 22), port(DB, 5432, "open"), spoke(DB, 5432))
    found = report(site(allow=rules), guest, office, HOME)
    [path] = [each for each in found.findings if each.kind == "attack-path"]
    assert (path.from_, path.severity) == (GUEST, "critical")
    assert len(path.path) == 2
    assert path.path[0].startswith(f"{GUEST} → {OFFICE}/{jump} tcp/22")
    assert path.path[1].startswith(f"{OFFICE} → {SERVERS}/{DB} tcp/5432")
    closes = {each.title: each.closes for each in found.remediation}
    assert path.id in closes["Firewall: deny guest → office except what policy allows"]


def test_a_path_of_allowed_hops_only_is_no_finding() -> None:
    jump = "10.0.3.20"
    rules = (Rule(GUEST, OFFICE, ("tcp/22", "icmp")), Rule(OFFICE, SERVERS, ("tcp/5432", "icmp")))
    guest = session(GUEST, port(jump, 22, "open"), spoke(jump, 22))
    office = session(OFFICE, port(jump, 22, "open", ttl=64), spoke(jump, 22), port(DB, 5432, "open"), spoke(DB, 5432))
    assert not [e for e in report(site(allow=rules), guest, office, HOME).findings if e.kind == "attack-path"]


def test_the_same_inputs_give_the_same_report() -> None:
    assert report(site(), OPEN, HOME) == report(site(), HOME, OPEN)


def test_hostile_text_is_visible_in_every_row() -> None:
    evil = b"SSH-2.0-\x1b[2J\xe2\x80\xae<script>"
    seen = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432, evil))
    found = report(site(), seen, at_home())
    text = msgspec.json.encode(found).decode()
    assert "\\u001b" not in text
    assert "\u202e" not in text
    assert "\\\\x1b" in text
