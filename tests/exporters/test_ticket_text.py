from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample import ACCEPTED, HOSTILE, sample_report

from scanner.exporters.fence_words import FIREWALLS
from scanner.exporters.ticket_text import FINDINGS, LINES, TITLE, Ticket, no_ticket, tickets, tickets_for, works
from scanner.model.report import FindingRow, RemedyRow, Report, is_open

SAMPLE = sample_report()
BY_ID = {each.id: each for each in SAMPLE.findings}


def finding(id_: str, kind: object = "segmentation-gap", **more: object) -> FindingRow:
    value: dict[str, object] = {
        "id": id_, "kind": kind, "severity": "high", "title": f"title of {id_}", "host": "servers/10.0.0.1",
        "from": "guest", "to": "servers", "transport": "tcp", "port": 22, "path": [], "remedy": "mend it",
        "replay": "nc 10.0.0.1 22", "evidence": "SYN-ACK", "controls": [], "exception": None,
    } | more  # fmt: skip
    return msgspec.convert(value, FindingRow)


def report(*findings: FindingRow, steps: tuple[RemedyRow, ...] = (), client: str = "Client", **more: str) -> Report:
    return msgspec.structs.replace(
        SAMPLE, client=client, findings=findings, remediation=steps, patches=(), summary=None, **more
    )


def one(of: Report, dialect: str | None = None) -> Ticket:
    (found,) = tickets(of, dialect)
    return found


def test_each_step_of_the_plan_and_each_open_finding_beside_it_is_one_ticket() -> None:
    found = list(tickets(SAMPLE))
    assert len({each.fingerprint for each in found}) == len(found), "fingerprints are apart"
    closed = {each for ticket in found for each in ticket.findings}
    assert {each.id for each in SAMPLE.findings if is_open(each)} <= closed
    alone = [each for each in found if each.title.startswith("Telnet on the core switch")]
    assert [each.findings for each in alone] == [("exposure:-:management/10.20.99.2:tcp/23",)]
    assert not any(each.title.startswith("Guests reach a web page") for each in found), "accepted: no work"


