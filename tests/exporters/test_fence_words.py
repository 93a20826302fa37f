from __future__ import annotations

from typing import Literal, get_args

import msgspec
import pytest
from assess.canary_scene import arrival, canary, listening, signed, silent
from assess.canary_scene import measured as judged_rows
from fence_sample import GOAL, LATERAL, TOLD, fence_report
from hypothesis import given
from hypothesis import strategies as st
from sample import sample_report

from scanner.assess.fixes.firewalls import firewalls
from scanner.exporters import fence_words as words
from scanner.model import hops
from scanner.model.addresses import ports_of, ports_text
from scanner.model.report import FlowVerdict, HopRow, MeasuredRow, PolicyNoteKind, RemedyRow


def test_the_firewalls_are_those_whose_rules_are_written() -> None:
    assert {name: each.title for name, each in firewalls().items()} == words.FIREWALLS


def test_every_kind_of_note_and_every_verdict_has_its_word() -> None:
    assert set(words.NOTES) == set(get_args(PolicyNoteKind))
    assert set(words.MEASURED) == {*get_args(FlowVerdict), "NOTHING_ARRIVED"}
    assert not [each for each in words.MEASURED.values() if each.tone == "good"]


@pytest.mark.parametrize(
    ("via", "text"),
    [
        ("", ""),
        ("sport-53", "from source port 53"),
        ("fragments", "in fragments"),
        ("by-10.0.0.7", "by way of 10.0.0.7"),
        ("by-fe80::1", "by way of fe80::1"),
        ("port forward of 10.0.0.1", "through the port forward of 10.0.0.1"),
        ("dual-homed host a-b/10.0.0.7", "dual-homed host a-b/10.0.0.7"),
        ("in-a-bottle", "in-a-bottle"),
    ],
)
def test_dressings(via: str, text: str) -> None:
    assert hops.asked(via) == text


@pytest.mark.parametrize(
    ("verdict", "reason", "word"),
    [
        ("DROPPED", "nothing arrived at the canary of 2 tries", "Nothing arrived"),
        ("DROPPED", "no answer came; whether they arrive is not known", "No answer comes back"),
        ("DROPPED", "some reason of a later program", "No answer comes back"),
        ("ONE_WAY", "nothing arrived is not what it says", "Arrived, no answer back"),
        ("REJECTED", "nothing arrived", "Answered by a middlebox"),
        ("UNPROVEN", "nothing arrived", "Unproven"),
    ],
)
def test_only_a_canary_that_saw_nothing_says_that_nothing_arrived(verdict: FlowVerdict, reason: str, word: str) -> None:
    assert words.measured(MeasuredRow("a", "b", "10.0.0.1", "tcp", "1", verdict, reason, False)).word == word


@pytest.mark.parametrize(("how", "word"), [("packets", "Nothing arrived"), ("sockets", "No answer comes back")])
def test_it_is_what_the_judge_says(how: Literal["packets", "sockets"], word: str) -> None:
    (row,) = judged_rows(signed(silent("5432")), canary(listening(how=how), arrival("22")))
    assert words.measured(row).word == word


@pytest.mark.parametrize(
    ("transport", "port", "text"),
    [("tcp", 22, "tcp/22"), ("icmp", 8, "ping"), ("icmp", 17, "icmp type 17"), ("udp", None, "udp/any"), (None, 1, "")],
)
def test_services(transport: str | None, port: int | None, text: str) -> None:
    assert hops.service_of(transport, port) == text


EXPLOIT = msgspec.structs.replace(LATERAL, how="exploit: openssh 9.2p1", via="")


@pytest.mark.parametrize(
    ("hop", "critical", "text"),
    [
        (LATERAL, "", "logs in over SSH with a password or key"),
        (LATERAL, "Backups", "logs in to Backups over SSH with a password or key"),
        (msgspec.structs.replace(LATERAL, port=2222, service="ssh?"), "", "logs in over SSH with a password or key"),
        (msgspec.structs.replace(LATERAL, port=3389, service=None), "",
         "logs in over Remote Desktop with a password or key"),
        (msgspec.structs.replace(LATERAL, port=9, service="odd"), "", "logs in over odd with a password or key"),
        (msgspec.structs.replace(LATERAL, port=9, service=None), "", "logs in with a password or key"),
        (EXPLOIT, "", "breaks in through known flaws of openssh 9.2p1"),
        (EXPLOIT, "Backups", "breaks in to Backups through known flaws of openssh 9.2p1"),
        (GOAL, "", "reaches its data over PostgreSQL"),
        (msgspec.structs.replace(GOAL, transport="udp", port=22), "", "reaches its data"),
        (msgspec.structs.replace(GOAL, how="a later program's"), "", "a later program's"),
    ],
)  # fmt: skip
def test_a_step_is_told_in_a_sentence(hop: HopRow, critical: str, text: str) -> None:
    assert hops.hop_words(hop, critical) == text


def test_of_a_login_and_a_break_in_only_the_port_was_seen() -> None:
    seen = [hops.hop_proof(each) for each in (LATERAL, EXPLOIT, GOAL, msgspec.structs.replace(GOAL, observed=False))]
    assert seen == ["port observed", "port observed", "observed", "inferred"]


def test_a_step_says_how_it_was_asked() -> None:
    assert hops.hop_service(LATERAL) == "tcp/22, from source port 53"
    assert hops.hop_service(GOAL) == "tcp/5432"


def test_a_finding_finds_its_path_and_no_other() -> None:
    finding = next(each for each in sample_report().findings if each.kind == "attack-path")
    assert words.path_of(finding, fence_report().paths) == TOLD
    longer = msgspec.structs.replace(TOLD, hops=(*TOLD.hops, GOAL))
    other = msgspec.structs.replace(TOLD, hops=(msgspec.structs.replace(LATERAL, port=23), *TOLD.hops[1:]))
    assert words.path_of(finding, (longer, other)) is None
    assert words.path_of(msgspec.structs.replace(finding, kind="segmentation-gap"), (TOLD,)) is None


def test_rules_are_not_told_twice() -> None:
    row = RemedyRow("x", (), "Deny it.\n# head\nnft a\nThen look.", {"nftables": "# head\nnft a"})
    assert words.change_words(row) == ("Deny it.", "Then look.")
    assert words.change_words(msgspec.structs.replace(row, rules={})) == tuple(row.change.split("\n"))


@given(st.sets(st.integers(1, 65535), min_size=1, max_size=60))
def test_ports_are_counted(ports: set[int]) -> None:
    text = ports_text(ports)
    assert words.port_count(text) == len(ports) == len(ports_of(text))
    assert words.ports(text).startswith(text.split(",")[0])
