"""What the network shows beside what an inventory says, and what both are worth to whom."""

from __future__ import annotations

import datetime

import pytest
from assess.scene import DB, GUEST, SERVERS, at_home, port, session, site, spoke

from scanner.assess import assess
from scanner.importers.document import read_document
from scanner.model.baseline import Knowledge
from scanner.model.observation import HostSeen, Installed, Item
from scanner.model.report import FindingRow, PatchRow, Report

TODAY = datetime.date(2026, 11, 20)
FACTS = """
kev: [{cve: CVE-2024-6387, added: 2024-07-02, due: 2024-07-23}]
epss: {CVE-2024-6387: [0.94, 0.99]}
deadlines:
  - {name: cyber-essentials, title: CE, days: {critical: 14, high: 14}, supported_only: true, default: true,
     source: {url: https://ce.example/, retrieved: 2026-04-27}}
distros: [{distro: "debian:12", eol: 2028-06-30, source: {url: https://d.example/, retrieved: 2026-11-01}}]
feeds:
  - {name: osv-debian, title: Debian security advisories, dated: 2026-11-15, limit_days: 14, sha256: "00", entries: 3}
  - {name: kev, title: KEV, dated: 2026-01-01, limit_days: 14, sha256: "01", entries: 1}
baselines:
  - product: openssh
    vendor: openbsd
    title: OpenSSH
    scheme: openssh
    repackaged: true
    branches: [{name: "*", minimum: 10.0p1, source: {url: https://o.example/, retrieved: 2026-11-01}}]
    fixes:
      - {distro: "debian:12", fixed: "1:9.2p1-2+deb12u7", severity: high, fixed_at: 2026-11-01,
         source: {url: https://d.example/1, retrieved: 2026-11-15}}
  - product: windows_server
    vendor: microsoft
    title: Windows Server
    scheme: windows
    repackaged: false
    branches:
      - {name: 10.0.20348, minimum: 10.0.20348.5499, fixed_at: 2026-08-11, severity: high,
         source: {url: https://support.microsoft.com/help/5120242, retrieved: 2026-11-12}}
packages:
  "debian:12":
    openssh:
      - {distro: "debian:12", fixed: "1:9.2p1-2+deb12u3", severity: critical, fixed_at: 2024-07-01,
         cves: [CVE-2024-6387], source: {url: https://d.example/2, retrieved: 2026-11-15}}
      - {distro: "debian:12", fixed: "1:9.2p1-2+deb12u7", severity: high, fixed_at: 2026-11-01,
         source: {url: https://d.example/1, retrieved: 2026-11-15}}
    openssl:
      - {distro: "debian:12", fixed: "3.0.17-1~deb12u3", severity: high, fixed_at: 2026-10-01,
         source: {url: https://d.example/3, retrieved: 2026-11-15}}
"""
KNOWN = read_document(FACTS, Knowledge, "facts")


def inventory(*items: tuple[str, str], day: int = 19) -> Installed:
    taken = datetime.datetime(2026, 11, day, tzinfo=datetime.UTC).timestamp()
    listed = tuple(
        Item(name, version, distro="debian:12", package=True, source=name.removesuffix("-server"))
        for name, version in items
    )
    return Installed((), (DB,), (), "db.txt (dpkg -l)", "dpkg-list", taken, listed)


def judged(banner: bytes | None, *inventories: Installed, guest: bool = False) -> Report:
    home = [HostSeen(DB, "arp", 1000.0, mac="02:00:00:00:00:10"), HostSeen(DB, "echo-reply", 1000.0, ttl=64)]
    sessions = [session(SERVERS, *home)]
    if banner is not None:
        sessions = [session(SERVERS, *home, port(DB, 22, "open", ttl=64), spoke(DB, 22, banner))]
    if guest:
        sessions = [at_home(22), *sessions, session(GUEST, port(DB, 22, "open"), started=2000.0)]
    return assess(site(), sessions, KNOWN, TODAY, inventories=inventories)


def openssh(report: Report) -> PatchRow:
    [row] = [each for each in report.patches if each.product == "openssh"]
    return row


def at_odds(report: Report) -> list[FindingRow]:
    return [each for each in report.findings if each.kind == "exposure" and each.title.startswith("OpenSSH")]


BOTH = [
    # banner, installed, verdict, severity of what is at odds
    (b"SSH-2.0-OpenSSH_9.2p1", "1:9.2p1-2+deb12u7", "COMPLIANT", None),
    (b"SSH-2.0-OpenSSH_9.2p1", "1:9.2p1-2+deb12u6", "NON_COMPLIANT", None),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", "1:9.2p1-2+deb12u7", "COMPLIANT", None),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2", "1:9.2p1-2+deb12u7", "NON_COMPLIANT", "medium"),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7", "1:9.2p1-2+deb12u2", "NON_COMPLIANT", "low"),
    (b"SSH-2.0-OpenSSH_8.4p1", "1:9.2p1-2+deb12u7", "UNKNOWN", "medium"),
]


