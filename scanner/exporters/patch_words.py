"""What a report says of versions: how many are provably behind, how late, what cannot be known and why.

The one place that words it: the HTML report, the terminal UI and the summary on stdout all show this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from scanner.exporters.words import Tone
from scanner.model.base import SEVERITIES
from scanner.model.report import AcceptedRow, FeedRow, FindingRow, InventoryRow, PatchRow, Report
from scanner.model.text import plural

PATCH_KINDS = ("known-exploited", "end-of-life", "outdated")
BEHIND = ("NON_COMPLIANT", "END_OF_LIFE")
"""The verdicts that are charges."""
SOON_DAYS = 14

RULES = {
    "distribution-fix": "the distribution's own fixes",
    "distribution-life": "the distribution's end of support",
    "upstream-minimum": "the minimum of its branch",
    "upstream-life": "the end of support of its branch",
    "no-fact": "no fact applies",
}
"""What a rule looks at."""
UNKNOWN_SINCE = {
    "backport-possible": "a distribution's backport cannot be told from its banner",
    "no-version": "the service does not tell its version",
    "base-build-only": "only the base build shows, not the update level",
    "branch-unknown": "no baseline names its branch",
    "no-baseline": "there is no baseline for the product",
    "stale-baseline": "the facts are too old to acquit it",
    "untrusted-banner": "the banner contradicts itself or may be invented",
}
ACCEPTED = {
    "held": ("●", "holds"),
    "expired": ("!", "has run out"),
    "ownerless": ("!", "does nothing: nobody answers for it"),
    "unmatched": ("!", "does nothing: no finding fits it"),
}
"""The state of an entry of the register: a sign, and words that follow its name."""

INVENTORIES = {
    "joined": ("●", "counts"),
    "superseded": ("–", "a newer one counts"),
    "unplaced": ("!", "of no host that is known"),
}


class Line(msgspec.Struct, frozen=True):
    """A sentence for the first page."""

    tone: Tone
    text: str


def in_short(report: Report) -> tuple[Line, ...]:
    """The state of the software in plain words, a sentence a point, the worst first."""
    rows = report.patches
    if not rows:
        return (Line("none", "No software version was judged. That does not say that software is up to date."),)
    behind = [row for row in rows if row.verdict in BEHIND]
    lines = [*_behind(behind), *_late(behind, report), *_exploited(behind), *_exposed(behind, report)]
    unknown = Counter(row.reason for row in rows if row.verdict == "UNKNOWN")
    if unknown:
        reasons = "; ".join(f"{count:,} as {UNKNOWN_SINCE.get(why, why)}" for why, count in unknown.most_common())
        lines.append(Line("warn", f"{unknown.total():,} cannot be known: {reasons}."))
    fine = sum(row.verdict == "COMPLIANT" for row in rows)
    if fine:
        is_at = "is at or above what its baseline asks" if fine == 1 else "are at or above what their baselines ask"
        lines.append(Line("plain", f"{fine:,} {is_at}."))
    stale = [feed.title for feed in report.feeds if feed.state == "stale"]
    if stale:
        lines.append(Line("warn", f"Too old to say that nothing is missing: {', '.join(stale)}."))
    lost = sum(row.state == "unplaced" for row in report.inventories)
    if lost:
        belongs = "belongs" if lost == 1 else "belong"
        text = f"{plural(lost, 'imported inventory', 'imported inventories')} {belongs} to no host that is known, and "
        lines.append(Line("warn", f"{text}nothing in {'it' if lost == 1 else 'them'} was judged."))
    idle = sum(row.state in ("ownerless", "unmatched") for row in report.accepted)
    if idle:
        lines.append(Line("warn", f"{plural(idle, 'exception')} in the register {_does(idle)} nothing."))
    return tuple(lines)


def _behind(rows: Sequence[PatchRow]) -> Iterable[Line]:
    if not rows:
        yield Line("plain", "Nothing is provably outdated.")
        return
    lacking = sum(row.verdict == "NON_COMPLIANT" for row in rows)
    parts = []
    if lacking:
        parts.append(f"{lacking:,} {'lacks' if lacking == 1 else 'lack'} a fix that is out")
    if lacking < len(rows):
        ended = len(rows) - lacking
        parts.append(f"{ended:,} {'has' if ended == 1 else 'have'} no support any more")
    text = f"{plural(len(rows), 'product')} {'is' if len(rows) == 1 else 'are'} provably outdated: {', '.join(parts)}."
    yield Line("bad", text)


def _late(rows: Sequence[PatchRow], report: Report) -> Iterable[Line]:
    past = [row for row in rows if (row.overdue_days or 0) > 0]
    soon = sum(-SOON_DAYS <= row.overdue_days <= 0 for row in rows if row.overdue_days is not None)
    if past:
        names = {each.name: each.title or each.name for each in report.deadlines}
        over = Counter(each.policy for row in past for each in row.deadlines if each.overdue_days > 0)
        by = ", ".join(f"{count:,} by {names.get(name, name)}" for name, count in over.most_common())
        worst = max(row.overdue_days or 0 for row in past)
        where = f" ({by})" if by else ""
        yield Line("bad", f"{len(past):,} of these {_is(len(past))} past a deadline{where}, by up to {_days(worst)}.")
    if soon:
        yield Line("warn", f"{soon:,} of these {_falls(soon)} due within {SOON_DAYS} days.")


def _exploited(rows: Sequence[PatchRow]) -> Iterable[Line]:
    exploited = sum(bool(row.kev) for row in rows)
    if exploited:
        verb = "has" if exploited == 1 else "have"
        yield Line("bad", f"{exploited:,} of these {verb} flaws that are exploited in the wild (CISA KEV).")


def _exposed(rows: Sequence[PatchRow], report: Report) -> Iterable[Line]:
    zones = Counter(zone for row in rows for zone in dict.fromkeys(row.exposed_to))
    exposed = sum(bool(row.exposed_to) for row in rows)
    if exposed:
        trust = {zone.name: zone.trust for zone in report.zones}
        by = ", ".join(f"{count:,} from {_zone(name, trust.get(name, ''))}" for name, count in zones.most_common())
        yield Line("bad", f"{exposed:,} of these can be reached from other zones: {by}.")


def _zone(name: str, trust: str) -> str:
    return f"{name} (untrusted)" if trust == "untrusted" else name


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _does(count: int) -> str:
    return "does" if count == 1 else "do"


def _falls(count: int) -> str:
    return "falls" if count == 1 else "fall"


def _days(count: int) -> str:
    return plural(count, "day")


def findings_by_row(report: Report) -> Callable[[PatchRow], tuple[FindingRow, ...]]:
    """Which findings came of a row that fails: of its host and product, and of its port where both name one. Where
    none names the product: the one of several packages together, or of a report that named none yet."""
    by_host: dict[str | None, list[FindingRow]] = {}
    for each in report.findings:
        if each.kind in PATCH_KINDS:
            by_host.setdefault(each.host, []).append(each)

    def found(row: PatchRow) -> tuple[FindingRow, ...]:
        if row.verdict not in BEHIND:
            return ()
        near = [
            each
            for each in by_host.get(row.host, ())
            if None in (each.port, row.port) or (each.transport, each.port) == (row.transport, row.port)
        ]
        named = tuple(each for each in near if each.product == row.product)
        return named or tuple(each for each in near if each.product is None)

    return found


def rows_by_finding(report: Report) -> dict[str, PatchRow]:
    """By a finding's id the row that it came of; of several the one that fails."""
    of = findings_by_row(report)
    found: dict[str, PatchRow] = {}
    for row in sorted(report.patches, key=lambda each: each.verdict not in BEHIND):
        for each in of(row):
            found.setdefault(each.id, row)
    return found


