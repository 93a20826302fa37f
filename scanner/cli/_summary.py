"""The summary that a technician reads at a glance: zone matrix, findings, what to change first, what is open."""

from __future__ import annotations

import io
import shutil
from collections import Counter
from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from scanner.exporters.fence_words import cut_words, measured, past_fences, port_count
from scanner.exporters.patch_words import first_of, in_short
from scanner.exporters.verdict import conclude, is_scan, unfinished
from scanner.exporters.words import NOT_MEASURED, Tone, cell_mark, cell_signs
from scanner.model.base import SEVERITIES
from scanner.model.hops import asked
from scanner.model.observation import Purpose
from scanner.model.report import CROSSED, CellRow, CutRow, Report, is_open
from scanner.model.text import plural, visible

_TONES: dict[Tone, str] = {
    "good": "green",
    "bad": "bold red",
    "warn": "yellow",
    "none": "dim",
    "plain": "",
    "supposed": "italic",
}
_SEVERITY = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}
_SHOWN = 40
_PARTS = 12
_BESIDES: dict[Purpose, str] = {
    "canary": "canary session",
    "verify": "verification",
    "import": "imported session",
}
"""Sessions that are no scans."""


def summary(report: Report, color: bool, width: int | None = None) -> str:
    """The report in a page of text. Remote text is made visible, and nothing in it is read as markup."""
    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=color,
        color_system="standard" if color else None,
        width=width or max(60, min(160, shutil.get_terminal_size((120, 40)).columns)),
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(Group(*_parts(report, console.width)))
    return out.getvalue().rstrip("\n")


def _parts(report: Report, width: int) -> Iterable[RenderableType]:
    counts = report.summary.findings if report.summary else {}
    totals = ", ".join(f"{counts[each]} {each}" for each in reversed(SEVERITIES) if counts.get(each))
    yield Text(f"{visible(report.client)} / {visible(report.site)}, as of {report.generated}", style="bold")
    if report.what_if:
        yield Text(NOT_MEASURED, style="bold yellow")
    verdict = conclude(report)
    yield Text(f"{verdict.glyph} {verdict.word}. {visible(verdict.sentence, 400)}", style=_TONES[verdict.tone])
    hosts, services = len(report.hosts), sum(len(each.services) for each in report.hosts)
    scans = sum(map(is_scan, report.vantages))
    counted = [plural(hosts, "host"), plural(services, "service"), plural(scans, "vantage session")]
    purposes = Counter(each.purpose for each in report.vantages)
    counted += [plural(purposes[each], name) for each, name in _BESIDES.items() if purposes[each]]
    cut = unfinished(report)
    yield Text(f"{', '.join(counted)}. Findings: {totals or 'none'}{' so far' if cut else ''}.")
    for zone in cut:
        yield Text(
            f"! The scan from {visible(zone)} did not finish, so that this is no pass. Go on with it: "
            f"fencewalk scan SITE --from {visible(zone)} --resume",
            style="bold yellow",
        )
    yield Text("")
    yield from _matrix(report, width)
    if report.findings:
        yield _findings(report)
        yield Text("")
    if report.patches:
        yield from _software(report)
    yield from _cut(report.cut, past_fences(report.findings))
    if report.remediation:
        yield Text("What to change first", style="bold")
        for number, row in enumerate(report.remediation[:5], 1):
            yield Text(f"  {number}. {visible(row.title)} (closes {plural(len(row.closes), 'finding')})")
        yield Text("")
    yield from _measured(report)
    yield from _open_questions(report)


def _matrix(report: Report, width: int) -> Iterable[RenderableType]:
    """The zone matrix; where its words do not fit, zones become numbers and cells glyphs, explained below."""
    cells = {(each.from_, each.to): each for each in report.cells}
    names = [each.name for each in report.zones]
    short = max(map(len, names), default=0) + len(names) * 15 > width
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="From (rows) to (columns)", title_justify="left")
    table.add_column("")
    for number, name in enumerate(names, 1):
        table.add_column(str(number) if short else name, justify="center", overflow="fold")
    for number, left in enumerate(names, 1):
        label = Text(f"{number} {left}" if short else left, style="bold")
        table.add_row(label, *(_cell(cells.get((left, right)), short) for right in names))
    yield table
    if short:
        words = {code: f"{sign.glyph} {sign.word.lower()}" for code, sign in cell_signs(report).items()}
        words["BREACHED"] += ", by so many flows"
        yield Text("   ".join(words.values()))
        yield Text("")


