"""A summary in GitHub's Markdown, for a pull request, a wiki, a ticket: what it says of the report in full, it counts.

What was seen on the network stands in code or with escapes: it makes no link, picture, HTML, mention or table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from scanner.exporters import Exporter
from scanner.exporters.patch_words import due_words, first_of, in_short, register_words, required_words, rows_by_finding
from scanner.exporters.verdict import all_cells, all_zones, boundaries, conclude, is_scan, stood_in
from scanner.exporters.words import NOT_MEASURED, cell_mark, cell_signs, long_date, short_time, without_padding
from scanner.model.base import SEVERITIES
from scanner.model.report import FindingRow, Report, is_open
from scanner.model.text import plural, visible

MOST_FINDINGS = 100
MOST_STEPS = 30
MOST_ZONES = 12
"""Zones of a matrix that a page holds; of more the boundaries that are breached are listed."""
_MOST_ROWS = 50
_LONG = 300
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&!$^=+]|^-|" + "|".join(rf"(?<=^\d{{{count}}})[.)]" for count in range(1, 10)))
"""What begins something, anywhere or at the start: an emphasis, a link, a heading, a list."""
_LIVE = re.compile(r"@|#\d|://|(?i:\bwww\.|\bGH-\d)")
"""What GitHub and its like make a link or a mention of, escaped or not."""
_TICKS = re.compile("`+")


def render(report: Report) -> bytes:
    """UTF-8, lines end with a line feed."""
    return ("\n\n".join(_sections(report)) + "\n").encode()


def text(value: str | None, limit: int = _LONG) -> str:
    """Words as words, in a table or out of it."""
    shown = visible(value or "", limit).strip()
    return code(shown) if _LIVE.search(shown) else _MARKUP.sub(r"\\\g<0>", shown)


def code(value: str | None, limit: int = _LONG) -> str:
    """Text as it is, in a span of code."""
    shown = visible(value or "", limit)
    if not shown.strip():
        return ""
    fence = "`" * (max((len(each) for each in _TICKS.findall(shown)), default=0) + 1)
    if shown[0] in "` " or shown[-1] in "` ":
        shown = f" {shown} "
    return f"{fence}{shown}{fence}"


def _sections(report: Report) -> Iterator[str]:
    said = conclude(report)
    yield f"# {text(report.client)}, {text(report.site)}: network segmentation"
    if report.what_if:
        yield f"> **{NOT_MEASURED}**: {'; '.join(code(f'deny {rule}') for rule in report.what_if)}"
    facts = [f"Assessed on {text(long_date(report.generated))}"]
    facts += [f"by fencewalk {text(report.tool.version)}"] if report.tool else []
    facts += [f"authorised by {text(report.authorization)}"] if report.authorization else []
    yield f"{', '.join(facts)}."
    yield f"## {said.glyph} {text(said.word)}"
    yield text(said.sentence, 1000)
    details = [each for each in said.details if each != said.software]
    lines = [*details, *(line.text for line in in_short(report))]
    yield _list(text(each, 1000) for each in lines)
    yield "## Open findings"
    yield from _findings(report)
    yield "## What to change first"
    yield from _plan(report)
    yield "## Zones"
    yield from _zones(report)
    yield "## Not proven, not tested"
    yield from _loose(report)
    if report.accepted:
        yield "## Accepted"
        yield _register(report)
    if report.attestations:
        yield "## Attested, not observed"
        rows = [
            (text(r.question), text(r.statement), text(r.owner), text(r.until), r.state) for r in report.attestations
        ]
        yield _table(("question", "answer", "owner", "until", "state"), rows)
    yield "## What this rests on"
    yield from _basis(report)


def _findings(report: Report) -> Iterator[str]:
    found = sorted(filter(is_open, report.findings), key=first_of)
    counts = [(each, sum(row.severity == each for row in found)) for each in reversed(SEVERITIES)]
    if not found:
        yield "None is open. That speaks only of what was tested."
        return
    yield f"{', '.join(f'{count:,} {severity}' for severity, count in counts if count)}."
    versions = rows_by_finding(report)
    rows = []
    for each in found[:MOST_FINDINGS]:
        version = versions.get(each.id)
        due = due_words(version.overdue_days) if version and version.overdue_days is not None else ""
        fix = required_words(version) if version else ""
        remedy = each.remedy.split("\n")[0]
        where = _where(each)
        rows.append((each.severity, text(each.title), code(where), text(remedy), text(fix), due, code(each.id)))
    yield _table(("severity", "finding", "where", "remedy", "required", "deadline", "id"), rows)
    yield from _more(len(found) - MOST_FINDINGS, "finding")
    worst = [each for each in found[:MOST_FINDINGS] if each.severity in ("critical", "high") and each.evidence]
    if worst:
        yield "Evidence of the worst:"
        yield _list(f"{code(each.id)}: {code(without_padding(each.evidence))}" for each in worst[:_MOST_ROWS])


def _where(finding: FindingRow) -> str:
    service = f" {finding.transport}/{finding.port}" if finding.port is not None else ""
    from_ = f"{finding.from_} → " if finding.from_ else ""
    return f"{from_}{finding.host or finding.to or ''}{service}"


def _plan(report: Report) -> Iterator[str]:
    if not report.remediation:
        yield "Nothing: the plan has no steps."
        return
    steps = report.remediation[:MOST_STEPS]
    yield "\n".join(
        f"{number}. {text(row.title)} (closes {plural(len(row.closes), 'finding')})"
        for number, row in enumerate(steps, 1)
    )
    yield from _more(len(report.remediation) - MOST_STEPS, "step")


def _zones(report: Report) -> Iterator[str]:
    zones = all_zones(report)
    if not zones:
        yield "The report names none."
        return
    stood = stood_in(report)
    rows = [
        (text(z.name), text(z.trust), code(", ".join(z.subnets)), f"{z.hosts:,}", "yes" if z.name in stood else "no")
        for z in zones[:_MOST_ROWS]
    ]
    yield _table(("zone", "trust", "subnets", "hosts", "scanned from"), rows)
    yield from _more(len(zones) - _MOST_ROWS, "zone")
    cells = all_cells(report, zones)
    if len(zones) <= MOST_ZONES:
        signs = [
            (
                text(a.name),
                *("" if (a.name, b.name) not in cells else cell_mark(cells[a.name, b.name]).glyph for b in zones),
            )
            for a in zones
        ]
        yield _table(("from ↓ to →", *(text(zone.name) for zone in zones)), signs)
        yield ", ".join(f"{mark.glyph} {mark.word.lower()}" for mark in cell_signs(report).values()) + "."
        return
    broken = [row for row in cells.values() if row.verdict == "BREACHED"]
    yield f"{plural(len(broken), 'boundary', 'boundaries')} of {len(cells):,} breached."
    if broken:
        yield _table(("from", "to", "why"), [(text(r.from_), text(r.to), text(r.reason)) for r in broken[:_MOST_ROWS]])
        yield from _more(len(broken) - _MOST_ROWS, "boundary", "boundaries")


def _loose(report: Report) -> Iterator[str]:
    loose = [(row, why) for row, why in boundaries(report) if why]
    if not loose:
        yield "Every boundary was tested in full."
        return
    yield f"{plural(len(loose), 'boundary', 'boundaries')}: none of these is a pass."
    rows = [(text(row.from_), text(row.to), cell_mark(row).word, text(why)) for row, why in loose[:_MOST_ROWS]]
    yield _table(("from", "to", "state", "because"), rows)
    yield from _more(len(loose) - _MOST_ROWS, "boundary", "boundaries")


def _register(report: Report) -> str:
    rows = [
        (
            code(row.about),
            text(row.owner),
            text(row.reason),
            text(row.until),
            register_words(row)[1],
            f"{len(row.findings):,}",
        )
        for row in report.accepted[:_MOST_ROWS]
    ]
    table = _table(("what", "owner", "reason", "until", "state", "findings"), rows)
    return "\n\n".join([table, *_more(len(report.accepted) - _MOST_ROWS, "entry", "entries")])


def _basis(report: Report) -> Iterator[str]:
    scans = [row for row in report.vantages if is_scan(row)]
    if scans:
        rows = [
            (text(r.zone), code(r.address), text(short_time(r.started)), "yes" if r.complete else "**no**")
            for r in scans[-_MOST_ROWS:]
        ]
        yield _table(("scan from", "address", "started", "finished"), rows)
    else:
        yield "No scan stands behind this report."
    digests = ((name, getattr(report.digests, name)) for name in report.digests.__struct_fields__)
    yield _list(f"digest of {name}: {code(value)}" for name, value in digests if value)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_celled, line))} |" for line in lines)


def _celled(value: str) -> str:
    # A bar ends a cell, in code too; readers do not agree on how to escape it there.
    return value.replace("|", "¦") if value.startswith("`") else value


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _more(count: int, one: str, many: str | None = None) -> Iterator[str]:
    if count > 0:
        words = plural(count, f"more {one}", f"more {many or one + 's'}")
        yield f"And {words}."


EXPORTER = Exporter(title="Summary in Markdown", suffix=".md", render=render)
"""GitHub Flavored Markdown."""
