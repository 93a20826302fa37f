"""A session that verifies one finding adds answers, and widens or narrows nothing else."""

from __future__ import annotations

import msgspec
from assess.scene import DB, GUEST, NOTHING_KNOWN, SERVERS, TODAY, at_home, judge, port, session, silence, site, spoke

from scanner.assess import assess
from scanner.assess.facts.evidence import FlowKey
from scanner.model.observation import HostSeen, Observation, Session

FLOW: FlowKey = (DB, "tcp", 5432)
HOME = at_home(5432)


def verifies(zone: str, *observations: Observation, started: float = 5000.0, complete: bool = True) -> Session:
    found = session(zone, *observations, started=started, complete=complete)
    return Session(msgspec.structs.replace(found.scan, purpose="verify"), found.observations)


GAP = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), silence("10.0.2.1-10.0.2.254", "1-5431,5433-9000"))


def silent_at(at: float) -> Session:
    return verifies(GUEST, msgspec.structs.replace(silence(DB, "5432"), at=at + 1), started=at)


def home_at(at: float) -> Session:
    return verifies(SERVERS, msgspec.structs.replace(port(DB, 5432, "open", ttl=64), at=at + 1), started=at)


def gaps(*sessions: Session) -> list[str]:
    found = assess(site(), sessions, NOTHING_KNOWN, TODAY)
    return [each.title for each in found.findings if each.kind == "segmentation-gap" and each.port == 5432]


def test_its_answers_are_the_newest() -> None:
    gone = silent_at(5000.0)
    evidence, _, found = judge(site(), GAP, gone, HOME)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "DROPPED"
    again = verifies(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), started=9000.0)
    evidence, _, found = judge(site(), GAP, gone, again, HOME)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "REACHED"


def test_its_silence_takes_a_proven_gap_away_only_with_proof() -> None:
    assert gaps(GAP, HOME)
    assert gaps(GAP, silent_at(5000.0)), "nobody stood in the servers' zone"
    assert gaps(GAP, HOME, silent_at(5000.0)), "the service was seen up before it was silent only"
    assert gaps(GAP, HOME, silent_at(5000.0), silent_at(7000.0))
    assert gaps(GAP, HOME, silent_at(5000.0), home_at(90_000.0)), "not the same walk"
    assert not gaps(GAP, HOME, silent_at(5000.0), home_at(6000.0))
    assert not gaps(GAP, HOME, silent_at(5000.0), home_at(6000.0), silent_at(7000.0))


def test_a_closed_gap_stays_closed_when_its_zone_is_seen_again_days_later() -> None:
    assert not gaps(GAP, HOME, silent_at(5000.0), home_at(6000.0), home_at(500_000.0))


def test_it_changes_neither_completeness_nor_coverage() -> None:
    plain = assess(site(), [GAP, HOME], NOTHING_KNOWN, TODAY)
    asked = verifies(GUEST, port(DB, 5432, "open"), silence("10.0.2.1-10.0.2.254", "9001-9999"), complete=False)
    verified = assess(site(), [GAP, asked, HOME], NOTHING_KNOWN, TODAY)
    assert plain.coverage == verified.coverage
    assert [each.tested for each in plain.cells] == [each.tested for each in verified.cells]
    assert [each.verdict for each in plain.cells] == [each.verdict for each in verified.cells]


def test_a_verifying_session_alone_makes_no_cell_green() -> None:
    alone = verifies(GUEST, silence(DB, "1-9000"), started=1000.0)
    found = assess(site(), [alone, HOME], NOTHING_KNOWN, TODAY)
    cell = next(each for each in found.cells if (each.from_, each.to) == (GUEST, SERVERS))
    assert cell.verdict in ("UNTESTED", "UNPROVEN")


def test_who_is_not_seen_by_it_is_not_gone() -> None:
    at_server = verifies(SERVERS, HostSeen("10.0.2.99", "arp", 5000.0))
    evidence, _, found = judge(site(), session(GUEST, silence(DB, "5432")), HOME, at_server)
    assert evidence.views[SERVERS].present(DB)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "DROPPED"