def risk_of(findings: Iterable[FindingRow]) -> int:
    return max((each.risk for each in findings), default=0)


def urgency(row: PatchRow, risk: int) -> tuple[int, int, int, int]:
    """Sort key: the riskiest first, then what fails, by severity and how late it is, then what is unknown."""
    severity = SEVERITIES.index(row.severity) if row.severity else -1
    verdict = {"COMPLIANT": 2, "UNKNOWN": 1}.get(row.verdict, 0)
    return -risk, verdict, -severity, -(row.overdue_days or 0)


def first_of(finding: FindingRow) -> tuple[int, int]:
    """Sort key of findings: the most severe first, within a severity the riskiest."""
    return -SEVERITIES.index(finding.severity), -finding.risk


def versions(row: PatchRow) -> tuple[tuple[str, str], ...]:
    """Who says what runs there, the witness that decided first; one that named nothing is left out."""
    told = row.version or "no version"
    if len(row.seen_by) < 2 and row.banner is None:
        return ((row.seen_by[0] if row.seen_by else "found", told),)
    # A banner shows no epoch.
    if row.banner is not None and row.banner in (row.version, told.partition(":")[2]):
        return (("found by both", told),)
    return ("inventory", told), ("network", row.banner or "no version")


def behind_words(row: PatchRow) -> str:
    """How far behind its branch it is; empty where that is not known."""
    if row.latest is None:
        return ""
    if row.days_behind is None:
        return f"the newest of its branch is {row.latest}"
    if row.days_behind == 0:
        return "the newest of its branch"
    return f"{_days(row.days_behind)} behind {row.latest}, the newest of its branch"


def due_words(overdue_days: int) -> str:
    if overdue_days > 0:
        return f"{_days(overdue_days)} overdue"
    return "due today" if overdue_days == 0 else f"{_days(-overdue_days)} left"


def age_words(feed: FeedRow) -> str:
    """How old a feed's facts were; a report can be made for a day before theirs."""
    return f"{_days(feed.age_days)} old" if feed.age_days >= 0 else "of a later day than this report"


def epss_words(probability: float) -> str:
    """EPSS as a chance; whoever needs all its figures reads the JSON report."""
    return "below 1%" if probability < 0.01 else f"{probability:.0%}" if probability < 0.995 else "above 99%"


def required_words(row: PatchRow) -> str:
    """What would do. The very version that shows can be required: then the distribution's fixes are in question."""
    if row.verdict == "END_OF_LIFE" and not row.required:
        return "a release that is supported"
    if row.verdict == "UNKNOWN" and row.required and row.required == row.version:
        return "the distribution's fixes"
    return row.required or ""


def inventory_words(row: InventoryRow) -> tuple[str, str]:
    """The sign and the words of what became of an inventory."""
    return INVENTORIES.get(row.state, ("?", row.state))


def register_words(row: AcceptedRow) -> tuple[str, str]:
    """The sign and the words of an entry's state."""
    return ACCEPTED.get(row.state, ("?", row.state))


def rule_words(row: PatchRow) -> str:
    return RULES.get(row.rule, row.rule.replace("-", " "))
