"""Patch baselines: what a product's version has to be, and where each fact comes from.

A file of `scanner/baselines/` is one Baseline. No fact without a source and the date it was read.
"""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Literal

import msgspec

from scanner.model.attested import Answer
from scanner.model.base import Frozen, Severity, Text
from scanner.model.feeds import FeedFact, Probability

_DIGITS = tuple("0123456789")


class Source(Frozen, frozen=True):
    """Where a fact was read, and when."""

    url: Text
    retrieved: datetime.date
    """For an advisory read alone, its own date: later ones of the same product were not looked at, so that it can
    convict for ever but acquit only for a while."""


class Flaw(Frozen, frozen=True):
    """One flaw that a branch had: in every version from `introduced` on (None: from the first) below `fixed`."""

    cve: Text
    fixed: Text
    source: Source
    introduced: str | None = None
    fixed_at: datetime.date | None = None
    severity: Severity = "high"
    remote_code: bool = False


class Branch(Frozen, frozen=True):
    """A line of releases that its maintainer patches on its own: `9.2`, `10.11`."""

    name: Text
    """What the versions of this branch start with, in the product's own scheme (`9.2` holds 9.2p1); `*` for a product
    with one line only."""
    source: Source
    minimum: str | None = None
    """The lowest version without a known fix missing. None: this branch gets none any more."""
    fixed_at: datetime.date | None = None
    """When `minimum` was released."""
    severity: Severity = "medium"
    """Of the worst flaw that `minimum` fixes."""
    cves: tuple[str, ...] = ()
    remote_code: bool = False
    """Whether one of them runs code over the network without logging in."""
    eol: datetime.date | None = None
    """Last day of support by whoever maintains upstream; None while supported."""
    eol_source: Source | None = None
    """Of `eol`, where it is not `source`."""
    extended: datetime.date | None = None
    """Last day of support that is paid for beyond `eol`; nothing from outside tells who has it."""
    security: bool = True
    """Whether `minimum` is known to fix a flaw. False: it is the branch's newest release and taken as the floor."""
    distros_until: datetime.date | None = None
    """Last day on which any distribution, its paid support included, maintained a build of this branch. None: one
    still does, or nobody looked."""
    distros_source: Source | None = None
    """Of `distros_until`."""
    hotpatch: str | None = None
    """The lowest version below `minimum` that has the same fixes: of machines that are patched while they run."""
    hotpatch_above: str | None = None
    """Versions above this one and below `minimum` may be such, and are listed nowhere."""
    flaws: tuple[Flaw, ...] = ()
    """The ones worth naming, so that a version below `minimum` is charged with what it has and no more."""

    def holds(self, version: str) -> bool:
        """Whether a version belongs to this branch. An `x` in the name stands for one digit: `15.0.2xxx`."""
        if self.name == "*":
            return True
        if "x" in self.name:
            pattern = re.escape(self.name).replace("x", "[0-9]")
            return re.match(f"v?{pattern}(?![0-9])", version, re.ASCII) is not None
        # Asked for every branch of every product: a pattern for each would be compiled over and over.
        return any(
            version.startswith(self.name, at) and version[at + len(self.name) :][:1] not in _DIGITS
            for at in ((0, 1) if version.startswith("v") else (0,))
        )


class DistroFix(Frozen, frozen=True):
    """The revision in which a distribution fixed what `Branch.minimum` fixes upstream."""

    distro: Text
    """`debian:12`, `ubuntu:22.04`, `el:8`."""
    fixed: Text
    """The package version as the distribution writes it, epoch included."""
    source: Source
    fixed_at: datetime.date | None = None
    severity: Severity = "medium"
    cves: tuple[str, ...] = ()
    remote_code: bool = False
    shown: str | None = None
    """How the product's banner writes it, where that is another upstream version than the package's: Debian's
    OpenSSH 10.0p1-7 calls itself 10.0p2."""
    stream: str | None = None
    """The module stream that the package belongs to (`redis:6`): it says nothing about builds of another stream, or of
    none."""
    rated: bool = True
    """Whether somebody said how severe it is; if not, `severity` is a guess."""


class DistroLife(Frozen, frozen=True):
    """How long a distribution maintains its own build."""

    distro: Text
    eol: datetime.date
    """Last day of support that everybody who runs it gets, long-term support by volunteers included."""
    source: Source
    maintainer: str = ""
    """Who maintains it until then: `Debian LTS`."""
    extended: datetime.date | None = None
    """Last day of support that is paid for beyond `eol`."""
    extended_mark: str = ""
    """What a package's revision holds if it came with that support (`esm`); empty: nothing tells."""


