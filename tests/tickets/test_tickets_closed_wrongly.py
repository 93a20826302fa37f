"""What would close an item although nobody showed it to be done: an item closed wrongly is a false «fixed»."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tickets.rescans import SSH, Client, network, replaced, updated
from tickets.sending import QUICK, at, send, word
from tickets.stand_ins import Answer, ConnectWise, serving
from tickets.test_ticket_rounds import FINDINGS, GROUPS, item, now, row, ticket

from scanner import session, ticketing
from scanner.errors import NetworkFailed
from scanner.model.observation import Installed, Item
from scanner.store import Store
from scanner.tickets.ledger import Owed, Run
from scanner.tickets.rounds import Result, decide

A, B, C = GROUPS
GAP_0 = FINDINGS[0]


pytestmark = pytest.mark.usefixtures("keys")


def test_what_another_item_would_go_on_with_stays_where_that_one_is_not_made() -> None:
    """`--at-least critical` makes no item for what is high, so that nobody would have the finding."""
    steps = [*decide([ticket(B, (GAP_0,))], {A: item(A, (GAP_0,))}, now(row(GAP_0)), least="critical")]
    assert [(each.word, each.ticket.fingerprint) for each in steps] == [("hold", A)]
    both = [*decide([ticket(B, (GAP_0,))], {A: item(A, (GAP_0,)), B: item(B, ())}, now(row(GAP_0)), least="critical")]
    assert [(each.word, each.ticket.fingerprint) for each in both] == [("update", B), ("close", A)]


def test_what_is_accepted_is_handed_to_nobody() -> None:
    findings = (row(GAP_0, accepted=True), row(FINDINGS[1]))
    steps = {e.ticket.fingerprint: e for e in decide([ticket(B, FINDINGS[:2])], {A: item(A, (GAP_0,))}, now(*findings))}  # type: ignore[arg-type]
    assert steps[A].word == "hold"
    assert steps[A].reason.startswith("Accepted by Dr. Lin")
    assert set(steps[B].owed) == {FINDINGS[1]}


def test_what_was_put_there_and_never_noted_as_taken_is_created_not_kept() -> None:
    steps = [*decide([ticket(A, (GAP_0,))], {A: item(A, (GAP_0,), id="")}, now(row(GAP_0)))]
    assert [each.word for each in steps] == ["create"]


class Refusing(ConnectWise):
    """Will have no new ticket."""

    refuses = False

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: bytes) -> Answer:
        if self.refuses and method == "POST" and path.endswith("/tickets"):
            return 400, {"message": "the board is locked"}
        return super().answer(method, path, query, headers, body)


def test_what_another_item_goes_on_with_stays_open_where_that_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Refusing()
    with serving(desk):
        client = Client(tmp_path, at(desk))
        client.scan(network())
        send(client, desk)
        ledger = tmp_path / "site.fencewalk.tickets.sqlite"
        _renamed(ledger)
        for each in desk.tickets:
            each["externalXRef"] = _other(each["externalXRef"])
        desk.refuses = True
        seen: list[Result] = []
        wanted = ticketing.Wanted(to="connectwise", send=True, patience=QUICK)
        with pytest.raises(NetworkFailed, match="4 items of 8 refused"):
            ticketing.tickets_site(client.path, None, None, wanted, lambda done, _: seen.append(done), lambda _: None)
        assert [each.word for each in seen] == ["create"] * 4 + ["hold"] * 4
        assert not any(each["closedFlag"] for each in desk.tickets)
        desk.refuses = False
        results = ticketing.tickets_site(client.path, None, None, wanted, lambda *_: None, lambda _: None).items
        assert [each.word for each in results] == ["create"] * 4 + ["close"] * 4


def _other(fingerprint: str) -> str:
    return fingerprint[:-1] + ("0" if fingerprint[-1] != "0" else "1")


def _renamed(path: Path) -> None:
    """The items of another release: for the same findings, under other fingerprints."""
    import sqlite3

    with sqlite3.connect(path) as db:
        for fingerprint, body in db.execute("SELECT fingerprint, body FROM items").fetchall():
            new = _other(fingerprint)
            text = body.replace(fingerprint.encode(), new.encode())
            db.execute("UPDATE items SET fingerprint = ?, body = ? WHERE fingerprint = ?", (new, text, fingerprint))


def test_another_machine_at_the_address_says_nothing_of_the_first(connectwise: ConnectWise, tmp_path: Path) -> None:
    """Addresses are handed out anew: the one that was outdated may only have been switched off."""
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    client.scan(updated(replaced(network())))
    for _ in range(2):
        held = next(each for title, each in send(client, connectwise).items() if title.startswith(SSH))
        assert held.word == "hold"
        assert "another machine answers there now (MAC address 00:50:56:00:00:77, it was " in held.reason
    (ticket_,) = connectwise.titled(SSH)
    assert not ticket_["closedFlag"]
    assert len([each for each in connectwise.notes[ticket_["id"]] if "another machine answers" in each]) == 1
    client.scan(updated(network()))
    assert word(send(client, connectwise), SSH) == "close", "the first one is back, and is up to date"


def _listing(*packages: str, taken: float = 1_762_000_000.0) -> Installed:
    pairs = (each.split("=") for each in packages)
    items = tuple(Item(name, version, distro="debian:12", package=True) for name, version in pairs)
    return Installed(
        names=(), addresses=("10.77.2.3",), macs=(), source="p.txt", format="dpkg-list", taken=taken, items=items
    )


FULL = ("openssh-server=1:9.2p1-2+deb12u2", *(f"tool{number}=1.{number}" for number in range(9)))
LISTS: dict[str, tuple[tuple[str, ...], str]] = {
    "a whole list without it": (FULL[1:], "close"),
    "a list with it up to date": (("openssh-server=1:9.2p1-2+deb12u9", *FULL[1:]), "close"),
    "a part of a list": (FULL[1:3], "hold"),
    "nothing at all": ((), "hold"),
}


@pytest.mark.parametrize("name", LISTS)
def test_software_that_a_part_of_a_list_leaves_out_is_not_gone(
    name: str, connectwise: ConnectWise, tmp_path: Path
) -> None:
    packages, wanted = LISTS[name]
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    _keep(client, _listing(*FULL), "one")
    title = "Update servers/10.77.2.3"
    assert word(send(client, connectwise), title) == "create"
    _keep(client, _listing(*packages, taken=1_763_000_000.0), "two")
    assert word(send(client, connectwise), title) == wanted


def _keep(client: Client, listing: Installed, identity: str) -> None:
    site = session.load_site(client.path)
    with Store(session.store_path(client.path, None)) as store:
        store.keep_inventory(site.client, site.site, identity, listing.format, [listing])


def test_software_that_todays_facts_no_longer_know_is_not_gone(connectwise: ConnectWise, tmp_path: Path) -> None:
    """It is installed as before; only nothing speaks of it any more."""
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    _keep(client, _listing("Abandoned Tool=1.0", *FULL[1:]), "one")
    site, store = session.load_site(client.path), session.store_path(client.path, None)
    report = session.assess_site(client.path)
    before = ticketing.Later(client.path, store, site, report).run
    _keep(client, _listing("Abandoned Tool=1.0", *FULL[1:], taken=1_763_000_000.0), "two")
    later = ticketing.Later(client.path, store, site, session.assess_site(client.path))
    later.runs = {1: Run(before.day, before.scans, before.inventories)}
    owed = Owed(1, "outdated", "Abandoned Tool 1.0", "servers/10.77.2.3", "abandoned_tool")
    fate = later.now(1).fate("old-finding", owed)
    assert not fate.gone
