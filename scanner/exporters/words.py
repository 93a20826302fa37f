"""The words and signs of a report: every verdict has a glyph and a word, and never a colour alone.

The one table of them: the HTML report, the terminal UI and the summary on stdout each choose their own colour for a
tone. Only AS_POLICY that was measured is `good`, the one green; what was not tested is `none` and looks like nothing
else, and what a what-if supposes is `supposed`, with a word and a sign of its own.
"""

from __future__ import annotations

import datetime
import re
from typing import Literal

import msgspec

from scanner.model.report import CellRow, PatchRow, Report

Tone = Literal["good", "bad", "warn", "none", "plain", "supposed"]


_ZEROS = re.compile(r"\x00{33,}|(?:\\x00){33,}")


EVIDENCE_LIMIT = 160
"""Characters of what a service said, in the list of hosts; a finding has all of it, and so has the JSON report."""


def without_padding(text: str) -> str:
    """Evidence with its long runs of zero bytes, which say nothing, shortened; how many there were is said."""
    return _ZEROS.sub(_shortened, text)


def _shortened(found: re.Match[str]) -> str:
    count = len(found[0]) if found[0][0] == "\0" else len(found[0]) // 4
    return f"\\x00… {count:,} bytes of \\x00 …"


class Mark(msgspec.Struct, frozen=True):
    glyph: str
    word: str
    tone: Tone
    """A class of the style sheet, and the key to a terminal's colour."""
    meaning: str


CELLS: dict[str, Mark] = {
    "BREACHED": Mark("✕", "Breached", "bad", "Traffic that the policy forbids got through at least once."),
    "AS_POLICY": Mark(
        "✓", "As policy", "good",
        "Everything that was tested matches the policy, and every denial was proven with controls.",
    ),
    "UNPROVEN": Mark(
        "?", "Unproven", "warn", "No forbidden traffic was seen, but the silence could have another cause. Not a pass."
    ),
    "UNTESTED": Mark("–", "Untested", "none", "Nobody probed it, so nothing is known about it. Not a pass."),
}  # fmt: skip

SUPPOSED = "SUPPOSED"
"""The sign, in a what-if, of a pair of zones that only a supposed denial makes AS_POLICY."""
NOT_MEASURED = "WHAT IF: not measured"
"""Heads every screen and every page of a what-if."""
_SUPPOSED = Mark(
    "≈", "Would be as policy", "supposed",
    "Not measured: forbidden traffic gets through today, and a rule that is only supposed would stop it. Not a pass.",
)  # fmt: skip


def cell_code(row: CellRow | None) -> str:
    """The key in `cell_signs` of a pair of zones; one that the report does not hold was not tested."""
    if row is None:
        return "UNTESTED"
    # Of a report that an earlier program saved only the reason says it.
    supposed = row.supposed or row.reason.startswith("what if: ")
    return SUPPOSED if supposed and row.verdict == "AS_POLICY" else row.verdict


def cell_signs(report: Report) -> dict[str, Mark]:
    """The signs that cells of the report may bear, for its legend: those of measured verdicts, and in a what-if one
    more."""
    return {**CELLS, SUPPOSED: _SUPPOSED} if report.what_if else CELLS


def cell_mark(row: CellRow | None) -> Mark:
    """How a pair of zones is shown."""
    code = cell_code(row)
    return _SUPPOSED if code == SUPPOSED else CELLS[code]


FLOWS: dict[str, Mark] = {
    "REACHED": Mark("→", "Reached", "plain", "An answer came back that provably is the target's own."),
    "ONE_WAY": Mark("→", "One way", "plain", "The far side saw our packet; the answer never came back."),
    "TARGET_DOWN_PATH_OPEN": Mark(
        "→", "Path open, target down", "plain",
        "The last router tried to deliver: the firewall let the packet through and the host was off.",
    ),
    "REJECTED": Mark("|", "Rejected", "plain", "A firewall or router answered in the target's place, and is named."),
    "DROPPED": Mark(
        "|", "Dropped", "plain",
        "Repeated silence, while the service was up and this vantage could reach something known good. "
        "Without a canary this says that no answer comes back, not that nothing arrives.",
    ),
    "UNPROVEN": Mark("?", "Unproven", "warn", "Silence without those controls. It proves nothing."),
    "UNTESTED": Mark("–", "Untested", "none", "Nobody probed it."),
}  # fmt: skip

PATCHES: dict[str, Mark] = {
    "NON_COMPLIANT": Mark("✕", "Fix missing", "bad", "The version is below the one that holds the fix."),
    "END_OF_LIFE": Mark("✕", "End of life", "bad", "Whoever maintains this build no longer does."),
    "UNKNOWN": Mark("?", "Unknown", "warn", "The evidence cannot decide it; the reason is given. Not a pass."),
    "COMPLIANT": Mark("✓", "Compliant", "plain", "At or above the version that holds the fix."),
}

UNKNOWN: dict[str, str] = {
    "backport-possible": "The distribution may have backported the fix; the banner does not say which revision it is.",
    "no-version": "The service does not tell its version.",
    "base-build-only": "Only the base build shows, not the update level.",
    "branch-unknown": "The version belongs to no branch that the baseline names.",
    "no-baseline": "There is no baseline for this product.",
    "stale-baseline": "The baseline is too old to judge by.",
    "untrusted-banner": "The banner contradicts itself or may be invented.",
}


def why_unknown(row: PatchRow) -> str:
    """What is missing to judge an UNKNOWN row, in a sentence; empty for any other row."""
    if row.verdict != "UNKNOWN" or row.reason not in UNKNOWN:
        return ""
    if row.reason != "backport-possible" or not row.version or not row.required:
        return UNKNOWN[row.reason]
    upstream = row.required.partition(":")[2] or row.required
    if row.required == row.version:
        ended = f", whose support ended on {row.eol}" if row.eol else ""
        return (
            f"{row.version} is the last release of its branch{ended}: what was fixed since, only a distribution's "
            "package has, and which revision of a package this is does not show."
        )
    if upstream.startswith(f"{row.version}-"):
        return (
            f"{row.version} shows without the distribution's revision: {row.required} or later is needed, and which "
            "one this is does not show."
        )
    return (
        f"{row.version} is below {row.required}, unless the distribution backported the fixes: which revision of its "
        "package this is does not show."
    )


STATES: dict[str, Mark] = {
    "untested": Mark("–", "Not tested", "none", "Nothing was probed here."),
    "partial": Mark("?", "Tested in part", "warn", "Some of the plan was probed."),
    "tested": Mark("●", "Tested", "plain", "Everything that was planned was probed."),
}

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
"""Not strftime's: those follow the machine's language."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?Z")


def long_date(text: str) -> str:
    """`2026-11-06` as 6 November 2026; any other text as it is."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def short_time(text: str) -> str:
    """`2026-11-05T09:42:10Z` as 2026-11-05 09:42 UTC; any other text as it is."""
    found = _TIME.fullmatch(text)
    return f"{found[1]} {found[2]} UTC" if found else text
