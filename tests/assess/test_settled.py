"""What newer answers make of one flow: gone takes positive evidence."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import DB, GUEST, NOTHING_KNOWN, SERVERS, TODAY, at_home, port, session, silence, site, spoke

from scanner.assess.later.again import Knowing, verified
from scanner.assess.later.grounds import Grounds
from scanner.assess.later.recheck import Ask, recheck
from scanner.assess.later.settled import settle
from scanner.model.observation import HostSeen, Observation, PortState, Refused, Scan, Session

ASK = Ask(DB, "tcp", 5432)
GAP = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432))
HOME = at_home(5432)
LATER = 5000.0
ECHO = PortState(DB, "icmp", "8", "open", "echo-reply", LATER + 1, 63, DB)


def again(zone: str, *rows: Observation, started: float = LATER) -> Session:
    found = session(zone, *rows, started=started)
    return Session(msgspec.structs.replace(found.scan, purpose="verify"), found.observations)


def moved(row: Observation, at: float) -> Observation:
    return msgspec.structs.replace(row, at=at)


SILENT = moved(silence(DB, "5432"), LATER + 2)
UP_LATER = again(SERVERS, PortState(DB, "tcp", "5432", "open", "syn-ack", LATER + 602, 64, DB), started=LATER + 600)
UP_BEFORE = again(SERVERS, PortState(DB, "tcp", "5432", "open", "syn-ack", LATER - 598, 64, DB), started=LATER - 600)


@pytest.mark.parametrize(
    ("newer", "state"),
    [
        ([again(GUEST, moved(port(DB, 5432, "open"), LATER), moved(spoke(DB, 5432), LATER + 1))], "crossed"),
        ([again(GUEST, moved(port(DB, 5432, "rejected", source="10.0.1.1"), LATER))], "held"),
        ([again(GUEST, SILENT)], "open question"),
        ([again(GUEST, SILENT, ECHO)], "held"),
        ([again(GUEST, SILENT), UP_LATER], "held"),
        ([again(GUEST, SILENT), UP_BEFORE], "open question"),
        ([], "unasked"),
        ([again(SERVERS, HostSeen(DB, "arp", LATER))], "unasked"),
    ],
    ids=["answers", "refused", "silent", "silent, echoes", "silent, then up at home", "up at home, then silent",
         "nothing new", "from elsewhere"],
)  # fmt: skip
def test_a_flow_is_settled_by_newer_evidence_only(newer: list[Session], state: str) -> None:
    ids = {each.scan.id for each in newer}

    def fresh(scan: Scan) -> bool:
        return scan.id in ids

    found = settle(Grounds(site(), [GAP, HOME, *newer]), GUEST, ASK, fresh)
    assert found.state == state, found


def test_what_the_guard_kept_back_is_said() -> None:
    newer = again(GUEST, Refused(DB, "tcp", "5432", "excluded by the site file", LATER))
    found = settle(Grounds(site(), [GAP, HOME, newer]), GUEST, ASK, lambda scan: scan.purpose == "verify")
    assert (found.state, "excluded by the site file" in found.reason) == ("unasked", True)


@pytest.mark.parametrize(
    ("row", "word", "why"),
    [
        (port(DB, 5432, "closed", ttl=63), "gone", "the port is closed, but packets still cross"),
        (port(DB, 5432, "rejected", source="10.0.1.1"), "gone", "refused"),
        (port(DB, 5432, "unreachable", source="10.0.1.1", rtt_ms=3000.0), "cannot tell here", "the fence lets it"),
    ],
    ids=["closed by the target", "refused by the fence", "nobody there"],
)
def test_what_became_of_a_gap(row: PortState, word: str, why: str) -> None:
    known = Knowing(site(), NOTHING_KNOWN, TODAY)
    before = [GAP, HOME]
    report = known.report(before)
    finding = next(each for each in report.findings if each.port == 5432)
    plan = recheck(report, finding, known.grounds(before))
    row = msgspec.structs.replace(row, at=LATER, reason="icmp-3-1" if row.state == "unreachable" else row.reason)
    newer = again(GUEST, row, ECHO)
    found = verified(known, [*before, newer], newer.scan, finding, plan)
    assert (found.word, why in found.reason) == (word, True), found
