"""The whole report as lines of plain words, for a screen reader, a Braille line or a pipe. Pure.

One thing after the other, from top to bottom: no columns, no drawings, no colours, no sign that stands for a word. What
the screens draw is told here, and nothing is left out that they show.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from scanner.exporters.patch_words import findings_by_row, risk_of, urgency
from scanner.exporters.words import NOT_MEASURED
from scanner.model.report import FindingRow, PatchRow, Report
from scanner.model.text import plural, visible
from tui import details, fixes, overview, patched, register, rows, status
from tui.doc import Doc
from tui.facts import PATCH_KINDS, zone_names

_WIDE = 1_000_000
"""Columns that no line reaches, so that none is broken."""
SECTIONS = ("overview", "hosts", "services", "matrix", "gaps", "patches", "exceptions", "fixes")
"""What can be told, in the order of the screens."""
ELSEWHERE = (
    "To scan: fencewalk scan SITE --from ZONE.",
    "To see what changed since an earlier scan: fencewalk diff SITE.",
    "To write the report to files: fencewalk assess SITE -o html=report.html, or json, csv and others.",
    "To accept a finding: fencewalk except SITE FINDING --owner NAME --reason TEXT --until DAY.",
    "To ask a finding's probes again: fencewalk verify SITE FINDING.",
)
_WORDS = {
    mark.label: mark.word
    for table in (status.CELLS, status.PATCHES, status.FLOWS, status.SEVERITY, status.COVERAGE, status.STATES,
                  status.REGISTER, {"SUPPOSED": status.SUPPOSED})
    for mark in table.values()
}  # fmt: skip
"""What to say for a mark."""
_SIGNS = frozenset(mark.glyph for mark in status.BY_LABEL.values() if not mark.glyph.isascii())
_LABEL = "$fw-muted"
_HEADING = "bold $fw-accent"


def lines(report: Report, sections: Sequence[str] = SECTIONS) -> Iterator[str]:
    """The report in words, a line at a time and without line ends; no line holds anything but printing characters."""
    yield f"fencewalk. {visible(report.client)}, {visible(report.site)}. Judged as of {visible(report.generated)}."
    for rule in report.what_if:
        yield f"{NOT_MEASURED}, as if the fence denied {visible(rule)}."
    told = {name: _TELL[name](report) for name in sections}
    counts = {name: len(each) for name, each in told.items() if name != "overview"}
    yield "Sections: " + ", ".join(
        f"{name} ({plural(counts[name], 'item')})" if name in counts else name for name in sections
    ) + "."  # fmt: skip
    for number, name in enumerate(sections, 1):
        yield ""
        yield f"Section {number} of {len(sections)}: {name.capitalize()}."
        yield from _section(told[name], _NOUNS[name])
    yield ""
    yield "End of the report."
    yield from ELSEWHERE


def spoken(doc: Doc) -> Iterator[str]:
    """A document in lines that make sense when they are read out. What comes from outside stays as it is."""
    for line in doc.content(_WIDE, drawn=False).split("\n"):
        parts = [(line.plain[span.start : span.end], str(span.style)) for span in line.spans]
        said = _say(parts or [(line.plain, "")])
        if said:
            yield said


def _say(parts: Sequence[tuple[str, str]]) -> str:
    """`✕ BREACHED  high confidence` as `BREACHED, high confidence`; `zone          guest` as `zone: guest`."""
    told, pause = "", 0
    for at, (text, style) in enumerate(parts):
        words = _WORDS.get(text.strip(), text.strip()).replace(" → ", " to ").replace(" ◆ ", " critical system ")
        if style == _HEADING and not at and words.isupper():
            return _heading(words)
        if words == "→":
            words = "to" if told else ""
        elif words[:1] in _SIGNS and words[1:2] == " " and (not told or style.startswith("bold ")):
            words = words[2:]
        elif len(words) < 3 and not any(map(str.isalnum, words)):
            # A bullet, the rail of a path, a blank.
            words = ""
        before = len(text) - len(text.lstrip(" "))
        if not words:
            pause += len(text)
            continue
        if told:
            gap = max(pause, before) if text.strip() != "→" and not told.endswith(" to") else 1
            # Columns that have run into each other are two things, too.
            gap = 2 if not gap and told[-1].isalnum() and words[0].isalnum() else gap
            told += {0: "", 1: " "}.get(gap, " " if told[-1] in ":,." or words[0] in ":,." else ", ")
        told += words
        pause = len(text) - len(text.rstrip(" "))
        if not at and style == _LABEL and pause and words.islower() and words[-1] != ":":
            told, pause = f"{told}:", 1
    return told


def _heading(words: str) -> str:
    """What stands in capitals on the screen; the hint behind it is about keys, which nothing here answers to."""
    said = words.capitalize()
    for word in ("CVEs", "CISA", "KEV", "EPSS"):
        said = re.sub(rf"(?i)\b{word}\b", word, said)
    return f"{said}."


Item = Callable[[], Doc]


def _section(items: Sequence[Item], noun: str) -> Iterator[str]:
    if not items:
        yield "Nothing here."
    for number, item in enumerate(items, 1):
        yield ""
        said = list(spoken(item()))
        yield f"{noun} {number} of {len(items)}. {said[0] if said else ''}".rstrip()
        yield from said[1:]


class _Index:
    """Who is about whom, looked up once: a report may hold a hundred thousand findings."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.by_host: dict[str, list[FindingRow]] = defaultdict(list)
        for finding in report.findings:
            if finding.host is not None:
                self.by_host[finding.host].append(finding)
        self.patches: dict[str, list[PatchRow]] = defaultdict(list)
        for patch in report.patches:
            self.patches[patch.host].append(patch)

    def near(self, *hosts: str) -> Report:
        """The report with only what is about these hosts: ids and addresses."""
        names = dict.fromkeys(hosts)
        return msgspec.structs.replace(
            self.report,
            findings=tuple(each for name in names for each in self.by_host.get(name, ())),
            patches=tuple(each for name in names for each in self.patches.get(name, ())),
        )


