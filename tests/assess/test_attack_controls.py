"""Evidence that tries to earn a pass it does not bear, or an alarm that is not true: controls of another time."""

from __future__ import annotations

import msgspec
from assess.scene import (
    DB,
    GUEST,
    LAPTOP,
    NOTHING_KNOWN,
    SERVERS,
    TODAY,
    at_home,
    judge,
    port,
    session,
    silence,
    site,
    spoke,
)

from scanner.assess import assess
from scanner.assess.facts.evidence import FlowKey
from scanner.model.observation import HostSeen, Observation, PortState, Session, Vantage
from scanner.model.report import Report
from scanner.model.site import Rule, Site

FLOW: FlowKey = (DB, "tcp", 5432)
HOME = at_home(5432)


def report(scene: Site, *sessions: Session) -> Report:
    return assess(scene, sessions, NOTHING_KNOWN, TODAY)


def cell(found: Report) -> str:
    return next(each.verdict for each in found.cells if (each.from_, each.to) == (GUEST, SERVERS))


def standing_at(which: Session, address: str, address6: str | None = None) -> Session:
    vantage = Vantage(which.scan.vantage.zone, "eth0", address, address6)
    return Session(msgspec.structs.replace(which.scan, vantage=vantage), which.observations)


def test_what_an_earlier_scan_reached_is_no_control_for_the_silence_of_a_later_one() -> None:
    """The cable hung loose on the second visit: the gap of the first one is not closed."""
    then = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), started=1000)
    loose = session(GUEST, silence(DB, "1-9000"), started=5000)
    now = Session(loose.scan, loose.observations[1:])
    evidence, _, found = judge(site(), then, now, HOME)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"
    assert cell(report(site(), then, now, HOME)) == "UNPROVEN"


def test_a_host_that_was_gone_on_the_last_visit_to_its_zone_proves_no_denial() -> None:
    """The server was taken away: that it is silent says nothing of the firewall."""
    empty = session(SERVERS, HostSeen("10.0.2.11", "arp", 9000.0, mac="02:00:00:00:00:11"), started=9000)
    guest = session(GUEST, silence("10.0.2.1-10.0.2.254", "5432"), silence(DB, "8", transport="icmp"), started=9500)
    evidence, _, found = judge(site(), HOME, empty, guest)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "UNPROVEN"
    assert found.verdict(evidence.views[GUEST], (DB, "icmp", 8)).verdict == "UNPROVEN"


def test_a_service_seen_up_months_ago_is_no_control() -> None:
    year = 365 * 86400.0
    late = msgspec.structs.replace(silence(DB, "5432"), at=1003.0 + year)
    evidence, _, found = judge(site(), HOME, session(GUEST, late, started=1000 + year))
    got = found.verdict(evidence.views[GUEST], FLOW)
    assert got.verdict == "UNPROVEN"
    assert "365 days" in got.reason


def test_a_session_from_where_the_zone_no_longer_is_says_nothing_of_it() -> None:
    """The site file's zones were swapped after the scan: what was seen from the old place is not from the new one."""
    moved = standing_at(session(GUEST, silence(DB, "5432")), "10.0.3.250")
    found = report(site(), moved, HOME)
    assert cell(found) == "UNTESTED"


def test_an_address_that_the_laptop_once_held_may_be_a_hosts_by_now() -> None:
    lent = "10.0.2.50"
    first = standing_at(at_home(5432), lent)
    nas: list[Observation] = [HostSeen(lent, "arp", 9000.0, mac="02:00:00:00:00:50"), port(lent, 445, "open", ttl=64)]
    again = session(SERVERS, *nas, started=9000)
    gap = session(GUEST, port(lent, 445, "open"), spoke(lent, 445), silence(DB, "1-9000"), started=9500)
    assert cell(report(site(), first, again, gap)) == "BREACHED"


def test_the_laptop_itself_is_nobodys_host_while_it_is_there() -> None:
    guest = session(GUEST, port(LAPTOP[SERVERS], 445, "closed", ttl=63))
    assert cell(report(site(), HOME, guest)) != "BREACHED"


def test_an_address_rule_holds_for_the_address_that_asked() -> None:
    """Seen from an address without the right; a later visit from the one that has it does not make that allowed."""
    rule = (Rule("10.0.1.5", SERVERS, ("tcp/5432",)),)
    gap = standing_at(session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432)), "10.0.1.77")
    later = standing_at(session(GUEST, silence(DB, "80"), started=5000), "10.0.1.5")
    assert cell(report(site(allow=rule), HOME, gap, later)) == "BREACHED"
    entitled = standing_at(gap, "10.0.1.5")
    assert cell(report(site(allow=rule), HOME, entitled)) != "BREACHED"


def test_a_rule_for_an_ipv6_source_is_a_rule() -> None:
    target = "fd00:2::10"
    scene = site(allow=(Rule("fd00:1::/64", SERVERS, ("tcp/22",)),))
    row = msgspec.structs.replace(port(target, 22, "open"), address=target, source=target)
    guest = standing_at(session(GUEST, row, spoke(target, 22)), LAPTOP[GUEST], "fd00:1::9")
    evidence, _, found = judge(scene, guest)
    assert found.row(evidence.views[GUEST], (target, "tcp", 22)).allowed


def test_what_an_earlier_scan_read_is_not_mixed_with_what_a_later_one_read() -> None:
    old = session(SERVERS, port(DB, 22, "open", ttl=64), spoke(DB, 22, b"SSH-2.0-Old"), started=1000)
    quiet = msgspec.structs.replace(spoke(DB, 22), readings=(), received=0, outcome="silent")
    new = session(SERVERS, port(DB, 22, "open", ttl=64), quiet, spoke(DB, 22, b"SSH-2.0-New"), started=5000)
    evidence, _, _ = judge(site(), old, new)
    assert [each.raw for each in evidence.views[SERVERS].talks[DB, "tcp", 22].readings] == [b"SSH-2.0-New"]


def test_a_required_udp_service_that_keeps_silent_is_not_called_absent() -> None:
    """Syslog takes what it gets and says nothing."""
    scene = site(require=(Rule(GUEST, SERVERS, ("udp/514",)),))

    def needs(*rows: PortState) -> list[str]:
        home = Session(HOME.scan, (*HOME.observations, *rows))
        found = report(scene, session(GUEST, silence(DB, "5432")), home)
        return [each.title for each in found.findings if each.kind == "required-flow-blocked"]

    assert needs(port(DB, 514, "silent", transport="udp")) == []
    assert needs() == []  # refused by the guard: never asked
    assert len(needs(port(DB, 514, "closed", "icmp-3-3", transport="udp", ttl=64))) == 1
