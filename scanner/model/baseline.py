"""Patch baselines: what a product's version has to be, and where each fact comes from.

A file of `scanner/baselines/` is one Baseline. No fact without a source and the date it was read.
"""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec

from scanner.model.base import Frozen, Severity, Text


class Source(Frozen, frozen=True):
    """Where a fact was read, and when."""

    url: Text
    retrieved: datetime.date


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


class DistroLife(Frozen, frozen=True):
    """How long a distribution maintains its own build."""

    distro: Text
    eol: datetime.date
    source: Source


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


class KnownExploited(Frozen, frozen=True):
    """A CVE of CISA's KEV catalogue."""

    cve: Text
    added: datetime.date
    due: datetime.date


class Knowledge(Frozen, frozen=True):
    """All the facts that an assessment judges by, besides the site and the observations."""

    baselines: tuple[Baseline, ...]
    distros: tuple[DistroLife, ...] = ()
    kev: tuple[KnownExploited, ...] = ()
    controls: dict[str, dict[str, tuple[str, ...]]] = {}
    """Finding kind -> framework and version (`PCI DSS 4.0.1`) -> identifiers."""
    dated: datetime.date | None = None
    """The date of the oldest feed in it."""
