"""Rows of a report by what they are about. Worked out once for a report; a cursor asks at every step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from scanner.model.report import DenialRow, FindingRow, FlowRow, HostRow, PatchRow, Report
from tui.once import per_report

K = TypeVar("K")
T = TypeVar("T")
Pair = tuple[str | None, str | None]
"""From which zone, to which."""


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> Mapping[K, Sequence[T]]:
    """In each group the rows' own order; a group that nobody is in is empty."""
    groups: dict[K, list[T]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return _Groups(groups)


class _Groups(dict[K, Sequence[T]]):
    def __missing__(self, _: K) -> Sequence[T]:
        return ()


@per_report
def hosts_by_id(report: Report) -> Mapping[str, HostRow]:
    return {host.id: host for host in report.hosts}


@per_report
def patches_by_host(report: Report) -> Mapping[str, Sequence[PatchRow]]:
    return grouped(report.patches, lambda row: row.host)


@per_report
def flows_by_pair(report: Report) -> Mapping[Pair, Sequence[FlowRow]]:
    return grouped(report.reachability, lambda flow: (flow.from_, flow.to))


@per_report
def findings_by_pair(report: Report) -> Mapping[Pair, Sequence[FindingRow]]:
    return grouped(report.findings, lambda finding: (finding.from_, finding.to))


@per_report
def denials_by_finding(report: Report) -> Mapping[str, Sequence[DenialRow]]:
    """Of the least cut, those that close a finding."""
    denials = report.cut.denials if report.cut else ()
    pairs = [(finding, denial) for denial in denials for finding in denial.closes]
    return _Groups({id: [denial for _, denial in some] for id, some in grouped(pairs, lambda pair: pair[0]).items()})


@per_report
def findings_by_host(report: Report) -> Mapping[str, Sequence[FindingRow]]:
    """Host id -> the findings about it."""
    pairs = [(host.id, finding) for finding in report.findings for host in hosts_of(finding, report)]
    return _Groups({id: [finding for _, finding in some] for id, some in grouped(pairs, lambda pair: pair[0]).items()})


def hosts_of(finding: FindingRow, report: Report) -> Sequence[HostRow]:
    """The hosts that a finding is about: it names one by its id, or by a bare address inside `to`."""
    if finding.host is None:
        return ()
    found = hosts_by_id(report).get(finding.host)
    named = (found,) if found is not None else ()
    # An address names one host of a zone at most; without a zone it names every host that has it.
    bare = [host for host in _by_address(report)[finding.host] if finding.to in (None, host.zone) and host is not found]
    return (*named, *bare)


@per_report
def _by_address(report: Report) -> Mapping[str, Sequence[HostRow]]:
    pairs = [(address, host) for host in report.hosts for address in host.addresses]
    return _Groups({at: [host for _, host in some] for at, some in grouped(pairs, lambda pair: pair[0]).items()})
