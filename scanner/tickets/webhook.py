"""A webhook: anything that takes JSON by POST.

Each event has the item's `fingerprint` and `state`, `open` or `closed`: who keeps items by their fingerprint has one of
each, whatever is repeated. Two deliveries of one event have the same Idempotency-Key. Where there is a secret, the
header X-Fencewalk-Signature is `sha256=` and the HMAC-SHA256 of the body, in hexadecimal digits.

`closed` is by the scan data of the laptop that says it. The receiver cannot be asked who else has the item open, so
that one laptop is to send a site's items: see `Target.looks_up`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from scanner.errors import BadInput
from scanner.exporters.ticket_text import Ticket
from scanner.model.base import Severity
from scanner.model.desks import Desks, address_trouble
from scanner.tickets import Client, Desk, Found
from scanner.tickets.keys import optional_secret, variable
from scanner.tickets.wire import Patience, Wire

TITLE = "the webhook"
URL, SECRET, TOKEN = "webhook-url", "webhook-secret", "webhook-token"
SIGNATURE = "X-Fencewalk-Signature"
_KEY = 8
"""Characters from which on a part of an address may be a key."""
What = Literal["create", "update", "close", "reopen", "note"]


class Event(msgspec.Struct, frozen=True):
    """What a webhook is sent: `fencewalk schema webhook`."""

    schema: int
    event: What
    state: Literal["open", "closed"]
    client: str
    site: str
    fingerprint: str
    title: str
    severity: Severity
    findings: tuple[str, ...]
    note: str
    """Why it is sent; empty with `create`."""
    body: str
    """Plain text; whoever shows it as Markdown or HTML escapes it first, for devices on a network named themselves."""
    link: str


class Webhook:
    """One client's items."""

    looks_up = False

    def __init__(self, url: str, client: Client, patience: Patience) -> None:
        self._client = client
        self._url = url
        self._secret, token = optional_secret(SECRET), optional_secret(TOKEN)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # The address of many a webhook is its key, and who answers may tell a part of it.
        self._wire = Wire(TITLE, headers, (url, *_telling(url), token, self._secret), patience)
        self.shaky = False

    def find(self, fingerprint: str, id_: str = "") -> tuple[Found, ...]:
        return ()

    def create(self, ticket: Ticket) -> str:
        self._tell("create", "open", ticket, "")
        return ticket.fingerprint

    def update(self, id_: str, ticket: Ticket, note: str) -> None:
        self._tell("update", "open", ticket, note)

    def reopen(self, id_: str, ticket: Ticket, note: str) -> None:
        self._tell("reopen", "open", ticket, note)

    def close(self, id_: str, ticket: Ticket, note: str) -> None:
        self._tell("close", "closed", ticket, note)

    def note(self, id_: str, ticket: Ticket, note: str) -> None:
        self._tell("note", "open", ticket, note)

    def end(self) -> None:
        self._wire.end()

    def _tell(self, event: What, state: Literal["open", "closed"], ticket: Ticket, note: str) -> None:
        value = Event(
            1,
            event,
            state,
            self._client.client,
            self._client.site,
            ticket.fingerprint,
            ticket.title,
            ticket.severity,
            ticket.findings,
            note,
            ticket.body,
            self._client.link,
        )
        data = msgspec.json.encode(value)
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if self._secret:
            headers[SIGNATURE] = f"sha256={hmac.new(self._secret.encode(), data, hashlib.sha256).hexdigest()}"
        self._wire.ask("POST", self._url, value, headers=headers)


def _telling(url: str) -> Iterator[str]:
    """The parts of an address that may be its key, as they are written and as they are meant."""
    parts = urlsplit(url)
    pieces = (parts.path, parts.query, *parts.path.split("/"), *re.split("[&=]", parts.query))
    for each in pieces:
        if len(each) >= _KEY:
            yield each
            yield unquote(each)


def _url(desks: Desks) -> str:
    url = optional_secret(URL)
    if url:
        trouble = address_trouble(url.partition("?")[0])  # one from there may have its key behind a question mark
        if trouble:
            raise BadInput(f"{variable(URL)}: {trouble}")
        return url
    if desks.webhook is None:
        raise BadInput(
            "nothing says where the webhook is: write tickets: {webhook: {url: https://HOST/PATH}} in the site file, "
            f"or, where its address is its key, set {variable(URL)} in the environment"
        )
    return desks.webhook.url


def _place(desks: Desks, client: Client) -> str:
    return hashlib.blake2s(_url(desks).encode(), digest_size=8).hexdigest()


def _open(desks: Desks, client: Client, patience: Patience) -> Webhook:
    return Webhook(_url(desks), client, patience)


DESK = Desk(title=TITLE, place=_place, open=_open)
