"""What the HTML report shows of paths, of the cut, of what falls, and of what a canary measured; no markup in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from scanner.exporters.fence_words import (
    FIREWALLS,
    hop_proof,
    measured,
    port_count,
    ports,
)
from scanner.exporters.verdict import stood_in
from scanner.exporters.words import Mark
from scanner.model.hops import asked, hop_service, hop_words
from scanner.model.report import CROSSED, BlastRow, HopRow, MeasuredRow, PathRow, Report

BLAST_ZONES, BLAST_HOSTS = 60, 20
MEASURED_GROUPS, MEASURED_ROWS = 60, 40
RULE_LINES = 400
"""Lines of a form of rules; a part of them would be another set of rules, so a longer one is not shown at all."""
RULE_STEPS = 100
"""Steps of the plan that show their rules."""

_MEASURED_ORDER = ("ONE_WAY", "REACHED", "TARGET_DOWN_PATH_OPEN", "UNPROVEN", "REJECTED", "DROPPED", "UNTESTED")


class Link(msgspec.Struct, frozen=True):
    """A step of a path as it is drawn: an arrow, and where it ends."""

    service: str
    how: str
    proof: str
    host: str
    name: str
    critical: str
    forbidden: bool
    inferred: bool
    evidence: str


class Chain(msgspec.Struct, frozen=True):
    from_: str
    critical: str
    links: tuple[Link, ...]


class Form(msgspec.Struct, frozen=True):
    """The rules for one firewall. `lines` is empty where they are too many to show."""

    title: str
    lines: tuple[str, ...]
    count: int


class Falls(msgspec.Struct, frozen=True):
    row: BlastRow
    by_design: tuple[str, ...]
    blind: bool
    """Nobody scanned from there, so that what it reaches in other zones is not known."""


class Blast(msgspec.Struct, frozen=True):
    zones: tuple[Falls, ...]
    hosts: tuple[Falls, ...]
    more: int


class Range(msgspec.Struct, frozen=True):
    """Ports of one address that fared the same."""

    row: MeasuredRow
    mark: Mark
    ports: str
    count: int
    asked: str
    breach: bool


class Measurement(msgspec.Struct, frozen=True):
    """What was measured from one zone to another."""

    from_: str
    to: str
    ranges: tuple[Range, ...]
    more: int


def chain(path: PathRow, names: Mapping[str, str], critical: Mapping[str, str]) -> Chain:
    last = len(path.hops) - 1
    return Chain(
        path.from_,
        path.critical,
        tuple(
            _link(hop, names.get(hop.to, ""), path.critical if at == last else critical.get(hop.to, ""), at == last)
            for at, hop in enumerate(path.hops)
        ),
    )


def _link(hop: HopRow, name: str, critical: str, last: bool) -> Link:
    return Link(
        service=hop_service(hop),
        how=hop_words(hop, critical if last else ""),
        proof=hop_proof(hop),
        host=hop.to,
        name=name,
        critical=critical,
        forbidden=not hop.allowed,
        inferred=not hop.observed,
        evidence=hop.evidence,
    )


def forms(rules: Mapping[str, str]) -> tuple[Form, ...]:
    """In the order of `FIREWALLS`, then any that a newer report knows."""
    ordered = [name for name in FIREWALLS if name in rules] + [name for name in rules if name not in FIREWALLS]
    found = []
    for name in ordered:
        lines = tuple(rules[name].split("\n"))
        fits = len(lines) <= RULE_LINES
        found.append(Form(FIREWALLS.get(name, name), lines if fits else (), len(lines)))
    return tuple(found)


def fall(row: BlastRow, scanned: bool) -> Falls:
    """`scanned`: whether anybody scanned from the zone that it starts in."""
    return Falls(row, tuple(each for each in row.critical if each not in row.forbidden), not scanned)


def falls(report: Report) -> Blast:
    """Zones in the report's order, then hosts, those from which most falls first."""
    homes, stood = {host.id: host.zone for host in report.hosts}, stood_in(report)
    told = [fall(row, homes.get(row.start, row.start) in stood) for row in report.blast]
    zones = {zone.name for zone in report.zones}
    of_zones = [each for each in told if each.row.start in zones and each.row.start not in homes]
    of_hosts = [each for each in told if each.row.start not in zones or each.row.start in homes]
    shown = (tuple(of_zones[:BLAST_ZONES]), tuple(of_hosts[:BLAST_HOSTS]))
    return Blast(*shown, len(told) - sum(map(len, shown)))


def measurements(rows: Sequence[MeasuredRow]) -> tuple[Measurement, ...]:
    """Pair by pair, those with a breach first; within one, what crossed against policy first."""
    pairs: dict[tuple[str, str], list[MeasuredRow]] = {}
    for row in rows:
        pairs.setdefault((row.from_, row.to), []).append(row)
    found = []
    for key, members in pairs.items():
        ordered = sorted(members, key=_interest)
        found.append(Measurement(*key, tuple(map(_range, ordered[:MEASURED_ROWS])), len(ordered[MEASURED_ROWS:])))
    return tuple(sorted(found, key=lambda each: not any(part.breach for part in each.ranges)))


def _interest(row: MeasuredRow) -> tuple[bool, int]:
    return not _breach(row), _MEASURED_ORDER.index(row.verdict)


def _breach(row: MeasuredRow) -> bool:
    return row.verdict in CROSSED and not row.allowed


def _range(row: MeasuredRow) -> Range:
    icmp = row.transport == "icmp"
    return Range(
        row=row,
        mark=measured(row),
        ports=f"icmp type {ports(row.ports)}" if icmp else f"{row.transport} {ports(row.ports)}",
        count=port_count(row.ports),
        asked=asked(row.via),
        breach=_breach(row),
    )
