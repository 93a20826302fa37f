"""ConnectWise Manage (PSA): items are service tickets, known by their `externalXRef`.

https://developer.connectwise.com/Products/ConnectWise_PSA
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlsplit

from scanner.errors import BadInput
from scanner.exporters.ticket_text import Ticket
from scanner.model.desks import ConnectWiseDesk, Desks
from scanner.model.text import visible
from scanner.tickets import Client, Desk, Found
from scanner.tickets.inert import inert
from scanner.tickets.keys import secret
from scanner.tickets.wire import Patience, Refusal, Wire

TITLE = "ConnectWise"
NAMES = ("connectwise-public-key", "connectwise-private-key", "connectwise-client-id")
_SUMMARY = 100
_PAGE = 100
_NOTE = 60_000
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?", re.ASCII)
_CODEBASE = re.compile(r"(?:[A-Za-z0-9._-]+/)*", re.ASCII)
_CLOUD = ".myconnectwise.net"
_OPEN, _CLOSED = "closedFlag=false", "closedFlag=true"


class ConnectWise:
    """One client's tickets on one board."""

    looks_up = True

    def __init__(self, desk: ConnectWiseDesk, patience: Patience) -> None:
        public, private, client_id = map(secret, NAMES)
        login = base64.b64encode(f"{desk.login}+{public}:{private}".encode()).decode("ascii")
        headers = {
            "Authorization": f"Basic {login}",
            "clientId": client_id,
            "Accept": f"application/vnd.connectwise.com+json; version={desk.version}",
        }
        self._desk, self._patience = desk, patience
        self._wire = Wire(TITLE, headers, (public, private, client_id, login), patience)
        self._found_api = desk.api.rstrip("/")

    @property
    def shaky(self) -> bool:
        return self._wire.unsure > 0

    def find(self, fingerprint: str, id_: str = "") -> tuple[Found, ...]:
        found = self._search(fingerprint, _OPEN) or self._search(fingerprint, _CLOSED)[::-1]
        if found or not id_:
            return found
        # Somebody took the fingerprint out, or the search does not show it: another one would be one too many.
        row = self._row(id_)
        return () if row is None or not self._ours(row) else (Found(id_, row["closedFlag"] is False),)

    def create(self, ticket: Ticket) -> str:
        desk = self._desk
        value: dict[str, object] = {
            "summary": ticket.title[:_SUMMARY],
            "board": {"name": desk.board},
            "company": {"identifier": desk.company},
            "status": {"name": desk.status.open},
            "initialDescription": inert(ticket.body),
            "externalXRef": ticket.fingerprint,
        }
        if ticket.severity in desk.priorities:
            value["priority"] = {"name": desk.priorities[ticket.severity]}

        def taken() -> str | None:
            return next((each.id for each in self._search(ticket.fingerprint, _OPEN)), None)

        return self._wire.put(self._tickets(), value, taken, _id_of)

    def update(self, id_: str, ticket: Ticket, note: str) -> None:
        changes: list[tuple[str, object]] = [("summary", ticket.title[:_SUMMARY])]
        if ticket.severity in self._desk.priorities:
            changes.append(("priority", {"name": self._desk.priorities[ticket.severity]}))
        self._change(id_, changes)
        self.note(id_, ticket, note)

    def close(self, id_: str, ticket: Ticket, note: str) -> None:
        name = self._desk.status.closed
        changed = self._change(id_, [("status", {"name": name})])
        row = changed if isinstance(changed, dict) and "closedFlag" in changed else self._row(id_)
        if row is None or not isinstance(row.get("closedFlag"), bool):
            raise Refusal(f"{TITLE} does not say whether it closed ticket {id_}", 0)
        if not row["closedFlag"]:
            raise BadInput(
                f"tickets.connectwise.status.closed: {name!r} does not close a ticket on the board "
                f"{self._desk.board!r}; name a status that does"
            )
        self.note(id_, ticket, note)

    def reopen(self, id_: str, ticket: Ticket, note: str) -> None:
        self._change(id_, [("status", {"name": self._desk.status.open})])
        self.note(id_, ticket, note)

    def note(self, id_: str, ticket: Ticket, note: str) -> None:
        url = f"{self._tickets()}/{id_}/notes"
        text = inert(note[:_NOTE])

        def taken() -> bool | None:
            rows = _rows(self._wire.ask("GET", url, params={"pageSize": str(_PAGE), "orderBy": "id desc"}))
            return True if any(row.get("text") == text for row in rows) else None

        # Internal: what is weak in a network is nothing to be mailed to whoever is the ticket's contact.
        self._wire.put(url, {"text": text, "internalAnalysisFlag": True}, taken, lambda _: True)

    def end(self) -> None:
        self._wire.end()

    def _tickets(self) -> str:
        return f"{self._api()}/service/tickets"

    def _search(self, fingerprint: str, state: str) -> tuple[Found, ...]:
        conditions = f'externalXRef="{fingerprint}" and {state} and company/identifier="{self._desk.company}"'
        answer = self._wire.ask(
            "GET", self._tickets(), params={"conditions": conditions, "orderBy": "id asc", "pageSize": str(_PAGE)}
        )
        if not isinstance(answer, list):
            raise Refusal(f"{TITLE} answers a search with no list of tickets; is {self._host()} its API?", 0)
        # What it was asked for need not be what it answers with, and what is no ticket of ours is never touched.
        mine = {
            row["id"]: Found(str(row["id"]), not row["closedFlag"])
            for row in _rows(answer)
            if isinstance(row.get("id"), int) and row.get("externalXRef") == fingerprint and self._ours(row)
        }
        return tuple(mine[each] for each in sorted(mine) if mine[each].open == (state == _OPEN))

    def _row(self, id_: str) -> dict[str, Any] | None:
        """A ticket by its number; None where there is none."""
        if not (id_.isascii() and id_.isdigit()):
            return None
        try:
            answer = self._wire.ask("GET", f"{self._tickets()}/{id_}")
        except Refusal as error:
            if error.code in (404, 410):
                return None
            raise
        return answer if isinstance(answer, dict) and answer.get("id") == int(id_) else None

    def _ours(self, row: dict[str, Any]) -> bool:
        """Whether it is a ticket of this client that says whether it is open."""
        company = row.get("company")
        named = company.get("identifier") if isinstance(company, dict) else None
        return (
            isinstance(named, str)
            and named.casefold() == self._desk.company.casefold()
            and isinstance(row.get("closedFlag"), bool)
        )

    def _change(self, id_: str, changes: Iterable[tuple[str, object]]) -> Any:
        value = [{"op": "replace", "path": path, "value": what} for path, what in changes]
        return self._wire.ask("PATCH", f"{self._tickets()}/{id_}", value)

    def _host(self) -> str:
        return urlsplit(self._found_api or self._desk.server).hostname or ""

    def _api(self) -> str:
        """Where its API is. The server says so to whoever asks, and is believed only about its own domain: our keys go
        there."""
        if self._found_api:
            return self._found_api
        server = urlsplit(self._desk.server)
        origin = f"{server.scheme}://{server.netloc}"
        bare = Wire(TITLE, {}, (), self._patience)
        try:
            told = bare.ask("GET", f"{origin}/login/companyinfo/{quote(self._desk.login, safe='')}")
        finally:
            bare.end()
        site, codebase = (told.get("SiteUrl"), told.get("Codebase")) if isinstance(told, dict) else (None, None)
        if not isinstance(site, str) or not isinstance(codebase, str):
            raise BadInput(
                f"tickets.connectwise: {server.hostname} does not tell where the API of {self._desk.login!r} is; look "
                "at `server` and `login`, or name it with `api`"
            )
        host = site.partition("://")[2] or site
        host = host.rstrip("/")
        if not _HOST.fullmatch(host) or not _CODEBASE.fullmatch(codebase) or not _kin(host, server.hostname or ""):
            raise BadInput(
                f"tickets.connectwise: {server.hostname} says that its API is at {visible(site, 100)!r}, which is of "
                "another domain or no host; if that is right, name it with `api`"
            )
        self._found_api = f"{server.scheme}://{host}/{codebase}apis/3.0"
        return self._found_api


