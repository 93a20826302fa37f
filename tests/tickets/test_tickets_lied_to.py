"""A ticket system that lies, and people who change items behind our back: what is not ours is never touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tickets.rescans import GAP, SSH, Client, denied, network
from tickets.sending import QUICK, at, open_now, send, wanted_now, word
from tickets.stand_ins import Answer, ConnectWise, Hook, Once, serving

from scanner.errors import BadInput, NetworkFailed
from scanner.exporters.ticket_text import Ticket
from scanner.model.desks import ConnectWiseDesk, Desks, WebhookDesk
from scanner.tickets import Client as Whose
from scanner.tickets import desks
from scanner.tickets.wire import Refusal

TICKET = Ticket("fencewalk-0011223344556677", "Do this (main)", "high", ("gap-1",), "line\n")


pytestmark = pytest.mark.usefixtures("keys")


class Careless(ConnectWise):
    """Answers every search with all it has; `hidden`: without these keys."""

    hidden: tuple[str, ...] = ()

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        code, value = super().answer(method, path, query, headers, body)
        if method == "GET" and isinstance(value, list) and not path.endswith("/notes"):
            value = [{key: each[key] for key in each if key not in self.hidden} for each in self.tickets]
        return code, value


class Blind(ConnectWise):
    """Finds nothing in any search."""

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        code, value = super().answer(method, path, query, headers, body)
        return (code, []) if method == "GET" and isinstance(value, list) else (code, value)


class Forgetful(ConnectWise):
    """Takes every change, and does not carry it out; `silent`: nor says how a ticket is."""

    silent = False
    forgets = True

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        if method == "PATCH" and self.forgets:
            return 200, None
        code, value = super().answer(method, path, query, headers, body)
        if self.silent and isinstance(value, dict) and "closedFlag" in value:
            value = {"id": value.get("id")}
        return code, value


STRANGERS: list[dict[str, Any]] = [
    {"externalXRef": "", "company": {"identifier": "EXAMPLE"}},
    {"externalXRef": "PO-7", "company": {"identifier": "EXAMPLE"}},
    {"externalXRef": "", "company": {"identifier": "OTHER"}},
]


@pytest.mark.parametrize("hidden", [(), ("externalXRef",), ("company",), ("closedFlag",)])
def test_a_search_that_answers_with_the_whole_board_closes_nobodys_tickets(
    hidden: tuple[str, ...], tmp_path: Path
) -> None:
    desk = Careless()
    with serving(desk):
        client = Client(tmp_path, at(desk))
        client.scan(network())
        strangers = [
            desk.create({"summary": f"of others {n}", "board": {"name": "Network"}, "externalXRef": "", **more} | {})
            for n, more in enumerate({**each, "externalXRef": each["externalXRef"] or ""} for each in STRANGERS)
        ]
        desk.hidden = hidden
        for topology in (network(), denied(network())):
            client.scan(topology)
            send(client, desk)
        assert not any(each["closedFlag"] for each in strangers)
        assert not any(each["id"] in desk.notes for each in strangers)
        assert not [
            each for each in desk.asked if each[0] == "PATCH" and each[1].rpartition("/")[2] in {"1000", "1001"}
        ]


def test_a_search_that_finds_nothing_makes_no_second_ticket(tmp_path: Path) -> None:
    desk = Blind()
    with serving(desk):
        client = Client(tmp_path, at(desk))
        client.scan(network())
        for _ in range(3):
            send(client, desk)
        assert len(desk.tickets) == 4
        client.scan(denied(network()))
        assert word(send(client, desk), GAP) == "close"
        assert [each["closedFlag"] for each in desk.titled(GAP)] == [True]


def test_a_fingerprint_taken_out_by_hand_is_the_same_ticket_and_another_clients_is_not(
    connectwise: ConnectWise, tmp_path: Path
) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    connectwise.titled(GAP)[0]["externalXRef"] = ""
    (moved,) = connectwise.titled(SSH)
    moved["company"] = {"identifier": "OTHER"}
    results = send(client, connectwise)
    assert (word(results, GAP), word(results, SSH)) == ("keep", "create")
    assert len(connectwise.tickets) == 5
    client.scan(denied(network()))
    send(client, connectwise)
    assert not moved["closedFlag"]
    assert moved["id"] not in connectwise.notes


@pytest.mark.parametrize("silent", [False, True])
def test_a_close_that_did_not_happen_is_not_noted_as_one(silent: bool, tmp_path: Path) -> None:
    desk = Forgetful()
    with serving(desk):
        client = Client(tmp_path, at(desk))
        client.scan(network())
        send(client, desk)
        client.scan(denied(network()))
        desk.silent = silent
        words = "1 item of 4 refused" if silent else "does not close a ticket on the board"
        with pytest.raises(NetworkFailed if silent else BadInput, match=words):
            send(client, desk)
        desk.silent = desk.forgets = False
        assert word(send(client, desk), GAP) == "close"


def test_two_technicians_of_one_site_close_only_what_each_put_there(connectwise: ConnectWise, tmp_path: Path) -> None:
    """The second one's scan data knows of fewer findings: an item of the first is not done when those are."""
    first, second = tmp_path / "first", tmp_path / "second"
    for each in (first, second):
        each.mkdir()
    mine, theirs = Client(first, at(connectwise)), Client(second, at(connectwise))
    mine.scan(network())
    theirs.scan(network())
    send(mine, connectwise)
    assert {each.word for each in send(theirs, connectwise).values()} == {"update"}
    theirs.scan(denied(network()))
    for _ in range(2):
        held = next(each for title, each in send(theirs, connectwise).items() if title.startswith(GAP))
        assert (held.word, "close it by hand" in held.reason) == ("hold", True)
    (gap,) = connectwise.titled(GAP)
    assert not gap["closedFlag"]
    assert sum("by one laptop's scan data" in each for each in connectwise.notes[gap["id"]]) == 1
    mine.scan(denied(network()))
    assert word(send(mine, connectwise), GAP) == "close"
    assert gap["closedFlag"]


