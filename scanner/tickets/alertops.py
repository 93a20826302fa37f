"""AlertOps: items are alerts of an inbound integration, which knows them again by `source_id`.

https://help.alertops.com/inbound-integrations. The keys of the JSON are mapped in its own UI.

It cannot be asked who else has an alert open, so that one laptop is to send a site's alerts: see `Target.looks_up`.
"""

from __future__ import annotations

from urllib.parse import quote

from scanner.errors import BadInput
from scanner.exporters.ticket_text import Ticket
from scanner.model.desks import KEY, AlertOpsDesk, Desks
from scanner.tickets import Client, Desk, Found
from scanner.tickets.inert import inert
from scanner.tickets.keys import secret
from scanner.tickets.wire import Patience, Wire

TITLE = "AlertOps"
NAME = "alertops-key"


class AlertOps:
    """One client's alerts. It is told and never asked: the same again is no second alert to it."""

    looks_up = False

    def __init__(self, desk: AlertOpsDesk, client: Client, patience: Patience) -> None:
        key = secret(NAME)
        written = quote(key, safe="")
        self._client = client
        self._url = desk.url.replace(KEY, written)
        self._wire = Wire(TITLE, {}, (key, written), patience)
        self.shaky = False

    def find(self, fingerprint: str, id_: str = "") -> tuple[Found, ...]:
        return ()

    def create(self, ticket: Ticket) -> str:
        self._tell("open", ticket, ticket.body)
        return ticket.fingerprint

    def update(self, id_: str, ticket: Ticket, note: str) -> None:
        self._tell("open", ticket, f"{note}\n\n{ticket.body}")

    def reopen(self, id_: str, ticket: Ticket, note: str) -> None:
        self._tell("open", ticket, f"{note}\n\n{ticket.body}")

    def close(self, id_: str, ticket: Ticket, note: str) -> None:
        self._tell("close", ticket, note)

    def note(self, id_: str, ticket: Ticket, note: str) -> None:
        """It has no notes, and would call whoever is on duty."""

    def end(self) -> None:
        self._wire.end()

    def _tell(self, status: str, ticket: Ticket, text: str) -> None:
        value = {
            "source_name": self._client.client,
            "source_id": ticket.fingerprint,
            "source_status": status,
            "severity": ticket.severity,
            "subject": inert(ticket.title),
            "url": self._client.link,
            "text": inert(text),
        }
        self._wire.ask("POST", self._url, value)


def _desk(desks: Desks) -> AlertOpsDesk:
    if desks.alertops is None:
        raise BadInput(
            "the site file does not say that its tickets go to AlertOps: write tickets: {alertops: {url: "
            f'"https://notify.alertops.com/POSTAlert/{KEY}/SOURCE"}}}}'
        )
    return desks.alertops


def _place(desks: Desks, client: Client) -> str:
    return f"{_desk(desks).url} {client.client}"


def _open(desks: Desks, client: Client, patience: Patience) -> AlertOps:
    return AlertOps(_desk(desks), client, patience)


DESK = Desk(title=TITLE, place=_place, open=_open, rivals=("connectwise",))
