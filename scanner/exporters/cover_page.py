"""What a report says of itself: whose it is, what it covers, by which facts, and how its figures went."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from scanner.exporters.views import name_of, view_words
from scanner.exporters.words import Mark, long_date
from scanner.model.attested import QUESTIONS
from scanner.model.base import SEVERITIES
from scanner.model.recorded import AttestationRow, ControlRow, TrendRow
from scanner.model.report import Report
from scanner.model.text import plural

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_LOGO = re.compile(r"data:image/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}")
_READABLE = 4.5
"""The contrast of text that WCAG 2.2 asks for at level AA."""
_LIGHT = ("#fdfcfa", "#ffffff", "#f5f2ed", "#fcf1da", "#fbeae8", "#f0f1f3")
_DARK = ("#14171b", "#1a1e23", "#1f242a", "#342a12", "#3a1b1b", "#23282f")
"""The grounds of the style sheet that links stand on."""
SCOPE_LIMIT = 24
CHANGE_LIMIT = 50
_WIDTH, _HEIGHT, _LEFT = 720, 180, 44

CONTROLS = {
    "against": Mark("✕", "Observed, findings", "bad", "Something was seen that speaks against it."),
    "observed": Mark("○", "Observed, no finding", "plain", "It was looked at, and nothing was seen against it."),
    "attested": Mark("✎", "Attested", "plain", "Somebody stands for it; no network shows it."),
    "not tested": Mark("–", "Not tested", "none", "Neither looked at nor attested. That is no pass."),
}
ATTESTED = {
    "holds": Mark("✎", "Attested", "plain", "It holds on the day of this report."),
    "expired": Mark("!", "Run out", "warn", "It no longer holds, and answers nothing."),
    "not-yet": Mark("?", "Dated later", "warn", "It is of a day after this report, and answers nothing yet."),
}


class Cover(msgspec.Struct, frozen=True):
    name: str
    logo: str
    accent: str
    """The site's colour where text in it can be read on light paper, else empty."""
    accent_dark: str
    brand: str
    """The site's colour, for lines."""
    facts: tuple[tuple[str, str], ...]
    digests: tuple[tuple[str, str], ...]
    view: str
    notes: tuple[str, ...]


def cover(report: Report, sessions: str, judged: str) -> Cover:
    look = report.look
    brand = look.colour if look and _COLOUR.fullmatch(look.colour) else ""
    light = brand if brand and _reads(brand, _LIGHT) else ""
    dark = brand if brand and _reads(brand, _DARK) else ""
    notes = []
    if brand and not (light and dark):
        where = "on light and on dark ground" if not light and not dark else f"on {'dark' if light else 'light'} ground"
        notes.append(f"Text in the site's colour {brand} could not be read {where}; lines are drawn in it there.")
    digests = (
        ("Site file", report.digests.site), ("Baselines", report.digests.baselines),
        ("Feeds", report.digests.feeds), ("Observations", report.digests.observations),
    )  # fmt: skip
    return Cover(
        name=look.name if look else "",
        logo=look.logo if look and _LOGO.fullmatch(look.logo) else "",
        accent=light,
        accent_dark=dark,
        brand=brand,
        facts=tuple((key, text) for key, text in _facts(report, sessions, judged) if text),
        digests=tuple((key, text.removeprefix("sha256:")[:16]) for key, text in digests),
        view=view_words(report),
        notes=tuple(notes),
    )


def _facts(report: Report, sessions: str, judged: str) -> Iterable[tuple[str, str]]:
    scope, tool = report.scope, report.tool
    yield "Client", f"{report.client}, {report.site}"
    yield "Made by", report.look.name if report.look else ""
    if scope is not None:
        left = f"; left out: {_subnets(scope.exclude)}" if scope.exclude else ""
        gentle = f"; touched gently: {_subnets(scope.fragile)}" if scope.fragile else ""
        yield "Scope", f"{_subnets(scope.include)}{left}{gentle}"
    yield "Authorised by", report.authorization or "nobody: the site file names no authorisation"
    yield "Sessions", sessions
    yield "Day", judged
    if tool is not None:
        newest = f", the newest fact read on {long_date(tool.baselines)}" if tool.baselines else ""
        yield "By", f"fencewalk {tool.version}; baselines of {plural(tool.products, 'product')}{newest}"
    if report.feeds:
        stale = [each.title or each.name for each in report.feeds if each.state == "stale"]
        late = f"; too old to say that nothing is missing: {', '.join(stale)}" if stale else ""
        yield "Feeds", f"{plural(len(report.feeds), 'feed')}{late}"