def _kin(told: str, asked: str) -> bool:
    """Whether the one answers for the other: the host itself, one below it, or two of ConnectWise's own cloud
    (`api-na.myconnectwise.net` and `na.myconnectwise.net`). Of other names only a registry could say who owns them:
    `psa.msp.co.uk` is no kin of `evil.co.uk`."""
    host, own = told.partition(":")[0].casefold(), asked.casefold()
    if host == own:
        return True
    if "." not in own or own.rpartition(".")[2].isdecimal():
        return False
    return host.endswith(f".{own}") or (host.endswith(_CLOUD) and own.endswith(_CLOUD))


def _rows(answer: object) -> list[dict[str, Any]]:
    return [each for each in answer if isinstance(each, dict)] if isinstance(answer, list) else []


def _id_of(answer: object) -> str:
    found = answer.get("id") if isinstance(answer, dict) else None
    if not isinstance(found, int):
        raise Refusal(f"{TITLE} took a ticket and does not say which one it is", 0)
    return str(found)


def _desk(desks: Desks) -> ConnectWiseDesk:
    if desks.connectwise is None:
        raise BadInput(
            "the site file does not say where at ConnectWise its tickets go: write tickets: {connectwise: {server: "
            "https://na.myconnectwise.net, login: MSP, company: CLIENT, board: BOARD}}"
        )
    return desks.connectwise


def _place(desks: Desks, client: Client) -> str:
    desk = _desk(desks)
    return f"{desk.server.rstrip('/')} {desk.company}"


def _open(desks: Desks, client: Client, patience: Patience) -> ConnectWise:
    return ConnectWise(_desk(desks), patience)


DESK = Desk(title=TITLE, place=_place, open=_open, rivals=("alertops",))
