"""The Services screen: every service that answers, who reaches it and what is wrong with it."""

from __future__ import annotations

import msgspec
import pytest
from sample import sample_report

from scanner.model.report import ExceptionRow, FlowRow, Report
from tui import rows
from tui.app import FencewalkApp
from tui.index import RowIndex, finish
from tui.lookup import findings_by_host, hosts_of
from tui.query import parse
from tui.reader import Reader
from tui.screens.services import ServicesScreen
from tui.served import served
from tui.table import WideTable

SAMPLE = sample_report()


def found(report: Report, text: str) -> list[str]:
    (columns, cells), services = rows.services(report)
    kept = finish(RowIndex(cells, columns).select(range(len(cells)), parse(text, columns)))
    return [services[at].id for at in kept]


def test_every_service_that_is_not_closed_is_a_row() -> None:
    answered = [f"{h.id} {s.transport}/{s.port}" for h in SAMPLE.hosts for s in h.services if s.state != "closed"]
    assert [each.id for each in served(SAMPLE)] == answered == found(SAMPLE, "")


def test_who_reaches_a_service_is_what_the_flows_say() -> None:
    host = SAMPLE.hosts[0]
    row = host.services[0]

    def flow(from_: str, verdict: str, allowed: bool, address: str = host.addresses[0]) -> FlowRow:
        return FlowRow(from_, host.zone, address, row.transport, row.port, verdict, "", allowed, "")  # type: ignore[arg-type]

    report = msgspec.structs.replace(SAMPLE, reachability=(
        flow("office", "REACHED", True), flow("guest", "ONE_WAY", False), flow("voice", "DROPPED", False),
        flow(host.zone, "REACHED", True), flow("far", "REACHED", False, "203.0.113.9"),
    ))  # fmt: skip
    first = served(report)[0]
    assert first.exposed == ("guest", "office"), "that which may not comes first; silence and its own zone do not count"
    assert first.forbidden == {"guest"}
    assert found(report, "forbidden") == [first.id]
    assert found(report, "exposed:office") == found(report, 'exposed:"✕ guest"') == [first.id]
    assert found(report, "exposed:voice") == []


@pytest.mark.parametrize("table", ["hosts", "services", "gaps", "patches"])
def test_excepted_and_late_mean_the_same_on_every_table(table: str) -> None:
    exception = ExceptionRow("J. Ortiz", "accepted", "", "2027-01-01", expired=False)
    accepted = tuple(msgspec.structs.replace(each, exception=exception) for each in SAMPLE.findings)
    late = tuple(msgspec.structs.replace(each, overdue_days=3) for each in SAMPLE.patches)
    for report, excepted in ((SAMPLE, False), (msgspec.structs.replace(SAMPLE, findings=accepted, patches=late), True)):
        if table == "hosts":
            columns, cells = rows.hosts(report)
        elif table == "services":
            columns, cells = rows.services(report)[0]
        elif table == "gaps":
            columns, cells = rows.gaps(rows.gap_findings(report))
        else:
            columns, cells = rows.patches([(row, report.findings[:1]) for row in report.patches])
        index, every = RowIndex(cells, columns), range(len(cells))
        yes = finish(index.select(every, parse("excepted", columns)))
        assert sorted(yes + finish(index.select(every, parse("!excepted", columns)))) == list(every)
        assert bool(yes) or not excepted, "something is accepted everywhere"
        late_rows = finish(index.select(every, parse("late", columns)))
        assert bool(late_rows) or not excepted or table == "gaps"


def test_a_finding_is_about_the_host_that_it_names_by_id_or_by_address() -> None:
    host = SAMPLE.hosts[0]
    first = SAMPLE.findings[0]
    for name, to, expected in (
        (host.id, None, True), (host.addresses[0], host.zone, True), (host.addresses[0], None, True),
        (host.addresses[0], "elsewhere", False), (None, host.zone, False),
    ):  # fmt: skip
        finding = msgspec.structs.replace(first, host=name, to=to)
        report = msgspec.structs.replace(SAMPLE, findings=(finding,))
        assert (host in hosts_of(finding, report)) == expected, (name, to)
        assert bool(findings_by_host(report)[host.id]) == expected, (name, to)


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_the_screen_lists_filters_and_explains(size: tuple[int, int]) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=size) as pilot:
        await pilot.press("3")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ServicesScreen)
        screen.show_filter("port:5432")
        table = screen.query_one(WideTable)
        assert len(table.view) == 1
        await pilot.press("enter")
        await pilot.pause()
        text = str(screen.query_one(Reader).render())
        for words in ("tcp/5432", "postgresql", "SAID", "REACHED FROM"):
            assert words in text, words
        about = screen.finding()
        assert about is None or about.port == 5432
