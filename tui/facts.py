"""Figures and sentences that the screens share, derived from a Report. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

from scanner.model.base import SEVERITIES
from scanner.model.report import CellRow, ExceptionRow, FindingRow, HostRow, Report, Summary, is_open
from tui.status import CELLS, PATCHES, severity_rank

PATCH_KINDS = frozenset({"outdated", "end-of-life", "known-exploited"})
"""Findings that the Patches screen shows; all others are on the Gaps screen."""

State = Literal["open", "accepted", "expired"]


class Headline(msgspec.Struct, frozen=True):
    """The verdict in one sentence. `colour` is green only where everything was tested and everything held."""

    glyph: str
    colour: Literal["red", "amber", "green"]
    sentence: str


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
    """Every zone in the site's order, then any that only cells, coverage or vantages name."""
    names = dict.fromkeys(zone.name for zone in report.zones)
    for cell in report.cells:
        names |= dict.fromkeys((cell.from_, cell.to))
    for row in report.coverage:
        names |= dict.fromkeys((row.from_, row.to))
    names |= dict.fromkeys(vantage.zone for vantage in report.vantages)
    return tuple(name for name in names if name != "*")


def cells_by_pair(report: Report) -> dict[tuple[str, str], CellRow]:
    return {(cell.from_, cell.to): cell for cell in report.cells}


def pair_verdicts(report: Report) -> Counter[str]:
    """Verdicts of all ordered pairs of zones. A pair that the report says nothing about is UNTESTED."""
    known = cells_by_pair(report)
    counts: Counter[str] = Counter()
    names = zone_names(report)
    for left in names:
        for right in names:
            cell = known.get((left, right))
            if cell is not None:
                counts[cell.verdict] += 1
            elif left != right:
                counts["UNTESTED"] += 1
    return counts


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


def headline(report: Report) -> Headline:
    """What the first page says first. Anything not proved keeps it from being green."""
    pairs = pair_verdicts(report)
    open_gaps = [each for each in report.findings if each.kind not in PATCH_KINDS and is_open(each)]
    paths = sum(each.kind == "attack-path" for each in open_gaps)
    total, breached = sum(pairs.values()), pairs["BREACHED"]
    loose = [f"{pairs[word]} {word}" for word in pairs if word not in ("BREACHED", "AS_POLICY")]
    unfinished = sum(not vantage.complete for vantage in report.vantages)
    if unfinished:
        loose.append(f"{unfinished} {_plural('session', unfinished)} unfinished")
    rest = f" Not proved: {', '.join(loose)}." if loose else ""
    if breached or paths:
        parts = [f"{breached} of {total} zone {_plural('pair', total)} breached"] if breached else []
        if paths:
            parts.append(f"{paths} attack {_plural('path', paths)} to critical systems")
        return Headline("✕", "red", f"The fence does not hold: {' and '.join(parts)}.{rest}")
    if not pairs["AS_POLICY"]:
        return Headline("–", "amber", f"Nothing is proved yet.{rest} This is not a pass.")
    if loose:
        return Headline("?", "amber", f"No breach found, but not all is proved.{rest} This is not a pass.")
    if open_gaps:
        count = len(open_gaps)
        return Headline(
            "!", "amber", f"Every zone pair tested is as policy, but {count} {_plural('finding', count)} stand open."
        )
    return Headline("✓", "green", f"Every flow tested between {total} zone {_plural('pair', total)} is as policy.")


def patch_sentence(report: Report) -> Headline:
    """The same for versions: unknown is said, and is no pass."""
    counts = Counter(patch.verdict for patch in report.patches)
    failing = counts["NON_COMPLIANT"] + counts["END_OF_LIFE"]
    unknown = sum(counts.values()) - failing - counts["COMPLIANT"]
    if not counts:
        return Headline("–", "amber", "No version was judged.")
    parts = [f"{failing} of {sum(counts.values())} products fail their baseline"] if failing else []
    if unknown:
        parts.append(f"{unknown} cannot be judged from outside")
    if not parts:
        return Headline("✓", "green", f"All {sum(counts.values())} products judged meet their baseline.")
    sentence = ", ".join(parts)
    return Headline("✕" if failing else "?", "red" if failing else "amber", f"{sentence[0].upper()}{sentence[1:]}.")


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


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
