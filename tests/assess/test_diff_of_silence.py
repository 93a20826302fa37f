"""Silence without proof closes no flow in a comparison; with it, it does."""

from __future__ import annotations

import msgspec
import pytest
from assess.scene import DB, GUEST, NOTHING_KNOWN, SERVERS, TODAY, at_home, port, session, silence, site, spoke

from scanner.assess.later.again import Knowing
from scanner.assess.later.compare import compared
from scanner.model.observation import Session

GAP = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432))
HOME = at_home(5432)
SILENT = session(GUEST, msgspec.structs.replace(silence(DB, "5432"), at=5002.0), started=5000.0)
REFUSED = session(GUEST, port(DB, 5432, "rejected", source="10.0.1.1"), started=5000.0)
UP_AGAIN = session(SERVERS, msgspec.structs.replace(port(DB, 5432, "open", ttl=64), at=6001.0), started=6000.0)


@pytest.mark.parametrize(
    ("base", "since", "closed", "uncertain"),
    [
        ([GAP], [SILENT], 0, 1),
        ([GAP, HOME], [SILENT], 0, 1),
        ([GAP, HOME], [SILENT, UP_AGAIN], 1, 0),
        ([GAP, HOME], [REFUSED], 1, 0),
        ([GAP, HOME], [], 0, 0),
    ],
    ids=["nobody at home", "up at home before only", "up at home", "refused", "nothing new"],
)
def test_silence_without_proof_is_no_closure(
    base: list[Session], since: list[Session], closed: int, uncertain: int
) -> None:
    found = compared(Knowing(site(), NOTHING_KNOWN, TODAY), [*base, *since], [each.scan.id for each in base])
    assert (len(found.closed), len(found.uncertain)) == (closed, uncertain), found
    assert found.empty == (not since)


def test_silence_of_a_verifying_session_changes_no_flow_without_proof() -> None:
    verifies = Session(msgspec.structs.replace(SILENT.scan, purpose="verify"), SILENT.observations)
    found = compared(Knowing(site(), NOTHING_KNOWN, TODAY), [GAP, HOME, verifies], [GAP.scan.id, HOME.scan.id])
    assert not found.closed
    assert not found.fixed
