"""What came back, what arrived on the far side, and what may be said of both."""

from __future__ import annotations

import msgspec
import pytest
from assess.canary_scene import (
    CANARY,
    EVERYTHING,
    NONCE,
    ROUTER,
    arrival,
    canary,
    judged,
    listening,
    measured,
    proof,
    signed,
    silent,
)
from assess.scene import DB, FW, GUEST, LAPTOP, OFFICE, SERVERS, at_home, port, session, silence
from tables import for_every

from scanner.model.observation import MISSING, SHUT_OUT, Limitation, Observation, Session

PORT = 5432
HEARD = arrival("22")
"""Something else arrived: signatures survive the way, and 22 shows how far away the canary is."""
FAR = port(CANARY, 22, "open")

CASES: list[tuple[str, list[Observation], list[Observation], str, str]] = [
    ("arrived and answered", [port(CANARY, PORT, "open")], [arrival(PORT)], "REACHED", "arrived"),
    ("arrived, a connection", [port(CANARY, PORT, "open")], [arrival(PORT, how="connection")], "REACHED", "signed"),
    ("arrived and reset", [port(CANARY, PORT, "closed")], [arrival(PORT)], "REACHED", "arrived"),
    (
        "arrived, source translated",
        [port(CANARY, PORT, "open")],
        [arrival(PORT, source=FW[SERVERS])],
        "REACHED",
        f"from {FW[SERVERS]}: the source is translated",
    ),
    (
        "arrived, port translated",
        [port(CANARY, PORT, "open")],
        [arrival(15432, asked=str(PORT))],
        "REACHED",
        f"on port 15432 instead of {PORT}",
    ),
    ("arrived and silent", [silent(str(PORT))], [arrival(PORT)], "ONE_WAY", "no answer came back"),
    (
        "arrived, refused on the way back",
        [port(CANARY, PORT, "rejected", source=FW[GUEST])],
        [arrival(PORT)],
        "ONE_WAY",
        FW[GUEST],
    ),
    (
        "silent, nothing arrived",
        [silent("23-65535"), FAR],
        [HEARD],
        "DROPPED",
        "nothing arrived at the canary of 2 signed",
    ),
    ("silent, signatures unproven", [silent("1-65535")], [], "DROPPED", "no signature is known to survive"),
    ("the canary signed, its rows are lost", [port(CANARY, PORT, "open"), proof(PORT)], [], "REACHED", "signed"),
    # a middlebox
    ("RST of the first hop", [port(CANARY, PORT, "closed", ttl=64)], [], "REJECTED", f"the first hop ({FW[GUEST]})"),
    ("RST as far away as the canary", [port(CANARY, PORT, "closed"), FAR], [HEARD], "REJECTED", "middlebox"),
    ("admin-prohibited", [port(CANARY, PORT, "rejected", source=FW[GUEST])], [], "REJECTED", FW[GUEST]),
    (
        "SYN proxy, a connection was tried",
        [port(CANARY, PORT, "open", ttl=64), proof(PORT, False)],
        [],
        "REJECTED",
        "SYN proxy",
    ),
    ("SYN proxy, no connection tried", [port(CANARY, PORT, "open", ttl=64)], [], "UNPROVEN", "not tried"),
    (
        "SYN proxy that lets connections through",
        [port(CANARY, PORT, "open", ttl=64), proof(PORT)],
        [arrival(PORT, how="connection")],
        "REACHED",
        "signed",
    ),
    (
        "host unreachable after three seconds",
        [port(CANARY, PORT, "unreachable", source=FW[GUEST], rtt_ms=3050.0)],
        [],
        "TARGET_DOWN_PATH_OPEN",
        FW[GUEST],
    ),
    # nothing is known to have arrived, but something may have
    ("open as far away as the canary", [port(CANARY, PORT, "open"), FAR], [HEARD], "UNPROVEN", "no arrival"),
    ("open from beyond, nothing else known", [port(CANARY, PORT, "open")], [], "UNPROVEN", "no arrival"),
    ("RST from beyond, signatures unproven", [port(CANARY, PORT, "closed")], [], "UNPROVEN", "no arrival"),
    ("silence after one try", [silent(str(PORT), tries=1)], [], "UNPROVEN", "one try"),
    (
        "the scan lost packets",
        [silent(str(PORT)), Limitation("about 9 answers that were lost", "24 passes", 1011.0)],
        [],
        "UNPROVEN",
        "lost more packets",
    ),
    ("the laptop was shut out", [silent(str(PORT)), Limitation(SHUT_OUT, "", 1040.0)], [], "UNPROVEN", "still reached"),
    ("the canary lost packets", [silent(str(PORT))], [Limitation("frames", "ring", 1005.0)], "UNPROVEN", "missed"),
    ("the canary was full before", [silent(str(PORT))], [Limitation(MISSING, "", 900.0)], "UNPROVEN", "missed"),
    ("it lost packets before", [silent(str(PORT))], [HEARD, Limitation("frames", "ring", 900.0)], "DROPPED", "nothing"),
    (
        "the canary was full afterwards",
        [silent(str(PORT))],
        [HEARD, Limitation(MISSING, "", 1016.0)],
        "DROPPED",
        "nothing",
    ),
    (
        "arrived for another scan",
        [silent(str(PORT))],
        [HEARD, arrival(PORT, nonce="dead")],
        "DROPPED",
        "nothing arrived",
    ),
    ("arrived years ago", [silent(str(PORT))], [HEARD, arrival(PORT, at=1e8)], "DROPPED", "nothing arrived"),
    (
        "arrived elsewhere",
        [silent(str(PORT))],
        [HEARD, arrival(PORT, address="10.0.2.251")],
        "DROPPED",
        "nothing arrived",
    ),
    (
        "arrived otherwise dressed",
        [silent(str(PORT))],
        [HEARD, arrival(PORT, via="sport-53")],
        "DROPPED",
        "nothing arrived",
    ),
    ("arrived by UDP", [silent(str(PORT))], [HEARD, arrival(PORT, "udp")], "DROPPED", "nothing arrived"),
    (
        "signatures are lost on the way",
        [silent(str(PORT)), FAR, proof(22)],
        [arrival(22, how="connection")],
        "DROPPED",
        "signatures are lost",
    ),
]


