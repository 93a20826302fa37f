"""What a service said in one scan proves nothing of who shakes hands in a later one."""

from __future__ import annotations

import msgspec
import pytest
from assess.canary_scene import CANARY, EVERYTHING, canary, measured, proof, signed
from assess.scene import DB, GUEST, at_home, judge, mute, port, session, site, spoke

from scanner.assess.facts.evidence import FlowKey
from scanner.model.observation import Observation, PortState, Session

FLOW: FlowKey = (DB, "tcp", 5432)


def shook(ttl: int, window: int = 64240) -> PortState:
    return msgspec.structs.replace(port(DB, 5432, "open", ttl=ttl), window=window)


@pytest.mark.parametrize(
    ("newer", "verdict"),
    [
        ((shook(64), mute(DB, 5432)), "UNPROVEN"),
        ((shook(64),), "UNPROVEN"),
        ((shook(63, window=0), mute(DB, 5432)), "UNPROVEN"),
        ((shook(63, window=0),), "UNPROVEN"),
        ((shook(63),), "REACHED"),
        ((shook(64), spoke(DB, 5432)), "REACHED"),
    ],
)
def test_old_words_prove_no_newer_handshake(newer: tuple[Observation, ...], verdict: str) -> None:
    before = session(GUEST, shook(63), spoke(DB, 5432))
    evidence, _, found = judge(site(), before, session(GUEST, *newer, started=5000.0), at_home(5432))
    row = found.verdict(evidence.views[GUEST], FLOW)
    assert row.verdict == verdict, row.reason


def test_they_still_tell_what_it_is() -> None:
    before = session(GUEST, shook(63), spoke(DB, 5432))
    evidence, _, _ = judge(site(), before, session(GUEST, shook(64), mute(DB, 5432), started=5000.0))
    assert evidence.views[GUEST].talks[FLOW].readings


def test_same_handshake_after_a_mute_one_is_not_vouched_for() -> None:
    before = session(GUEST, shook(63), spoke(DB, 5432))
    silent = session(GUEST, shook(63), mute(DB, 5432), started=5000.0)
    evidence, _, _ = judge(site(), before, silent, session(GUEST, shook(63), started=9000.0))
    assert evidence.views[GUEST].words(FLOW) is None


def test_a_refusal_does_not_confirm_its_own_distance_by_old_words() -> None:
    before = session(GUEST, shook(63), spoke(DB, 5432))
    refused = session(GUEST, port(DB, 5432, "closed", ttl=64), started=5000.0)
    evidence, _, found = judge(site(), before, refused, at_home(5432))
    assert found.verdict(evidence.views[GUEST], FLOW).verdict != "REACHED"


def test_an_earlier_scans_signed_words_prove_nothing_of_a_canary_now() -> None:
    shown = msgspec.structs.replace(port(CANARY, 5432, "open", ttl=64), at=1001.0)
    now = signed(shown)
    (row,) = measured(now, canary(*EVERYTHING))
    assert row.verdict == "UNPROVEN"
    before = Session(
        msgspec.structs.replace(now.scan, id="before", started=500.0, ended=600.0, nonce="aaaa"),
        (msgspec.structs.replace(shown, at=501.0), msgspec.structs.replace(proof(5432), at=502.0)),
    )
    (row,) = measured(before, now, canary(*EVERYTHING))
    assert row.verdict == "UNPROVEN", row.reason
    assert "not tried" in row.reason
