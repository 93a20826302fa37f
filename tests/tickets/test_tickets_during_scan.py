"""A round of tickets while a scan of the same store is running: half a scan closes nothing that the whole would not."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tickets.rescans import GAP, PORTS, SSH, TELNET, Client, denied, network, updated
from tickets.sending import QUICK, at, send, word
from tickets.stand_ins import ConnectWise

from scanner import session, ticketing
from scanner.lab.simulate import SimulatedNetwork
from scanner.lab.topology import Topology
from scanner.model.observation import Conversation, PortState, Vantage
from scanner.net.guard import Guard
from scanner.session import ScanRequest
from scanner.store import Store
from scanner.store.journal import Journal

EVERY = 6
"""Events of a running scan from one round to the next."""


pytestmark = pytest.mark.usefixtures("keys")


def running(client: Client, topology: Topology, zone: str) -> Iterator[Journal]:
    """The scan's journal after every few events, with all of them written, and once more at its end."""
    site = session.load_site(client.path)
    with Store(session.store_path(client.path, None)) as store:
        wire = SimulatedNetwork(topology, zone, time.time)
        vantage = Vantage(zone=zone, interface="simulated", address=topology.laptop(zone)[0])
        request = ScanRequest(site=site, zone=zone, ports=PORTS, today=datetime.date.today)
        journal = session.open_journal(request, vantage, store)
        for number, _ in enumerate(session.scan(Guard(wire, site, vantage, request.today, time.time), site, journal)):
            if number % EVERY == 0:
                journal.flush()
                yield journal
        yield journal


def closing(client: Client) -> set[str]:
    """What a round would close now; nothing is sent."""
    wanted = ticketing.Wanted(to="connectwise", patience=QUICK)
    done = ticketing.tickets_site(client.path, None, None, wanted, lambda *_: None, lambda _: None)
    return {each.title for each in done.items if each.word == "close"}


@pytest.mark.parametrize("zone", ["guest", "servers"])
def test_a_scan_that_finds_everything_as_it_was_closes_nothing_at_any_moment(
    zone: str, connectwise: ConnectWise, tmp_path: Path
) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    rounds = [closing(client) for _ in running(client, network(), zone)]
    assert len(rounds) > 3
    assert rounds == [set()] * len(rounds)
    assert {each.word for each in send(client, connectwise).values()} == {"keep"}


@pytest.mark.parametrize(("zone", "start"), [("guest", GAP), ("servers", SSH)])
def test_what_is_mended_is_closed_only_once_the_running_scan_has_asked_for_it(
    zone: str, start: str, connectwise: ConnectWise, tmp_path: Path
) -> None:
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    asked: list[bool] = []
    closed: list[bool] = []
    for journal in running(client, updated(denied(network())), zone):
        rows = [row for _, row in journal.rows()]
        ports = [row for row in rows if isinstance(row, PortState) and row.address == "10.77.2.2"]
        talks = [row for row in rows if isinstance(row, Conversation) and row.address == "10.77.2.2"]
        asked.append(any("445" in row.ports for row in ports) if start == GAP else any(row.port == 22 for row in talks))
        titles = closing(client)
        assert not [title for title in titles if not title.startswith(start)]
        closed.append(bool(titles))
    assert not any(done and not known for done, known in zip(closed, asked, strict=True))
    assert (closed[0], closed[-1]) == (False, True)


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_a_round_that_is_sent_halfway_leaves_the_rest_for_when_the_scan_has_ended(
    moment: int, connectwise: ConnectWise, tmp_path: Path
) -> None:
    """What the running scan sees after that round is newer than what the round was judged by."""
    client = Client(tmp_path, at(connectwise))
    client.scan(network())
    send(client, connectwise)
    for number, _ in enumerate(running(client, denied(network()), "guest")):
        if number == moment:
            words = {each.word for each in send(client, connectwise).values()}
            assert words <= {"keep", "update", "hold"}
            assert not any(each["closedFlag"] for each in connectwise.tickets)
    results = send(client, connectwise)
    assert word(results, GAP) == "close"
    assert word(results, TELNET) == "keep"


def test_what_only_half_a_scan_has_found_is_closed_when_a_later_one_shows_it_gone(
    connectwise: ConnectWise, tmp_path: Path
) -> None:
    client = Client(tmp_path, at(connectwise))
    found = [word for _ in running(client, network(), "servers") for word in _words(client, connectwise)]
    assert "create" in found
    assert word(send(client, connectwise), SSH) == "keep"
    client.scan(updated(network()), zones=("servers",))
    assert word(send(client, connectwise), SSH) == "close"


def _words(client: Client, desk: ConnectWise) -> list[str]:
    return [each.word for each in send(client, desk).values()]


def test_that_a_scan_is_not_finished_is_said(connectwise: ConnectWise, tmp_path: Path) -> None:
    client = Client(tmp_path, at(connectwise))
    wanted = ticketing.Wanted(to="connectwise", patience=QUICK)

    def said() -> list[str]:
        warned: list[str] = []
        ticketing.tickets_site(client.path, None, None, wanted, lambda *_: None, warned.append)
        return warned

    client.scan(network(), zones=("servers",))
    next(running(client, network(), "guest"))
    assert ["the scan from guest" in each and "is not finished" in each for each in said()] == [True]
    client.scan(network(), zones=("guest",))
    assert said() == []
