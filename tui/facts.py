"""Figures and sentences that the screens share, derived from a Report. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from scanner.exporters.verdict import all_cells, all_zones
from scanner.exporters.words import cell_code
from scanner.model.base import SEVERITIES
from scanner.model.report import CellRow, ExceptionRow, FindingRow, HostRow, Report, Summary, is_open
from tui.status import CELLS, PATCHES, severity_rank

PATCH_KINDS = frozenset({"outdated", "end-of-life", "known-exploited"})
"""Findings that the Patches screen shows; all others are on the Gaps screen."""

State = Literal["open", "accepted", "expired"]


def state_of(exception: ExceptionRow | None) -> State:
    """An expired exception means that the finding is open again; the screens say why."""
    if exception is None:
        return "open"
    return "expired" if exception.expired else "accepted"


def gap_count(report: Report) -> int:
    """Open findings of the Gaps screen."""
    return sum(finding.kind not in PATCH_KINDS and is_open(finding) for finding in report.findings)


def patch_count(report: Report) -> int:
    """Products that fail their baseline."""
    return sum(patch.verdict in ("NON_COMPLIANT", "END_OF_LIFE") for patch in report.patches)


def zone_names(report: Report) -> tuple[str, ...]:
    """Every zone in the site's order, then any that only other rows name."""
    return tuple(zone.name for zone in all_zones(report))


def cells_by_pair(report: Report) -> dict[tuple[str, str], CellRow]:
    return {(cell.from_, cell.to): cell for cell in report.cells}


def pair_verdicts(report: Report) -> Counter[str]:
    """Verdicts of all ordered pairs of zones, by `words.cell_code`; one that the report is silent about is UNTESTED."""
    return Counter(map(cell_code, all_cells(report, all_zones(report)).values()))


def summary_of(report: Report) -> Summary:
    """The report's own summary, or the same figures counted here for a report that carries none."""
    if report.summary is not None:
        return report.summary
    severities = Counter(finding.severity for finding in report.findings if is_open(finding))
    cells: Counter[str] = Counter(cell.verdict for cell in report.cells)
    patches: Counter[str] = Counter(patch.verdict for patch in report.patches)
    return Summary(
        hosts=len(report.hosts),
        services=sum(len(host.services) for host in report.hosts),
        findings={each: severities[each] for each in SEVERITIES},
        cells={each: cells[each] for each in CELLS},
        patches={each: patches[each] for each in PATCHES},
        excepted=sum(not is_open(finding) for finding in report.findings),
    )


def finding_host(finding: FindingRow, host: HostRow) -> bool:
    """Whether a finding is about this host: findings name a host by its id, or by a bare address inside `to`."""
    if finding.host is None:
        return False
    return finding.host == host.id or (finding.to in (None, host.zone) and finding.host in host.addresses)


def worst_by_host(report: Report) -> dict[str, str]:
    """Host id -> the worst severity among its open findings."""
    ids = {host.id: host.id for host in report.hosts}
    for host in report.hosts:
        for addr in host.addresses:
            ids.setdefault(f"{host.zone}/{addr}", host.id)
    worst: dict[str, str] = {}
    for finding in report.findings:
        if finding.host is None or not is_open(finding):
            continue
        key = ids.get(finding.host) or ids.get(f"{finding.to}/{finding.host}")
        if key is not None and severity_rank(finding.severity) > severity_rank(worst.get(key, "")):
            worst[key] = finding.severity
    return worst