GAP = RemedyRow("Firewall: deny guest → servers", ("a",), "deny it")
UPDATE = RemedyRow("Update servers/10.0.0.1", ("a",), "Update OpenSSH to 9.9.")
STABLE: dict[str, tuple[RemedyRow, dict[str, object], RemedyRow, dict[str, object]]] = {
    "other words of the same denial": (GAP, {}, RemedyRow("Deny guest to servers", ("a",), "another text"), {}),
    "another finding of the same pair": (GAP, {}, RemedyRow(GAP.title, ("a",), "x"), {"port": 443, "title": "Other"}),
    "a newer version is asked": (UPDATE, {"kind": "outdated"}, UPDATE, {"kind": "outdated", "remedy": "to 10.0"}),
    "from outdated to end of life": (UPDATE, {"kind": "outdated"}, UPDATE, {"kind": "end-of-life"}),
    "worse": (UPDATE, {"kind": "outdated"}, UPDATE, {"kind": "known-exploited", "severity": "critical"}),
    "one leg": (
        RemedyRow("Give x one leg", ("a",), "x"), {"kind": "dual-homed"}, RemedyRow("One leg", ("a",), "y"),
        {"kind": "dual-homed", "to": "clinical"},
    ),
    "a setting": (
        RemedyRow("Turn telnet off", ("a",), "x"), {"kind": "exposure"}, RemedyRow("Turn telnet off", ("a",), "y"),
        {"kind": "exposure", "host": "servers/10.0.0.2"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STABLE)
def test_a_fingerprint_outlives_a_scan(name: str) -> None:
    step, fields, later, changed = STABLE[name]
    before = report(finding("a", **fields), steps=(step,))
    after = report(finding("a", **changed), steps=(later,), generated="2027-01-01")
    assert one(before).fingerprint == one(after).fingerprint
    assert one(before).fingerprint.startswith("fencewalk-")


APART: dict[str, tuple[Report, Report]] = {
    "another client": (report(finding("a")), report(finding("a"), client="Other")),
    "another site": (report(finding("a"), steps=(GAP,)), report(finding("a"), steps=(GAP,), site="branch")),
    "the other way": (
        report(finding("a"), steps=(GAP,)), report(finding("a", **{"from": "servers", "to": "guest"}), steps=(GAP,)),
    ),
    "another host": (
        report(finding("a", "outdated"), steps=(UPDATE,)),
        report(finding("a", "outdated", host="servers/10.0.0.2"), steps=(UPDATE,)),
    ),
    "another service that has to get through": (
        report(finding("a", "required-flow-blocked"), steps=(RemedyRow("let", ("a",), "x"),)),
        report(finding("a", "required-flow-blocked", port=514), steps=(RemedyRow("let", ("a",), "x"),)),
    ),
    "client and site run together": (
        report(finding("a"), steps=(GAP,), client="AB", site="C"), report(finding("a"), steps=(GAP,), client="A",
        site="BC"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", APART)
def test_what_is_another_change_has_another_fingerprint(name: str) -> None:
    left, right = APART[name]
    assert one(left).fingerprint != one(right).fingerprint


def test_two_steps_at_one_place_are_two_tickets() -> None:
    steps = (GAP, RemedyRow("And name the rule", ("a",), "name it"))
    found = list(tickets(report(finding("a"), steps=steps)))
    assert len({each.fingerprint for each in found}) == 2


def test_a_ticket_says_what_why_and_when_it_is_done() -> None:
    found = next(each for each in tickets(SAMPLE) if each.title.startswith("Close guest to servers"))
    assert found.title == "Close guest to servers (main-office)"
    assert found.severity == "critical"
    for words in (
        "Harbor Dental / main-office, assessed 2026-11-06", "On fw-1, deny any from 10.20.50.0/24",
        "WHY: 4 findings, the worst critical", "1. critical: Guests reach the practice database",
        "   where: guest → servers, servers/10.20.20.10, tcp/5432", "   seen: SYN-ACK, TTL 63, window 64240",
        "   path: guest -> clinical/10.20.30.15 tcp/22", "   check again: fencewalk verify site.yaml",
        "DONE WHEN the same probes", f"Fingerprint: {found.fingerprint}",
    ):  # fmt: skip
        assert words in found.body, words
    assert "WHAT IF" not in found.body
    late = next(each for each in tickets(SAMPLE) if each.title.startswith("Replace ESXi"))
    assert "exploited in the wild (CISA KEV): CVE-2021-21974, CVE-2025-22225" in late.body


def test_a_supposed_fence_heads_the_ticket() -> None:
    supposed = msgspec.structs.replace(SAMPLE, what_if=("guest -> servers tcp/445",))
    assert all("WHAT IF: not measured: as if the fence had deny guest -> servers" in t.body for t in tickets(supposed))


def test_rules_are_those_of_the_firewall_at_hand() -> None:
    rules = {"nftables": "nft add rule a", "cisco": "access-list 1"}
    of = report(finding("a"), steps=(RemedyRow("Deny", ("a",), "Deny it.\nnft add rule a", rules),))
    assert "RULES for Cisco IOS\naccess-list 1" in one(of, "cisco").body
    assert "nft add rule" not in one(of, "cisco").body, "no other firewall's rules are told as the change"
    assert "The report holds the rules for nftables, Cisco IOS." in one(of).body
    assert "RULES" not in one(of, "fortigate").body


def test_an_accepted_finding_has_no_ticket_and_says_why() -> None:
    accepted = finding("a", exception=msgspec.to_builtins(ACCEPTED))
    assert list(tickets(report(accepted))) == []
    assert no_ticket(accepted).startswith("Accepted by Dr. Lin until 2027-01-31")
    expired = finding("a", exception=msgspec.to_builtins(ACCEPTED) | {"expired": True})
    assert no_ticket(expired) == ""
    assert "this one was accepted until 2027-01-31 by Dr. Lin" in one(report(expired)).body


def test_a_findings_tickets_are_all_that_close_it() -> None:
    path = next(each.id for each in SAMPLE.findings if each.title.startswith("Front desk to the backups"))
    assert [each.title for each in tickets_for(SAMPLE, [path])] == ["Deny front desk to management (main-office)"]
    assert tickets_for(SAMPLE, ["nobody"]) == ()
    both = tickets_for(SAMPLE, [path, "outdated:-:servers/10.20.20.10:tcp/22"])
    assert [each.title.partition(" (")[0] for each in both] == [
        "Deny front desk to management", "Update OpenSSH on practice-db"
    ]  # fmt: skip
    assert both[0] in list(tickets(SAMPLE))


def test_what_is_long_is_bounded_and_says_so() -> None:
    many = tuple(finding(f"gap-{n}", evidence="x" * 5000) for n in range(FINDINGS + 5))
    step = RemedyRow(
        "Deny " * 40, tuple(e.id for e in many), "\n".join(map(str, range(LINES + 7))), {"cisco": "r\n" * 900}
    )
    found = one(report(*many, steps=(step,)), "cisco")
    assert len(found.title) <= TITLE
    assert found.title.endswith("… (main-office)")
    assert "and 5 more findings: the report lists them" in found.body
    assert "and 7 more lines in the report" in found.body
    assert "and 701 more lines in the report" in found.body
    assert len(found.body) < 64_000


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=200) | st.sampled_from(HOSTILE), site=st.text(max_size=50))
def test_whatever_a_network_says_is_visible_text(text: str, site: str) -> None:
    row = finding("a", title=text, host=text, evidence=text, replay=text, path=[text], remedy=text, **{"from": text})
    for steps in ((), (RemedyRow(text, ("a",), text, {"cisco": text, text: text}),)):
        for dialect in (None, *FIREWALLS):
            found = one(report(row, steps=steps, client=text, site=site), dialect)
            assert found.title.isprintable()
            assert 0 < len(found.title) <= TITLE
            assert all(line.isprintable() for line in found.body.split("\n"))


def test_works_name_only_findings_of_the_report() -> None:
    of = report(finding("a"), steps=(RemedyRow("Deny", ("a", "b"), "x"), RemedyRow("Gone", ("b",), "x")))
    assert [[each.id for each in work.closes] for work in works(of)] == [["a"]]
    assert one(of).findings == ("a",)
