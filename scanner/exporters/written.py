"""What the page writes out of very many findings and hosts; the table of every row has the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from scanner.exporters.patch_words import first_of
from scanner.exporters.plan_page import Shown
from scanner.model.report import HostRow, ZoneRow

FINDING_LIMIT = 400
"""Findings written out: the worst of all, and besides them the worst of each boundary."""
HOST_LIMIT = 300
"""Hosts written out, shared out among the zones, the critical ones first."""
_LEAST_HOSTS = 5


def written(findings: Sequence[Shown]) -> list[Shown]:
    """These, in their order, each with whether it is written out."""
    if len(findings) <= FINDING_LIMIT:
        return list(findings)
    ranked = sorted(range(len(findings)), key=lambda at: first_of(findings[at].row))
    kept = set(ranked[:FINDING_LIMIT])
    met: set[tuple[str | None, str | None]] = set()
    for at in ranked:
        row = findings[at].row
        if row.kind == "segmentation-gap" and (row.from_, row.to) not in met:
            met.add((row.from_, row.to))
            kept.add(at)
    return [each if at in kept else msgspec.structs.replace(each, written=False) for at, each in enumerate(findings)]


def by_zone(hosts: Iterable[HostRow], zones: Sequence[ZoneRow]) -> tuple[tuple[str, tuple[HostRow, ...], int], ...]:
    """Zone, its hosts that are written out, and how many it has; zones without a host are left out."""
    groups: dict[str, list[HostRow]] = {zone.name: [] for zone in zones}
    for host in hosts:
        groups[host.zone].append(host)
    share = max(_LEAST_HOSTS, HOST_LIMIT // max(1, len(groups)))
    if sum(map(len, groups.values())) <= HOST_LIMIT:
        share = HOST_LIMIT
    return tuple((name, _first(found, share), len(found)) for name, found in groups.items() if found)


def _first(hosts: list[HostRow], share: int) -> tuple[HostRow, ...]:
    if len(hosts) <= share:
        return tuple(hosts)
    ranked = sorted(range(len(hosts)), key=lambda at: hosts[at].critical is None)
    return tuple(hosts[at] for at in sorted(ranked[:share]))