@for_every(("seen", "heard", "verdict", "word"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_flow_to_a_canary(seen: list[Observation], heard: list[Observation], verdict: str, word: str) -> None:
    view, judge = judged(signed(*seen), canary(*EVERYTHING, *heard))
    got = judge.verdict(view, (CANARY, "tcp", PORT))
    assert (got.verdict, word in got.reason) == (verdict, True), got


EARLY = arrival(22, at=998.0)
"""The scan began at 1000."""
LISTENING: list[tuple[str, list[Observation], str]] = [
    ("listened the whole time", [listening()], "DROPPED"),
    ("grew, row by row", [listening(at=1001.0), listening(at=1060.0)], "DROPPED"),
    ("ended before", [listening(at=1003.0)], "UNPROVEN"),
    ("began after", [listening(since=1008.0)], "UNPROVEN"),
    ("began a second late", [listening(since=1001.5)], "UNPROVEN"),
    ("ended a second early", [listening(at=1009.0)], "UNPROVEN"),
    ("long enough by a clock known to be off by two seconds", [listening(at=1012.5), EARLY], "DROPPED"),
    ("not long enough by that clock", [listening(at=1011.0), EARLY], "UNPROVEN"),
    ("a gap in between", [listening(at=1004.0), listening(since=1006.0)], "UNPROVEN"),
    ("on other ports", [listening("1-1000")], "UNPROVEN"),
    ("by UDP only", [listening(transport="udp")], "UNPROVEN"),
    ("not at all", [], "UNPROVEN"),
    ("by sockets", [listening(how="sockets")], "DROPPED"),
]


@for_every(("heard", "verdict"), [c[1:] for c in LISTENING], ids=[c[0] for c in LISTENING])
def test_silence_counts_only_while_the_canary_listened(heard: list[Observation], verdict: str) -> None:
    (row,) = measured(signed(silent("5432")), canary(HEARD, *heard))
    assert row.verdict == verdict, row
    assert ("nothing arrived" in row.reason) == (verdict == "DROPPED" and heard[0].how == "packets")  # type: ignore[union-attr]


@pytest.mark.parametrize("seconds", [None, 1002.0, 1006.9])
def test_silence_proves_nothing_when_the_canarys_router_no_longer_answered(seconds: float | None) -> None:
    router = None if seconds is None else msgspec.structs.replace(ROUTER, at=seconds)
    (row,) = measured(signed(silent("5432")), canary(*EVERYTHING, router=router))
    assert (row.verdict, "no router answered the canary" in row.reason) == ("UNPROVEN", True), row


def test_clocks_that_differ_are_told_and_prove_nothing() -> None:
    away = [msgspec.structs.replace(each, since=each.since - 60, at=each.at + 600) for each in EVERYTHING]
    rows = measured(signed(silent("1-100"), FAR), canary(*away, arrival(22, at=1200.0)))
    assert {(row.ports, row.verdict) for row in rows} >= {("22", "REACHED"), ("1-21,23-100", "UNPROVEN")}
    assert any("clocks of the two laptops differ by 140 s" in row.reason for row in rows)


TWO_DAYS = [
    ("another laptop's, at the same time", LAPTOP[OFFICE], 1002.0, "DROPPED"),
    ("its own, at the same time", LAPTOP[GUEST], 1002.0, "ONE_WAY"),
    ("translated, while it asked", FW[SERVERS], 1002.0, "ONE_WAY"),
    ("translated, while the other one asked", FW[SERVERS], 1502.0, "DROPPED"),
]
"""Who asked as what arrived says, when it arrived, and what is then true of the guests' probe."""


@pytest.mark.parametrize(("source", "at", "verdict"), [c[1:] for c in TWO_DAYS], ids=[c[0] for c in TWO_DAYS])
def test_two_scans_that_happen_to_have_the_same_nonce_are_told_apart(source: str, at: float, verdict: str) -> None:
    """A nonce has 16 bits, and laptops choose theirs without knowing of one another."""
    started = 1000.0 if source == LAPTOP[OFFICE] else 1500.0
    other = session(OFFICE, silent(str(PORT)), started=started)
    namesake = Session(msgspec.structs.replace(other.scan, nonce=NONCE), other.observations)
    long = [msgspec.structs.replace(each, at=1600.0) for each in EVERYTHING]
    heard = canary(*long, arrival(22, at=1001.0), arrival(PORT, source=source, at=at))
    (row,) = measured(signed(silent(str(PORT))), namesake, heard)
    assert row.verdict == verdict, row


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ([1001.0, 1100.0], "DROPPED"),  # farther apart than the scan was long: another scan of the same nonce
        ([1001.0, 900.0], "DROPPED"),
        ([1100.0], "UNPROVEN"),  # the clocks differ, or another scan: nobody knows
        ([1040.0, 1070.0], "UNPROVEN"),  # clocks 30 s apart would do that to a scan of a minute
    ],
)
def test_a_scan_that_nobody_knows_of_is_told_from_clocks_that_differ(times: list[float], verdict: str) -> None:
    heard = canary(*EVERYTHING, *(arrival(PORT + 1, at=each) for each in times))
    (row,) = measured(signed(silent(str(PORT))), heard)
    assert row.verdict == verdict


