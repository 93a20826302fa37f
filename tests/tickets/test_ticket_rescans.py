"""Five visits and what is sent after each, to desks that have their bad days: one open item a group, never two."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tickets.rescans import GAP, SSH, TELNET, Client, closing, denied, network, updated, without
from tickets.sending import QUICK, at, open_now, send, wanted_now, word
from tickets.stand_ins import TROUBLES, AlertOps, ConnectWise, Hook, StandIn, serving

from scanner import session
from scanner.errors import BadInput
from scanner.exporters.ticket_text import tickets
from scanner.lab.topology import Topology
from scanner.tickets.wire import Unavailable

pytestmark = pytest.mark.usefixtures("keys")


VISITS: list[tuple[str, Callable[[Topology], Topology], dict[str, str]]] = [
    ("first", lambda n: n, {GAP: "create", SSH: "create", TELNET: "create"}),
    ("nothing is another", lambda n: n, {GAP: "keep", SSH: "keep", TELNET: "keep"}),
    ("SSH is updated, the rule is out, a host is off", lambda n: denied(updated(without(n, "old"))),
     {GAP: "close", SSH: "close", TELNET: "keep"}),
    ("the rule is back, telnet is off", lambda n: updated(closing(n, "old", "tcp/23")),
     {GAP: "reopen", TELNET: "close"}),
    ("SSH is the old one again", lambda n: denied(closing(n, "old", "tcp/23")), {GAP: "close", SSH: "reopen"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "seed"), [(ConnectWise, 0), (ConnectWise, 1), (AlertOps, 0), (Hook, 0)], ids=["cw", "cw2", "ao", "hook"]
)
def test_five_rescans_leave_one_open_item_a_group(make: type[StandIn], seed: int, tmp_path: Path) -> None:
    moods = random.Random(seed)
    with serving(make()) as desk:
        client = Client(tmp_path, at(desk))
        for name, change, words in VISITS:
            client.scan(change(network()))
            # In a row as many bad answers as patience bears; one of them asks for a second of peace.
            for several in (["500", "late", moods.choice(("429", "503"))], ["cut", "twice"], ["late", "twice"]):
                desk.troubles.extend([*moods.sample(several, k=len(several)), "", ""])
            results = send(client, desk)
            assert {start: word(results, start) for start in words} == words, name
            assert open_now(desk) == dict.fromkeys(wanted_now(client), 1), name
            desk.troubles.clear()
        if isinstance(desk, AlertOps):
            raised = [each["subject"] for each in desk.told if each["source_status"] == "open"]
            assert sum(each.startswith(TELNET) for each in raised) <= 6
        assert desk.waited
        assert all(each >= 0.95 for each in desk.waited), "Retry-After is honoured"


def test_after_five_quiet_visits_each_group_was_created_once(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    for _, change, _ in VISITS:
        client.scan(change(network()))
        send(client, connectwise)
    assert len(connectwise.tickets) == len({each["externalXRef"] for each in connectwise.tickets}) == 4
    (gap,) = connectwise.titled(GAP)
    notes = connectwise.notes[gap["id"]]
    assert [each.splitlines()[0].rpartition(": ")[2] for each in notes] == [
        "shown to be done.", "found again.", "shown to be done.",
    ]  # fmt: skip
    assert "REJECTED" in notes[0] or "prohibited" in notes[0]


def test_nothing_new_sends_nothing_to_who_cannot_be_asked(tmp_path: Path) -> None:
    with serving(AlertOps()) as desk:
        client = Client(tmp_path, at(desk))
        client.scan(network())
        send(client, desk)
        before = len(desk.asked)
        client.scan(network())
        send(client, desk)
        assert len(desk.asked) == before


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_bad_answer_to_each_creation_makes_no_second_item(
    connectwise: ConnectWise, trouble: str, tmp_path: Path
) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    connectwise.troubles.extend([trouble, "", trouble] if trouble not in ("429", "503") else [trouble])
    send(client, connectwise)
    assert open_now(connectwise) == dict.fromkeys(wanted_now(client), 1)
    made = len(connectwise.tickets)
    assert made > 4 if trouble == "twice" else made == 4


def test_what_was_noted_nowhere_is_found_and_not_created(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    (tmp_path / "site.fencewalk.tickets.sqlite").unlink()
    results = send(client, connectwise)
    assert {each.word for each in results.values()} == {"update"}
    assert open_now(connectwise) == dict.fromkeys(wanted_now(client), 1)
    assert len(connectwise.tickets) == 4


def test_duplicates_of_others_are_closed_and_the_oldest_stays(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    (gap,) = connectwise.titled(GAP)
    connectwise.create({key: gap[key] for key in gap if key not in ("id", "closedFlag")})
    connectwise.create({**gap, "company": {"identifier": "OTHER"}})
    send(client, connectwise)
    assert connectwise.open_of()[gap["externalXRef"]] == [gap["id"]]
    assert len(connectwise.open_of("OTHER")) == 1, "another client's tickets are not ours"


def test_what_somebody_closed_stays_so_until_it_is_asked_again(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    (gap,) = connectwise.titled(GAP)
    gap["closedFlag"], gap["status"] = True, {"name": "Resolved"}
    assert word(send(client, connectwise), GAP) == "left"
    client.scan(network(), ("servers",))
    assert word(send(client, connectwise), GAP) == "left", "a look from elsewhere shows nothing of it"
    assert gap["closedFlag"]
    client.scan(network(), ("guest",))
    assert word(send(client, connectwise), GAP) == "reopen"
    assert not gap["closedFlag"]
    assert "this is still so" in connectwise.notes[gap["id"]][-1]


def test_what_somebody_deleted_is_created_again(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    connectwise.tickets = [each for each in connectwise.tickets if not each["summary"].startswith(GAP)]
    connectwise.tickets[0]["id"] = 5000
    assert word(send(client, connectwise), GAP) == "create"
    assert open_now(connectwise) == dict.fromkeys(wanted_now(client), 1)


def test_a_policy_that_allows_it_closes_nothing_and_says_so_once(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    (gap,) = connectwise.titled(GAP)
    client.write(allow=[{"from": "guest", "to": "servers", "services": ["any"]}])
    for _ in range(2):
        assert word(send(client, connectwise), GAP) == "hold"
    client.scan(network())
    assert word(send(client, connectwise), GAP) == "hold"
    assert not gap["closedFlag"]
    assert len([each for each in connectwise.notes[gap["id"]] if "no probe has shown" in each]) == 1


def test_an_accepted_finding_stays_open_there(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    results = send(client, connectwise)
    report = session.assess_site(client.path)
    gap = next(each for each in report.findings if each.kind == "segmentation-gap")
    (tmp_path / "exceptions.yaml").write_text(
        f"- {{finding: {gap.id}, owner: Dr. Lin, reason: replaced soon, approved_by: x, until: 2099-01-01}}\n"
    )
    results = send(client, connectwise)
    held = next(each for each in results.values() if each.title.startswith(GAP))
    assert held.word == "hold"
    assert held.reason.startswith("Accepted by Dr. Lin until 2099-01-01")
    assert not connectwise.titled(GAP)[0]["closedFlag"]


def test_a_store_without_the_scans_that_showed_it_closes_nothing(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    for each in tmp_path.glob("site.fencewalk.sqlite*"):
        each.unlink()
    client.scan(denied(updated(closing(network(), "old", "tcp/23"))))
    results = send(client, connectwise)
    assert {word(results, each) for each in (GAP, SSH, TELNET)} == {"hold"}
    assert len(open_now(connectwise)) == 4


def test_a_host_that_is_silent_closes_nothing(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    client.scan(without(without(network(), "old"), "files"))
    results = send(client, connectwise)
    assert not {each.word for each in results.values()} & {"close", "reopen", "create"}
    assert len(open_now(connectwise)) == 4


def test_what_is_not_proven_and_somebody_closed_is_left_alone(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    (gap,) = connectwise.titled(GAP)
    client.write(allow=[{"from": "guest", "to": "servers", "services": ["any"]}])
    assert word(send(client, connectwise), GAP) == "hold"
    gap["closedFlag"], gap["status"] = True, {"name": "Resolved"}
    assert word(send(client, connectwise), GAP) == "left"
    assert not any(title.startswith(GAP) for title in send(client, connectwise)), "it is no matter any more"
    client.write()
    assert word(send(client, connectwise), GAP) == "reopen"


def test_a_sender_that_is_killed_leaves_nothing_twice(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    connectwise.troubles.extend(["", "late"])
    command = [sys.executable, "-m", "scanner.cli", "tickets", str(client.path), "--to", "connectwise", "--send"]
    sender = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while len(connectwise.tickets) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    sender.kill()
    sender.wait()
    assert len(connectwise.tickets) == 2, "the second was taken, and its answer never came"
    results = send(client, connectwise)
    assert sorted(each.word for each in results.values()) == ["create", "create", "keep", "update"]
    assert open_now(connectwise) == dict.fromkeys(wanted_now(client), 1)
    assert len(connectwise.tickets) == 4


def test_silence_closes_nothing_until_the_target_is_shown_to_be_up(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    (gap,) = connectwise.titled(GAP)
    off = denied(without(network(), "files"), "drop")
    client.scan(off)
    assert not any(each.title.startswith(GAP) for each in tickets(session.assess_site(client.path))), "not reported"
    held = next(each for title, each in send(client, connectwise).items() if title.startswith(GAP))
    assert (held.word, gap["closedFlag"]) == ("hold", False)
    assert "silence, and the service was not seen up from servers" in held.reason
    client.scan(denied(network(), "drop"))
    assert word(send(client, connectwise), GAP) == "close"


def test_a_desk_that_is_gone_ends_the_round_and_the_next_goes_on(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    connectwise.troubles.extend(["", "", *["busy"] * QUICK.attempts])
    with pytest.raises(Unavailable, match=r"ConnectWise answered 503 \(6 attempts\).*2 of 4 items left"):
        send(client, connectwise)
    assert len(connectwise.tickets) == 2
    results = send(client, connectwise)
    assert sorted(each.word for each in results.values()) == ["create", "create", "keep", "keep"]


def test_a_flood_is_refused_before_anything_is_sent(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    with pytest.raises(BadInput, match=r"4 items would be created at once, and nothing was sent; .* --most 4 allows"):
        send(client, connectwise, most=3)
    assert connectwise.asked == []
    assert len(send(client, connectwise, most=4)) == 4
    assert len(send(client, connectwise, most=0)) == 4, "those that are there go on"


def test_the_severity_bounds_what_is_created_only(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    assert len(send(client, connectwise, least="high")) == 2
    assert len(send(client, connectwise, least="critical")) == 2
    assert {each["summary"][:8] for each in connectwise.tickets} == {"Firewall", "Update s"}
