"""A report held against what is true of a topology: no finding more and none less."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.lab.topology import Expect, ExpectedFinding
from scanner.model.report import FindingRow, Report


def differences(report: Report, expect: Expect) -> list[str]:
    """Everything in which the report and the truth differ, a sentence each; empty: they agree.

    Findings and cells are compared as whole sets. Flows and patches are each looked up.
    """
    return [
        *_findings(report.findings, expect.findings),
        *_cells(report, expect),
        *_flows(report, expect),
        *_patches(report, expect),
    ]


def _findings(found: Iterable[FindingRow], expected: Iterable[ExpectedFinding]) -> Iterable[str]:
    def key(each: FindingRow | ExpectedFinding) -> tuple[str, ...]:
        parts = (each.kind, each.host, each.from_, each.to, each.transport, each.port)
        return tuple("-" if part is None else str(part) for part in parts)

    have = {key(each): each for each in found}
    want = {key(each): each for each in expected}
    for missing in sorted(want.keys() - have.keys()):
        yield f"missing finding: {' '.join(missing)}"
    for extra in sorted(have.keys() - want.keys()):
        yield f"unexpected finding: {' '.join(extra)} ({have[extra].severity}: {have[extra].title})"
    for same in sorted(want.keys() & have.keys()):
        severity = want[same].severity
        if severity is not None and severity != have[same].severity:
            yield f"{' '.join(same)}: severity {have[same].severity}, not {severity}"


def _cells(report: Report, expect: Expect) -> Iterable[str]:
    have = {(each.from_, each.to): each for each in report.cells}
    want = {(each.from_, each.to): each for each in expect.cells}
    for pair in sorted(want.keys() | have.keys()):
        name = " -> ".join(pair)
        if pair not in have:
            yield f"no cell {name}"
        elif pair not in want:
            yield f"unexpected cell {name}: {have[pair].verdict}: {have[pair].reason}"
        elif have[pair].verdict != want[pair].verdict:
            yield f"cell {name}: {have[pair].verdict}, not {want[pair].verdict}: {have[pair].reason}"


def _flows(report: Report, expect: Expect) -> Iterable[str]:
    have = {(each.from_, each.address, each.transport, each.port, each.via): each for each in report.reachability}
    for flow in expect.flows:
        found = have.get((flow.from_, flow.address, flow.transport, flow.port, flow.via))
        name = f"flow {flow.from_} -> {flow.address} {flow.transport}/{flow.port}{f' {flow.via}' if flow.via else ''}"
        if found is None:
            yield f"{name}: not in the report, expected {flow.verdict}"
        elif found.verdict != flow.verdict:
            yield f"{name}: {found.verdict}, not {flow.verdict}: {found.reason}"


def _patches(report: Report, expect: Expect) -> Iterable[str]:
    for patch in expect.patches:
        rows = [each for each in report.patches if (each.host, each.product) == (patch.host, patch.product)]
        if patch.version is not None:
            rows = [each for each in rows if each.version == patch.version]
        name = f"{patch.product} {patch.version or ''} on {patch.host}".replace("  ", " ")
        if not rows:
            yield f"{name}: not in the report"
        for row in rows:
            if row.verdict != patch.verdict or (patch.reason is not None and row.reason != patch.reason):
                yield f"{name}: {row.verdict} ({row.reason}), not {patch.verdict} ({patch.reason or 'any reason'})"