@pytest.mark.parametrize("engine", ["connect", "nmap"])
def test_what_is_sent_unsigned_is_no_proof_that_nothing_arrives(engine: str) -> None:
    (row,) = measured(signed(silent("5432"), engine=engine), canary(*EVERYTHING))
    assert (row.verdict, "unsigned" in row.reason) == ("DROPPED", True), row


def test_a_canary_without_privilege_says_nothing_of_an_answered_probe() -> None:
    rows = measured(signed(port(CANARY, 80, "open")), canary(listening(how="sockets")))
    assert [row.verdict for row in rows] == ["UNPROVEN"]


def test_udp_and_echo_are_measured_like_tcp() -> None:
    seen = [
        silent("1-52,54-65535", "udp"),
        silent("53", "udp"),
        port(CANARY, 8, "open", "echo-reply", transport="icmp"),
    ]
    rows = measured(signed(*seen), canary(*EVERYTHING, arrival(53, "udp"), arrival(8, "icmp")))
    got = {(row.transport, row.ports, row.verdict) for row in rows}
    assert got == {
        ("udp", "1-52,54-65535", "DROPPED"),
        ("udp", "53", "ONE_WAY"),
        ("icmp", "8", "REACHED"),
    }


def test_a_canarys_address_is_nobodys_host_and_its_session_is_no_view() -> None:
    view, judge = judged(signed(silent("1-65535")), canary(*EVERYTHING))
    evidence = judge.evidence
    assert CANARY in evidence.laptops
    assert set(evidence.views) == {GUEST}
    assert evidence.ears.addresses(SERVERS) == (CANARY,)
    assert evidence.ears.addresses(GUEST) == ()
    assert judge.verdict(view, (DB, "tcp", PORT)).verdict == "UNTESTED"


def test_a_canary_that_stands_outside_its_zone_is_not_heard() -> None:
    wrong = canary(*EVERYTHING, arrival(PORT))
    scan = msgspec.structs.replace(wrong.scan, vantage=msgspec.structs.replace(wrong.scan.vantage, address="10.0.3.9"))
    view, judge = judged(signed(silent("5432")), Session(scan, wrong.observations))
    assert not judge.evidence.ears.addresses(SERVERS)
    assert list(judge.evidence.misplaced) == [scan]
    assert judge.verdict(view, (CANARY, "tcp", PORT)).verdict == "UNPROVEN"


def test_a_later_unsigned_sweep_takes_nothing_from_what_was_measured() -> None:
    later = silence("10.0.2.1-10.0.2.254", "1-65535")
    plain = Session(
        msgspec.structs.replace(signed().scan, id="later", nonce="", started=2000.0, ended=2100.0),
        (msgspec.structs.replace(later, at=2050.0),),
    )
    rows = measured(signed(port(CANARY, PORT, "open")), canary(*EVERYTHING, arrival(PORT)), plain, at_home(22))
    assert [(row.ports, row.verdict) for row in rows] == [(str(PORT), "REACHED")]
