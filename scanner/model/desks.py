"""Where a site's tickets go, as its file says. Keys and passwords never stand there: see `scanner.tickets.keys`."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from scanner.model.base import Frozen, Severity, Text

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?(?P<path>/[!-~]*)?", re.ASCII
)
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|\[::1\]", re.ASCII)

Address = Annotated[Text, msgspec.Meta(max_length=2048)]
Identifier = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=100, pattern=r'^[^"\\\x00-\x1f\x7f]+$', description="without quotes and backslashes"
    ),
]
"""What goes into a condition that ConnectWise searches by."""
KEY = "{key}"
"""Stands in an address for the key that is kept elsewhere."""


def address_trouble(text: str) -> str:
    """What is wrong with the address of a ticket system; empty where nothing is. Plain HTTP is for this laptop only."""
    found = _URL.fullmatch(text)
    if found is None or any(each in text for each in "@?#"):
        return "is no plain address; write https://HOST/PATH, without a user, a password or a question mark"
    if found["scheme"] == "http" and not _LOOPBACK.fullmatch(found["host"]):
        return "is not HTTPS: tickets tell where a network is weak, and their keys go along"
    return ""


def _check(key: str, text: str) -> None:
    """What stands there is not told: it may have a password in it."""
    trouble = address_trouble(text)
    if trouble:
        raise ValueError(f".{key}: this {trouble}")


class ConnectWiseStatuses(Frozen, frozen=True):
    """The board's own names."""

    open: Identifier = "New"
    closed: Identifier = "Closed"


class ConnectWiseDesk(Frozen, frozen=True):
    """A service board of ConnectWise Manage (PSA)."""

    server: Annotated[Address, msgspec.Meta(examples=["https://na.myconnectwise.net"])]
    login: Annotated[Identifier, msgspec.Meta(description="the company id that you log in with", examples=["msp"])]
    company: Annotated[Identifier, msgspec.Meta(description="the client's company id", examples=["HarborDental"])]
    board: Annotated[Identifier, msgspec.Meta(examples=["Service Board"])]
    status: ConnectWiseStatuses = ConnectWiseStatuses()
    priorities: Annotated[
        dict[Severity, Identifier],
        msgspec.Meta(description="a priority's name by severity; what is not named gets the board's own"),
    ] = {}
    api: Annotated[Address, msgspec.Meta(description="where its API is; asked of `server` where this is not set")] = ""
    version: Annotated[str, msgspec.Meta(pattern=r"^\d{4}\.\d{1,2}$")] = "2022.1"
    """The version of its API that is asked for."""

    def __post_init__(self) -> None:
        _check("server", self.server)
        if self.api:
            _check("api", self.api)


class AlertOpsDesk(Frozen, frozen=True):
    """An inbound integration of AlertOps."""

    url: Address = f"https://notify.alertops.com/POSTAlert/{KEY}/fencewalk"
    """With `{key}` in the key's place."""

    def __post_init__(self) -> None:
        _check("url", self.url)
        if KEY not in self.url:
            raise ValueError(f".url: write {KEY} where the key stands; the key itself is no matter for this file")


class WebhookDesk(Frozen, frozen=True):
    """Anything that takes JSON by POST."""

    url: Address

    def __post_init__(self) -> None:
        _check("url", self.url)


class Desks(Frozen, frozen=True):
    """The `tickets` of a site file."""

    connectwise: ConnectWiseDesk | None = None
    alertops: AlertOpsDesk | None = None
    webhook: WebhookDesk | None = None
    link: Annotated[Address, msgspec.Meta(description="where the report can be read")] = ""

    def __post_init__(self) -> None:
        if self.link:
            _check("link", self.link)
