"""The verdict in a sentence that the owner of the business understands, and that claims no more than was proven.

The one place that makes it: the HTML report, the terminal UI and the summary on stdout all show this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from scanner.exporters.words import SUPPOSED, Tone, cell_code, cell_mark
from scanner.model.report import CellRow, Report, VantageRow, ZoneRow, is_open
from scanner.model.text import plural


class Verdict(msgspec.Struct, frozen=True):
    """`tone` is that of `words.Mark`: `good` only where every boundary was tested in full and held, and nothing else
    stands open."""

    tone: Tone
    glyph: str
    word: str
    sentence: str
    details: tuple[str, ...]
    software: str
    """Of the details the one about versions."""


def conclude(report: Report) -> Verdict:
    """The verdict over all the boundaries, those that the report is silent about included."""
    cells = list(all_cells(report, all_zones(report)).values())
    counts: Counter[str] = Counter(row.verdict for row in cells)
    total = len(cells)
    cut = unfinished(report)
    versions = _software(report)
    details = tuple(filter(None, (_critical(report), _rest(counts, total), versions, _sessions(report, cut))))

    def verdict(tone: Tone, glyph: str, word: str, sentence: str) -> Verdict:
        if report.what_if:
            # Nobody may take a plan for a proof.
            tone, glyph, word = "none", "?", f"What if: {word[:1].lower()}{word[1:]}"
            rules = "; ".join(f"deny {rule}" for rule in report.what_if)
            sentence = f"Not how the network is, but how it would be with more rules on its fence ({rules}). {sentence}"
        return Verdict(tone, glyph, word, sentence, details, versions)

    if counts["BREACHED"]:
        at = _of(counts["BREACHED"], total)
        sentence = f"Traffic that your policy forbids gets through {at} between the zones of your network."
        return verdict("bad", "✕", "Separation fails", sentence)
    crossing = sum(row.kind in ("attack-path", "dual-homed", "segmentation-gap") for row in report.findings)
    if crossing:
        sentence = (
            "The zones of your network are connected in ways that the policy does not intend: "
            f"{plural(crossing, 'finding')}."
        )
        return verdict("bad", "✕", "Separation fails", sentence)
    if not total:
        sentence = "There is no boundary between zones in this report, so nothing in this network is shown to be apart."
        return verdict("none", "–", "No boundaries", sentence)
    if counts["UNTESTED"] == total:
        return verdict("none", "–", "Not tested", "No boundary between the zones of your network was tested.")
    if counts["AS_POLICY"] < total:
        sentence = (
            f"We saw no forbidden traffic get through, but only {counts['AS_POLICY']:,} of "
            f"{plural(total, 'boundary', 'boundaries')} {'is' if counts['AS_POLICY'] == 1 else 'are'} proven to hold."
        )
        return verdict("warn", "?", "Not fully proven", sentence)
    tested = {(row.from_, row.to) for row in report.coverage if row.state == "tested"}
    partly = sum((row.from_, row.to) not in tested for row in cells)
    if partly:
        sentence = f"Everything that we tested matches your policy, but {_of(partly, total)} had not all of it tested."
        return verdict("warn", "?", "Not fully tested", sentence)
    if cut:
        sentence = f"Everything that we tested matches your policy, but the scan from {', '.join(cut)} did not finish."
        return verdict("warn", "?", "Not fully tested", sentence)
    at = plural(total, "boundary", "boundaries")
    sentence = f"Everything that we tested at {at} between your zones matches your policy."
    loose = sum(map(is_open, report.findings))
    if loose:
        what = plural(loose, "finding")
        sentence = f"{sentence[:-1]}, but {what} about what runs there {'is' if loose == 1 else 'are'} open."
        return verdict("warn", "!", "As policy, findings open", sentence)
    return verdict("good", "✓", "As policy", sentence)


def all_zones(report: Report) -> tuple[ZoneRow, ...]:
    """The zones of the site, then any that only a cell, coverage, host or vantage names: a matrix leaves none out."""
    known = {zone.name: zone for zone in report.zones}
    hosts = Counter(host.zone for host in report.hosts)
    named = [name for cell in report.cells for name in (cell.from_, cell.to)]
    named += [name for covered in report.coverage for name in (covered.from_, covered.to)]
    named += [*hosts, *(row.zone for row in report.vantages)]
    for name in named:
        if name != "*":  # "every zone", where a reason is the same for all
            known.setdefault(name, ZoneRow(name, (), "", None, hosts[name]))
    return tuple(known.values())


def all_cells(report: Report, zones: tuple[ZoneRow, ...]) -> dict[tuple[str, str], CellRow]:
    """Every boundary, each pair of zones in both directions: one without a row in the report was not tested."""
    given = {(row.from_, row.to): row for row in report.cells}
    found: dict[tuple[str, str], CellRow] = {}
    for from_ in zones:
        for to in zones:
            key = (from_.name, to.name)
            if key in given:
                found[key] = given[key]
            elif from_ is not to:
                found[key] = CellRow(*key, "UNTESTED", 0, 0, 0, "the report holds nothing about it")
    return found


def boundaries(report: Report) -> Iterator[tuple[CellRow, str]]:
    """Every boundary, and why it is no pass though nothing was seen to break it: empty where it is one, or breached."""
    covered = {(row.from_, row.to): row for row in report.coverage}
    cut = unfinished(report)
    for key, cell in all_cells(report, all_zones(report)).items():
        row = covered.get(key)
        if cell.verdict == "BREACHED":
            why = ""
        elif cell.verdict != "AS_POLICY" or cell_code(cell) == SUPPOSED:
            why = cell.reason or cell_mark(cell).meaning
        elif row is None or row.state != "tested":
            why = f"not tested in full: {row.reason if row else 'the report does not say what was tested'}"
        else:
            why = f"the scan from {cell.from_} did not finish" if cell.from_ in cut else ""
        yield cell, why


def is_scan(row: VantageRow) -> bool:
    """Whether the zone was scanned in that session. A canary only listens, and says nothing of what its zone reaches;
    a verification asks one finding's probes, and finishes no scan."""
    return row.purpose == "scan"


def is_simulated(row: VantageRow) -> bool:
    """Whether a topology in memory answered. What goes on the wire is never recorded as `auto`."""
    return row.engine == "auto"


def stood_in(report: Report) -> frozenset[str]:
    """The zones that something was probed from."""
    return frozenset(row.zone for row in report.vantages if is_scan(row) or row.purpose == "import")


def unfinished(report: Report) -> tuple[str, ...]:
    """The zones whose latest scan was cut off."""
    latest: dict[str, VantageRow] = {}
    for row in filter(is_scan, report.vantages):
        if row.zone not in latest or row.started >= latest[row.zone].started:
            latest[row.zone] = row
    return tuple(zone for zone, row in latest.items() if not row.complete)


def _of(count: int, total: int) -> str:
    return f"{count:,} of {plural(total, 'boundary', 'boundaries')}"


def _critical(report: Report) -> str:
    names = {host.id: host.critical for host in report.hosts if host.critical}
    kinds = ("segmentation-gap", "attack-path")
    reached = dict.fromkeys(names[row.host] for row in report.findings if row.kind in kinds and row.host in names)
    if not reached:
        return ""
    return f"What your business depends on is among what can be reached: {', '.join(filter(None, reached))}."


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


def _sessions(report: Report, cut: tuple[str, ...]) -> str:
    if not any(map(is_scan, report.vantages)):
        return "No scan stands behind this report."
    return f"The scan from {', '.join(cut)} did not finish." if cut else ""
