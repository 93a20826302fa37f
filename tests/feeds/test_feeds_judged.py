"""Feeds and bundled facts as one: the newer fact wins, says where it is from, and holds as long as its feed."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from feeds import editions
from feeds.editions import cycle, product

from scanner.assess.machines.patches import judge
from scanner.feeds.bring import bring
from scanner.feeds.fixes import merged
from scanner.feeds.merge import cached, merge
from scanner.feeds.names import product_of_package
from scanner.importers.document import read_document
from scanner.importers.osv import Packages
from scanner.model.baseline import Baseline, Branch, DistroFix, DistroLife, Flaw, Knowledge, Source
from scanner.model.product import Product

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
TODAY = NOW.date()
FEED_DAY = datetime.date(2026, 11, 20)
BUNDLED = """
baselines:
  - product: acme_server
    vendor: acme
    title: Acme
    scheme: dotted
    repackaged: false
    branches:
      - name: "2.4"
        minimum: "2.4.5"
        fixed_at: 2026-08-01
        severity: critical
        cves: [CVE-2026-1000]
        remote_code: true
        eol: 2027-01-01
        source: {url: https://acme.example/advisory, retrieved: 2026-08-22}
      - name: "2.2"
        minimum: "2.2.9"
        security: false
        source: {url: https://acme.example/2.2, retrieved: 2026-11-21}
      - name: "2.0"
        minimum: "2.0.3"
        source: {url: https://acme.example/2.0, retrieved: 2026-08-22}
  - product: openssh
    vendor: openbsd
    title: OpenSSH
    scheme: openssh
    repackaged: true
    branches:
      - {name: "8.0", source: {url: https://www.openssh.com/, retrieved: 2026-08-22}, minimum: 8.0p1}
      - {name: "10.0", source: {url: https://www.openssh.com/, retrieved: 2026-08-22}, minimum: 10.0p2}
    fixes:
      - distro: "debian:13"
        fixed: 1:10.0p1-7+deb13u1
        shown: 10.0p2-7+deb13u1
        source: {url: https://deb.debian.org/, retrieved: 2026-08-22}
  - product: windows_server
    vendor: microsoft
    title: Windows Server
    scheme: windows
    repackaged: false
    branches:
      - name: 10.0.20348
        minimum: 10.0.20348.90
        fixed_at: 2026-10-13
        severity: high
        eol: 2031-10-14
        source: {url: https://support.microsoft.com/help/1, retrieved: 2026-10-14}
  - product: sql_server
    vendor: microsoft
    title: SQL Server
    scheme: mssql
    repackaged: false
    branches:
      - {name: 16.0.4xxx, minimum: 16.0.4100.1, source: {url: https://m.example/, retrieved: 2026-08-01}}
      - {name: 16.0.1xxx, minimum: 16.0.1100.1, source: {url: https://m.example/, retrieved: 2026-08-01}}
distros:
  - {distro: "debian:12", eol: 2028-06-30, maintainer: Debian LTS,
     source: {url: https://e.example/, retrieved: 2026-08-22}}
  - {distro: "el:8", eol: 2029-05-31, source: {url: https://e.example/, retrieved: 2026-11-22}}
kev:
  - {cve: CVE-2020-1, added: 2020-01-01, due: 2020-02-01}
dated: 2025-08-25
"""


def known(folder: Path, **files: bytes) -> Knowledge:
    """What is bundled, with these files imported."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
        assert [each.state for each in bring(folder / "feeds", folder / name, NOW, whole=True)] == ["new"]
    bundled = read_document(BUNDLED, Knowledge, "bundled")
    return merge(bundled, datetime.date(2025, 8, 25), cached(folder / "feeds"))


def baseline(knowledge: Knowledge, name: str) -> Baseline:
    return next(each for each in knowledge.baselines if each.product == name)


def branch(knowledge: Knowledge, name: str, line: str) -> Branch:
    return next(each for each in baseline(knowledge, name).branches if each.name == line)


def acme(*cycles: dict[str, object], day: str = "2026-11-20") -> bytes:
    return editions.endoflife(product("acme", *cycles, cpe="acme:acme_server"), day=day)


LIFE = Source("https://endoflife.date/acme", FEED_DAY)


def test_nothing_cached_changes_nothing(tmp_path: Path) -> None:
    assert known(tmp_path) == read_document(BUNDLED, Knowledge, "bundled")


def test_a_newer_day_of_support_wins_and_says_where_from(tmp_path: Path) -> None:
    found = known(tmp_path, life=acme(cycle("2.4", "2.4.5", "2027-06-01"), cycle("2.2", "2.2.9", "2026-01-01")))
    newer = branch(found, "acme_server", "2.4")
    assert (newer.eol, newer.eol_source) == (datetime.date(2027, 6, 1), LIFE)
    assert branch(found, "acme_server", "2.2").eol is None  # was read a day after the feed
    assert baseline(found, "acme_server").stale_after == 30


def test_an_older_feed_changes_nothing(tmp_path: Path) -> None:
    found = known(tmp_path, life=acme(cycle("2.4", "2.4.9", "2030-01-01"), day="2026-08-21"))
    assert baseline(found, "acme_server") == read_document(BUNDLED, Knowledge, "bundled").baselines[0]


def test_a_newer_release_is_the_floor_and_what_the_old_one_fixed_stays_charged(tmp_path: Path) -> None:
    found = known(tmp_path, life=acme(cycle("2.4", "2.4.7", "2027-06-01")))
    newer = branch(found, "acme_server", "2.4")
    assert (newer.minimum, newer.security, newer.source) == ("2.4.7", False, LIFE)
    assert newer.flaws == (
        Flaw(
            cve="CVE-2026-1000",
            fixed="2.4.5",
            source=Source("https://acme.example/advisory", datetime.date(2026, 8, 22)),
            fixed_at=datetime.date(2026, 8, 1),
            severity="critical",
            remote_code=True,
        ),
    )
    for version, verdict, confidence, cves in (
        ("2.4.7", "COMPLIANT", "high", ()),
        ("2.4.6", "NON_COMPLIANT", "low", ()),
        ("2.4.4", "NON_COMPLIANT", "high", ("CVE-2026-1000",)),
    ):
        verdict_ = judge(Product("acme", "acme_server", version), found, TODAY)
        assert (verdict_.verdict, verdict_.confidence, verdict_.cves) == (verdict, confidence, cves)


def test_a_security_minimum_that_names_no_flaw_is_not_traded_for_a_release(tmp_path: Path) -> None:
    """Below it something is missing for certain, which a newest release would no longer say."""
    found = known(tmp_path, life=acme(cycle("2.0", "2.0.9")))
    older = branch(found, "acme_server", "2.0")
    assert (older.minimum, older.source.retrieved) == ("2.0.3", datetime.date(2026, 8, 22))


def test_a_feed_past_its_limit_acquits_nobody(tmp_path: Path) -> None:
    found = known(tmp_path, life=acme(cycle("2.4", "2.4.7", "2030-06-01")))
    at_floor = Product("acme", "acme_server", "2.4.7")
    limit = FEED_DAY + datetime.timedelta(days=30)
    assert judge(at_floor, found, limit).verdict == "COMPLIANT"
    late = judge(at_floor, found, limit + datetime.timedelta(days=1))
    assert (late.verdict, late.reason) == ("UNKNOWN", "stale-baseline")
    below = Product("acme", "acme_server", "2.4.4")
    assert judge(below, found, limit + datetime.timedelta(days=100)).verdict == "NON_COMPLIANT"


def test_a_line_that_only_the_feed_knows(tmp_path: Path) -> None:
    found = known(
        tmp_path,
        life=acme(cycle("2.4", "2.4.5"), cycle("3.0", "3.0.1", "2031-01-01"), cycle("lts", "9"), day="2026-11-21"),
    )
    added = branch(found, "acme_server", "3.0")
    assert (added.minimum, added.security, added.eol) == ("3.0.1", False, datetime.date(2031, 1, 1))
    assert [each.name for each in baseline(found, "acme_server").branches] == ["2.4", "2.2", "2.0", "3.0"]


def test_products_without_a_baseline_have_their_life_cycles(tmp_path: Path) -> None:
    ended = cycle("1.0", "1.0.9", isEol=True)
    whole = editions.endoflife(
        product("thing", cycle("1.1", "1.1.4"), ended, cpe="maker:thing"),
        product("plesk", ended, cpe="plesk:plesk"),
        product("ios", cycle("18", "18.1"), category="os"),
        product("iphone", cycle("15", None), category="device"),
    )
    found = known(tmp_path, life=whole)
    alone = baseline(found, "thing")
    assert (alone.vendor, alone.repackaged, alone.stale_after) == ("maker", True, 30)
    assert not {"ios", "iphone"} & {each.product for each in found.baselines}
    for name, version, verdict in (
        ("thing", "1.1.4", "COMPLIANT"),
        ("thing", "1.1.3", "UNKNOWN backport-possible"),
        ("thing", "1.0.9", "UNKNOWN backport-possible"),
        ("plesk", "1.0.9", "END_OF_LIFE"),
    ):
        judged = judge(Product("maker", name, version), found, TODAY)
        assert f"{judged.verdict} {judged.reason}".startswith(verdict)


def test_distributions_live_as_long_as_the_newer_fact_says(tmp_path: Path) -> None:
    whole = editions.endoflife(
        product("debian", cycle("12", "12.1", "2026-07-11", eoesFrom="2028-07-31"), category="os"),
        product("rhel", cycle("8", "8.10", "2030-01-01"), category="os"),
        product("ubuntu", cycle("26.04", "26.04", "2031-04-30", eoesFrom="2036-04-30"), category="os"),
    )
    found = {each.distro: each for each in known(tmp_path, life=whole).distros}
    assert found["debian:12"].eol == datetime.date(2028, 7, 31)
    assert found["debian:12"].maintainer == "Debian LTS"
    assert found["el:8"].eol == datetime.date(2029, 5, 31)  # was read after the feed
    source = Source("https://endoflife.date/ubuntu", FEED_DAY)
    assert found["ubuntu:26.04"] == DistroLife(
        "ubuntu:26.04", datetime.date(2031, 4, 30), source, extended=datetime.date(2036, 4, 30)
    )


def windows(*rows: dict[str, object]) -> bytes:
    return editions.builds("windows-update-history", *rows)


def test_windows_has_to_have_the_newest_months_fixes(tmp_path: Path) -> None:
    found = known(
        tmp_path,
        builds=windows(
            editions.window("10.0.20348.80", "2026-10-13"),
            editions.window("10.0.20348.120", "2026-11-10"),
            editions.window("10.0.20348.110", "2026-11-10", "Hotpatch"),
            editions.window("10.0.20348.140", "2026-11-17", "Out-of-band"),
            editions.window("10.0.26100.40010", "2026-11-10", name="2025"),
            editions.window("10.0.26100.9010", "2026-11-10", os="client", name="24H2"),
        ),
    )
    server = branch(found, "windows_server", "10.0.20348")
    assert (server.minimum, server.fixed_at) == ("10.0.20348.120", datetime.date(2026, 11, 10))
    assert server.hotpatch == "10.0.20348.110"
    assert server.source == Source("https://support.microsoft.com/help/5120", datetime.date(2026, 11, 18))
    assert server.eol == datetime.date(2031, 10, 14)
    for name, version, verdict in (
        ("windows_server", "10.0.20348.110", "COMPLIANT"),
        ("windows_server", "10.0.20348.109", "NON_COMPLIANT"),
        ("windows", "10.0.26100.9010", "COMPLIANT"),
        ("windows", "10.0.26100.40009", "NON_COMPLIANT"),
        ("windows", "10.0.26100.40010", "COMPLIANT"),
        ("windows", "10.0.26100", "UNKNOWN"),
    ):
        assert judge(Product("microsoft", name, version), found, TODAY).verdict == verdict, version


def test_a_build_that_nobody_knows_to_be_a_server_lives_as_long_as_the_longer_one(tmp_path: Path) -> None:
    whole = editions.endoflife(
        product("windows", cycle("10-1809-w", "10.0.17763", "2020-11-10", isEol=True), category="os"),
        product("windows-server", cycle("2019", "10.0.17763", "2029-01-09"), category="os"),
    )
    found = known(tmp_path, life=whole, builds=windows(editions.window("10.0.17763.50", "2026-11-10", name="2019")))
    assert branch(found, "windows", "10.0.17763").eol == datetime.date(2029, 1, 9)


def test_each_line_of_sql_server_has_its_own_minimum(tmp_path: Path) -> None:
    rows = (
        editions.sql("16.0.4212.1", "2026-11-10", "CU20 + GDR"),
        editions.sql("16.0.4215.2", "2026-11-12", "CU21"),
        editions.sql("16.0.1150.1", "2026-11-10", "GDR"),
    )
    found = known(tmp_path, builds=editions.builds("sql-server-build-numbers", *rows))
    assert branch(found, "sql_server", "16.0.4xxx").minimum == "16.0.4212.1"
    assert branch(found, "sql_server", "16.0.1xxx").minimum == "16.0.1150.1"


def osv(name: str, ecosystem: str, fixed: str, cve: str) -> bytes:
    return editions.advisory(f"{name}", ecosystem, {"openssh": fixed}, (cve,))


def test_advisories_judge_the_packages_of_products(tmp_path: Path) -> None:
    found = known(tmp_path, advisories=editions.osv(osv("ALSA-1", "AlmaLinux:8", "8.0p1-25.el8_10", "CVE-2026-2000")))
    for revision, verdict in (("8.0p1-25.el8_10", "COMPLIANT"), ("8.0p1-24.el8_10", "NON_COMPLIANT")):
        judged = judge(Product("openbsd", "openssh", "8.0", revision, "el:8"), found, TODAY)
        assert judged.verdict == verdict
        assert judged.source == "https://osv.dev/vulnerability/ALSA-1 (read 2026-11-19)"


def test_a_fix_is_shown_as_the_products_other_fixes_are(tmp_path: Path) -> None:
    """Debian 13 calls 10.0p1 by another name; without that every revision would be above the fix."""
    found = known(tmp_path, advisories=editions.osv(osv("DSA-1", "Debian:13", "1:10.0p1-7+deb13u3", "CVE-2026-2000")))
    fixes = {each.fixed: each for each in baseline(found, "openssh").fixes}
    assert fixes["1:10.0p1-7+deb13u3"].shown == "10.0p2-7+deb13u3"
    judged = judge(Product("openbsd", "openssh", "10.0p2", "10.0p2-7+deb13u2", "debian:13"), found, TODAY)
    assert judged.verdict == "NON_COMPLIANT"


def test_rebuilds_of_one_source_share_their_fixes() -> None:
    old, new = (Source(f"https://{name}.example/", datetime.date(2026, 11, day)) for name, day in (("a", 1), ("b", 2)))
    alma: Packages = {"el:8": {"a": (DistroFix("el:8", "1-1.el8", old, cves=("CVE-2026-1",)),)}}
    rocky: Packages = {
        "el:8": {"a": (DistroFix("el:8", "1-1.el8", new, cves=("CVE-2026-2",)), DistroFix("el:8", "1-2.el8", new))}
    }
    assert merged([alma, rocky])["el:8"]["a"] == (
        DistroFix("el:8", "1-1.el8", new, cves=("CVE-2026-1", "CVE-2026-2")),
        DistroFix("el:8", "1-2.el8", new),
    )


def test_exploited_flaws_and_probabilities(tmp_path: Path) -> None:
    found = known(tmp_path, kev=editions.kev(), epss=editions.epss())
    assert [each.cve for each in found.kev] == ["CVE-2026-1000", "CVE-2026-1001", "CVE-2026-1002"]
    assert found.epss["CVE-2026-1000"].epss == 0.91234
    assert [(each.name, each.dated.isoformat()) for each in found.feeds] == [
        ("epss", "2026-11-21"),
        ("kev", "2026-11-20"),
    ]
    assert found.dated == FEED_DAY


def test_an_excerpt_of_the_catalogue_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_bytes(editions.kev(count=1))
    assert len(list(bring(tmp_path / "feeds", tmp_path / "kev.json", NOW))) == 1
    assert [each.cve for each in known(tmp_path).kev] == ["CVE-2020-1", "CVE-2026-1000"]


def test_an_older_catalogue_than_the_bundled_extract_is_not_used(tmp_path: Path) -> None:
    assert [each.cve for each in known(tmp_path, kev=editions.kev("2025-08-01")).kev] == ["CVE-2020-1"]


def test_a_changed_file_is_left_out_and_said(tmp_path: Path) -> None:
    known(tmp_path, kev=editions.kev(), epss=editions.epss())
    path = next((tmp_path / "feeds" / "kev").glob("*.raw"))
    path.write_bytes(path.read_bytes().replace(b"CVE-2026-1001", b"CVE-2026-9999"))
    again = cached(tmp_path / "feeds")
    assert list(again.editions) == ["epss"]
    assert len(again.troubles) == 1
    assert "is not the file that was pinned" in again.troubles[0]


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("openssh-server", "openssh"), ("apache2", "http_server"), ("php8.2", "php"), ("postgresql-15", "postgresql"),
        ("tomcat9", "tomcat"), ("nginx", "nginx"), ("mariadb-10.5", "mariadb"), ("nginx-mod-mail", "nginx-mod-mail"),
        ("varnish", "varnish_cache"),
    ],
)  # fmt: skip
def test_the_product_in_a_package(package: str, name: str) -> None:
    assert product_of_package(package) == name
