"""A site's tickets sent to a stand-in, and what it has then."""

from __future__ import annotations

import pytest
from tickets.rescans import Client
from tickets.stand_ins import CLIENT_ID, KEY, PRIVATE, PUBLIC, SECRET, AlertOps, ConnectWise, Hook, StandIn

from scanner import session, ticketing
from scanner.exporters.ticket_text import tickets
from scanner.tickets.rounds import Result
from scanner.tickets.wire import Patience

QUICK = Patience(timeout=0.4, first_wait=0.01, longest_wait=3.0, attempts=6)


def with_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the stand-ins ask for."""
    for name, value in {
        "CONNECTWISE_PUBLIC_KEY": PUBLIC, "CONNECTWISE_PRIVATE_KEY": PRIVATE, "CONNECTWISE_CLIENT_ID": CLIENT_ID,
        "ALERTOPS_KEY": KEY, "WEBHOOK_SECRET": SECRET,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FENCEWALK_{name}", value)


def at(desk: StandIn) -> dict[str, object]:
    """The site file's `tickets` for it."""
    if isinstance(desk, ConnectWise):
        return {"connectwise": {"server": desk.url, "login": "msp", "company": "EXAMPLE", "board": "Network"}}
    if isinstance(desk, AlertOps):
        return {"alertops": {"url": f"{desk.url}/POSTAlert/{{key}}/fencewalk"}}
    return {"webhook": {"url": f"{desk.url}/hook"}}


def send(client: Client, desk: StandIn, **more: object) -> dict[str, Result]:
    """By the beginnings of the titles."""
    to = "connectwise" if isinstance(desk, ConnectWise) else "alertops" if isinstance(desk, AlertOps) else "webhook"
    wanted = ticketing.Wanted(**({"to": to, "send": True, "patience": QUICK} | more))  # type: ignore[arg-type]
    done = ticketing.tickets_site(client.path, None, None, wanted, lambda *_: None, lambda _: None)
    return {each.title: each for each in done.items}


def word(results: dict[str, Result], start: str) -> str:
    return next(each.word for title, each in results.items() if title.startswith(start))


def wanted_now(client: Client) -> set[str]:
    return {each.fingerprint for each in tickets(session.assess_site(client.path))}


def open_now(desk: StandIn) -> dict[str, int]:
    """How many items of each fingerprint are open."""
    if isinstance(desk, ConnectWise):
        return {fingerprint: len(ids) for fingerprint, ids in desk.open_of().items()}
    found = desk.alerts if isinstance(desk, AlertOps) else desk.items if isinstance(desk, Hook) else {}
    return {fingerprint: 1 for fingerprint, state in found.items() if state == "open"}
