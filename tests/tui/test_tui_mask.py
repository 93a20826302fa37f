"""No client data is left in a masked report, and what is left still hangs together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from patch_sample import patch_report
from record_sample import recorded_report
from sample import sample_report
from tables import for_every

from scanner.model.report import Report
from tui.mask import HIDDEN, Mask, masked

REPORTS = {"sample": sample_report(), "fence": fence_report(), "patch": patch_report(), "recorded": recorded_report()}
V4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]\d)")
V6 = re.compile(r"(?i)\bfd[0-9a-f]{2}:[0-9a-f:]+")
MAC = re.compile(r"(?i)\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b")
MASKS = re.compile(r"^(?:255|0)\.")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def all_text(report: Report) -> str:
    return "\n".join(texts(msgspec.to_builtins(report)))


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_left_that_names_the_client_or_a_machine(name: str) -> None:
    report = REPORTS[name]
    text = all_text(masked(report))
    assert not [each for each in V4.findall(text) if not MASKS.match(each)]
    assert not V6.findall(text)
    assert not MAC.findall(text)
    small = text.lower()
    for word in (report.client, report.site, "Practice database", "Dr. Lin", "J. Ortiz", "practice-db", "esxi-1 ",
                 "fd-pc-1", "SSH-2.0-OpenSSH", "servers.csv", "We restored", "mfa.pdf",
                 "Northwind", "<script>alert(1)</script>\\x00"):  # fmt: skip
        assert word.lower() not in small, word


@pytest.mark.parametrize("name", REPORTS)
def test_what_is_said_stays(name: str) -> None:
    report, hidden = REPORTS[name], masked(REPORTS[name])
    assert [(each.from_, each.to, each.verdict) for each in hidden.cells] == [
        (each.from_, each.to, each.verdict) for each in report.cells
    ]
    assert [each.verdict for each in hidden.patches] == [each.verdict for each in report.patches]
    assert [each.severity for each in hidden.findings] == [each.severity for each in report.findings]
    assert hidden.summary == report.summary
    assert [zone.name for zone in hidden.zones] == [zone.name for zone in report.zones]


@pytest.mark.parametrize("name", REPORTS)
def test_rows_still_find_each_other(name: str) -> None:
    """Of every join by host, finding or address that held before, the pseudonyms hold it too."""
    report, hidden = REPORTS[name], masked(REPORTS[name])
    ids = {before.id: after.id for before, after in zip(report.hosts, hidden.hosts, strict=True)}
    assert len(set(ids.values())) == len(ids)
    for host in hidden.hosts:
        assert re.fullmatch(rf"{re.escape(host.zone)}/h-\d{{3}}", host.id)
        assert host.addresses[0] == host.id
    for before, after in zip(report.findings, hidden.findings, strict=True):
        if before.host in ids:
            assert after.host == ids[before.host]
    for old, new in zip(report.patches, hidden.patches, strict=True):
        assert new.host == ids.get(old.host, new.host)
    found = {each.id for each in hidden.findings}
    assert len(found) == len(report.findings)
    known = {each.id for each in report.findings}
    for earlier, remedy in zip(report.remediation, hidden.remediation, strict=True):
        assert [each in known for each in earlier.closes] == [each in found for each in remedy.closes]


def test_evidence_is_hidden_whole() -> None:
    hidden = masked(sample_report())
    assert {each.evidence for each in hidden.findings} == {HIDDEN}
    assert {service.evidence for host in hidden.hosts for service in host.services} == {HIDDEN}


def test_the_same_thing_bears_the_same_pseudonym_in_every_report() -> None:
    mask, first = Mask(), sample_report()
    before = masked(first, mask)
    assert masked(first) == before, "without a memory, too: by the report's order"
    # A machine more, and that one first: those known before keep theirs.
    new = msgspec.structs.replace(first.hosts[0], id="front-desk/10.20.10.2", addresses=("10.20.10.2",), names=("new",))
    after = masked(msgspec.structs.replace(first, hosts=(new, *first.hosts)), mask)
    assert [each.id for each in after.hosts[1:]] == [each.id for each in before.hosts]
    assert after.hosts[0].id not in {each.id for each in before.hosts}


@for_every(
    ("text", "becomes"),
    [
        ("10.20.20.10", "servers/h-006"),
        ("servers/10.20.20.10", "servers/h-006"),
        ("curl http://10.20.20.10:8080/x", "curl http://servers/h-006:8080/x"),
        ("by-10.20.20.10", "by-servers/h-006"),
        ("dual-homed host servers/10.20.20.10", "dual-homed host servers/h-006"),
        ("fd20:0:0:20::12, port 80", "servers/h-008, port 80"),
        ("FD20::20:0:0:0:12 is it", "servers/h-008 is it"),
        ("[fd20:0:0:20::12]:80", "[servers/h-008]:80"),
        ("from 10.20.20.0/24 to", "from servers/net-1 to"),
        ("10.20.20.0 0.0.0.255", "servers/net-1 0.0.0.255"),
        ("host 10.20.20.77.", "host servers/h-013."),
        ("8.8.8.8", "elsewhere/h-013"),
        ("00:50:56:00:00:15 and 0050.5600.0015", "mac-001 and mac-001"),
        ("at 2026-11-05T09:42:10Z", "at 2026-11-05T09:42:10Z"),
        ("OpenSSH 1:9.2p1-2+deb12u3", "OpenSSH 1:9.2p1-2+deb12u3"),
        ("10.0.17763.5122", "10.0.17763.5122"),
        ("host practice-db answers", "host name-006 answers"),
        ("mail.harbor-dental.example said no", "domain-1 said no"),
        ("HARBOR DENTAL, main-office", "Client, site"),
        ("edit site.yaml", "edit site.yaml"),
        ("Practice database", "critical-1"),
        ("guest to servers", "guest to servers"),
    ],
)
def test_texts(text: str, becomes: str) -> None:
    mask = Mask()
    mask.learn(sample_report())
    assert mask.text(text) == becomes


def test_a_zone_that_is_called_as_the_client_stays() -> None:
    sample = sample_report()
    swapped = msgspec.json.encode(sample).replace(b"front-desk", b"harbor-dental-lan")
    hidden = masked(msgspec.json.decode(swapped, type=Report))
    assert hidden.zones[0].name == "harbor-dental-lan"
    assert hidden.hosts[0].id == "harbor-dental-lan/h-001"
    assert hidden.findings[3].title == sample.findings[3].title


def test_the_same_address_behind_two_zones_is_two_hosts() -> None:
    first = sample_report().hosts[0]
    other = msgspec.structs.replace(first, id="guest/10.20.10.21", zone="guest")
    hidden = masked(msgspec.structs.replace(sample_report(), hosts=(first, other)))
    assert [each.id for each in hidden.hosts] == ["front-desk/h-001", "guest/h-002"]
    assert [each.addresses for each in hidden.hosts] == [("front-desk/h-001",), ("guest/h-002",)]


@settings(max_examples=60)
@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_whatever_a_machine_calls_itself_it_is_masked(evidence: str, name: str, client: str) -> None:
    sample = sample_report()
    host = msgspec.structs.replace(sample.hosts[0], names=(name,))
    hidden = masked(
        msgspec.structs.replace(sample, client=client, hosts=(host, *sample.hosts[1:]), authorization=evidence)
    )
    assert hidden.hosts[0].names == ("",) or re.fullmatch(r"[a-z]+-\d+(?:\.\d+)?|Client|site", hidden.hosts[0].names[0])
    assert hidden.authorization in ("", HIDDEN)
    assert hidden.client == ("Client" if client else "")
