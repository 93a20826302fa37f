from __future__ import annotations

import msgspec
from sample import sample_report

from scanner.model.report import CellRow, CellVerdict, Report, ZoneRow
from tui.facts import gap_count, pair_verdicts, summary_of, zone_names
from tui.lookup import findings_by_host
from tui.rows import hosts, worst

SAMPLE = sample_report()


Cell = tuple[str, str, CellVerdict]


def cell(from_: str, to: str, verdict: CellVerdict) -> Cell:
    return from_, to, verdict


def report(*cells: Cell, zones: str = "ab", **changes: object) -> Report:
    """A report about zones that are letters, with nothing found."""
    bare: Report = msgspec.structs.replace(
        SAMPLE,
        zones=tuple(ZoneRow(name, (), "user", None, 0) for name in zones),
        cells=tuple(CellRow(left, right, verdict, 10, 0, 0, "") for left, right, verdict in cells),
        vantages=(), hosts=(), reachability=(), patches=(), findings=(), remediation=(), coverage=(), summary=None,
    )  # fmt: skip
    return msgspec.structs.replace(bare, **changes)


def test_counts_of_a_report_without_a_summary_are_those_of_one_with() -> None:
    bare = msgspec.structs.replace(SAMPLE, summary=None)
    assert summary_of(bare) == SAMPLE.summary


BOTH = (cell("a", "b", "AS_POLICY"), cell("b", "a", "AS_POLICY"))


def test_pairs_that_the_report_leaves_out_are_untested() -> None:
    assert pair_verdicts(report(BOTH[0], zones="abc")) == {"AS_POLICY": 1, "UNTESTED": 5}


def test_zones_that_only_cells_name_are_zones() -> None:
    assert zone_names(report(cell("a", "z", "AS_POLICY"))) == ("a", "b", "z")


def test_accepted_findings_are_not_counted_and_expired_exceptions_are() -> None:
    states = [each.exception.expired for each in SAMPLE.findings if each.exception]
    assert sorted(states) == [False, True]
    assert gap_count(SAMPLE) == 14


def test_worst_finding_of_a_host() -> None:
    found = findings_by_host(SAMPLE)
    assert worst(found["servers/10.20.20.10"]) == "critical"
    assert worst(found["voice/10.20.40.9"]) == "low"
    assert worst(found["clinical/10.20.30.16"]) == "", "its only finding is accepted"


def test_a_service_on_both_addresses_of_a_host_is_listed_once() -> None:
    host = SAMPLE.hosts[0]
    [first, *_] = host.services
    twice = (first, msgspec.structs.replace(first, evidence="over IPv6"))
    columns, [row] = hosts(report(hosts=(msgspec.structs.replace(host, services=twice),)))
    told = {column.key: cell for column, cell in zip(columns, row, strict=True)}
    assert told["service"] == f"{first.port}/{first.service}"
    assert told["port"] == f"{first.port}"
