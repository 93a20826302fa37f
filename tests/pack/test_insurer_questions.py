"""An insurer's questions: no answer is better than what it rests on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from fence_sample import fence_report
from patch_sample import patch_report
from sample import sample_report

from scanner.importers.document import read_document
from scanner.model.recorded import AttestationRow
from scanner.model.report import PatchRow, Report
from scanner.model.site import Site
from scanner.pack.make import gathered
from scanner.pack.questions import Beyond, beyond, questions

ATTESTED = AttestationRow(
    "restore-test", "Were backups restored?", "Restored in full", "J. Ortiz", "2026-10-01", "r.pdf", "2027-09-30",
    "holds",
)  # fmt: skip
WAYS = ("segmentation-gap", "attack-path", "dual-homed")
APART, MANAGED, UPDATES, SUPPORTED, EXPLOITED, EXPOSED = range(6)


def held() -> Report:
    """Every boundary proved and wholly asked, and nothing found."""
    report = sample_report()
    cells = tuple(msgspec.structs.replace(each, verdict="AS_POLICY", supposed=False) for each in report.cells)
    coverage = tuple(msgspec.structs.replace(each, state="tested") for each in report.coverage)
    hosts = tuple(each for each in report.hosts if each.critical or each.zone != "servers")
    return msgspec.structs.replace(report, cells=cells, findings=(), coverage=coverage, hosts=hosts)


def patched() -> Report:
    """Each host has one version, and each is compliant."""
    report = held()
    rows = tuple(_fine(report.patches[0], each.id) for each in report.hosts)
    return msgspec.structs.replace(report, patches=rows)


def _fine(row: PatchRow, host: str) -> PatchRow:
    return msgspec.structs.replace(row, host=host, verdict="COMPLIANT", kev=(), overdue_days=None)


def test_what_is_proved_and_judged_throughout_is_a_yes() -> None:
    found = questions(patched())
    assert [each.basis for each in found[:EXPOSED]] == ["observed"] * 5
    assert found[APART].answer.startswith("Yes, proved on ")
    assert found[MANAGED].answer.startswith("Yes, proved on 5 boundaries")
    assert found[UPDATES].answer == f"Yes, of {len(patched().hosts)} products seen."
    assert {each.answer[:7] for each in found[SUPPORTED:EXPOSED]} == {"None of"}


@pytest.mark.parametrize(
    ("change", "answers", "words"),
    [
        ({"verdict": "UNPROVEN"}, (APART, MANAGED), "Not proved"),
        ({"verdict": "UNTESTED"}, (APART, MANAGED), "Not proved"),
        ({"supposed": True}, (APART, MANAGED), "Not proved"),
        ({"verdict": "BREACHED"}, (APART, MANAGED), "No: "),
    ],
)
def test_a_boundary_that_is_not_green_is_no_yes(
    change: dict[str, object], answers: tuple[int, ...], words: str
) -> None:
    report = held()
    cells = tuple(msgspec.structs.replace(each, **change) for each in report.cells)
    found = questions(msgspec.structs.replace(report, cells=cells))
    assert all(found[each].answer.startswith(words) for each in answers)
    assert all((found[each].basis == "observed") == (words == "No: ") for each in answers)


@pytest.mark.parametrize("kind", WAYS)
def test_a_way_around_the_fence_is_a_no_though_its_boundary_is_green(kind: str) -> None:
    """A machine with a leg on either side crosses no rule of the firewall; that it was accepted changes nothing."""
    report = held()
    way = next(each for each in sample_report().findings if each.kind == kind and each.to == "servers")
    answer = questions(msgspec.structs.replace(report, findings=(way,)))[APART]
    assert answer.answer == f"No: forbidden traffic gets through ({way.from_} to servers)."
    assert answer.basis == "observed"


def test_a_breach_of_management_that_only_a_canary_saw_is_a_no() -> None:
    report = held()
    cells = tuple(
        msgspec.structs.replace(each, verdict="BREACHED") if (each.from_, each.to) == ("guest", "management") else each
        for each in report.cells
    )
    answer = questions(msgspec.structs.replace(report, cells=cells, reachability=()))[MANAGED]
    assert (answer.basis, "guest to management" in answer.answer) == ("observed", True)


def test_critical_systems_among_others_are_not_on_networks_of_their_own() -> None:
    report = held()
    zones = tuple(msgspec.structs.replace(z, trust="user") if z.name == "servers" else z for z in report.zones)
    only = questions(msgspec.structs.replace(report, zones=zones))[APART]
    assert (only.basis, "servers is no network for critical systems" in only.answer) == ("not tested", True)
    beside = msgspec.structs.replace(report.hosts[-1], zone="servers", critical=None)
    shared = questions(msgspec.structs.replace(report, zones=zones, hosts=(*report.hosts, beside)))[APART]
    assert (shared.basis, shared.answer) == ("observed", "No: other machines are on the same network (servers).")


SITE = """\
client: Harbor Dental
site: main
authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
zones:
  - {name: front-desk, subnets: [10.20.10.0/24], trust: user}
  - {name: servers, subnets: [10.20.20.0/24], trust: critical}
