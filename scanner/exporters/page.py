"""What the HTML report shows, in its order: grouped, counted and linked, with no markup in it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import msgspec

from scanner.exporters.cover_page import Cover, Framework, Trend, cover, frameworks, trend, unanswered
from scanner.exporters.fence_page import (
    Blast,
    Chain,
    Measurement,
    chain,
    falls,
    measurements,
)
from scanner.exporters.fence_words import path_of
from scanner.exporters.patch_page import PatchPage, patch_page
from scanner.exporters.patch_words import PATCH_KINDS, first_of
from scanner.exporters.path_picture import PathPicture, draw_paths
from scanner.exporters.picture import Picture, draw
from scanner.exporters.plan_page import Cut, Shown, Step, cut, plan
from scanner.exporters.tables import interest
from scanner.exporters.verdict import Verdict, all_cells, all_zones, conclude, is_scan, is_simulated, stood_in
from scanner.exporters.views import Section, depth, sections
from scanner.exporters.words import Mark, cell_code, cell_signs, long_date, short_time
from scanner.exporters.written import by_zone, written
from scanner.model.base import SEVERITIES
from scanner.model.report import (
    CellRow,
    CoverageRow,
    FindingRow,
    FlowRow,
    HostRow,
    PathRow,
    PolicyNoteRow,
    Report,
    VantageRow,
    ZoneRow,
    is_open,
)
from scanner.model.text import plural

FLOW_LIMIT = 100
"""Flows shown; a scan has tens of thousands, and the JSON report holds them all."""
PATH_LIMIT = 50
"""Paths shown that no finding tells."""
NOTE_LIMIT = 100

_CELL_ORDER = ("BREACHED", "UNPROVEN", "UNTESTED", "AS_POLICY")
_STATE_ORDER = ("untested", "partial", "tested")
_SECTIONS = {"segmentation-gap": "gaps", "attack-path": "paths", **dict.fromkeys(PATCH_KINDS, "patches")}


class Gaps(msgspec.Struct, frozen=True):
    """The gaps of one boundary."""

    from_: str
    to: str
    anchor: str
    cell: CellRow | None
    findings: tuple[Shown, ...]
    total: int


class Square(msgspec.Struct, frozen=True):
    """A cell of the matrix. `row` is None on the diagonal of a zone that allows all inside it."""

    row: CellRow | None
    partial: bool
    anchor: str | None


class Covered(msgspec.Struct, frozen=True):
    """What is said of all the boundaries out of one zone with the same state and reason."""

    from_: str
    to: tuple[str, ...]
    reason: str


class Control(msgspec.Struct, frozen=True):
    framework: str
    identifiers: tuple[tuple[str, int, str], ...]
    """Identifier, number of findings, worst severity."""


class Page(msgspec.Struct, frozen=True):
    """Everything that the templates read besides the report itself."""

    sections: tuple[Section, ...]
    depth: frozenset[str]
    cover: Cover
    risk: int
    """The risks of all open findings, added up."""
    trend: Trend | None
    frameworks: tuple[Framework, ...]
    unanswered: tuple[str, ...]
    verdict: Verdict
    severities: tuple[tuple[str, int], ...]
    patch_counts: dict[str, int]
    sessions: str
    """Where and when it was scanned, in a sentence."""
    judged: str
    """As of which day, in a sentence; more of one where that is not the day of the scan."""
    hosts: int
    services: int
    excepted: int
    zones: tuple[ZoneRow, ...]
    matrix: tuple[tuple[ZoneRow, tuple[Square, ...]], ...]
    cells: tuple[CellRow, ...]
    """Breaches first."""
    cell_counts: dict[str, int]
    cell_signs: dict[str, Mark]
    picture: Picture | None
    path_picture: PathPicture | None
    anchors: dict[tuple[str, str], str]
    """Boundary -> the id of its group of gaps."""
    gaps: tuple[Gaps, ...]
    left_out: dict[str, int]
    """Section -> findings that are not written out in it."""
    paths: tuple[Shown, ...]
    patch_findings: tuple[Shown, ...]
    others: tuple[Shown, ...]
    accepted: tuple[Shown, ...]
    patches: PatchPage
    names: dict[str, str]
    """Host -> the first name that it goes by."""
    critical: dict[str, str]
    """Host -> the critical system that it is."""
    plan: tuple[Step, ...]
    more_paths: tuple[Chain, ...]
    """Paths that no finding tells."""
    more_paths_total: int
    blast: Blast
    cut: Cut | None
    measured: tuple[Measurement, ...]
    notes: tuple[PolicyNoteRow, ...]
    notes_total: int
    controls: tuple[Control, ...]
    inventory: tuple[tuple[str, tuple[HostRow, ...], int], ...]
    """Zone, its hosts that are written out, and how many it has."""
    coverage: tuple[tuple[str, int, tuple[Covered, ...]], ...]
    """State, number of boundaries, and these summed where their reason is one."""
    coverage_counts: dict[str, int]
    flows: tuple[FlowRow, ...]
    flows_total: int
    flow_counts: tuple[tuple[str, int, int], ...]
    """Verdict, how many that the policy allows, how many that it forbids."""


def lay_out(report: Report) -> Page:
    """Pure and repeatable: order comes from severity, then from the report."""
    names = {host.id: host.names[0] for host in report.hosts if host.names}
    critical = {host.id: host.critical for host in report.hosts if host.critical}

    def drawn(path: PathRow) -> Chain:
        return chain(path, names, critical)

    told = _paths_by_finding(report)
    deep = depth(report)
    shown = [_with_chain(each, told, drawn) for each in written(_anchored(report.findings))]
    if "evidence" not in deep:
        shown = [msgspec.structs.replace(each, brief=True) for each in shown]
    ends = {(path.from_, path.critical) for path in told.values()}
    untold = [path for path in report.paths if (path.from_, path.critical) not in ends]
    zones = all_zones(report)
    cells = all_cells(report, zones)
    gaps = _gaps([each for each in shown if each.row.kind == "segmentation-gap"], cells)
    anchors = {(each.from_, each.to): each.anchor for each in gaps}
    listed: dict[str, list[Shown]] = {"gaps": [], "paths": [], "patches": [], "others": []}
    for each in shown:
        listed[_SECTIONS.get(each.row.kind, "others")].append(each)
    covered = _covered(report.coverage, cells)
    partial = {(row.from_, row.to) for row in covered if row.state != "tested"}
    counts = report.summary
    severities: Mapping[str, int] = (
        counts.findings if counts else Counter(f.row.severity for f in shown if is_open(f.row))
    )
    state_counts: Counter[str] = Counter(row.state for row in covered)
    said, judged = _sessions(report.vantages), _judged(report)
    return Page(
        sections=sections(report),
        depth=deep,
        cover=cover(report, said, judged),
        risk=counts.risk if counts else sum(each.risk for each in report.findings if is_open(each)),
        trend=trend(report, severities),
        frameworks=frameworks(report.controls),
        unanswered=unanswered(report.attestations),
        verdict=conclude(report),
        severities=tuple((severity, severities.get(severity, 0)) for severity in reversed(SEVERITIES)),
        patch_counts=counts.patches if counts else dict(Counter(row.verdict for row in report.patches)),
        sessions=said,
        judged=judged,
        hosts=counts.hosts if counts else len(report.hosts),
        services=counts.services if counts else sum(len(host.services) for host in report.hosts),
        excepted=counts.excepted if counts else sum(not is_open(f.row) for f in shown),
        zones=zones,
        matrix=tuple(
            (row, tuple(_square(cells.get((row.name, to.name)), partial, anchors) for to in zones)) for row in zones
        ),
        cells=tuple(sorted(cells.values(), key=lambda row: _CELL_ORDER.index(row.verdict))),
        cell_counts=dict(Counter(map(cell_code, cells.values()))),
        cell_signs=cell_signs(report),
        picture=draw(
            zones,
            stood_in(report),
            {key: row.forbidden_reached for key, row in cells.items() if row.verdict == "BREACHED"},
            report.hosts,
        ),
        path_picture=draw_paths(report.paths, report.findings, told, names),
        anchors=anchors,
        gaps=gaps,
        left_out={name: sum(not each.written for each in found) for name, found in listed.items()},
        paths=_worst_first(listed["paths"]),
        patch_findings=_worst_first(listed["patches"]),
        others=_worst_first(listed["others"]),
        accepted=tuple(each for each in shown if each.row.exception is not None),
        patches=patch_page(report, shown),
        names=names,
        critical=critical,
        plan=plan(report.remediation, shown),
        more_paths=tuple(map(drawn, untold[:PATH_LIMIT])),
        more_paths_total=len(untold),
        blast=falls(report),
        cut=cut(report.cut, shown),
        measured=measurements(report.measured),
        notes=report.policy_notes[:NOTE_LIMIT],
        notes_total=len(report.policy_notes),
        controls=_controls(report.findings),
        inventory=by_zone(report.hosts, zones),
        coverage=_coverage(covered),
        coverage_counts={state: state_counts.get(state, 0) for state in _STATE_ORDER},
        flows=tuple(sorted(report.reachability, key=interest)[:FLOW_LIMIT]),
        flows_total=len(report.reachability),
        flow_counts=_flow_counts(report.reachability),
    )


def _anchored(findings: Iterable[FindingRow]) -> list[Shown]:
    """An anchor is made of the finding's id, so that a link into a later report still finds it."""
    seen: Counter[str] = Counter()
    shown = []
    for row in findings:
        anchor = f"finding-{_digest(row.id)}"
        seen[anchor] += 1
        shown.append(Shown(row, anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}"))
    return shown


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _rank(severity: str) -> int:
    return -SEVERITIES.index(severity)


def _worst_first(findings: Iterable[Shown]) -> tuple[Shown, ...]:
    return tuple(sorted((each for each in findings if each.written), key=lambda each: first_of(each.row)))


def _covered(given: tuple[CoverageRow, ...], cells: Iterable[tuple[str, str]]) -> tuple[CoverageRow, ...]:
    """The coverage of every boundary: one that the report is silent about was not tested."""
    told = {(row.from_, row.to) for row in given}
    silent = (key for key in cells if key not in told)
    return given + tuple(CoverageRow(*key, "untested", "the report says nothing about it") for key in silent)


def _coverage(rows: Iterable[CoverageRow]) -> tuple[tuple[str, int, tuple[Covered, ...]], ...]:
    found: dict[str, dict[tuple[str, str], list[str]]] = {state: {} for state in _STATE_ORDER}
    for row in rows:
        found[row.state].setdefault((row.from_, row.reason), []).append(row.to)
    return tuple(
        (
            state,
            sum(map(len, groups.values())),
            tuple(Covered(from_, tuple(to), reason) for (from_, reason), to in groups.items()),
        )
        for state, groups in found.items()
        if groups
    )


def _sessions(vantages: Iterable[VantageRow]) -> str:
    rows = tuple(vantages)
    scans = [row for row in rows if is_scan(row)]
    ears = ", ".join(dict.fromkeys(row.zone for row in rows if row.purpose == "canary"))
    listened = f" A canary listened in {ears}." if ears else ""
    if not scans:
        return f"Nothing was scanned.{listened}"
    zones = ", ".join(dict.fromkeys(row.zone for row in scans))
    first, last = min(row.started for row in scans), max(row.ended or row.started for row in scans)
    since, until = short_time(first), short_time(last)
    when = f"on {since}" if since == until else f"between {since} and {until}"
    simulated = [row for row in scans if is_simulated(row)]
    if len(simulated) == len(scans):
        return f"A scan from {zones} was simulated {when}: no packet was sent.{listened}"
    some = f" {plural(len(simulated), 'session')} of these simulated: no packet was sent." if simulated else ""
    return f"Scanned from {zones}, {when}.{some}{listened}"


def _judged(report: Report) -> str:
    day = long_date(report.generated)
    sentence = f"Judged as of {day}"
    first, last = (pick((row.started[:10] for row in report.vantages), default="") for pick in (min, max))
    if not first or last == report.generated:
        return f"{sentence}."
    scanned = long_date(first) if first == last else f"{long_date(first)} to {long_date(last)}"
    if report.generated < last:
        counted = "deadlines and the end of support are counted to that day, not to the scan's"
        return f"{sentence}, before the last scan ({scanned}): {counted}."
    return f"{sentence}, by scans of {scanned}."


def _square(cell: CellRow | None, partial: set[tuple[str, str]], anchors: dict[tuple[str, str], str]) -> Square:
    if cell is None:
        return Square(None, False, None)
    key = (cell.from_, cell.to)
    return Square(cell, key in partial and cell.verdict != "UNTESTED", anchors.get(key))


def _gaps(findings: list[Shown], cells: dict[tuple[str, str], CellRow]) -> tuple[Gaps, ...]:
    totals = Counter((each.row.from_ or "?", each.row.to or "?") for each in findings)
    groups: dict[tuple[str, str], list[Shown]] = {}
    for each in _worst_first(findings):
        groups.setdefault((each.row.from_ or "?", each.row.to or "?"), []).append(each)
    return tuple(
        Gaps(*key, f"gaps-{_digest(chr(0).join(key))}", cells.get(key), tuple(found), totals[key])
        for key, found in groups.items()
    )


def _paths_by_finding(report: Report) -> dict[str, PathRow]:
    ends: dict[tuple[str, str], list[PathRow]] = {}
    for path in report.paths:
        ends.setdefault((path.from_, path.host), []).append(path)
    found = ((each.id, path_of(each, ends.get((each.from_ or "", each.host or ""), ()))) for each in report.findings)
    return {id_: path for id_, path in found if path is not None}


def _with_chain(each: Shown, told: dict[str, PathRow], drawn: Callable[[PathRow], Chain]) -> Shown:
    path = told.get(each.row.id)
    return each if path is None else msgspec.structs.replace(each, chain=drawn(path))


def _controls(findings: Iterable[FindingRow]) -> tuple[Control, ...]:
    """Open findings by framework; a control is written as framework, blank, identifier."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in findings:
        if is_open(row):
            for control in dict.fromkeys(row.controls):
                framework, _, identifier = control.rpartition(" ")
                found.setdefault(framework, {}).setdefault(identifier, []).append(row.severity)
    return tuple(
        Control(
            framework,
            tuple((name, len(severities), min(severities, key=_rank)) for name, severities in sorted(names.items())),
        )
        for framework, names in sorted(found.items())
    )


def _flow_counts(rows: Iterable[FlowRow]) -> tuple[tuple[str, int, int], ...]:
    counts = Counter((row.verdict, row.allowed) for row in rows)
    verdicts = dict.fromkeys(verdict for verdict, _ in counts)
    return tuple((verdict, counts[verdict, True], counts[verdict, False]) for verdict in verdicts)