def _cell(cell: CellRow | None, short: bool) -> Text:
    if cell is None:
        return Text("·", style="dim")
    sign = cell_mark(cell)
    glyph, style = sign.glyph, _TONES[sign.tone]
    breached = cell.verdict == "BREACHED"
    if short:
        return Text(f"{glyph}{cell.forbidden_reached}" if breached else glyph, style=style)
    word = plural(cell.forbidden_reached, "breach", "breaches") if breached else sign.word.lower()
    return Text(f"{glyph} {word}", style=style)


def _software(report: Report) -> Iterable[RenderableType]:
    yield Text("Software", style="bold")
    for line in in_short(report):
        table = Table.grid(padding=(0, 1))
        table.add_row(" •", Text(visible(line.text, 2000), style=_TONES[line.tone]))
        yield table
    yield Text("")


def _findings(report: Report) -> RenderableType:
    findings = sorted(report.findings, key=first_of)
    risky = any(each.risk for each in findings)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("severity", no_wrap=True)
    if risky:
        table.add_column("risk", no_wrap=True, justify="right")
    table.add_column("finding", no_wrap=True)
    table.add_column("what", overflow="fold", ratio=1)
    for each in findings[:_SHOWN]:
        accepted = each.exception is not None and not is_open(each)
        title = visible(each.title)
        if each.exception is not None and accepted:
            title += f" (accepted until {each.exception.until})"
        style = "dim" if accepted else _SEVERITY[each.severity]
        risk = [str(each.risk) if each.risk else ""] if risky else []
        what = Text(title, style="dim" if accepted else "")
        table.add_row(Text(each.severity, style=style), *risk, each.id, what)
    if len(findings) > _SHOWN:
        more = f"and {len(findings) - _SHOWN} more: -o html=report.html has them all"
        table.add_row(*("" for _ in table.columns[:-1]), more)
    return table


def _cut(cut: CutRow | None, bridged: bool) -> Iterable[RenderableType]:
    if cut is None:
        return
    yield Text("The least cut", style="bold")
    yield Text(f"  {cut_words(cut, bridged)}")
    for number, each in enumerate(cut.denials[:_PARTS], 1):
        closes = f" (closes {plural(len(each.closes), 'finding')})" if each.closes else ""
        yield Text(f"  {number}. deny {each.from_} → {each.to}, except what policy allows{closes}")
    if len(cut.denials) > _PARTS:
        yield Text(f"  and {len(cut.denials) - _PARTS} more: -o html=report.html has them all, with the rules")
    for left in cut.left[:_PARTS]:
        yield Text(f"  ! no rule cuts {visible(left)}", style="yellow")
    if len(cut.left) > _PARTS:
        yield Text(f"  and {len(cut.left) - _PARTS} more that no rule cuts", style="yellow")
    yield Text("")


def _measured(report: Report) -> Iterable[RenderableType]:
    """Of each canary, from each zone: how many ports fared how."""
    groups: dict[tuple[str, str, str], Counter[tuple[str, str]]] = {}
    for row in report.measured:
        policy = "" if row.allowed or row.verdict not in CROSSED else ", forbidden"
        counts = groups.setdefault((row.from_, row.to, row.address), Counter())
        counts[f"{row.transport} {asked(row.via)}".strip(), f"{measured(row).word.lower()}{policy}"] += port_count(
            row.ports
        )
    if groups:
        yield Text("Measured by a canary", style="bold")
    for (from_, to, address), counts in list(groups.items())[:_PARTS]:
        yield Text(f"  {from_} → {to} {address}")
        for (how, word), count in counts.items():
            # An ICMP type is no port.
            what = how if how.startswith("icmp") else f"{plural(count, 'port')} {how}"
            yield Text(f"    {what}: {word}", style="bold red" if word.endswith("forbidden") else "")
    if len(groups) > _PARTS:
        yield Text(f"  and {len(groups) - _PARTS:,} more: -o html=report.html has them all")
    if groups:
        yield Text("")


def _open_questions(report: Report) -> Iterable[RenderableType]:
    """What was not proven is said as loudly as what was found."""
    open_cells = [each for each in report.cells if each.verdict in ("UNPROVEN", "UNTESTED")]
    if open_cells:
        yield Text("Not proven", style="bold")
        for each in open_cells[:12]:
            yield Text(f"  {each.from_} → {each.to}: {visible(each.reason)}")
        if len(open_cells) > 12:
            yield Text(f"  and {plural(len(open_cells) - 12, 'more zone pair')}")
    partly = [each for each in report.coverage if each.state == "partial"]
    if partly:
        yield Text("Tested in part", style="bold")
        for row in partly[:8]:
            yield Text(f"  {row.from_} → {row.to}: {visible(row.reason, 400)}")
        if len(partly) > 8:
            yield Text(f"  and {plural(len(partly) - 8, 'more zone pair')}; the reports name them all")
