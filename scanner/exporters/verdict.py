"""The verdict in a sentence that the owner of the business understands, and that claims no more than was proven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from scanner.model.report import CellRow, Report
from scanner.model.text import plural


class Verdict(msgspec.Struct, frozen=True):
    """`tone` is that of `words.Mark`: `good` only where every boundary was tested in full and held."""

    tone: str
    glyph: str
    word: str
    sentence: str
    details: tuple[str, ...]


def conclude(report: Report, cells: Sequence[CellRow]) -> Verdict:
    """The verdict over `cells`, which are all the boundaries, untested ones included."""
    counts: Counter[str] = Counter(row.verdict for row in cells)
    total = len(cells)
    details = tuple(filter(None, (_critical(report), _rest(counts, total), _software(report), _sessions(report))))
    if counts["BREACHED"]:
        at = _of(counts["BREACHED"], total)
        sentence = f"Traffic that your policy forbids gets through {at} between the zones of your network."
        return Verdict("bad", "✕", "Separation fails", sentence, details)
    crossing = sum(row.kind in ("attack-path", "dual-homed", "segmentation-gap") for row in report.findings)
    if crossing:
        sentence = (
            "The zones of your network are connected in ways that the policy does not intend: "
            f"{plural(crossing, 'finding')}."
        )
        return Verdict("bad", "✕", "Separation fails", sentence, details)
    if not total:
        sentence = "There is no boundary between zones in this report, so nothing in this network is shown to be apart."
        return Verdict("none", "–", "No boundaries", sentence, details)
    if counts["UNTESTED"] == total:
        return Verdict("none", "–", "Not tested", "No boundary between the zones of your network was tested.", details)
    if counts["AS_POLICY"] < total:
        sentence = (
            f"We saw no forbidden traffic get through, but only {counts['AS_POLICY']:,} of "
            f"{plural(total, 'boundary', 'boundaries')} {'is' if counts['AS_POLICY'] == 1 else 'are'} proven to hold."
        )
        return Verdict("warn", "?", "Not fully proven", sentence, details)
    tested = {(row.from_, row.to) for row in report.coverage if row.state == "tested"}
    partly = sum((row.from_, row.to) not in tested for row in cells)
    if partly:
        sentence = f"Everything that we tested matches your policy, but {_of(partly, total)} had not all of it tested."
        return Verdict("warn", "?", "Not fully tested", sentence, details)
    at = plural(total, "boundary", "boundaries")
    sentence = f"Everything that we tested at {at} between your zones matches your policy."
    return Verdict("good", "✓", "As policy", sentence, details)


def _of(count: int, total: int) -> str:
    return f"{count:,} of {plural(total, 'boundary', 'boundaries')}"


def _critical(report: Report) -> str:
    names = {host.id: host.critical for host in report.hosts if host.critical}
    kinds = ("segmentation-gap", "attack-path")
    reached = dict.fromkeys(names[row.host] for row in report.findings if row.kind in kinds and row.host in names)
    if not reached:
        return ""
    verb = "is" if len(reached) == 1 else "are"
    return f"Among what can be reached {verb} what your business depends on: {', '.join(filter(None, reached))}."


def _rest(counts: Counter[str], total: int) -> str:
    parts = []
    if counts["UNPROVEN"]:
        parts.append(f"{counts['UNPROVEN']:,} could not be proven either way")
    if counts["UNTESTED"]:
        parts.append(f"{counts['UNTESTED']:,} {'was' if counts['UNTESTED'] == 1 else 'were'} not tested")
    if not parts or counts["UNTESTED"] == total:
        return ""
    return f"Of {plural(total, 'boundary', 'boundaries')}, {' and '.join(parts)}; none of these is a pass."


def _software(report: Report) -> str:
    behind = [row for row in report.patches if row.verdict in ("NON_COMPLIANT", "END_OF_LIFE")]
    unknown = sum(row.verdict == "UNKNOWN" for row in report.patches)
    if not report.patches:
        return "No software version was judged."
    judged = plural(len(report.patches), "piece") + " of software"
    lacking = f"{len(behind):,} {'lacks' if len(behind) == 1 else 'lack'}" if behind else "none is known to lack"
    text = f"Of {judged} that we saw, {lacking} fixes or support"
    return f"{text}, and {unknown:,} could not be judged." if unknown else f"{text}."


def _sessions(report: Report) -> str:
    cut = [row.zone for row in report.vantages if not row.complete]
    if not report.vantages:
        return "No scan stands behind this report."
    return f"The scan from {', '.join(dict.fromkeys(cut))} did not finish." if cut else ""
