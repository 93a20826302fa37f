"""The rows of a report that are not judged from the network alone: attestations, requirements, history, who made it."""

from __future__ import annotations

from typing import Literal

from scanner.model.attested import Answer
from scanner.model.base import Severity
from scanner.model.patched import Row

AttestationState = Literal["holds", "expired", "not-yet"]
"""On the day of the report. `not-yet`: it is dated later."""
ControlState = Literal["observed", "attested", "not tested"]
"""What stands behind an answer. None of them says that a requirement is met."""


class AttestationRow(Row, frozen=True):
    """What somebody stands for that no network can show."""

    answer: Answer
    question: str
    statement: str
    owner: str
    date: str
    attachment: str
    """A file beside the site file; empty: none."""
    until: str
    """The last day on which it holds."""
    state: AttestationState


class ControlRow(Row, frozen=True):
    """A requirement of a framework, and what this report has on it."""

    framework: str
    version: str
    id: str
    title: str
    """What it asks for, in our own words."""
    url: str
    state: ControlState
    findings: int
    """Open findings that bear on it."""
    worst: Severity | None
    accepted: int
    """Findings that bear on it and are accepted."""
    basis: tuple[str, ...]
    """What was looked at, what is attested, and what was not looked at, a sentence each."""
    answers: tuple[Answer, ...] = ()
    """The attestations that bear on it and hold."""


class TrendRow(Row, frozen=True):
    """The figures of an assessment, as it was judged on its day."""

    date: str
    findings: dict[Severity, int]
    """By severity, open ones."""
    risk: int
    """`Summary.risk` of that day."""
    cells: dict[str, int] = {}
    """By verdict: figures of days on which more or less was tested do not compare."""
    patches: dict[str, int] = {}
    hosts: int = 0


class ChangeRow(Row, frozen=True):
    """A finding, and why it stands where it stands."""

    id: str
    severity: Severity
    title: str
    reason: str


class BoundaryChangeRow(Row, frozen=True):
    from_: str
    to: str
    before: str
    """A `CellVerdict`."""
    after: str
    reason: str


class ChangesRow(Row, frozen=True):
    """What the newest scans changed, by comparable coverage: silence is no fix."""

    base: str
    """When the newest of the earlier scans began."""
    since: str
    """When the newest scan began."""
    new: tuple[ChangeRow, ...]
    fixed: tuple[ChangeRow, ...]
    persisting: tuple[str, ...]
    """Finding ids."""
    not_retested: tuple[ChangeRow, ...]
    boundaries: tuple[BoundaryChangeRow, ...] = ()


class ScopeRow(Row, frozen=True):
    """What might be touched."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    fragile: tuple[str, ...]


Audience = Literal["owner", "auditor", "insurer", "engineer"]


class ViewRow(Row, frozen=True):
    """For whom the report is: the same facts, in another order and depth."""

    audience: Audience | None
    frameworks: tuple[str, ...]
    """The only ones that controls are of; empty: all."""


class LookRow(Row, frozen=True):
    """Whose report it is."""

    name: str
    colour: str
    """`#1A2B3C`, or empty."""
    logo: str
    """A `data:` address of the picture itself, or empty."""


class ToolRow(Row, frozen=True):
    """What judged."""

    version: str
    baselines: str
    """The day on which the newest fact of the baselines was read; empty: there is none."""
    products: int
    """How many products the baselines speak of."""
