"""Facts that are published for everybody to fetch: what a feed's file says, in our words."""

from __future__ import annotations

import datetime
from typing import Literal

from scanner.model.base import Frozen, Text

BuildKind = Literal["security", "other", "unknown"]


class Probability(Frozen, frozen=True, array_like=True):
    """EPSS: how likely it is that a CVE is exploited within thirty days, and the share of CVEs that are less likely."""

    epss: float
    percentile: float


class Cycle(Frozen, frozen=True):
    """One release line of a product, as endoflife.date has it."""

    name: Text
    released: datetime.date | None = None
    ended: bool = False
    """Whether support has ended, whatever day that was."""
    eol: datetime.date | None = None
    extended: datetime.date | None = None
    """End of support beyond `eol`: for pay, or by volunteers."""
    latest: str | None = None
    latest_at: datetime.date | None = None


class Lifecycle(Frozen, frozen=True):
    """A product and its release lines."""

    name: Text
    """endoflife.date's name for it."""
    title: Text
    url: Text
    category: str = ""
    cpes: tuple[tuple[str, str], ...] = ()
    """Vendor and product of each CPE that it is known by."""
    cycles: tuple[Cycle, ...] = ()


class Build(Frozen, frozen=True):
    """One build of a product of Microsoft's."""

    line: Text
    """What its update line calls itself: `server 2022`, `SQL Server 2019`, `2016`."""
    version: Text
    released: datetime.date
    kind: BuildKind
    name: str = ""
    """Its KB, or the name of the update."""
    url: str = ""
    hotpatch: bool = False
    """Whether it brings a month's fixes to machines that keep the last base build, under a lower number."""


class FeedFact(Frozen, frozen=True):
    """Which edition of a feed is in the knowledge."""

    name: Text
    title: Text
    dated: datetime.date
    """Of which day its facts are."""
    limit_days: int
    """From this age on they no longer say that nothing is missing."""
    sha256: Text
    entries: int
    whole: bool = True
    """False: it has fewer entries than its publisher's file ever had; what it lacks says nothing."""

    def age(self, today: datetime.date) -> int:
        return (today - self.dated).days

    def stale(self, today: datetime.date) -> bool:
        return self.age(today) > self.limit_days


class Reading(Frozen, frozen=True):
    """What a feed's reader made of a file."""

    facts: object
    entries: int
    dated: datetime.date | None
    """The catalogue's own date, or that of its newest entry; None: nothing in it has a date."""
    catalogue: bool
    """Whether `dated` is what the file says of itself as a whole."""
    passed_over: int = 0
    """Entries that were understood and say nothing that is used: withdrawn, not about security, unfixed."""