def _overview(report: Report) -> list[Item]:
    parts: tuple[tuple[str, Callable[[Report], Doc]], ...] = (
        ("Verdict", overview.verdict),
        ("Software in short", patched.short),
        ("What to fix first", overview.first),
        ("Worst open findings", overview.worst),
        ("Coverage and limits", overview.limits),
    )
    return [_titled(title, tell, report) for title, tell in parts]


def _titled(title: str, tell: Callable[[Report], Doc], report: Report) -> Item:
    return lambda: Doc().line(f"{title}.").join(tell(report))


def _hosts(report: Report) -> list[Item]:
    index = _Index(report)
    return [lambda host=host: details.host(host, index.near(host.id, *host.addresses)) for host in report.hosts]  # type: ignore[misc]


def _services(report: Report) -> list[Item]:
    return [
        lambda host=host, service=service: Doc().line(  # type: ignore[misc]
            f"{service.transport}/{service.port} of {host.id}, {service.state}: "
            + ", ".join(filter(None, (service.service, service.title or service.product, service.version)))
            if service.service or service.product
            else f"{service.transport}/{service.port} of {host.id}, {service.state}, not identified"
        )
        for host in report.hosts
        for service in host.services
    ]


def _matrix(report: Report) -> list[Item]:
    names = zone_names(report)
    return [
        lambda left=left, right=right: details.cell(report, left, right)  # type: ignore[misc]
        for left in names
        for right in names
        if left != right
    ]


def _gaps(report: Report) -> list[Item]:
    return _findings(report, rows.gap_findings(report))


def _findings(report: Report, chosen: Sequence[FindingRow]) -> list[Item]:
    flows = defaultdict(list)
    for flow in report.reachability:
        flows[flow.from_, flow.to].append(flow)
    steps = defaultdict(list)
    for remedy in report.remediation:
        for each in remedy.closes:
            steps[each].append(remedy)

    def tell(row: FindingRow) -> Doc:
        near = msgspec.structs.replace(
            report,
            findings=(row,),
            reachability=tuple(flows.get((row.from_ or "", row.to or ""), ())),
            remediation=tuple(steps.get(row.id, ())),
        )
        return details.finding(row, near)

    return [lambda row=row: tell(row) for row in chosen]  # type: ignore[misc]


def _patches(report: Report) -> list[Item]:
    of, index = findings_by_row(report), _Index(report)
    judged = sorted(report.patches, key=lambda row: urgency(row, risk_of(of(row))))
    told: list[Item] = [lambda row=row: patched.patch(row, index.near(row.host)) for row in judged]  # type: ignore[misc]
    # A row tells the findings that came of it; one that came of none is told by itself.
    seen = {finding.id for row in judged for finding in of(row)}
    rest = [each for each in report.findings if each.kind in PATCH_KINDS and each.id not in seen]
    return told + _findings(report, rest)


def _exceptions(report: Report) -> list[Item]:
    by_id = {each.id: each for each in report.findings}
    return [lambda row=row: register.entry(row, report, by_id) for row in register.entries(report)]  # type: ignore[misc]


def _fixes(report: Report) -> list[Item]:
    return [
        lambda each=each: fixes.document(each, report, fixes.DIALECTS[0])  # type: ignore[misc]
        for each in fixes.fixes(report)
    ]


_TELL: Mapping[str, Callable[[Report], list[Item]]] = {
    "overview": _overview, "hosts": _hosts, "services": _services, "matrix": _matrix, "gaps": _gaps,
    "patches": _patches, "exceptions": _exceptions, "fixes": _fixes,
}  # fmt: skip
_NOUNS = {
    "overview": "Part", "hosts": "Host", "services": "Service", "matrix": "Pair", "gaps": "Finding",
    "patches": "Version", "exceptions": "Exception", "fixes": "Change",
}  # fmt: skip
