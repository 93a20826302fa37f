"""An exposure is gone for a zone that showed it once the service answers otherwise there, or its port is closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from resurvey import only, report_of, survey, verify_from

from scanner import samples, session
from scanner.lab.topology import Host, Topology
from scanner.model.report import Report

Change = Callable[[Host], Host]


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Topology, bytes, Report]:
    topology = samples.load_topology("harbor-dental")
    site = survey(topology, tmp_path_factory.mktemp("harbor"), [each.name for each in topology.site.zones])
    return topology, session.store_path(site, None).read_bytes(), report_of(topology, site)


def without(port: int) -> Change:
    return lambda host: msgspec.structs.replace(host, services=tuple(s for s in host.services if s.number != port))


def set_to(port: int, **options: bool) -> Change:
    def change(host: Host) -> Host:
        services = tuple(
            msgspec.structs.replace(s, options={**s.options, **options}) if s.number == port else s
            for s in host.services
        )
        return msgspec.structs.replace(host, services=services)

    return change


@pytest.mark.parametrize(
    ("host", "port", "change", "zone", "word", "why"),
    [
        ("switch", 23, without(23), "management", "gone", "is closed now"),
        # From here only what the service said before told how far away the switch is.
        ("switch", 23, without(23), "voice", "cannot tell here", "no other answer of the target"),
        ("chair2", 3389, set_to(3389, nla=True), "clinical", "gone", "answers clinical otherwise"),
        ("chair2", 3389, without(0), "clinical", "confirmed", "clinical"),
        ("chair2", 3389, None, "clinical", "cannot tell here", ""),
    ],
    ids=["closed", "closed, from afar", "set right", "as it was", "off"],
)
def test_an_exposure_is_gone_by_what_the_service_says(
    surveyed: tuple[Topology, bytes, Report],
    tmp_path: Path,
    host: str,
    port: int,
    change: Change | None,
    zone: str,
    word: str,
    why: str,
) -> None:
    topology, data, report = surveyed
    hosts = (each if each.name != host else change(each) if change else None for each in topology.hosts)
    now = msgspec.structs.replace(topology, hosts=tuple(each for each in hosts if each is not None))
    site = tmp_path / "site.yaml"
    samples.write_lab_site(topology, site, session.today_local())
    session.store_path(site, None).write_bytes(data)
    address = next(each for each in topology.hosts if each.name == host).legs
    ids = {f"{leg}/{text}" for leg, texts in address.items() for text in texts}
    rows = tuple(each for each in report.findings if each.host in ids)
    finding = only(msgspec.structs.replace(report, findings=rows), "exposure", port)
    found = verify_from(now, site, zone, finding.id)
    assert (found.word, why in found.reason) == (word, True), found