def test_who_cannot_be_asked_is_told_by_whose_scan_data_an_item_is_done(tmp_path: Path) -> None:
    """Another laptop may have put there more that it is open for, and nobody can see that."""
    desk = Hook()
    with serving(desk):
        client = Client(tmp_path, at(desk))
        client.scan(network())
        send(client, desk)
        client.scan(denied(network()))
        assert word(send(client, desk), GAP) == "close"
    (closed,) = [each for each in desk.events if each["event"] == "close"]
    assert closed["note"].endswith("Where another one sends here, too, ask it before this counts as done.")


def test_a_key_in_a_part_of_the_webhooks_address_is_shown_in_no_message() -> None:
    body = b'{"message": "nothing at /services/T0/B0/xoxSECRETxo/x y: xoxSECRETxo; token q%20SECRET is q SECRET"}'
    server = Once("/services/T0/B0/xoxSECRETxo/x", (404, {}, body))
    place = Desks(webhook=WebhookDesk(server.url))
    target = desks()["webhook"].open(place, Whose("Example", "main"), QUICK)
    try:
        with pytest.raises(Refusal, match="refused with 404: nothing at ") as caught:
            target.create(TICKET)
    finally:
        target.end()
        server.end()
    assert "xoxSECRETxo" not in str(caught.value)


def test_a_webhooks_question_is_as_secret_as_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Once("/hook?sig=q%20SECRET%20q", (404, {}, b'{"message": "sig q SECRET q, that is q%20SECRET%20q"}'))
    monkeypatch.setenv("FENCEWALK_WEBHOOK_URL", server.url)
    target = desks()["webhook"].open(Desks(), Whose("Example", "main"), QUICK)
    try:
        with pytest.raises(Refusal) as caught:
            target.create(TICKET)
    finally:
        target.end()
        server.end()
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("known", ["", "12/../../system", "-1", "１２"])
def test_a_noted_number_that_is_none_is_asked_for_nowhere(known: str, connectwise: ConnectWise) -> None:
    place = Desks(
        connectwise=ConnectWiseDesk(
            connectwise.url, "msp", "EXAMPLE", "Network", api=f"{connectwise.url}/v2026_1/apis/3.0"
        )
    )
    target = desks()["connectwise"].open(place, Whose("Example", "main"), QUICK)
    assert target.find(TICKET.fingerprint, known) == ()
    target.end()
    assert {each[1] for each in connectwise.asked} == {"/v2026_1/apis/3.0/service/tickets"}


def test_what_is_there_is_as_it_should_be_after_all_of_it(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    assert open_now(connectwise) == dict.fromkeys(wanted_now(client), 1)