def _subnets(given: tuple[str, ...]) -> str:
    more = f" and {len(given) - SCOPE_LIMIT:,} more" if len(given) > SCOPE_LIMIT else ""
    return ", ".join(given[:SCOPE_LIMIT]) + more


def _reads(colour: str, grounds: Iterable[str]) -> bool:
    return all(_contrast(colour, each) >= _READABLE for each in grounds)


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Column(msgspec.Struct, frozen=True):
    """A day of the trend, drawn: severities from the worst up."""

    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...]
    """Severity, y, height."""
    risk: float
    """y of the line."""


class Trend(msgspec.Struct, frozen=True):
    rows: tuple[TrendRow, ...]
    """The newest first; this report's own figures are the first row."""
    columns: tuple[Column, ...]
    line: str
    most: int
    most_risk: int
    words: str
    size: tuple[int, int, int] = (_WIDTH, _HEIGHT, _LEFT)


def trend(report: Report, severities: Mapping[str, int]) -> Trend | None:
    """None where there is no earlier assessment."""
    counts = report.summary
    if not report.trend or counts is None:
        return None
    now = TrendRow(
        report.generated,
        {each: severities.get(each, 0) for each in SEVERITIES},
        counts.risk,
        counts.cells,
        counts.patches,
        counts.hosts,
    )
    rows = (*report.trend, now)
    most = max(1, *(_total(each) for each in rows))
    most_risk = max(1, *(each.risk for each in rows))
    step = (_WIDTH - _LEFT) / len(rows)
    columns = []
    for number, row in enumerate(rows):
        top, parts = float(_HEIGHT), []
        for severity in reversed(SEVERITIES):
            height = max(0, row.findings.get(severity, 0)) / most * (_HEIGHT - 10)
            top -= height
            if height:
                parts.append((severity, round(top, 1), round(height, 1)))
        width = min(46.0, step * 0.7)
        x = _LEFT + step * (number + 0.5)
        y = _HEIGHT - max(0, row.risk) / most_risk * (_HEIGHT - 10)
        columns.append(Column(round(x, 1), round(width, 1), tuple(parts), round(y, 1)))
    return Trend(
        rows=tuple(reversed(rows)),
        columns=tuple(columns),
        line=" ".join(f"{each.x},{each.risk}" for each in columns),
        most=most,
        most_risk=most_risk,
        words=_trend_words(report.trend[-1], now),
    )


def _total(row: TrendRow) -> int:
    return sum(max(0, each) for each in row.findings.values())


def _trend_words(before: TrendRow, now: TrendRow) -> str:
    risk = (
        "is as it was"
        if now.risk == before.risk
        else f"{'fell' if now.risk < before.risk else 'rose'} from {before.risk:,} to {now.risk:,}"
    )
    text = f"Since {long_date(before.date)} the summed risk of open findings {risk}, and their number went from "
    text += f"{_total(before):,} to {_total(now):,}."
    if _tested(before) != _tested(now):
        text += (
            " Not as many boundaries were tested on both days, so that the figures alone do not say better or worse."
        )
    return text


def _tested(row: TrendRow) -> int:
    return sum(count for verdict, count in row.cells.items() if verdict != "UNTESTED")


class Framework(msgspec.Struct, frozen=True):
    name: str
    url: str
    rows: tuple[ControlRow, ...]
    counts: tuple[tuple[Mark, int], ...]


def frameworks(rows: Iterable[ControlRow]) -> tuple[Framework, ...]:
    found: dict[str, list[ControlRow]] = {}
    for row in rows:
        found.setdefault(name_of(row), []).append(row)
    return tuple(
        Framework(
            name,
            mine[0].url,
            tuple(mine),
            tuple((mark, sum(control_mark(each) is mark for each in mine)) for mark in CONTROLS.values()),
        )
        for name, mine in found.items()
    )


def control_mark(row: ControlRow) -> Mark:
    return CONTROLS["against" if row.findings else row.state]


def unanswered(rows: Iterable[AttestationRow]) -> tuple[str, ...]:
    """The questions that nobody's attestation answers on the day of the report."""
    held = {each.answer for each in rows if each.state == "holds"}
    return tuple(words for answer, words in QUESTIONS.items() if answer not in held)
