"""Figures and sentences that the screens share, derived from a Report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from scanner.exporters.patch_words import first_of
from scanner.exporters.verdict import all_cells, all_zones
from scanner.exporters.words import cell_code
from scanner.model.base import SEVERITIES
from scanner.model.report import CellRow, ExceptionRow, FindingRow, Report, Summary, VantageRow, is_open
from tui.status import CELLS, PATCHES

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


def engine_words(session: VantageRow) -> str:
    # What goes on the wire is never recorded as `auto`.
    return "simulated" if session.engine == "auto" else f"{session.engine} engine"


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


def worst_of(findings: Iterable[FindingRow]) -> FindingRow | None:
    """The one to look at first: open before accepted, then by severity and risk."""
    return min(findings, key=lambda each: (not is_open(each), first_of(each)), default=None)
