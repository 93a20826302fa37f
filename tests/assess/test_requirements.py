"""What stands behind each requirement: an answer takes the label of the weakest part that it rests on."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from sample import sample_report

from scanner.assess.policies.requirements import attested, requirements, tool
from scanner.controls import requirements as every
from scanner.feeds import bundled_knowledge
from scanner.importers.document import read_document
from scanner.model.attested import Answer, Attestation
from scanner.model.baseline import Knowledge, Requirement
from scanner.model.recorded import ControlRow
from scanner.model.report import CoverageRow, Report
from scanner.model.site import Site

TODAY = datetime.date(2026, 11, 6)
BASE = "client: C\nsite: s\nzones: [{name: a, subnets: [10.0.0.0/24]}, {name: b, subnets: [10.0.1.0/24]}]\n"
SITE = read_document(BASE, Site, "site.yaml")
LOGS = read_document(BASE + "require: [{from: a, to: b, services: [udp/514]}]\n", Site, "site.yaml")
BACKUPS = read_document(BASE + "critical: [{name: Backup server, hosts: [10.0.1.9]}]\n", Site, "site.yaml")
CLEAN = msgspec.structs.replace(sample_report(), findings=())


def asked(*kinds: str, answers: tuple[Answer, ...] = (), hint: bool = False) -> Requirement:
    return Requirement("F", "1", "1.1", "A title", "https://example.net", kinds, answers, hint)


def row(requirement: Requirement, report: Report = CLEAN, site: Site = SITE) -> ControlRow:
    (found,) = requirements(report, Knowledge(baselines=(), requirements=(requirement,)), site)
    return found


def test_a_clean_fence_is_observed_only_where_a_boundary_was_tested() -> None:
    fence = asked("segmentation-gap", "attack-path")
    found = row(fence)
    assert found.state == "observed"
    assert found.basis == ("20 of 30 boundaries tested in full, 5 in part, 5 not at all.",)
    untested = tuple(CoverageRow(each.from_, each.to, "untested", "") for each in CLEAN.coverage)
    for coverage in (untested, ()):
        assert row(fence, msgspec.structs.replace(CLEAN, coverage=coverage)).state == "not tested"


@pytest.mark.parametrize(
    ("kind", "gone"),
    [
        ("outdated", {"patches": ()}),
        ("exposure:cleartext", {"hosts": ()}),
        ("unknown-device", {"hosts": ()}),
        ("unknown-device", {"vantages": ()}),
        ("segmentation-gap:flat", {"coverage": ()}),
    ],
)
def test_what_was_not_looked_at_is_not_tested(kind: str, gone: dict[str, tuple[()]]) -> None:
    assert row(asked(kind)).state == "observed"
    assert row(asked(kind), msgspec.structs.replace(CLEAN, **gone)).state == "not tested"
    assert row(asked("segmentation-gap", "outdated"), msgspec.structs.replace(CLEAN, patches=())).state == "not tested"


def test_versions_that_could_not_be_judged_are_not_observed() -> None:
    unknown = tuple(msgspec.structs.replace(each, verdict="UNKNOWN") for each in CLEAN.patches)
    assert row(asked("outdated"), msgspec.structs.replace(CLEAN, patches=unknown)).state == "not tested"


def test_what_a_port_is_commonly_used_for_was_not_said_by_the_service() -> None:
    host = CLEAN.hosts[0]
    service = host.services[0]
    named = tuple(msgspec.structs.replace(service, service=name) for name in ("http", "msrpc?", "ldap?", None))
    report = msgspec.structs.replace(CLEAN, hosts=(msgspec.structs.replace(host, services=named),))
    assert row(asked("exposure:cleartext"), report).basis == ("1 of 4 services on 1 host said what they are.",)


@pytest.mark.parametrize(("kind", "site"), [("required-flow-blocked:logs", LOGS), ("exposure:backup", BACKUPS)])
def test_what_the_site_file_has_to_name_is_not_tested_without_it(kind: str, site: Site) -> None:
    assert row(asked(kind)).state == "not tested"
    stood = msgspec.structs.replace(CLEAN.vantages[0], zone="a")
    assert row(asked(kind), msgspec.structs.replace(CLEAN, vantages=(stood,)), site).state == "observed"


def test_nobody_stood_where_the_logs_have_to_come_from() -> None:
    assert row(asked("required-flow-blocked:logs"), msgspec.structs.replace(CLEAN, vantages=()), LOGS).state == (
        "not tested"
    )


@pytest.mark.parametrize(
    ("date", "until", "state"),
    [
        ("2026-11-06", None, "attested"),
        ("2025-11-06", None, "attested"),
        ("2025-11-05", None, "not tested"),
        ("2026-11-07", None, "not tested"),
        ("2026-01-01", "2026-11-06", "attested"),
        ("2026-01-01", "2026-11-05", "not tested"),
    ],
)
def test_an_attestation_answers_while_it_holds(date: str, until: str | None, state: str) -> None:
    day = datetime.date.fromisoformat
    given = Attestation("restore-test", "We did", "J. Ortiz", day(date), until=day(until) if until else None)
    report = msgspec.structs.replace(CLEAN, attestations=attested([given], TODAY))
    found = row(asked(answers=("restore-test",)), report)
    assert found.state == state
    assert found.basis[0].startswith("Attested by J. Ortiz") == (state == "attested")
    # What the network shows does not stand in for what it cannot show, and neither does another attestation.
    assert row(asked("outdated", answers=("restore-test",)), report).state == state
    assert row(asked(answers=("restore-test", "log-review")), report).state == "not tested"


def test_an_older_attestation_holds_where_the_newest_has_run_out() -> None:
    long = Attestation("log-review", "long", "A", TODAY - datetime.timedelta(90))
    short = Attestation("log-review", "short", "B", TODAY - datetime.timedelta(9), until=TODAY - datetime.timedelta(1))
    report = msgspec.structs.replace(CLEAN, attestations=attested([long, short], TODAY))
    assert [each.statement for each in report.attestations] == ["short", "long"]
    assert row(asked(answers=("log-review",)), report).basis == (
        f"Attested by A on {long.date}: Does somebody read the logs?",
    )


def test_a_hint_speaks_only_against() -> None:
    finding = msgspec.structs.replace(sample_report().findings[0], controls=("F 1 1.1",), exception=None)
    assert row(asked("outdated", hint=True)).state == "not tested"
    found = row(asked("outdated", hint=True), msgspec.structs.replace(CLEAN, findings=(finding,)))
    assert (found.state, found.findings, found.worst) == ("observed", 1, finding.severity)


def test_findings_count_by_their_controls_and_accepted_ones_apart() -> None:
    report = sample_report()
    for name in {each for finding in report.findings for each in finding.controls}:
        framework, version, identifier = name.rsplit(" ", 2)
        requirement = Requirement(framework, version, identifier, "T", "https://example.net", ("exposure",))
        found = row(requirement, report)
        about = [each for each in report.findings if name in each.controls]
        held = sum(each.exception is not None and not each.exception.expired for each in about)
        assert (found.findings, found.accepted) == (len(about) - held, held)
        assert found.state == "observed"


def test_every_bundled_requirement_gets_a_row_with_words() -> None:
    found = requirements(sample_report(), bundled_knowledge(), SITE)
    assert len(found) == len(every()) > 100
    assert all(each.basis for each in found)


def test_the_tool_says_how_new_its_facts_are() -> None:
    knowledge = bundled_knowledge()
    newest = max(branch.source.retrieved for each in knowledge.baselines for branch in each.branches)
    assert tool("1.2", knowledge).baselines == newest.isoformat()
    assert tool("1.2", Knowledge(baselines=())).baselines == ""
