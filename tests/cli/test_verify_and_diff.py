"""`verify` and `diff` as they are typed: what stands on stdout, and one sentence for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typed import Run, judge_of, sentence

from scanner import samples, session
from scanner.ports import parse_ports
from scanner.store import Store

TOPOLOGY = "flat-office"


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    """A site that was surveyed twice, with nothing changed."""
    topology = samples.load_topology(TOPOLOGY)
    site = tmp_path / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())
    with Store(session.store_path(site, None)) as store:
        for _ in range(2):
            for zone in topology.scan.zones or [each.name for each in topology.site.zones]:
                for _ in samples.scan_simulated(topology, zone, parse_ports(topology.scan.ports), store):
                    pass
    return site


def some_finding(site: Path, kind: str) -> str:
    report = session.assess_site(site)
    return next(each.id for each in report.findings if each.kind == kind)


def test_verify_elsewhere_says_where_to_stand(scanned: Path, run: Run) -> None:
    finding = some_finding(scanned, "exposure")
    code, out, _ = run("verify", scanned, finding)
    assert code == 0
    assert out.startswith(f"cannot tell here: {finding}: it is asked from ")
    assert "this laptop is in no zone of the site" in out


def test_a_finding_that_is_none_names_the_nearest(scanned: Path, run: Run) -> None:
    finding = some_finding(scanned, "exposure")
    code, out, err = run("verify", scanned, finding[:-1])
    assert (code, out) == (2, "")
    assert f"did you mean {finding}" in err


def test_verify_without_scans_says_so(tmp_path: Path, site: Path, run: Run) -> None:
    code, out, err = run("verify", site, "gap-00000000")
    assert (code, out) == (2, "")
    assert "fencewalk scan" in err


def test_an_unchanged_site_is_no_change(scanned: Path, run: Run) -> None:
    code, out, _ = run("diff", scanned)
    assert code == 0
    assert "New: 0" in out
    assert "Fixed: 0" in out
    assert out.rstrip().endswith("No change.")


def test_a_diff_in_json_parses_from_stdout(scanned: Path, run: Run) -> None:
    code, out, _ = run("diff", scanned, "-o", "json=-", "--fail-on-new", "info")
    found = json.loads(out)
    assert code == 0
    assert list(judge_of("diff").iter_errors(found)) == []
    assert found["schema"] == 1
    assert found["new"] == found["fixed"] == found["opened"] == []
    assert {each["finding"]["id"] for each in found["persisting"] + found["not_retested"]} == {
        each.id for each in session.assess_site(scanned).findings
    }
    assert len(found["base"]) == len(found["since"])


def test_since_the_first_scan_all_is_new(scanned: Path, run: Run) -> None:
    with Store(session.store_path(scanned, None), create=False) as store:
        (client, name), *_ = store.sites()
        scans = store.scans(client, name)
    code, out, _ = run("diff", scanned, "--base", scans[0].id, "--fail-on-new", "info")
    topology = samples.load_topology(TOPOLOGY)
    zones = topology.scan.zones or [each.name for each in topology.site.zones]
    assert code == (1 if len(zones) > 1 else 0), out


def test_until_leaves_out_what_came_after(scanned: Path, run: Run) -> None:
    with Store(session.store_path(scanned, None), create=False) as store:
        (client, name), *_ = store.sites()
        scans = store.scans(client, name)
    code, out, _ = run("diff", scanned, "--base", scans[0].id, "--until", scans[1].id, "-o", "json=-")
    assert code == 0
    found = json.loads(out)
    assert [each["id"] for each in found["base"]] == [scans[0].id]
    assert [each["id"] for each in found["since"]] == [scans[1].id]
    code, out, err = run("diff", scanned, "--base", scans[0].id, "--until", scans[0].id)
    assert (code, out) == (2, "")
    assert "there is nothing to compare" in err


@pytest.mark.parametrize("base", ["nonsense", "1", "0", ""])
def test_a_base_that_is_none_lists_some_that_are(scanned: Path, run: Run, base: str) -> None:
    code, out, err = run("diff", scanned, "--base", base)
    first, *listed = err.splitlines()
    assert (code, out) == (2, "")
    assert "name one scan by its id, or a day" in first
    assert 0 < len(listed) <= 10
    assert all(run("diff", scanned, "--base", each.split()[0])[0] in (0, 2) for each in listed[:1])


def test_verify_names_only_what_is_near(scanned: Path, run: Run) -> None:
    code, out, err = run("verify", scanned, "nonsense")
    assert (code, out) == (2, "")
    assert "no such finding in this store; `fencewalk assess` lists them" in sentence(err)


def test_verify_from_an_interface_in_no_zone_is_an_error(scanned: Path, run: Run) -> None:
    code, out, err = run("verify", scanned, some_finding(scanned, "exposure"), "--interface", "lo")
    assert (code, out) == (2, "")
    assert "--interface lo: is in no zone of the site" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--base", "2026-02-30"), "there is no such day"),
        (("--base", "2001-01-01"), "there is no scan up to that day"),
        (("--base", "2999-01-01"), "no scan is newer"),
        (("--until", "2026-02-30"), "there is no such day"),
        (("--until", "2001-01-01"), "--until 2001-01-01: there is no scan up to that day"),
        (("-o", "html=x.html"), "write json=PATH"),
        (("-o", "json="), "write json=PATH"),
    ],
    ids=lambda each: each if isinstance(each, str) else " ".join(each),
)
def test_each_mistake_has_its_sentence(scanned: Path, run: Run, flags: tuple[str, ...], said: str) -> None:
    code, out, err = run("diff", scanned, *flags)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_one_visit_cannot_be_compared(tmp_path: Path, run: Run) -> None:
    topology = samples.load_topology(TOPOLOGY)
    site = tmp_path / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())
    with Store(session.store_path(site, None)) as store:
        for _ in samples.scan_simulated(topology, topology.site.zones[0].name, parse_ports("22"), store):
            pass
    code, _, err = run("diff", site)
    assert code == 2
    assert "nothing to compare yet" in err