@pytest.mark.parametrize(("banner", "installed", "verdict", "odd"), BOTH)
def test_the_inventory_decides_and_what_is_at_odds_is_said(
    banner: bytes, installed: str, verdict: str, odd: str | None
) -> None:
    report = judged(banner, inventory(("openssh-server", installed)))
    row = openssh(report)
    assert (row.verdict, row.version, row.seen_by) == (verdict, installed, ("network", "inventory"))
    assert row.banner is not None
    assert (row.transport, row.port) == ("tcp", 22)
    assert row.banner.encode().partition(b"-")[0] in banner
    assert "inventory db.txt" in row.evidence
    assert [each.severity for each in at_odds(report)] == ([odd] if odd else [])


def test_two_ports_of_one_installed_product_are_one_row_unless_one_is_at_odds() -> None:
    talks = [(22, b"SSH-2.0-OpenSSH_9.2p1"), (2222, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6"),
             (2223, b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")]  # fmt: skip
    rows = [each for number, raw in talks for each in (port(DB, number, "open", ttl=64), spoke(DB, number, raw))]
    seen = session(SERVERS, HostSeen(DB, "arp", 1000.0), *rows)
    report = assess(
        site(), [seen], KNOWN, TODAY, inventories=[inventory(("openssh-server", "1:9.2p1-2+deb12u6"))]
    )  # fmt: skip
    shown = [each.banner for each in report.patches if each.product == "openssh"]
    assert shown == ["9.2p1, 9.2p1-2+deb12u6", "9.2p1-2+deb12u2"]
    ids = [each.id for each in report.findings]
    assert len(ids) == len(set(ids))


def test_an_inventory_alone_is_judged_by_its_package() -> None:
    row = openssh(judged(None, inventory(("openssh-server", "1:9.2p1-2+deb12u2"))))
    assert (row.verdict, row.required, row.seen_by, row.port) == (
        "NON_COMPLIANT", "1:9.2p1-2+deb12u7", ("inventory",), None,
    )  # fmt: skip
    assert (row.kev, row.epss, row.banner) == (("CVE-2024-6387",), 0.94, None)
    assert row.source == "https://d.example/1 (read 2026-11-15)"
    assert (row.due, row.overdue_days) == ("2024-07-15", (TODAY - datetime.date(2024, 7, 15)).days)


def test_packages_that_show_nowhere_are_one_finding_a_machine() -> None:
    report = judged(None, inventory(("openssh-server", "1:9.2p1-2+deb12u6"), ("openssl", "3.0.15-1~deb12u1")))
    [finding] = [each for each in report.findings if each.kind == "outdated"]
    assert finding.title == f"2 packages of debian:12 on servers/{DB} miss security fixes: openssh-server, openssl"
    assert finding.severity == "high"
    assert [each.verdict for each in report.patches] == ["NON_COMPLIANT", "NON_COMPLIANT"]


def test_whoever_reaches_it_makes_it_more_urgent() -> None:
    """The same flaw, with and without a way in from the guests."""
    banner = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"
    risks = []
    for guest in (False, True):
        report = judged(banner, inventory(("openssh-server", "1:9.2p1-2+deb12u2")), guest=guest)
        [finding] = [each for each in report.findings if each.kind == "known-exploited"]
        risks.append(finding.risk)
        assert openssh(report).exposed_to == (("guest",) if guest else ())
        said = "reached from guest (untrusted) on tcp/22 (+12)"
        assert (said in finding.risk_why) == guest
        assert "CVE-2024-6387 is listed by CISA as exploited since 2024-07-02 (+20)" in finding.risk_why
        assert "critical system: Database (+6)" in finding.risk_why
    assert risks[1] == risks[0] + 12
    [gap] = [each for each in report.findings if each.kind == "segmentation-gap" and each.port == 22]
    assert any("listed by CISA" in each for each in gap.risk_why), "a hole is as urgent as what it opens"


def test_the_report_says_how_old_each_feed_is() -> None:
    report = judged(None)
    assert [(each.name, each.age_days, each.state) for each in report.feeds] == [
        ("osv-debian", 5, "fresh"), ("kev", 323, "stale"),
    ]  # fmt: skip


def test_a_feed_past_its_limit_is_named_where_it_acquits_nobody() -> None:
    later = assess(
        site(), [session(SERVERS, HostSeen(DB, "arp", 1000.0))], KNOWN, datetime.date(2026, 11, 30),
        inventories=[inventory(("openssh-server", "1:9.2p1-2+deb12u7"))],
    )  # fmt: skip
    row = openssh(later)
    assert (row.verdict, row.reason) == ("UNKNOWN", "stale-baseline")
    assert "Debian security advisories, whose facts are of 2026-11-15" in row.evidence


@pytest.mark.parametrize(
    ("version", "verdict", "kb"),
    [
        ("10.0.20348.5499", "COMPLIANT", "KB5120242"),
        ("10.0.20348.5386", "NON_COMPLIANT", "KB5120242"),
        ("10.0.20348", "UNKNOWN", None),
    ],
)
def test_a_windows_build_of_an_inventory(version: str, verdict: str, kb: str | None) -> None:
    found = Installed(
        (), (DB,), (), "pc.json", "osquery-json", 1795000000.0, (), "Microsoft Windows Server 2022", version
    )
    [row] = [each for each in judged(None, found).patches if each.product == "windows_server"]
    assert (row.verdict, row.kb, row.version) == (verdict, kb, version)
