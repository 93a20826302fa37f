"""Advisories of distributions: which revision of which package fixed what, when, and in which module stream."""

from __future__ import annotations

import datetime

import pytest
from feeds.editions import advisory, osv

from scanner.importers.osv import Packages, comparable, is_osv, read_osv
from scanner.model.baseline import DistroFix, Source
from scanner.versions import compare

TODAY = datetime.date(2026, 11, 22)
DAY = datetime.date(2026, 11, 19)


def read(*advisories: bytes) -> Packages:
    found = read_osv(osv(*advisories), "all.zip", TODAY).facts
    assert isinstance(found, dict)
    return found


def test_an_advisory() -> None:
    raw = advisory(
        "ALSA-2026:1", "AlmaLinux:8", {"openssh": "8.0p1-25.el8_10"}, ("CVE-2026-1001", "CVE-2026-1000"),
        "Important: openssh security update",
        references=[
            {"type": "REPORT", "url": "https://vulners.com/cve/CVE-2026-1000"},
            {"type": "ADVISORY", "url": "https://errata.almalinux.org/8/ALSA-2026-1.html"},
        ],
    )  # fmt: skip
    fix = DistroFix(
        distro="el:8",
        fixed="8.0p1-25.el8_10",
        source=Source("https://errata.almalinux.org/8/ALSA-2026-1.html", DAY),
        fixed_at=DAY,
        severity="high",
        cves=("CVE-2026-1000", "CVE-2026-1001"),
    )
    assert read(raw) == {"el:8": {"openssh": (fix,)}}


@pytest.mark.parametrize(
    ("ecosystem", "distro"),
    [
        ("AlmaLinux:9", "el:9"),
        ("Rocky Linux:10", "el:10"),
        ("Debian:12", "debian:12"),
        ("Ubuntu:22.04:LTS", "ubuntu:22.04"),
        ("Ubuntu:25.10", "ubuntu:25.10"),
        ("Ubuntu:Pro:16.04:LTS", "ubuntu-pro:16.04"),
        ("Ubuntu:Pro:FIPS:16.04:LTS", None),
        ("Debian", None),
        ("Alpine:v3.20", None),
        ("", None),
    ],
)
def test_whose_release_it_is(ecosystem: str, distro: str | None) -> None:
    found = read(advisory("X-1", ecosystem, {"a": "1-1"}, ("CVE-2026-1000",)))
    assert list(found) == ([] if distro is None else [distro])


def test_what_says_nothing_of_use_is_passed_over_and_counted() -> None:
    fixed = {"a": "1-1.el8"}
    found = read_osv(
        osv(
            advisory("ALBA-2026:1", "AlmaLinux:8", fixed, summary="a bug fix update"),
            advisory("ALSA-2026:2", "AlmaLinux:8", fixed, ("CVE-2026-1000",), withdrawn="2026-11-20T00:00:00Z"),
            advisory("DEBIAN-CVE-2026-1", "Debian:12", {}),
            advisory("ALSA-2026:3", "AlmaLinux:8", {"a": "0"}, ("CVE-2026-1000",)),
        ),
        "all.zip",
        TODAY,
    )
    assert (found.facts, found.entries, found.passed_over) == ({}, 4, 4)


def test_a_record_about_a_flaw_does_not_say_when_the_fix_was_released() -> None:
    about = advisory("DEBIAN-CVE-2026-1000", "Debian:12", {"a": "1-1"}, published="2026-01-05T00:00:00Z")
    fix = read(about)["debian:12"]["a"][0]
    assert (fix.fixed_at, fix.cves) == (None, ("CVE-2026-1000",))
    both = read(about, advisory("DSA-1-1", "Debian:12", {"a": "1-1"}, upstream=["CVE-2026-1001"]))["debian:12"]["a"]
    assert [(each.fixed_at, each.cves) for each in both] == [(DAY, ("CVE-2026-1000", "CVE-2026-1001"))]


@pytest.mark.parametrize(
    ("summary", "more", "severity"),
    [
        ("Critical: a security update", {}, "critical"),
        ("Moderate: a security update", {}, "medium"),
        ("", {"severity": [{"type": "Ubuntu", "score": "high"}]}, "high"),
        ("", {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}]}, "medium"),
        ("something else", {}, "medium"),
    ],
)
def test_severity_in_the_distributions_own_words(summary: str, more: dict[str, object], severity: str) -> None:
    fixes = read(advisory("X-1", "Debian:12", {"a": "1-1"}, ("CVE-2026-1000",), summary, **more))["debian:12"]["a"]
    assert fixes[0].severity == severity


def test_builds_of_a_module_say_which_stream_they_are_of() -> None:
    fixed = "6.0.9-5.module_el8.5.0+67+a3c431d9.alma.1"
    raw = advisory("ALSA-1", "AlmaLinux:8", {"redis": fixed}, ("CVE-2026-1000",), "Important: redis:6 security update")
    fix = read(raw)["el:8"]["redis"][0]
    assert (fix.fixed, fix.stream) == ("6.0.9-5.module_el8.5.0+67+a3c431d9", "redis:6")
    plain = advisory(
        "ALSA-2", "AlmaLinux:9", {"redis": "6.2.7-1.el9"}, ("CVE-2026-1000",), "Low: redis security update"
    )
    assert read(plain)["el:9"]["redis"][0].stream is None
    untold = advisory("ALSA-3", "AlmaLinux:8", {"redis": fixed}, ("CVE-2026-1000",))
    assert read(untold)["el:8"]["redis"][0].stream == "?"


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        ("6.0.9-5.module_el8.4.0+2584+1bb0d2aa", "6.0.9-5.module_el8.5.0+67+a3c431d9", 0),
        ("6.0.9-5.module+el8.4.0+12345+0abc", "6.0.9-5.module_el8.5.0+67+a3c431d9", 0),
        ("1.24.0-5.module_el9.7.0+212+9d3c155a", "1.24.0-5.module_el9.7.0+212+9d3c155a.1.alma.1", -1),
        ("1.24.0-5.module_el9.6.0+100+aaaa.1", "1.24.0-5.module_el9.7.0+212+9d3c155a.1.alma.1", 0),
        ("6.0.9-4.module_el8.9.0+9999+ffff", "6.0.9-5.module_el8.5.0+67+a3c431d9", -1),
        ("8.7p1-48.el9_7", "8.7p1-48.el9_7.alma.1", 0),
    ],
)
def test_rebuilds_of_one_source_compare_alike(left: str, right: str, order: int) -> None:
    assert compare("rpm", comparable(left), comparable(right)) == order


def test_a_reference_that_is_no_address_is_not_the_source() -> None:
    raw = advisory("ALSA-1", "AlmaLinux:8", {"a": "1-1"}, ("CVE-2026-1000",),
                   references=[{"type": "ADVISORY", "url": "javascript:alert(1)"}])  # fmt: skip
    assert read(raw)["el:8"]["a"][0].source.url == "https://osv.dev/vulnerability/ALSA-1"


def test_recognised_by_its_ecosystem() -> None:
    raw = advisory("ALSA-1", "AlmaLinux:8", {"a": "1-1"})
    assert (is_osv(raw, "AlmaLinux"), is_osv(raw, "Debian"), is_osv(b"{}", "AlmaLinux")) == (True, False, False)