critical:
  - {name: Practice database, hosts: [10.20.20.10]}
  - {name: Vault, hosts: [10.20.20.200]}
allow:
  - {from: front-desk, to: servers, services: [any]}
"""


def test_a_critical_system_that_nobody_saw_and_a_policy_that_lets_all_pass_prove_nothing() -> None:
    report = held()
    known = beyond(read_document(SITE, Site, "site.yaml"), report)
    assert known == Beyond(("Vault",), frozenset({("front-desk", "servers")}))
    open_wide = questions(report, known)[APART]
    assert open_wide.answer == "No: policy lets everything pass (front-desk to servers)."
    unseen = questions(report, Beyond(known.unseen))[APART]
    assert (unseen.basis, unseen.answer) == ("not tested", "Not proved: no scan saw Vault.")


def test_a_boundary_asked_in_part_says_so() -> None:
    report = held()
    coverage = tuple(msgspec.structs.replace(each, state="partial") for each in report.coverage)
    answer = questions(msgspec.structs.replace(report, coverage=coverage))[MANAGED].answer
    assert answer == "Yes, proved on 5 boundaries; 5 of them were asked in part (coverage.csv)."


def test_nothing_seen_answers_nothing() -> None:
    nothing = msgspec.structs.replace(held(), cells=(), patches=(), hosts=(), reachability=())
    assert {each.basis for each in questions(nothing)} == {"not tested"}


@pytest.mark.parametrize("report", [sample_report(), patch_report(), fence_report()], ids=["sample", "patch", "fence"])
def test_unknown_versions_are_no_clean_bill(report: Report) -> None:
    unknown = tuple(msgspec.structs.replace(each, verdict="UNKNOWN", overdue_days=None) for each in report.patches)
    left = questions(msgspec.structs.replace(report, patches=unknown, findings=()))
    assert {each.basis for each in left[UPDATES:EXPOSED]} == {"not tested"}


def test_hosts_without_a_version_and_unsupported_software_are_no_updates_in_time() -> None:
    report = patched()
    fewer = questions(msgspec.structs.replace(report, patches=report.patches[1:]))
    assert {each.basis for each in fewer[UPDATES:EXPOSED]} == {"not tested"}
    assert "Of 1 of " in fewer[UPDATES].answer
    ended = msgspec.structs.replace(report.patches[0], verdict="END_OF_LIFE")
    answer = questions(msgspec.structs.replace(report, patches=(ended, *report.patches[1:])))[UPDATES]
    assert (answer.basis, answer.answer[:3], "1 get none any more" in answer.answer) == ("observed", "No:", True)


def test_services_that_did_not_say_what_they_are_may_be_dangerous() -> None:
    report = held()
    assert questions(report)[EXPOSED].answer.startswith("None seen on what was scanned")
    first = next(each for each in report.hosts if each.services)
    dumb = msgspec.structs.replace(first.services[0], service=None, product=None)
    hosts = tuple(msgspec.structs.replace(each, services=(dumb,)) if each is first else each for each in report.hosts)
    answer = questions(msgspec.structs.replace(report, hosts=hosts))[EXPOSED]
    assert (answer.basis, answer.answer.startswith("None seen, and 1 of ")) == ("not tested", True)


def test_what_is_both_exploited_and_unsupported_answers_both_questions_and_acceptance_hides_nothing() -> None:
    """Such a version has one finding, of the graver kind; and what is accepted is in use all the same."""
    report = sample_report()
    row = msgspec.structs.replace(report.patches[0], verdict="END_OF_LIFE", kev=("CVE-2018-14847",))
    only = msgspec.structs.replace(report, patches=(row,), findings=())
    assert [(each.basis, each.answer[:4]) for each in questions(only)[SUPPORTED:EXPOSED]] == [("observed", "Yes:")] * 2


def test_an_attestation_counts_while_it_holds() -> None:
    report = msgspec.structs.replace(sample_report(), attestations=(ATTESTED,))
    (answer,) = [each for each in questions(report) if each.basis == "attested"]
    assert (answer.rests_on, "J. Ortiz" in answer.answer) == ("attachments/r.pdf", True)
    old = msgspec.structs.replace(ATTESTED, state="expired")
    assert "attested" not in {each.basis for each in questions(msgspec.structs.replace(report, attestations=(old,)))}


def test_an_attestation_rests_on_no_file_that_is_not_in_the_pack(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("client: Harbor Dental\n")
    report = msgspec.structs.replace(sample_report(), attestations=(ATTESTED,))
    files, lacking = gathered(report, site, tmp_path / "no.yaml", ())
    assert len(lacking) == 1
    assert b"attestations.csv; r.pdf, which it names, is not in this pack" in files["questions.csv"]
    assert files["attestations.csv"].rstrip().endswith(b'"r.pdf","no"')
    (tmp_path / "r.pdf").write_bytes(b"%PDF")
    files, _ = gathered(report, site, tmp_path / "no.yaml", ())
    assert b'"attachments/r.pdf"' in files["questions.csv"]
    assert files["attestations.csv"].rstrip().endswith(b'"r.pdf","yes"')
