"""What the screens may have done beyond reading a report: scans, verifications, exceptions, exports.

A screen knows this protocol and nothing that does the work (`tui.site_desk`). A saved report has no desk: then nothing
can be done beyond reading, and `SAVED` says so.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from scanner.model.base import Frozen
from scanner.model.observation import Event, Purpose

if TYPE_CHECKING:
    from scanner.assess.later.compare import Diff
    from scanner.model.report import Report

SAVED = "This is a saved report: {} takes the site file; open it with `fencewalk tui SITE`."


def saved(what: str) -> str:
    """Why a saved report cannot do it: `saved("a scan")`."""
    return SAVED.format(what)


class Standing(Frozen, frozen=True):
    """A zone of the site, and whether the laptop stands in it now."""

    zone: str
    interface: str | None = None
    """None where the laptop is not plugged into the zone: no scan can start from there now."""
    address: str | None = None
    unfinished: str | None = None
    """The scan from there that did not end, in words: `scan 0f3a… of 2026-11-20 14:05`. It can be resumed."""
    last: str | None = None
    """When the last whole scan from there began: ISO 8601, UTC."""
    refused: str | None = None
    """Why no scan may start from there, where the laptop does stand in it: two interfaces, no authorisation today."""

    @property
    def ready(self) -> bool:
        return self.interface is not None and self.refused is None


class Said(Frozen, frozen=True):
    """A line of the scan's log."""

    text: str


class Ended(Frozen, frozen=True):
    """How a scan ended: the last of its items."""

    how: Literal["complete", "paused", "failed"]
    """`paused` by whoever watched: what was found is kept, and it can be resumed. `failed`: `reason` says why."""
    reason: str = ""
    resumable: bool = False


class Outcome(Frozen, frozen=True):
    """What a verification found: the last of its items."""

    word: Literal["confirmed", "gone", "cannot tell here"]
    reason: str


Item = Event | Said | Ended | Outcome


class Run(Protocol):
    """A scan or a verification at work: `async for item in run`. Its last item is an Ended or an Outcome."""

    def __aiter__(self) -> Run: ...

    async def __anext__(self) -> Item: ...

    async def pause(self) -> None:
        """Ask it to stop at a checkpoint. Returns at once; the items go on to their last, an Ended."""

    async def aclose(self) -> None:
        """Stop it at a checkpoint and wait until it has. Twice does nothing more."""


class ScanRow(Frozen, frozen=True):
    """A session that the store holds."""

    id: str
    zone: str
    started: str
    """ISO 8601, UTC, whole seconds."""
    ended: str | None
    complete: bool
    purpose: Purpose
    engine: str
    interface: str
    address: str


class Desk(Protocol):
    """A site that can be worked on. What cannot be done is a FencewalkError whose text is one sentence for the user.

    What may take a while says so: call it in a worker thread.
    """

    site: Path
    store: Path
    """Where scan data is kept, whether or not it is there yet."""
    today: datetime.date | None
    """The day to judge as of; None for today."""

    def zones(self) -> tuple[Standing, ...]:
        """Every zone of the site, in the site file's order. May take a while."""

    def zone_of(self) -> Callable[[str], str]:
        """What names the zone of an address as the site file has it now; `""` for an address of none."""

    def scan(self, zone: str, *, resume: bool, flags: Sequence[str] = ()) -> Run:
        """A scan from that zone, started when the first item is asked for. `flags` as `fencewalk scan` takes them."""

    def verify(self, finding: str) -> Run:
        """That finding's probes again: the last item is an Outcome, or an Ended where it could not be carried out."""

    def accept(
        self, finding: str | tuple[str, ...], owner: str, reason: str, until: datetime.date, approved_by: str = ""
    ) -> str:
        """Write an exception, or one of each finding, all or none, and say where. May take a while."""

    def retract(self, finding: str) -> str:
        """Take the exception about exactly this (`AcceptedRow.about`) out again, and say where it stood."""

    def reassess(self) -> Report:
        """The report on all that the store holds now. Takes a while."""

    def scans(self) -> tuple[ScanRow, ...]:
        """Every session, the oldest first. May take a while."""

    def changes(self, base: str | None = None, until: str | None = None) -> Diff:
        """What changed since a scan (its id), since a day (YYYY-MM-DD), or since each zone's last whole scan but one.
        `until`: what came after that scan, or that day, is left out. Takes a while."""

    def formats(self) -> dict[str, tuple[str, str]]:
        """The formats of `export` by name: title and suffix."""

    def export(
        self, formats: Sequence[tuple[str, Path]], *, masked: bool, report: Report | None = None
    ) -> tuple[str, ...]:
        """Write the report in each format to each path, and say what was written where. Takes a while.

        `report`: the one that is shown; else a new assessment's. `masked`: client data in pseudonyms (`tui.mask`).
        """
