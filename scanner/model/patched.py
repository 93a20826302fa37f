"""The rows of a report that are about versions: what was judged, by which fact, how late it is, and against what."""

from __future__ import annotations

from typing import Literal

import msgspec

from scanner.model.base import Severity, Transport

PatchVerdict = Literal["COMPLIANT", "NON_COMPLIANT", "END_OF_LIFE", "UNKNOWN"]
UnknownReason = Literal[
    "backport-possible",
    "no-version",
    "base-build-only",
    "branch-unknown",
    "no-baseline",
    "stale-baseline",
    "untrusted-banner",
]
Confidence = Literal["high", "medium", "low"]


class Row(msgspec.Struct, frozen=True, rename={"from_": "from"}, gc=False):
    """Base of what a report is made of. As with `Frozen`, none can come to hold itself."""


class DeadlineRow(Row, frozen=True):
    """By when a policy wants it mended."""

    policy: str
    """`cyber-essentials`, or the name of the client's own."""
    due: str
    """The last day that is in time."""
    overdue_days: int
    """Days past it; zero or negative: days left."""
    rule: str
    """How the day came about, in words."""
    source: str | None
    """Where the policy says so, and when that was read; None for the client's own."""


class DeadlinePolicyRow(Row, frozen=True):
    """A policy of deadlines that was applied."""

    name: str
    title: str
    rule: str
    source: str | None


class PatchRow(Row, frozen=True):
    host: str
    product: str
    version: str | None
    verdict: PatchVerdict
    reason: str
    """For UNKNOWN an `UnknownReason`, else the rule in words."""
    confidence: Confidence
    required: str | None
    fixed_at: str | None
    age_days: int | None
    """Days since the oldest fix that is missing was released."""
    eol: str | None
    kev: tuple[str, ...]
    source: str | None
    """The fact's address and the date it was read."""
    evidence: str
    transport: Transport | None = None
    port: int | None = None
    severity: Severity | None = None
    cves: tuple[str, ...] = ()
    remote_code: bool = False
    title: str = ""
    """The product as the trade writes it: `Apache HTTP Server` of `http_server`."""
    rule: str = ""
    """Which rule decided: `distribution-fix`, `distribution-life`, `upstream-minimum`, `upstream-life`, `no-fact`."""
    released: str | None = None
    """When the running version was released."""
    latest: str | None = None
    """The newest release of its branch known on the day of the report."""
    days_behind: int | None = None
    """Days from `released` to the release of `latest`; 0 if it is the latest."""
    due: str | None = None
    """The earliest deadline that applies."""
    overdue_days: int | None = None
    """Days past `due`; zero or negative: days left."""
    deadlines: tuple[DeadlineRow, ...] = ()
    epss: float | None = None
    """The highest probability, of its missing CVEs, to be exploited within thirty days."""
    kb: str | None = None
    """Microsoft's update that brings `required`."""
    seen_by: tuple[str, ...] = ()
    """Who named the version: `network`, `inventory`."""
    exposed_to: tuple[str, ...] = ()
    """Other zones from which the service is REACHED, the least trusted first."""
    banner: str | None = None
    """The version that the network shows, where an inventory decided."""


class FeedRow(Row, frozen=True):
    """An edition of a feed that verdicts rest on."""

    name: str
    title: str
    dated: str
    """Of which day its facts are."""
    age_days: int
    limit_days: int
    state: Literal["fresh", "stale"]
    """`stale`: it no longer says that nothing is missing."""
    sha256: str
    entries: int
