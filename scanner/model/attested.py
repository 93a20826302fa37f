"""What a site file says that no network can show: attestations; and how its reports are dressed."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import msgspec

from scanner.model.base import Frozen, Text

Answer = Literal["mfa-remote-access", "restore-test", "response-plan", "log-review", "least-privilege"]
QUESTIONS: dict[Answer, str] = {
    "mfa-remote-access": "Does every remote access ask for a second factor?",
    "restore-test": "Were backups restored for a test?",
    "response-plan": "Is there a plan for incidents, with a copy that is kept offline?",
    "log-review": "Does somebody read the logs?",
    "least-privilege": "Are rights reviewed, and those that are not needed taken away?",
}
"""What each attestation answers, in our own words."""
HOLDS_DAYS = 365
"""How long an attestation holds that does not say until when."""

Beside = Annotated[
    str,
    msgspec.Meta(max_length=255, description="a file beside the site file, or in a folder there"),
]


def _check_beside(key: str, text: str) -> None:
    """A path that cannot lead out of the site file's folder."""
    parts = text.split("/")
    if text and (set(parts) & {"", ".", ".."} or "\\" in text or ":" in text or not text.isprintable()):
        raise ValueError(f".{key}: {text!r}: name a file beside the site file, such as evidence/restore.pdf")


class Attestation(Frozen, frozen=True):
    """One answer that somebody stands for with a name and a day."""

    answer: Answer
    statement: Text
    """What is attested, in the owner's words."""
    owner: Text
    """Who stands for it."""
    date: datetime.date
    attachment: Beside = ""
    """What it rests on: a file beside the site file."""
    until: datetime.date | None = None
    """The last day on which it holds; None: a year from `date`."""

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.date:
            raise ValueError(f".until: the last day ({self.until}) is before the day of the attestation ({self.date})")
        for key in ("statement", "owner"):
            if not getattr(self, key).strip():
                raise ValueError(f".{key}: says nothing; an attestation is somebody's statement")
        _check_beside("attachment", self.attachment)

    @property
    def last(self) -> datetime.date:
        """The last day on which it holds."""
        if self.until is not None:
            return self.until
        days = min(HOLDS_DAYS, (datetime.date.max - self.date).days)
        return self.date + datetime.timedelta(days=days)


class Look(Frozen, frozen=True):
    """Whose report it is."""

    name: Annotated[str, msgspec.Meta(max_length=120, examples=["Northwind IT Services"])] = ""
    """Who made the report."""
    logo: Beside = ""
    """A PNG, JPEG or SVG file beside the site file."""
    colour: Annotated[
        str, msgspec.Meta(pattern=r"^(#[0-9A-Fa-f]{6})?$", description="a colour as #1A2B3C", examples=["#7A1F3D"])
    ] = ""

    def __post_init__(self) -> None:
        _check_beside("logo", self.logo)