class Baseline(Frozen, frozen=True):
    """Everything needed to judge one product."""

    product: Text
    """The name that identification gives (`Product.name`)."""
    vendor: Text
    title: Text
    scheme: Text
    """A file of `scanner/versions/`."""
    repackaged: bool
    """Whether distributions ship it with fixes backported, so that a bare upstream version decides nothing."""
    branches: Annotated[tuple[Branch, ...], msgspec.Meta(min_length=1)]
    fixes: tuple[DistroFix, ...] = ()
    note: str = ""
    unpackaged_on: tuple[str, ...] = ()
    """Values of `Product.distro` under which upstream's own builds run although distributions repackage the product:
    `windows`."""
    older_eol: datetime.date | None = None
    """By this day the support of every branch older than those listed had ended."""
    parallel: bool = False
    """Whether a distribution's release carries several lines of it beside each other, as packages of their own (PHP
    8.1 and 8.3): a fix of one says nothing about the others."""
    stale_after: int | None = None
    """Days after which facts of this product no longer say that nothing is missing; None: the assessment's own
    limit. Short for a product that is patched every month."""


class KnownExploited(Frozen, frozen=True):
    """A CVE of CISA's KEV catalogue."""

    cve: Text
    added: datetime.date
    due: datetime.date


Dealt = Literal["critical", "high", "medium", "low", "info", "undisclosed"]
"""What a deadline is for: flaws of a severity, or those that nobody rated."""


class DeadlinePolicy(Frozen, frozen=True, rename={"from_": "from"}):
    """By when somebody wants fixes to be in."""

    name: Text
    title: Text
    source: Source | None = None
    """None: the client's own."""
    days: dict[Dealt, int] = {}
    """How long after the fix was released; the last of these days is in time."""
    months: dict[Dealt, int] = {}
    """The same in calendar months: released on the 31st, due on the last day of a shorter month."""
    from_: Literal["fix", "kev", "kev-due"] = "fix"
    """Counted from the fix, or from the day on which CISA listed the flaw; `kev-due`: the day that CISA itself set."""
    supported_only: bool = False
    """Whether what is past its support is too late for it: the end of support is then a deadline too."""
    default: bool = False
    """Whether it is applied where a site names none."""

    def __post_init__(self) -> None:
        if (self.from_ == "kev-due") == bool(self.days or self.months):
            raise ValueError(".from: either the days are CISA's own, or they stand here")


class Requirement(Frozen, frozen=True):
    """What a framework asks for, and what of ours bears on it."""

    framework: Text
    version: Text
    id: Text
    title: Text
    """In our own words."""
    url: Text
    kinds: tuple[str, ...] = ()
    """Finding kinds, or kinds and aspects (`exposure:cleartext`)."""
    answers: tuple[Answer, ...] = ()
    """Attestations."""
    hint: bool = False
    """Whether findings speak against it, and none of them speaks for it."""

    @property
    def name(self) -> str:
        """As findings have it: `PCI DSS 4.0.1 1.3.1`."""
        return f"{self.framework} {self.version} {self.id}"


class Knowledge(Frozen, frozen=True):
    """All the facts that an assessment judges by, besides the site and the observations."""

    baselines: tuple[Baseline, ...]
    distros: tuple[DistroLife, ...] = ()
    kev: tuple[KnownExploited, ...] = ()
    controls: dict[str, dict[str, tuple[str, ...]]] = {}
    """Finding kind -> framework and version (`PCI DSS 4.0.1`) -> identifiers."""
    dated: datetime.date | None = None
    """The date of the oldest feed in it."""
    epss: dict[str, Probability] = {}
    """By CVE."""
    releases: dict[str, dict[str, datetime.date]] = {}
    """Product -> version -> the day of its release."""
    packages: dict[str, dict[str, tuple[DistroFix, ...]]] = {}
    """Distribution (`el:8`, `debian:12`) -> package as its advisories name it -> the fixes, the oldest first."""
    feeds: tuple[FeedFact, ...] = ()
    """The editions of the feeds that it was made from, besides what comes with the package."""
    deadlines: tuple[DeadlinePolicy, ...] = ()
    """Those that a site may name."""
    requirements: tuple[Requirement, ...] = ()
    """Of every framework, in its order."""


# msgspec crashes where two threads are the first to read a type, so it is learnt with the module.
msgspec.json.Decoder(Baseline)
