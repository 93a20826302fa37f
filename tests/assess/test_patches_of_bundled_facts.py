"""Real banners against the facts that come with the package, on the day of the demo."""

from __future__ import annotations

import datetime

from tables import for_every

from scanner.assess.machines.patches import judge
from scanner.feeds import bundled_knowledge
from scanner.model.product import Product

TODAY = datetime.date(2026, 11, 20)

# name, version, revision, distro -> verdict, reason for UNKNOWN, CVEs that have to be named
CASES = [
    ("openssh", "9.2p1", "9.2p1-2+deb12u2", "debian:12", "NON_COMPLIANT", None, {"CVE-2024-6387"}),
    ("openssh", "9.2p1", "9.2p1-2+deb12u9", "debian:12", "COMPLIANT", None, set()),
    ("openssh", "9.2p1", "9.2p1-2+deb12u2", "raspbian:12", "NON_COMPLIANT", None, {"CVE-2024-6387"}),
    ("openssh", "10.0p2", "10.0p2-7+deb13u1", "debian:13", "NON_COMPLIANT", None, set()),
    ("openssh", "10.0p2", "10.0p2-7+deb13u2", "debian:13", "COMPLIANT", None, set()),
    ("openssh", "8.4p1", "8.4p1-5+deb11u7", "debian:11", "END_OF_LIFE", None, set()),
    ("openssh", "8.9p1", "8.9p1-3ubuntu0.6", "ubuntu:22.04", "NON_COMPLIANT", None, {"CVE-2024-6387"}),
    ("openssh", "8.9p1", "8.9p1-3ubuntu0.13", "ubuntu:22.04", "UNKNOWN", "stale-baseline", set()),
    ("openssh", "7.4", None, None, "UNKNOWN", "backport-possible", set()),
    ("openssh", "5.3", None, None, "END_OF_LIFE", None, set()),
    ("openssh", "9.9p1", "9.9p1-3~bpo12+1", "debian", "UNKNOWN", "backport-possible", set()),
    ("openssh", "8.1p1", None, "windows", "UNKNOWN", "backport-possible", set()),
    ("dropbear", "2016.74", None, None, "UNKNOWN", "backport-possible", set()),
    ("http_server", "2.4.57", None, "debian", "UNKNOWN", "backport-possible", set()),
    ("http_server", "2.4.6", None, "el", "UNKNOWN", "backport-possible", set()),
    ("http_server", "2.4.49", None, None, "UNKNOWN", "backport-possible", set()),
    ("http_server", "2.4.49", None, "windows", "NON_COMPLIANT", None, {"CVE-2021-41773", "CVE-2021-42013"}),
    ("nginx", "1.18.0", None, "ubuntu", "UNKNOWN", "backport-possible", set()),
    ("php", "7.4.33", "7.4.33-1+deb11u5", "debian:11", "END_OF_LIFE", None, set()),
    ("php", "8.1.2", "8.1.2-1ubuntu2.14", "ubuntu:22.04", "UNKNOWN", "backport-possible", set()),
    ("mariadb", "10.11.6", "10.11.6-0+deb12u1", "debian:12", "NON_COMPLIANT", None, set()),
    ("mariadb", "10.6.16", None, None, "UNKNOWN", "backport-possible", set()),
    ("bind", "9.11.36", "9.11.36-8.el8_8.1", "el:8", "NON_COMPLIANT", None, set()),
    ("bind", "9.16.23", "9.16.23-1.el8", "el:8", "UNKNOWN", "backport-possible", set()),
    ("routeros", "6.42", None, None, "END_OF_LIFE", None, {"CVE-2018-14847"}),
    ("routeros", "6.49.6", None, None, "NON_COMPLIANT", None, {"CVE-2023-30799"}),
    ("routeros", "7.24", None, None, "COMPLIANT", None, set()),
    ("fortios", "v7.4.2,build2571", None, None, "NON_COMPLIANT", None, {"CVE-2024-21762"}),
    ("fortios", "v7.0.14,build0601", None, None, "END_OF_LIFE", None, {"CVE-2024-55591"}),
    ("fortios", "7.4.9", None, None, "UNKNOWN", "stale-baseline", set()),
    ("fortios", "8.0.1", None, None, "UNKNOWN", "branch-unknown", set()),
    ("windows_server", "10.0.17763", None, None, "UNKNOWN", "base-build-only", set()),
    ("windows_server", "6.3.9600", None, None, "END_OF_LIFE", None, set()),
    ("windows_server", "10.0.17763.8880", None, None, "NON_COMPLIANT", None, set()),
    # Three Patch Tuesdays have gone by since the facts were read: the newest build known says nothing any more.
    ("windows_server", "10.0.17763.9121", None, None, "UNKNOWN", "stale-baseline", set()),
    ("iis", "10.0", None, None, "UNKNOWN", "base-build-only", set()),
    ("iis", "8.5", None, None, "END_OF_LIFE", None, set()),
    ("exchange_server", "15.2.1118.7", None, None, "END_OF_LIFE", None, {"CVE-2022-41082"}),
    ("exchange_server", "15.2.2562.43", None, None, "NON_COMPLIANT", None, set()),
    ("sql_server", "15.0.2165.1", None, None, "NON_COMPLIANT", None, set()),
    ("sql_server", "13.0.5026.0", None, None, "END_OF_LIFE", None, set()),
    ("postgresql", "14.20", None, "windows", "END_OF_LIFE", None, set()),
    ("postgresql", None, None, None, "UNKNOWN", "no-version", set()),
    ("vsftpd", "3.0.3", None, None, "UNKNOWN", "backport-possible", set()),
    ("proftpd", "1.3.5", None, None, "UNKNOWN", "backport-possible", set()),
    ("exim", "4.94.2", None, None, "UNKNOWN", "backport-possible", set()),
    ("unheard_of", "1.0", None, None, "UNKNOWN", "no-baseline", set()),
]


@for_every(("name", "version", "revision", "distro", "verdict", "reason", "cves"), CASES)
def test_banner(
    name: str,
    version: str | None,
    revision: str | None,
    distro: str | None,
    verdict: str,
    reason: str | None,
    cves: set[str],
) -> None:
    found = judge(Product("vendor", name, version, revision, distro), bundled_knowledge(), TODAY)
    assert found.verdict == verdict
    assert reason is None or found.reason == reason
    assert cves <= set(found.cves)
    if verdict == "UNKNOWN":
        assert found.cves == ()
    else:
        assert found.source is not None


def test_bundled_openssl_is_never_charged() -> None:
    found = judge(Product("openssl", "openssl", "1.0.1e", certain=False), bundled_knowledge(), TODAY)
    assert (found.verdict, found.reason) == ("UNKNOWN", "backport-possible")


def test_an_exploited_flaw_is_named() -> None:
    found = judge(Product("fortinet", "fortios", "7.0.5"), bundled_knowledge(), TODAY)
    assert {"CVE-2022-40684", "CVE-2022-42475", "CVE-2023-27997"} <= set(found.kev)
    assert (found.severity, found.remote_code) == ("critical", True)
