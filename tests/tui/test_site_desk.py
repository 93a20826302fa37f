"""The desk of a real site file: a sample client, scanned by simulation, and worked on."""

from __future__ import annotations

import datetime
import json
import shutil
import sys
from pathlib import Path

import pytest

from scanner import session
from scanner.cli import main
from scanner.errors import BadInput
from tui.site_desk import SiteDesk

TODAY = datetime.date(2026, 11, 20)
SITE = """\
client: Test
site: here
authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
zones:
  - {name: loop, subnets: [127.0.0.0/29]}
  - {name: far, subnets: [127.77.0.0/29]}
"""


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flat")
    with pytest.raises(SystemExit) as ended:
        main(["demo", "flat-office", "--simulate", "--no-tui", "--out", str(folder)])
    assert ended.value.code == 0
    return folder


@pytest.fixture
def desk(scanned: Path, tmp_path: Path) -> SiteDesk:
    for each in scanned.iterdir():
        shutil.copy(each, tmp_path / each.name)
    return SiteDesk(tmp_path / "site.yaml", today=TODAY)


def test_a_site_that_was_never_scanned_has_a_report_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    desk = SiteDesk(tmp_path / "site.yaml")
    report = desk.reassess()
    assert report.vantages == ()
    assert {each.verdict for each in report.cells} == {"UNTESTED"}
    assert desk.scans() == ()
    assert not desk.store.exists()
    with pytest.raises(BadInput, match="no scan data there yet"):
        desk.changes()


def test_zones_say_where_the_laptop_stands(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    loop, far = SiteDesk(tmp_path / "site.yaml").zones()
    assert (loop.zone, loop.interface, loop.address, loop.ready) == ("loop", "lo", "127.0.0.1", True)
    assert (far.zone, far.interface, far.ready) == ("far", None, False)


def test_without_an_authorisation_for_today_none_is_ready(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE.replace("2099-12-31", "2020-12-31"))
    loop, far = SiteDesk(tmp_path / "site.yaml").zones()
    assert not loop.ready
    assert loop.refused
    assert "2020-12-31" in loop.refused
    assert loop.refused == far.refused


def test_scans_and_the_last_whole_one_of_each_zone(desk: SiteDesk) -> None:
    rows = desk.scans()
    assert len(rows) >= 2
    assert all(each.complete and each.ended for each in rows)
    assert [each.started for each in rows] == sorted(each.started for each in rows)
    for standing in desk.zones():
        mine = [each.started for each in rows if each.zone == standing.zone]
        assert standing.last == (mine[-1] if mine else None)
        assert standing.unfinished is None


def test_addresses_are_named_by_their_zone(desk: SiteDesk) -> None:
    named = desk.zone_of()
    host = desk.reassess().hosts[0]
    assert named(host.addresses[0]) == host.zone
    assert named("192.0.2.77") == named("fe80::1%eth0") == ""


def test_a_finding_is_accepted_and_taken_out_again(desk: SiteDesk) -> None:
    finding = desk.reassess().findings[0]
    said = desk.accept(finding.id, " J. Ortiz ", "replaced in March", datetime.date(2027, 3, 31), "B. Roe")
    assert "exceptions.yaml" in said
    after = {each.id: each for each in desk.reassess().findings}[finding.id]
    assert after.exception is not None
    assert (after.exception.owner, after.exception.approved_by) == ("J. Ortiz", "B. Roe")
    (row,) = desk.reassess().accepted
    assert "taken out" in desk.retract(row.about)
    assert desk.reassess().accepted == ()
    with pytest.raises(BadInput, match="no exception about"):
        desk.retract(row.about)


REFUSED = [
    ({"owner": " "}, "owner"),
    ({"reason": ""}, "reason"),
    ({"until": datetime.date(2026, 11, 19)}, "2026-11-19 is past"),
]


@pytest.mark.parametrize(("change", "words"), REFUSED, ids=["owner", "reason", "past"])
def test_half_an_exception_is_refused_and_nothing_is_written(
    desk: SiteDesk, change: dict[str, object], words: str
) -> None:
    form: dict[str, object] = {"owner": "me", "reason": "because", "until": datetime.date(2027, 1, 1)} | change
    with pytest.raises(BadInput, match=words):
        desk.accept("gap-1", **form)  # type: ignore[arg-type]
    assert not (desk.site.parent / session.EXCEPTIONS).exists()


def test_what_changed(desk: SiteDesk) -> None:
    first = desk.scans()[0]
    found = desk.changes(first.id)
    assert [each.id for each in found.base] == [first.id]
    assert found.new


def test_reports_are_written_as_the_command_line_writes_them(desk: SiteDesk, tmp_path: Path) -> None:
    assert {"json", "html", "csv"} <= desk.formats().keys()
    paths = [("json", tmp_path / "r.json"), ("csv", tmp_path / "r.csv")]
    said = desk.export(paths, masked=False)
    assert [each.startswith(str(path)) for each, (_, path) in zip(said, paths, strict=True)] == [True, True]
    report = json.loads((tmp_path / "r.json").read_bytes())
    assert report["client"] == desk.reassess().client
    assert (tmp_path / "r.json").stat().st_uid == tmp_path.stat().st_uid


def test_masked_reports_name_nobody(desk: SiteDesk, tmp_path: Path) -> None:
    report = desk.reassess()
    desk.export([("json", tmp_path / "m.json"), ("html", tmp_path / "m.html")], masked=True)
    for path in (tmp_path / "m.json", tmp_path / "m.html"):
        text = path.read_text()
        assert report.client not in text
        assert not [address for host in report.hosts for address in host.addresses if f'"{address}"' in text]


def test_no_report_replaces_what_it_is_made_from(desk: SiteDesk, tmp_path: Path) -> None:
    for path in (desk.site, desk.store, tmp_path / "exceptions.yaml", tmp_path, tmp_path / "no" / "r.json"):
        with pytest.raises(BadInput, match=str(path)):
            desk.export([("json", path)], masked=False)
    with pytest.raises(BadInput, match="would be overwritten"):
        desk.export([("json", tmp_path / "a"), ("csv", tmp_path / "a")], masked=False)
    assert not (tmp_path / "a").exists()
    with pytest.raises(BadInput, match="none of the formats"):
        desk.export([("docx", tmp_path / "a")], masked=False)


def test_commands_are_those_that_a_technician_types(desk: SiteDesk) -> None:
    command, said = desk._commands(["scan", "x", "--engine", "connect"])[-1]
    assert command == [sys.executable, "-P", "-m", "scanner.cli", "scan", "x", "--engine", "connect"]
    assert said == ""


async def test_nothing_of_the_folder_that_it_stands_in_is_run(
    desk: SiteDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scanner").mkdir()
    (tmp_path / "scanner" / "__init__.py").write_text("raise SystemExit(77)")
    monkeypatch.chdir(tmp_path)
    items = [each async for each in desk.verify("gap-none")]
    assert "no such finding" in items[-1].reason  # type: ignore[union-attr]


async def test_a_scan_that_cannot_be_made_fails_with_the_commands_sentence(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    items = [each async for each in SiteDesk(tmp_path / "site.yaml").scan("far", resume=False)]
    assert items[-1].how == "failed"  # type: ignore[union-attr]
    assert "far" in items[-1].reason  # type: ignore[union-attr]


async def test_a_verification_of_nothing_fails_with_the_commands_sentence(desk: SiteDesk) -> None:
    items = [each async for each in desk.verify("--help")]
    assert "no such finding" in items[-1].reason  # type: ignore[union-attr]
