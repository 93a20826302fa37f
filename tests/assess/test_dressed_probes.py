"""Probes dressed otherwise are flows of their own: from trusted source ports, in fragments, by way of a neighbour."""

from __future__ import annotations

import msgspec
from assess.scene import DB, FW, GUEST, SERVERS, at_home, echo, judge, port, session, silence, site, spoke
from tables import for_every

from scanner.assess.facts.evidence import FlowKey
from scanner.model.observation import HostSeen, Observation, PortState, Session, Silence

FLOW: FlowKey = (DB, "tcp", 5432)
NEIGHBOUR = "10.0.1.20"
BY = f"by-{NEIGHBOUR}"
UNUSED = "10.0.2.77"
HOME = at_home(5432)


def via(row: PortState | Silence, dress: str) -> Observation:
    return msgspec.structs.replace(row, via=dress)


def test_dressed_answers_and_plain_ones_never_mix() -> None:
    guest = session(GUEST, silence(DB, "1-9000"), via(port(DB, 5432, "open"), "sport-53"), echo(DB))
    evidence, _, found = judge(site(), guest, HOME)
    view = evidence.views[GUEST]
    assert found.verdict(view, FLOW).verdict == "DROPPED"
    assert found.row(view, FLOW, via="sport-53").verdict == "REACHED"
    assert found.row(view, FLOW, via="sport-53").via == "sport-53"
    assert found.verdict(view, FLOW, via="fragments").verdict == "UNTESTED"
    assert [key for key, _ in view.flows()] == [(DB, "icmp", 8)]
    assert [key for key, _ in view.dressed["sport-53"].flows()] == [FLOW]
    assert len(evidence.asked(view, SERVERS)) == 1


def test_a_dressed_silence_takes_nothing_from_a_plain_answer() -> None:
    guest = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), via(silence(DB, "1-9000"), "fragments"))
    evidence, _, found = judge(site(), guest, HOME)
    assert found.verdict(evidence.views[GUEST], FLOW).verdict == "REACHED"
    assert found.verdict(evidence.views[GUEST], FLOW, "fragments").verdict == "DROPPED"


def test_what_a_plain_conversation_read_is_no_proof_for_a_dressed_probe() -> None:
    guest = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), via(port(DB, 5432, "open", ttl=64), "sport-53"))
    evidence, _, found = judge(site(), guest, HOME)
    assert found.verdict(evidence.views[GUEST], FLOW, "sport-53").verdict == "UNPROVEN"


def test_dressed_probes_alone_are_no_port_scan() -> None:
    guest = session(GUEST, via(silence(DB, "1-9000"), "sport-53"))
    evidence, _, _ = judge(site(), guest, HOME)
    assert not evidence.views[GUEST].asked_ports
    assert not evidence.asked(evidence.views[GUEST], SERVERS)


CONTROL = via(silence(UNUSED, "1-9000"), BY)
TWINS = (session("guest", HostSeen(NEIGHBOUR, "arp", 1.0, mac="02:00:00:00:00:10"), started=900),)
"""The same card in both zones."""

CASES: list[tuple[str, list[Observation], list[Session], str, str]] = [
    ("forwarded: as far away as the echo", [via(port(DB, 5432, "closed"), BY), echo(DB)],
     [HOME], "REACHED", "forward"),
    ("forwarded: a shorter way", [via(port(DB, 5432, "open"), BY), echo(DB, 61), CONTROL],
     [HOME], "REACHED", "from behind it"),
    ("a shorter way, closed", [via(port(DB, 5432, "closed"), BY), echo(DB, 61)], [HOME], "UNPROVEN", "no other"),
    ("a dead host behind it", [via(port(DB, 5432, "unreachable", source=NEIGHBOUR, rtt_ms=3050.0), BY)], [HOME],
     "TARGET_DOWN_PATH_OPEN", NEIGHBOUR),
    ("refused by the neighbour", [via(port(DB, 5432, "rejected", source=NEIGHBOUR), BY)],
     [HOME], "REJECTED", NEIGHBOUR),
    ("weak host: the service is up there", [via(port(DB, 5432, "open", ttl=64), BY), CONTROL],
     [HOME], "REACHED", "weak"),
    ("weak host: no control", [via(port(DB, 5432, "open", ttl=64), BY)],
     [HOME], "UNPROVEN", "not known"),
    ("weak host: not seen up", [via(port(DB, 5432, "open", ttl=64), BY), CONTROL], [at_home(22)], "UNPROVEN", "not kn"),
    ("a closed port of a weak host", [via(port(DB, 22, "open", ttl=64), BY),
     via(port(DB, 5432, "closed", ttl=64), BY), CONTROL], [at_home(22)], "REACHED", "closed port"),
    ("a closed port from nearby", [via(port(DB, 5432, "closed", ttl=64), BY), CONTROL],
     [HOME], "UNPROVEN", "not known"),
    ("one machine by its card", [via(port(DB, 5432, "closed", ttl=64), BY)], [*TWINS, HOME], "REACHED", "one machine"),
    ("a proxy", [via(port(DB, 5432, "open", ttl=64), BY), via(port(UNUSED, 5432, "open", ttl=64), BY)], [HOME],
     "UNPROVEN", "proxy"),
    ("a proxy by its window", [via(msgspec.structs.replace(port(DB, 5432, "open"), window=0), BY), CONTROL], [HOME],
     "UNPROVEN", "proxy"),
    ("refuses for everybody",
     [via(port(DB, 5432, "closed", ttl=64), BY), via(port(UNUSED, 5432, "closed", ttl=64), BY)],
     [HOME], "REJECTED", NEIGHBOUR),
    ("no TTL", [via(port(DB, 5432, "open", ttl=None), BY)], [HOME], "UNPROVEN", "how far"),
    ("silence", [via(silence(DB, "5432"), BY)], [HOME], "DROPPED", "no answer"),
    ("the router's own leg", [via(port(FW[SERVERS], 22, "closed", ttl=64), BY)], [HOME, session(SERVERS)], "REJECTED",
     "own leg"),
]  # fmt: skip


@for_every(("seen", "others", "verdict", "word"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_probe_by_way_of_a_neighbour(seen: list[Observation], others: list[Session], verdict: str, word: str) -> None:
    evidence, _, found = judge(site(), *others, session(GUEST, *seen))
    target = next(each for each in seen if isinstance(each, PortState | Silence))
    key: FlowKey = FLOW if word != "own leg" else (FW[SERVERS], "tcp", 22)
    got = found.verdict(evidence.views[GUEST], key, BY)
    assert (got.verdict, word in got.reason) == (verdict, True), (got, target)
