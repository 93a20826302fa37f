"""Ticket systems, one a file: `DESK` of a file here is one Desk, the file's name is what `--to` takes.

A desk is asked for what it has before anything is put there, and repeats nothing that may have been taken already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Protocol

import msgspec

from scanner.collect import collect
from scanner.exporters.ticket_text import Ticket as Ticket
from scanner.model.desks import Desks
from scanner.tickets.wire import Patience


class Found(msgspec.Struct, frozen=True):
    """An item that the desk has."""

    id: str
    open: bool


class Client(msgspec.Struct, frozen=True):
    """Whose tickets they are."""

    client: str
    site: str
    link: str = ""
    """Where the report can be read."""


class Target(Protocol):
    """One client's place at a desk, reachable and with its keys at hand.

    Each call raises `wire.Refusal` where the desk will not have it, and `wire.Unavailable` where it cannot be reached.
    """

    looks_up: bool
    """Whether it can be asked what it has. One that cannot has to recognise a fingerprint by itself, and nobody sees
    there what another laptop put there: two that send one site's items to it, each by scan data of its own, close each
    other's. Let one send, and take the other's scan data over into its store first."""

    @property
    def shaky(self) -> bool:
        """Whether an answer stayed out so far: what was put there may be there twice, and show only later."""

    def find(self, fingerprint: str, id_: str = "") -> tuple[Found, ...]:
        """Its items of a fingerprint: the open ones, the oldest first; where none is open, closed ones, the newest
        first. Where a search shows none, the one of that id, if it is still there."""

    def create(self, ticket: Ticket) -> str:
        """Put a new one there and return its id; of one that was taken although no answer came, that one's."""

    def update(self, id_: str, ticket: Ticket, note: str) -> None:
        """Its title and priority as they are now, with a note that says why."""

    def close(self, id_: str, ticket: Ticket, note: str) -> None: ...

    def reopen(self, id_: str, ticket: Ticket, note: str) -> None: ...

    def note(self, id_: str, ticket: Ticket, note: str) -> None:
        """Say something of it and leave it as it is."""

    def end(self) -> None:
        """Let go of the connection."""


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket system."""

    title: str
    place: Callable[[Desks, Client], str]
    """What is written to, without any secret: items of one place are of no other. BadInput where nothing says it."""
    open: Callable[[Desks, Client, Patience], Target]
    """BadInput says which key of the site file or which secret is missing."""
    rivals: tuple[str, ...] = ()
    """Desks that pass items on to this one, so that both would be told of everything twice."""


@cache
def desks() -> dict[str, Desk]:
    """Every ticket system by the name that `--to` takes."""
    import scanner.tickets as package

    return {name.replace("_", "-"): found for name, found in collect(package, "DESK", Desk).items()}
